// `npm run check` finds a regular expression that takes more than linear time (tools/patterns.mjs).
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

/** What the check says of a source. */
function check(source) {
  const folder = mkdtempSync(join(tmpdir(), "patterns-"));
  try {
    writeFileSync(join(folder, "source.js"), source);
    const tool = fileURLToPath(new URL("../../tools/patterns.mjs", import.meta.url));
    return spawnSync(process.execPath, [tool, join(folder, "source.js")], { encoding: "utf8" });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("the check finds what is slow: the pattern that once stopped the classroom, and others of its kind", () => {
  const slow = {
    "once in report.js": String.raw`/\[[\da-f:.]+(%\w+)?\]|[\da-f:]*::[\da-f:.]*(%\w+)?|\b\d{1,3}(\.\d{1,3}){3}\b/gi`, // and two more parts that were quick
    "a part of it": String.raw`/[\da-f:]*::[\da-f:.]*(%\w+)?/`,
    "only slow because it is looked for everywhere": String.raw`/\s+$/`,
    "two that share what they take": String.raw`/^\s+(?:! *(\S+)|([^:]+):\s*(.*))$/`,
    exponential: String.raw`/^(a+)+$/`,
    "in a call": String.raw`new RegExp('x*y')`,
    "put together": "new RegExp(`${location.hash}`)",
  };
  const { status, stderr } = check(
    Object.values(slow)
      .map((pattern, index) => `export const P${index} = ${pattern};\n`)
      .join(""),
  );
  assert.equal(status, 1);
  const found = stderr.trim().split("\n");
  for (const [index, what] of Object.keys(slow).entries()) {
    assert.match(found[index] ?? "", new RegExp(`source\\.js:${index + 1}: .*(takes (polynomial|exponential) time|is put together)`), what);
  }
  assert.equal(check("export const PATTERN = /^[a-f]+$/;").status, 0);
  assert.equal(check("export const NOTHING = 1;").status, 1, "a list of files that leads nowhere is noticed");
});
