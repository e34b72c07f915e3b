// Node's runner takes a file for finished when the tests that it knows of have ended, and with --test-force-exit ends it: whoever registers a test
// and waits after that, at the top of a file, may lose all that come later, without a word.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import ts from "typescript";

const root = new URL("../../", import.meta.url).pathname;
const REGISTERS = /^(?:test|describe|it|suite)$/;

/** Whether a statement at the top of a file waits: for anything outside of a function. */
function waits(node) {
  if (ts.isFunctionLike(node)) return false;
  return (
    ts.isAwaitExpression(node) ||
    (ts.isForOfStatement(node) && node.awaitModifier !== undefined) ||
    (ts.forEachChild(node, (child) => waits(child) || undefined) ?? false)
  );
}

/** Whether it registers a test. */
function registers(node) {
  if (ts.isFunctionLike(node)) return false;
  if (ts.isCallExpression(node) && REGISTERS.test(node.expression.getText())) return true;
  return ts.forEachChild(node, (child) => registers(child) || undefined) ?? false;
}

/** What comes too late in a file. */
function tooLate(name, text) {
  const { statements } = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  const first = statements.findIndex(registers);
  return first < 0
    ? []
    : statements
        .slice(first)
        .filter(waits)
        .map((statement) => `${name}: ${statement.getText().split("\n")[0]}`);
}

/** Rust's tests that no program has in it: files beside core.rs that it does not name, and tests in src/, which Cargo.toml leaves out. */
function leftOut(core, files, sources) {
  const named = new Set(Array.from(core.matchAll(/^mod (\w+);$/gm), ([, name]) => `${name}.rs`));
  return [
    ...files.filter((name) => name !== "core.rs" && !named.has(name)),
    ...sources.filter(([, text]) => /#\[(?:test|cfg\(test\))\]/.test(text)).map(([name]) => name),
  ];
}

test("no test of the core is left out of its program", () => {
  const files = globSync("*.rs", { cwd: `${root}tests` });
  const sources = globSync("src/**/*.rs", { cwd: root }).map((name) => [name, readFileSync(root + name, "utf8")]);
  assert.ok(files.length > 15 && sources.length > 20, `${files.length} and ${sources.length} files`);
  const core = readFileSync(`${root}tests/core.rs`, "utf8");
  assert.deepEqual(leftOut(core, files, sources), []);
  assert.deepEqual(leftOut(core, [...files, "forgotten.rs"], [["src/a.rs", "#[test]\nfn a() {}"]]), ["forgotten.rs", "src/a.rs"]);
});

test("no test file waits after its first test", () => {
  const files = globSync("tests/*/*.test.mjs", { cwd: root });
  assert.ok(files.length > 50, `${files.length} files`);
  assert.deepEqual(
    files.flatMap((name) => tooLate(name, readFileSync(root + name, "utf8"))),
    [],
  );
});

test("one that does is found", () => {
  assert.deepEqual(
    tooLate("a file", "await start();\nfor (const n of [1, 2]) test('a', async () => { await n; });\nconst two = await start();\ntest('b', () => {});"),
    ["a file: const two = await start();"],
  );
});
