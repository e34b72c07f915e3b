// The client's rooms: the library knows no page, a page knows the library by beckon.js alone, and no two files import each other, however far around.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { test } from "node:test";

const PUBLIC = new URL("../../public/", import.meta.url).pathname;
/** Longest file of the library, in lines: one can be held in mind. */
const MAX_LINES = 250;

/** What each file imports, of ours. @returns {Map<string, string[]>} */
function imports() {
  const files = globSync("**/*.js", { cwd: PUBLIC, exclude: (name) => name === "vendor" }).map((name) => name.replaceAll("\\", "/"));
  const named = /(?:\bfrom|^import|\bimport\()\s*["'](\.[^"']+)["']/gm;
  // Types are named in comments, and may be each other's.
  const code = (/** @type {string} */ name) => readFileSync(PUBLIC + name, "utf8").replace(/\/\*[^]*?\*\//g, "");
  return new Map(files.map((name) => [name, [...code(name).matchAll(named)].map(([, path]) => posix.join(posix.dirname(name), path))]));
}

/** The first circle there is. @param {Map<string, string[]>} graph */
function circle(graph) {
  /** @type {Set<string>} */
  const done = new Set();
  /** @param {string} name @param {string[]} way @returns {string[] | undefined} */
  const walk = (name, way) => {
    if (way.includes(name)) return [...way.slice(way.indexOf(name)), name];
    if (done.has(name)) return;
    for (const next of graph.get(name) ?? []) {
      const found = walk(next, [...way, name]);
      if (found) return found;
    }
    done.add(name);
  };
  for (const name of graph.keys()) {
    const found = walk(name, []);
    if (found) return found;
  }
}

/** Imports that no file of that folder may have. @param {Map<string, string[]>} graph */
function strangers(graph) {
  const room = (/** @type {string} */ name) => (name.includes("/") ? posix.dirname(name) : "");
  const may = (/** @type {string} */ from, /** @type {string} */ to) =>
    room(from) === room(to) ||
    (from === "beckon.js" ? room(to) === "lib" : room(from) !== "lib" && (to === "beckon.js" || (room(to) === "shared" && room(from) !== "shared")));
  return [...graph].flatMap(([from, all]) => all.filter((to) => !may(from, to)).map((to) => `${from} imports ${to}`));
}

test("no circle, and no import from another room", () => {
  const graph = imports();
  assert.ok(graph.size > 50 && [...graph.values()].flat().length > 80, `${graph.size} files`);
  for (const [from, all] of graph) for (const to of all) assert.ok(graph.has(to), `${from} imports ${to}, which is not there`);
  assert.equal(circle(graph), undefined);
  assert.deepEqual(strangers(graph), []);
});

test("a circle and a stranger would be seen", () => {
  const graph = new Map([
    ["lib/a.js", ["lib/b.js"]],
    ["lib/b.js", ["lib/c.js"]],
    ["lib/c.js", ["lib/b.js", "room/room.js"]],
    ["room/room.js", ["beckon.js", "lib/a.js", "shared/x.js"]],
    ["shared/x.js", []],
  ]);
  assert.deepEqual(circle(graph), ["lib/b.js", "lib/c.js", "lib/b.js"]);
  assert.deepEqual(strangers(graph), ["lib/c.js imports room/room.js", "room/room.js imports lib/a.js"]);
});

test("no file of the library is longer than can be held in mind", () => {
  for (const name of globSync("{beckon.js,lib/*.js}", { cwd: PUBLIC })) {
    const lines = readFileSync(PUBLIC + name, "utf8").split("\n").length - 1;
    assert.ok(lines <= MAX_LINES, `${name}: ${lines} lines`);
  }
});
