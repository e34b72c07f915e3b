// The papers and package.json speak of files, headings, commands and variables: all of them exist. And what Cloudflare's deploy
// button and dashboard read is as they want it.
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { animate, chunks } from "../../tools/animation.mjs";
import { VERSION } from "../../tools/built.mjs";
import { projectFiles } from "../../tools/pack.mjs";
import { WANTED } from "../everywhere/runtimes.mjs";
import * as known from "../stages.mjs";

const ROOT = new URL("../../", import.meta.url).pathname;
const read = (file) => readFileSync(join(ROOT, file), "utf8");
const documents = globSync("{*,docs/*}.md", { cwd: ROOT });
const manifest = JSON.parse(read("package.json"));

/** The anchors of a document's headings, as GitHub makes them. */
const anchors = (file) =>
  new Set(
    [
      ...read(file)
        .replace(/^```[^]*?^```/gm, "")
        .matchAll(/^#+ (.*)$/gm),
    ].map(([, heading]) =>
      heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, "")
        .replaceAll(" ", "-"),
    ),
  );

test("every link within the repository leads somewhere", () => {
  assert.ok(documents.length >= 12, documents.join());
  let links = 0;
  for (const file of documents) {
    for (const [, target] of read(file).matchAll(/\]\(((?!https?:)[^)\s]+)\)/g)) {
      const [path, anchor] = target.split("#");
      const there = path ? join(dirname(file), path) : file;
      assert.ok(existsSync(join(ROOT, there)), `${file}: ${target}`);
      if (anchor) assert.ok(anchors(there).has(anchor), `${file}: ${target}`);
      links++;
    }
  }
  assert.ok(links > 30, `${links} links`);
});

test("every file that is named is there", () => {
  for (const file of documents) {
    for (const [, path] of read(file).matchAll(/`((?:src|public|package|tests|tools|docs)\/[\w./-]+\.\w+)`/g))
      assert.ok(existsSync(join(ROOT, path)), `${file}: ${path}`);
  }
});

test("every npm script that is named is there, and every stage", () => {
  const stages = [...Object.keys(known.stages), ...Object.keys(known.groups)];
  for (const file of [...documents, "tools/setup.sh", "tools/lan.mjs"]) {
    for (const [, script] of read(file).matchAll(/\bnpm run ([\w:-]+)/g)) assert.ok(script in manifest.scripts, `${file}: npm run ${script}`);
    for (const [, stage] of read(file).matchAll(/\bnpm test -- (\w+)/g)) assert.ok(stages.includes(stage), `${file}: npm test -- ${stage}`);
  }
  for (const script of ["start", "dev", "test", "check", "build", "deploy"]) assert.ok(script in manifest.scripts, script);
});

test("the deploy button asks for no secret, and explains what can be set", () => {
  const { label, products, bindings } = manifest.cloudflare;
  assert.ok(label && products.length >= 1 && products.length <= 3 && manifest.name && manifest.description);
  const example = read(".dev.vars.example");
  assert.doesNotMatch(example, /^[^#\s]/m, "a line without # is a field that must be filled in");
  const secrets = [...example.matchAll(/^# ([A-Z_]+)="/gm)].map(([, name]) => name);
  const config = read("wrangler.toml");
  const known = new Set([
    ...secrets,
    ...[...config.matchAll(/^([A-Z_]+) = /gm)].map(([, name]) => name),
    ...[...config.matchAll(/^name = "([A-Z_]+)"/gm)].map(([, name]) => name),
  ]);
  for (const [name, { description }] of Object.entries(bindings)) assert.ok(known.has(name) && description, name);
  for (const secret of secrets) assert.match(bindings[secret]?.description ?? "", /^Optional: /, secret);
});

test("what the dashboard shows is there, and has no commands for a shell", () => {
  const [, shown] = read("README.md").match(/<!-- dash-content-start -->([^]*)<!-- dash-content-end -->/) ?? [];
  assert.ok(shown?.trim().length > 200);
  assert.doesNotMatch(shown, /```|^ {4}|\b(npm|npx|wrangler|curl) /m);
});

test("the licence is the same wherever it is named", () => {
  assert.equal(manifest.license, "MIT OR Apache-2.0");
  assert.match(read("Cargo.toml"), /^license = "MIT OR Apache-2\.0"$/m);
  assert.match(read("LICENSE-MIT"), /^(The )?MIT License|Permission is hereby granted, free of charge/m);
  assert.match(read("LICENSE-APACHE"), /Apache License\s+Version 2\.0/);
  assert.match(read("docs/openapi.yaml"), /identifier: MIT OR Apache-2\.0/);
});

test("the version is one number in one place, Cargo.toml; what says it says the same", () => {
  assert.match(VERSION, /^\d+\.\d+\.\d+$/);
  assert.equal(read("docs/openapi.yaml").match(/^ {2}version: (.*)$/m)?.[1], VERSION);
  for (const file of ["package.json", "package-lock.json", "package/package.json"]) assert.equal(JSON.parse(read(file)).version, undefined, file);
  assert.equal(JSON.parse(read("package/project/package.json")).dependencies.beckon, VERSION);
  for (const file of ["README.md", "package/README.md"]) {
    const named = [...read(file).matchAll(/beckon-(\d[\w.-]*)\.tgz/g)].map(([, version]) => version);
    assert.ok(named.length, file);
    for (const version of named) assert.equal(version, VERSION, file);
  }
});

test("what a project is begun with agrees with wrangler.toml and package.json (npm run pack writes it anew)", () => {
  for (const [file, text] of Object.entries(projectFiles())) assert.equal(read(file), text, file);
});

test("every source file is on the map, and nothing else is", () => {
  const map = read("docs/architecture.md");
  const sources = globSync("{src,public,package}/**/*.{rs,js}", { cwd: ROOT })
    .filter((path) => !/\/(vendor|examples|languages)\//.test(path))
    .map((path) => basename(path));
  assert.ok(sources.length > 80, `${sources.length} files`);
  for (const name of sources)
    assert.ok(
      [`\`${name}\``, `/${name}\``].some((text) => map.includes(text)),
      `docs/architecture.md does not say what ${name} does`,
    );
  for (const [, name] of map.matchAll(/`(?:[\w-]+\/)*([\w-]+\.(?:rs|js))`/g)) assert.ok(sources.includes(name), `docs/architecture.md names ${name}`);
});

test("the table of where it runs is of the versions that `npm run everywhere` tries (with --write it writes it)", () => {
  const [, table = ""] = read("docs/where-it-runs.md").match(/<!-- tried -->\n([^]*?)<!-- \/tried -->/) ?? [];
  for (const version of Object.values(WANTED)) assert.ok(table.includes(version.replace(/^.*@/, "")), version);
});

test("the changelog begins with the present version", () => {
  const versions = [...read("CHANGELOG.md").matchAll(/^## \[(.*?)\]/gm)].map(([, version]) => version);
  assert.equal(versions[0], VERSION);
});

test("the papers that are linked from elsewhere are there, and say what is looked for", () => {
  assert.match(read("SECURITY.md"), /^## How to report$/m);
  assert.match(read("SECURITY.md"), /^## The promise$/m);
  assert.match(read("PRIVACY.md"), /^## On the server$/m);
  for (const paper of [
    "SECURITY.md",
    "PRIVACY.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "docs/architecture.md",
    "docs/configuration.md",
    "docs/performance.md",
    "docs/moving-from-peerserver.md",
  ]) {
    assert.ok(read("README.md").includes(`](${paper})`), `the README leads to ${paper}`);
  }
});

test("the README's picture moves, and weighs at most 600 kB", () => {
  const [, path] = read("README.md").match(/!\[[^\]]{20,}\]\(([^)]+\.webp)\)/) ?? [];
  const file = readFileSync(join(ROOT, path ?? ""));
  assert.ok(file.length <= 600_000, `${file.length} bytes`);
  assert.equal(file.readUInt32LE(4), file.length - 8, "it is whole");
  const frames = chunks(file).filter(({ name }) => name === "ANMF");
  assert.ok(frames.length >= 5, `${frames.length} frames`);
});

test("pictures that are put together are the same pictures, one after the other", () => {
  // The container alone: what is in a picture is the browser's business.
  const picture = (text) => {
    const file = Buffer.concat([Buffer.from("RIFF____WEBPVP8 ____"), Buffer.from(text)]);
    file.writeUInt32LE(file.length - 8, 4);
    file.writeUInt32LE(text.length, 16);
    return file;
  };
  const [kind, ring, ...frames] = chunks(
    animate(300, 2, [
      { picture: picture("odd"), ms: 70_000 },
      { picture: picture("even"), ms: 1 },
    ]),
  );
  assert.deepEqual([kind.name, [...kind.data]], ["VP8X", [2, 0, 0, 0, 43, 1, 0, 1, 0, 0]]);
  assert.deepEqual([ring.name, [...ring.data]], ["ANIM", [0, 0, 0, 0, 0, 0]]);
  assert.deepEqual(
    frames.map(({ name, data }) => [name, data.readUIntLE(6, 3) + 1, data.readUIntLE(9, 3) + 1, data.readUIntLE(12, 3)]),
    [
      ["ANMF", 300, 2, 70_000],
      ["ANMF", 300, 2, 1],
    ],
  );
  assert.deepEqual(
    frames.map(({ data }) => data.toString("latin1", 16, 20) + data.readUInt32LE(20) + data.toString("latin1", 24, 27)),
    ["VP8 3odd", "VP8 4eve"],
  );
  assert.throws(() => chunks(Buffer.from("GIF89a, and more of it")), /no WebP file/);
});

test("every stage of the tests is explained, and no other", () => {
  const [, table] = read("CONTRIBUTING.md").match(/^\| stage \|.*\n\|[-| ]+\|\n((?:\|.*\n)+)/m) ?? [];
  const explained = (table ?? "").split("\n").flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/`(\w+)`/g)].map(([, name]) => name));
  assert.deepEqual(explained.toSorted(), Object.keys(known.stages).sort());
});

test("the tests that docs/moving-from-peerserver.md calls as witnesses are there", () => {
  const names = [...read("docs/moving-from-peerserver.md").matchAll(/`(\w+\.rs)`/g)].map(([, name]) => name);
  assert.ok(names.length > 8, names.join());
  for (const name of names) assert.ok(existsSync(join(ROOT, "tests", name)), name);
});

test("defaults and limits are said as they are", () => {
  const paper = read("docs/configuration.md");
  const defaults = Object.fromEntries([...read("wrangler.toml").matchAll(/^([A-Z_]+) = "(.*?)"/gm)].map(([, name, value]) => [name, value]));
  const said = [...paper.matchAll(/^\| `([A-Z_]+)` \| (?:`(.*?)`|(.*?)) \|/gm)].filter(([, name]) => name in defaults);
  assert.ok(said.length >= 20, `${said.length} variables`);
  for (const [, name, value, words] of said) {
    if (value !== undefined) assert.equal(value, defaults[name], name);
    else assert.equal(/^\*\((any|none)\)\*$/.test(words), defaults[name] === "", name);
  }

  const source = read("src/limits.rs");
  /** Numbers of Rust, which may be products, behind a name. */
  const numbers = (name, pattern) => {
    const [, ...texts] = source.match(new RegExp(`^pub const ${name}: \\w+ = ${pattern.replaceAll("N", "([\\d_* ]+)")};`, "m")) ?? [];
    assert.ok(texts.length, `src/limits.rs: ${name}`);
    return texts.map((text) => text.split("*").reduce((product, factor) => product * Number(factor.replaceAll("_", "")), 1));
  };
  const limit = (name) => numbers(name, "N")[0];
  const rate = (name) => numbers(name, "Rate \\{ per_second: N, at_once: N \\}");
  const kib = (bytes) => `${bytes / 1024} KiB`;
  const mib = (bytes) => `${bytes / 1024 / 1024} MiB`;
  const count = (number) => number.toLocaleString("en-US");
  const [frames, bytes] = [limit("FRAMES_PER_SECOND"), limit("BYTES_PER_SECOND")];
  const [byteBurst, receiver, network] = [bytes * limit("BYTE_BURST_SECONDS"), limit("RECEIVER_SHARE"), limit("NETWORK_SHARE")];
  const [[storedRate, stored], [joinRate, joins], [littleRate, little]] = ["STORED", "ROSTER_JOINS", "LITTLE"].map(rate);
  for (const text of [
    `| one frame | ${kib(limit("MAX_FRAME_BYTES"))}; in rooms ${kib(limit("MAX_ROSTER_FRAME_BYTES"))} |`,
    `| frames | ${frames} a second, ${count(frames * limit("FRAME_BURST_SECONDS"))} at once`,
    `| bytes | ${kib(bytes)} a second, ${mib(byteBurst)} at once`,
    `| bytes that it is sent | ${kib(bytes * receiver)} a second, ${mib(byteBurst * receiver)} at once`,
    `| frames stored for absent peers | ${stored} at once, then ${storedRate} a second; an offer that begins an attempt counts as ${limit("ATTEMPT_COST")} |`,
    `| an id, a key, a token | ${limit("MAX_ID_BYTES")}, ${limit("MAX_KEY_BYTES")} and ${count(limit("MAX_TOKEN_BYTES"))} bytes |`,
    `| questions for ICE servers in a room | one in ${limit("ICE_PAUSE_MS") / 1000} seconds |`,
    `| bytes that its sockets send in one object | ${mib(bytes * network)} a second, ${mib(byteBurst * network)} at once |`,
    `| frames stored for absent peers in one object | ${network} times as much as for one socket |`,
    `| newcomers in one room | ${joins} at once, then ${joinRate} a second |`,
    `if tokens have fewer than ${limit("LASTING_TOKEN_CHARS")} characters | ${limit("MAX_GUESSES")} a minute |`,
    `| ids kept for absent owners | ${limit("MAX_RESERVED_PER_CLIENT")}; in a room`,
    `| ids kept for absent owners | ${count(limit("MAX_RESERVED"))} |`,
    `| frames waiting for one absent peer | ${limit("MAX_WAITING_PER_PEER")} frames, ${mib(limit("MAX_WAITING_BYTES_PER_PEER"))} |`,
    `| frames waiting in one object | ${count(limit("MAX_WAITING_ROWS"))} frames, ${mib(limit("MAX_WAITING_BYTES"))} |`,
    `at most ${kib(little)} at once, and\n${kib(littleRate)} a second since`,
    ...["JOIN_LIMIT", "ICE_LIMIT"].map(
      (name) => `${count(Number(read("wrangler.toml").match(new RegExp(`name = "${name}"\\n[^[]*?limit = (\\d+)`))?.[1]))} a minute (\`${name}\`)`,
    ),
  ]) {
    assert.ok(paper.includes(text), `docs/configuration.md does not say: ${text}`);
  }
});
