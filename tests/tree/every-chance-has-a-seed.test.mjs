// Two runs of one tree are the same: what a test leaves to chance comes from the list of seeds, or from a seed that stands there.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { explored } from "../seeds/explored.mjs";
import { listed } from "../seeds/seeds.mjs";

const ROOT = new URL("../../", import.meta.url);
/** Where chance comes from that no seed decides: in JavaScript, of the machine; in Rust, of the clock and of hash maps. */
const CHANCE =
  /\bMath\.random\b|\brandom(?:UUID|Bytes|Int|Fill\w*)\b|\bgetRandomValues\b|\bDate\.now\(\) %|\bSystemTime\b|\bRandomState\b|\bHash(?:Map|Set)\b|\bthread_rng\b|\bgetrandom\b/;
/** Where it may, and why. */
const ALLOWED = {
  "tests/seeds/seeds.mjs": "puts seeds in its place",
  "tests/seeds/explore.mjs": "looks for new seeds",
  "tests/browser/inside.mjs": "puts a seed in its place, in every page",
  "tests/browser/seeded-keys.mjs": "takes what inside.mjs has seeded",
  "tests/browser/two-who-call-each-other-agree.test.mjs": "puts a seed in its place, in the page",
  "tests/interop/mutants.mjs": "names it in what it changes",
  "tests/network/a-click-is-quick-on-a-bad-road.mjs": "runs in a page, whose chance devices.mjs has seeded",
  "tests/network/devices.mjs": "puts a seed in its place, in every page",
  "tests/tree/what-is-newer-than-the-oldest-browsers-is-found.test.mjs": "names it in a script that is read and not run",
  "tests/worker/a-class-is-let-in-and-a-crowd-is-not.test.mjs": "reads the minute",
  "tests/worker/turn-credentials-are-for-peers.test.mjs": "reads the minute",
};
/** Names that `npm run explore` leaves out. */
const UNEXPLORED = { road: "the lab wants root, and takes minutes for one seed" };

test("nothing in the tests is left to a chance without a seed", () => {
  const files = globSync("tests/**/*.{mjs,js,rs}", { cwd: ROOT, exclude: (name) => /^(?:node_modules|output|target)$/.test(name) }).sort();
  assert.ok(files.length > 100);
  const found = files.filter((file) => !(file in ALLOWED) && CHANCE.test(readFileSync(new URL(file, ROOT), "utf8")));
  assert.deepEqual(found, []);
});

test("every name in the list of seeds is explored, and what is explored has a seed", () => {
  const names = [...new Set(listed.map(({ name }) => name))].sort();
  assert.deepEqual(names, [...Object.keys(explored), ...Object.keys(UNEXPLORED)].sort());
  for (const { name, seed } of listed) assert.ok(Number.isSafeInteger(seed) && seed >= 0, `${name} ${seed}`);
  for (const { command } of Object.values(explored)) {
    const file = command.find((word) => word.startsWith("tests/"));
    assert.ok(!file || globSync(file, { cwd: ROOT }).length, file);
  }
});

test("the list has no line that is none", () => {
  const lines = readFileSync(new URL("tests/seeds/seeds.txt", ROOT), "utf8").split("\n");
  for (const line of lines) assert.match(line, /^$|^#|^[\w-]+ \d+( \S.*)?$/);
});
