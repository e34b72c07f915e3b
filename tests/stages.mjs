// The stages of the tests: what each one runs, what it counts, and what it asks of the machine.
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";

/**
 * A stage.
 * @typedef {object} Stage
 * @property {string[]} command
 * @property {(printed: string, code: number | null) => { passed: number, failed: number }} count
 * @property {string[]} needs  stages that must have succeeded before
 * @property {number} cores  how many cores it keeps busy on average, about; what waits most of the time has less than one
 * @property {string[]} files  its test files; none where it is one program
 * @property {boolean} [once]  whether it is a single step, and not tests
 */

const sum = (/** @type {string} */ text, /** @type {RegExp} */ pattern) => [...text.matchAll(pattern)].reduce((total, [, number]) => total + Number(number), 0);

/** What node's reporter counts. */
export const nodeCount = (/** @type {string} */ text) => ({
  passed: sum(text, /^ℹ pass (\d+)/gm),
  failed: sum(text, /^ℹ (?:fail|cancelled|skipped|todo) (\d+)/gm),
});
const cargoCount = (/** @type {string} */ text) => ({
  passed: sum(text, /^test result: .* (\d+) passed/gm),
  failed: sum(text, /(\d+) (?:failed|ignored)[;,]/g),
});
/** A stage that counts as one test, passed if it ends well. */
const onceCount = (/** @type {string} */ _printed, /** @type {number | null} */ code) => ({ passed: code === 0 ? 1 : 0, failed: 0 });

/**
 * Node's own runner on some files.
 * @param {string[]} files
 * @param {string[]} options
 */
export const nodeCommand = (files, ...options) =>
  // A guard against what hangs, in ms: to node a whole file is a test, too, and the longest takes some minutes on a busy machine. And
  // whatever a test that failed left open must not keep its file from ending.
  ["node", "--test", "--test-reporter=spec", "--test-timeout=900000", "--test-force-exit", ...options, ...files];

/** @param {string[]} command @param {{ cores: number, needs?: string[] }} asks @returns {Stage} */
const once = (command, { cores, needs = [] }) => ({ command, count: onceCount, needs, cores, files: [], once: true });

/**
 * The test files of a folder. `atOnce`: how many of them at a time; one, unless they mostly wait. `shared`: they share browsers and servers.
 * @param {string} folder
 * @param {{ cores: number, needs?: string[], atOnce?: number, shared?: boolean }} asks
 * @returns {Stage}
 */
function nodeTests(folder, { cores, needs = [], atOnce = 1, shared = false }) {
  const files = globSync(`tests/${folder}/*.test.mjs`).sort();
  const command = nodeCommand(files, `--test-concurrency=${atOnce}`);
  return { command: shared ? ["node", "tests/browser/shared.mjs", ...command] : command, count: nodeCount, needs, cores, files };
}

/** The built Worker in dist/. */
const WORKER = ["build"];

/**
 * All stages. A stage that stands further up is begun first: what is quick and most telling, what others need, what waits for long, and last what
 * only keeps a core busy: it leaves none idle at the end.
 * @type {Record<string, Stage>}
 */
export const stages = {
  build: once(["wrangler", "deploy", "--dry-run", "--outdir", "dist"], { cores: 1 }),
  format: once(["bash", "tools/check.sh", "format"], { cores: 0.5 }),
  types: once(["bash", "tools/check.sh", "types"], { cores: 1 }),
  browser: nodeTests("browser", { cores: 1.5, needs: WORKER, atOnce: 3, shared: true }),
  interop: nodeTests("interop", { cores: 0.5, needs: WORKER }),
  holding: nodeTests("holding", { cores: 1, needs: WORKER, atOnce: 3, shared: true }),
  worker: nodeTests("worker", { cores: 1, needs: WORKER, atOnce: 4 }),
  network: { command: ["bash", "tests/network/lab.sh", "short"], count: nodeCount, needs: WORKER, cores: 1, files: [] },
  serving: nodeTests("serving", { cores: 0.5, needs: WORKER, atOnce: 2 }),
  clients: nodeTests("clients", { cores: 0.5, needs: WORKER }),
  package: nodeTests("package", { cores: 1, needs: WORKER, shared: true }),
  malicious: nodeTests("malicious", { cores: 0.5, needs: WORKER }),
  webkit: nodeTests("webkit", { cores: 0.5, needs: WORKER }),
  chaos: nodeTests("chaos", { cores: 0.5, needs: WORKER }),
  core: { command: ["cargo", "test", "--locked"], count: cargoCount, needs: [], cores: 1, files: [] },
  client: nodeTests("client", { cores: 0.5 }),
  lints: once(["bash", "tools/check.sh", "lints"], { cores: 1 }),
  patterns: once(["bash", "tools/check.sh", "patterns"], { cores: 1 }),
  floor: once(["bash", "tools/check.sh", "floor"], { cores: 1 }),
  bench: nodeTests("bench", { cores: 1, needs: WORKER }),
  tree: nodeTests("tree", { cores: 0.5 }),
};

/**
 * Names for several stages.
 * @type {Record<string, string[]>}
 */
export const groups = {
  check: ["format", "lints", "types", "patterns", "floor"],
  quick: ["format", "types", "core", "client", "worker"],
};

/** How many cores there are to share out. */
export const CORES = availableParallelism();

/**
 * The stages that some names stand for, in the order of `stages`; all without a name.
 * @param {string[]} names  of stages and groups
 */
export function named(names) {
  const unknown = names.filter((name) => !(name in stages) && !(name in groups));
  if (unknown.length) throw new Error(`There is no stage ${unknown.join(", ")}; there are ${[...Object.keys(stages), ...Object.keys(groups)].join(", ")}.`);
  const wanted = names.length ? names.flatMap((name) => groups[name] ?? [name]) : Object.keys(stages);
  return Object.entries(stages).filter(([name]) => wanted.includes(name));
}

/** The same, with the stages that they need. @param {string[]} names */
export const chosen = (names) => {
  const wanted = named(names);
  return named([...wanted.map(([name]) => name), ...wanted.flatMap(([, { needs }]) => needs)]);
};
