// What is in the repository: no secret, and for every secret that there can be a line that says so.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const ROOT = new URL("../../", import.meta.url);
const read = (file) => readFileSync(new URL(file, ROOT), "utf8");
/** What git knows, and what it would add. */
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"], { cwd: ROOT, encoding: "utf8" })
  .split("\0")
  .filter(Boolean);
/** Checksums, for which lock files are made; and pictures. */
const texts = files.filter((file) => !/(^|\/)(package-lock\.json|Cargo\.lock)$|\.(webp|png)$/.test(file));

/** What looks like a secret, and is none. */
const HARMLESS = new Set([
  "WHAT_OPENSSL_RAND_HEX_32_PRINTS",
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", // base64url's letters
  "convertV4MiniflareOptions", // a function of miniflare's
  "dGhlIHNhbXBsZSBub25jZQ", // RFC 6455's sample nonce
]);

function entropy(text) {
  const counts = new Map();
  for (const letter of text) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  return [...counts.values()].reduce((bits, count) => bits - (count / text.length) * Math.log2(count / text.length), 0);
}

/** The parts of a text that look like keys: long hexadecimal, or base64 with letters of all kinds and no pattern. */
export function suspects(text) {
  // Samples of introductions have the passwords of connections that are long over; and pages name hashes of what they import (Subresource Integrity).
  const words = text.replace(/\bice-(pwd|ufrag):[^\s\\"]+|\bsha384-[\w+/]{64}(?![\w+/])/g, "").match(/[A-Za-z0-9+/_-]{20,}/g) ?? [];
  const found = words.filter((word) => {
    if (HARMLESS.has(word.replace(/[-_+/]+$/, "")) || [...HARMLESS].some((known) => word.endsWith(`=${known}`))) return false;
    const mixed = [/[a-z]/, /[A-Z]/, /[0-9]/].every((kind) => kind.test(word)) && entropy(word) > 3.8;
    return mixed || /^(?=.*[0-9])(?=.*[a-fA-F])[0-9a-fA-F]{32,}$/.test(word);
  });
  return [...found, ...(text.match(/-----BEGIN [A-Z ]*PRIVATE KEY-----|\b(gh[pousr]_|AKIA|xox[bp]-)\w{10,}|\beyJ[\w-]{10,}\.eyJ[\w-]+/g) ?? [])];
}

test("what looks like a secret is found", () => {
  for (const secret of [
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzk1A2B3C4D",
    ["-----BEGIN", "PRIVATE KEY-----"].join(" "),
    ["eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiJvc2FtYSJ9", "c2lnbmVk"].join("."),
  ]) {
    assert.notDeepEqual(suspects(`key = "${secret}"`), [], secret);
  }
  for (const plain of ["https://developers.cloudflare.com/realtime/turn", "a-very-long-name-of-a-test-file-in-lower-case.test.mjs", "=".repeat(80)]) {
    assert.deepEqual(suspects(plain), []);
  }
});

test("no file holds one", () => {
  assert.ok(texts.length > 100, `${texts.length} files`);
  const own = "tests/tree/the-tree-holds-no-secret.test.mjs";
  for (const file of texts) if (file !== own) assert.deepEqual(suspects(read(file)), [], file);
});

test("files with secrets are not added", () => {
  assert.deepEqual(
    files.filter((file) => /(^|\/)\.dev\.vars($|\.(?!example$))|(^|\/)\.env|\.(pem|key|p12)$/.test(file)),
    [],
  );
  assert.match(read(".gitignore"), /^\/\.dev\.vars\*?$/m);
});

test("every secret that is read has its line in .dev.vars.example, and none has one in wrangler.toml", () => {
  const sources = files
    .filter((file) => file.startsWith("src/") && file.endsWith(".rs"))
    .map(read)
    .join("\n");
  const secrets = new Set([...sources.matchAll(/\b(?:secret|env\.text)\("([A-Z_]+)"\)/g)].map(([, name]) => name));
  assert.deepEqual([...secrets].sort(), ["ADMIN_KEY", "TOKEN_KEY", "TURN_KEY_API_TOKEN", "TURN_PASSWORD", "TURN_SECRET"]);
  const [example, paper, config] = [".dev.vars.example", "docs/configuration.md", "wrangler.toml"].map(read);
  for (const name of secrets) {
    assert.match(example, new RegExp(`^# ${name}="`, "m"), name);
    assert.match(paper, new RegExp(`^\\| \`${name}\` \\|`, "m"), name);
    assert.doesNotMatch(config, new RegExp(`^${name}\\b`, "m"), name);
  }
});

test("every variable is in wrangler.toml and in docs/configuration.md, and nothing else is", () => {
  const settings = read("src/settings.rs");
  const known = new Set(
    [...settings.matchAll(/\b(?:var|list|origins|flag|number|count|time|text|one_of)\(\s*(?:var,\s*)?"([A-Z_]+)"/g)].map(([, name]) => name),
  );
  known.delete("TURN_API_URL"); // for tests
  const config = read("wrangler.toml").split("[vars]")[1];
  const configured = [...config.matchAll(/^([A-Z_]+) = /gm)].map(([, name]) => name);
  const [, table] = read("docs/configuration.md").match(/^## Variables$([^]*?)^## /m) ?? [];
  const documented = [...(table ?? "").matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name]) => name);
  assert.deepEqual(configured.toSorted(), [...known].sort());
  assert.deepEqual(documented.toSorted(), [...known].sort());
});
