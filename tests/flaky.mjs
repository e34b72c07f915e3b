// npm run flaky -- [stage|file ...] [--times 20] [--load]
//
// Runs each test file of the stages again and again, and lists each test that was red once: how often, with what seeds, and why. A test
// that is green because it works is green on a busy machine too. So as many files run at a time as there are cores, and of twenty runs five (with
// --load every run) have to make do with one core, while the others are kept busy. What each run printed is left in tests/output/flaky-*/. Ctrl-C ends it and
// shows what it has found by then.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { parseArgs } from "node:util";
import { complaints } from "./complaints.mjs";
import { CORES, named, nodeCommand, nodeCount } from "./stages.mjs";

const ROOT = join(import.meta.dirname, "..");
/** Every so many runs one is under load. */
const LOADED_EVERY = 4;
/** How much of a failure is shown, in characters; all of it is in the log. */
const SHOWN = 1_500;
/** So long tests have to end what they have started, after Ctrl-C. */
const GRACE_MS = 2_000;
const SEED = /BECKON_SEED=\d+/g;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { times: { type: "string", default: "20" }, load: { type: "boolean", default: false } },
});
const times = Number(values.times);
if (!(Number.isInteger(times) && times > 0)) stop(`--times wants a number of runs, and not ${values.times}.`);

/** Says why it does not begin, and ends. @param {string} why @returns {never} */
function stop(why) {
  console.error(why);
  process.exit(2);
}

/** What is run again and again: each test file by itself, and whole the stages that have none. */
function units() {
  const isFile = (/** @type {string} */ name) => name.endsWith(".mjs");
  const names = positionals.filter((name) => !isFile(name));
  const tested = names.length || !positionals.length ? named(names).filter(([name, { once }]) => !once || names.includes(name)) : [];
  const inFiles = [...positionals.filter(isFile), ...tested.flatMap(([, { files }]) => files)];
  const whole = tested.filter(([, { files }]) => !files.length).map(([name, { command, count }]) => ({ name, command, count }));
  return [...whole, ...inFiles.map((file) => ({ name: file, command: nodeCommand([file]), count: nodeCount }))];
}

/** The cores that we may use, as Linux has them: `0-1,4`. */
function cores() {
  const [, list] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(read("/proc/self/status")) ?? [];
  return (list ?? "")
    .split(",")
    .filter(Boolean)
    .flatMap((range) => {
      const [from, to = from] = range.split("-").map(Number);
      return Array.from({ length: Number(to) - Number(from) + 1 }, (_, n) => Number(from) + n);
    });
}
function read(/** @type {string} */ file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

const ours = spawnSync("taskset", ["--version"]).error ? [] : cores();
const pinned = (/** @type {number} */ core, /** @type {string[]} */ command) => ["taskset", "--cpu-list", `${core}`, ...command];
/** Keeps a core busy for as long as we live, where nobody else does: it is as nice as can be, also as the group that Linux may share cores out to. */
const BUSY = `
  require("node:os").setPriority(19);
  try { require("node:fs").writeFileSync("/proc/self/autogroup", "19"); } catch {}
  const { ppid } = process;
  for (;;) {
    for (const end = Date.now() + 200; Date.now() < end; );
    if (process.ppid !== ppid) process.exit();
  }`;
/** @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();

/** Starts a program in a group of its own, so that Ctrl-C reaches us alone and we can end all of it. @param {string[]} command */
function start([program, ...args]) {
  const child = spawn(program ?? "", args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"], detached: true });
  running.add(child);
  child.on("close", () => running.delete(child));
  return child;
}
function end(/** @type {import("node:child_process").ChildProcess} */ { pid }, /** @type {NodeJS.Signals} */ signal = "SIGKILL") {
  if (!pid) return; // it could not be started
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended already.
  }
}

/** @param {string[]} command @returns {Promise<{ code: number | null, printed: string }>} */
const run = (command) =>
  new Promise((settle) => {
    const child = start(command);
    let printed = "";
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", (data) => (printed += data));
    child.on("error", (error) => (printed += `${command[0]} could not be started: ${error.message}\n`));
    child.on("close", (code) => settle({ code, printed }));
  });

const all = (() => {
  try {
    return units();
  } catch (error) {
    return stop(/** @type {Error} */ (error).message);
  }
})();
const folder = join(ROOT, "tests/output", `flaky-${new Date().toISOString().slice(0, 19).replace(/\D/g, "")}`);
mkdirSync(folder, { recursive: true });

/** Each test that was red once. @type {Map<string, { times: number, loaded: number, seeds: Set<string>, text: string, log: string }>} */
const red = new Map();
let runs = 0;
let redRuns = 0;

function report() {
  const lines = [...red]
    .sort(([, a], [, b]) => b.times - a.times)
    .map(([name, { times, loaded, seeds, text, log }]) =>
      [
        `red ${times} times (${loaded} of them under load): ${name}`,
        `  ${[...seeds].join(" ") || "no seed was printed"}`,
        `  ${relative(ROOT, log)}`,
        text.slice(0, SHOWN).replace(/^/gm, "    "),
      ].join("\n"),
    );
  const text = [
    ...lines,
    `${runs} runs of ${all.length} files, ${redRuns} of them red; ${red.size} tests were red once. The logs are in ${relative(ROOT, folder)}.`,
  ].join("\n\n");
  writeFileSync(join(folder, "summary.txt"), `${text}\n`);
  console.log(`\n${text}`);
  process.exitCode = red.size ? 1 : 0;
}

for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
  process.on(signal, () => {
    for (const child of running) end(child, "SIGINT"); // they end their browsers, which have groups of their own
    console.log("\ninterrupted");
    report();
    setTimeout(() => {
      for (const child of running) end(child);
      process.exit(red.size ? 1 : 130);
    }, GRACE_MS);
  });
}

/** Runs one of them once. @param {(typeof all)[number]} unit @param {number} round @param {number | undefined} core the only one it may use */
async function runOnce({ name, command, count }, round, core) {
  const loaded = core !== undefined;
  const since = Date.now();
  const { code, printed } = await run(loaded ? pinned(core, command) : command);
  const log = join(folder, `${name.replaceAll(/[^\w.-]+/g, "_")}-${String(round).padStart(3, "0")}${loaded ? "-load" : ""}.txt`);
  writeFileSync(log, printed);
  const { passed, failed } = count(printed, code);
  const bad = code !== 0 || failed > 0 || passed === 0;
  runs += 1;
  if (bad) {
    redRuns += 1;
    for (const [test, text] of complaints(printed)) {
      const known = red.get(`${name}: ${test}`) ?? { times: 0, loaded: 0, seeds: new Set(), text, log };
      red.set(`${name}: ${test}`, {
        ...known,
        times: known.times + 1,
        loaded: known.loaded + Number(loaded),
        seeds: known.seeds.union(new Set(printed.match(SEED))),
      });
    }
  }
  console.log(
    `${bad ? "RED  " : "green"} ${round}/${times}${loaded ? " under load" : ""}: ${basename(name)}, ${passed} passed, ${failed} failed, ${Math.round((Date.now() - since) / 1000)} s`,
  );
}

console.log(`${times} runs each of ${all.length} files${ours.length ? "" : "; taskset is missing, so every run has all cores"}`);
// Round by round: whoever interrupts it has seen every file.
for (let round = 1; round <= times; round++) {
  const loaded = values.load || round % LOADED_EVERY === 0;
  const neighbours = loaded ? ours.map((core) => start(pinned(core, [process.execPath, "-e", BUSY]))) : [];
  const left = [...all];
  // From both ends: files of one stage, which `npm test` may never run beside each other, seldom meet.
  const lane = async (/** @type {number} */ number) => {
    for (let unit; (unit = number % 2 ? left.pop() : left.shift()); ) await runOnce(unit, round, loaded ? ours[number] : undefined);
  };
  await Promise.all(Array.from({ length: ours.length || CORES }, (_, number) => lane(number)));
  for (const neighbour of neighbours) end(neighbour);
}
report();
