// What Beckon is made of, read from the lock files without a network: licences that anyone may live with, few direct dependencies, no
// unsafe code of ours. Advisories want a network (see CONTRIBUTING.md, "Advisories").
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";

const ROOT = new URL("../../", import.meta.url);
const read = (file) => readFileSync(new URL(file, ROOT), "utf8");

/** What is deployed, or served to browsers, asks for nothing but to be named. */
const PERMISSIVE = new Set([
  "MIT",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "ISC",
  "Zlib",
  "0BSD",
  "Unlicense",
  "CC0-1.0",
  "BSL-1.0",
  "Unicode-3.0",
  "Apache-2.0 WITH LLVM-exception",
]);
/** What only builds and tests may also be this: it is not passed on. */
const TOOLS = new Set([...PERMISSIVE, "BlueOak-1.0.0", "MPL-2.0", "MPL 2.0", "LGPL-3.0-or-later", "CC-BY-4.0", "Python-2.0"]);

/** Whether a licence expression (SPDX; a slash is an old OR) can be met with these licences. */
function met(expression, allowed) {
  const tokens = expression
    .replaceAll("/", " OR ")
    .match(/\(|\)|\bOR\b|\bAND\b|(?:(?!\bOR\b|\bAND\b)[^()])+/g)
    .map((token) => token.trim())
    .filter(Boolean);
  const either = () => {
    let good = both();
    while (tokens[0] === "OR") tokens.shift(), (good = both() || good);
    return good;
  };
  const both = () => {
    let good = one();
    while (tokens[0] === "AND") tokens.shift(), (good = one() && good);
    return good;
  };
  const one = () => {
    const token = tokens.shift();
    if (token !== "(") return allowed.has(token);
    const good = either();
    assert.equal(tokens.shift(), ")", expression);
    return good;
  };
  const good = either();
  assert.deepEqual(tokens, [], expression);
  return good;
}

const metadata = (...more) =>
  JSON.parse(
    execFileSync("cargo", ["metadata", "--offline", "--locked", "--format-version=1", "--filter-platform=wasm32-unknown-unknown", ...more], {
      cwd: ROOT,
      encoding: "utf8",
      maxBuffer: 1e8,
    }),
  );

test("licence expressions are read", () => {
  const allowed = new Set(["MIT", "ISC", "X WITH Y"]);
  for (const good of ["MIT", "GPL-3.0 OR MIT", "GPL-3.0/MIT", "(GPL-3.0 OR MIT) AND ISC", "X WITH Y OR GPL-3.0"]) assert.equal(met(good, allowed), true, good);
  for (const bad of ["GPL-3.0", "MIT AND GPL-3.0", "(MIT OR ISC) AND GPL-3.0", "X"]) assert.equal(met(bad, allowed), false, bad);
});

test("every crate may be used", () => {
  const { packages } = metadata();
  assert.ok(packages.length > 50);
  const bad = packages.filter(({ license }) => !license || !met(license, PERMISSIVE)).map(({ name, license }) => `${name}: ${license}`);
  assert.deepEqual(bad, []);
});

test("every npm package may be used, and what is served may be served", () => {
  const { packages } = JSON.parse(read("package-lock.json"));
  const named = Object.entries(packages).filter(([path, { link }]) => path && !link);
  assert.ok(named.length > 100);
  const served = new Set(["node_modules/peerjs", "node_modules/lean-qr"]);
  // What peerjs.min.js has in it.
  for (const name of Object.keys(packages["node_modules/peerjs"].dependencies)) served.add(`node_modules/${name}`);
  const bad = named
    .filter(([path, { license }]) => !license || !met(license, served.has(path) ? PERMISSIVE : TOOLS))
    .map(([path, { license }]) => `${path}: ${license}`);
  assert.deepEqual(bad, []);
  assert.ok([...served].every((path) => packages[path]));
  // Without `resolved` it is the registry that npm is set to; never some other place.
  const astray = named.filter(([, { resolved, integrity }]) => !integrity || (resolved && !resolved.startsWith("https://registry.npmjs.org/")));
  assert.deepEqual(
    astray.map(([path]) => path),
    [],
  );
});

test("nothing that we chose ourselves has been given up by its authors, and all of it is pinned", () => {
  const { packages } = JSON.parse(read("package-lock.json"));
  const chosen = Object.entries(packages[""].devDependencies);
  assert.equal(packages[""].dependencies, undefined, "nothing is needed at run time");
  for (const [name, version] of chosen) {
    assert.match(version, /^\d+\.\d+\.\d+$/, name);
    assert.equal(packages[`node_modules/${name}`].deprecated, undefined, name);
  }
});

test("six crates at most, from crates.io, and no more than Cargo.lock says", () => {
  const [beckon] = metadata("--no-deps").packages.filter(({ name }) => name === "beckon");
  assert.ok(beckon.dependencies.length <= 6, beckon.dependencies.map(({ name }) => name).join());
  const lock = read("Cargo.lock");
  const sources = new Set([...lock.matchAll(/^source = "(.*)"$/gm)].map(([, source]) => source));
  assert.deepEqual([...sources], ["registry+https://github.com/rust-lang/crates.io-index"]);
});

test("no unsafe code, and nothing that panics", () => {
  const lib = read("src/lib.rs");
  assert.match(lib, /^#!\[forbid\(unsafe_code\)\]$/m);
  for (const lint of ["arithmetic_side_effects", "expect_used", "indexing_slicing", "panic", "string_slice", "unreachable", "unwrap_used"])
    assert.match(lib, new RegExp(`clippy::${lint}\\b`));
  const sources = globSync("src/**/*.rs", { cwd: ROOT.pathname });
  assert.ok(sources.length > 20);
  for (const file of sources) assert.doesNotMatch(read(file).replace(/\/\/.*/g, ""), /\bunsafe\b(?!_code)|#!?\[allow/, file);
});
