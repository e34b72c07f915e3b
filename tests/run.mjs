// Runs the stages of `npm test` (tests/stages.mjs), side by side where there are cores for it. It shows what a stage printed when it has
// ended, repeats what failed, and ends with one line of totals. A stage that ends badly, counts no test, or skips one has failed.
import { spawn } from "node:child_process";
import { cpus } from "node:os";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { GATHERED } from "./complaints.mjs";
import { CORES, chosen } from "./stages.mjs";

/** How much of each stage that failed is repeated at the end, in characters: CI shows no more than the end. */
const REPEATED = 6_000;

/** Where the cores have had this share of so many ms to spare, a stage more is begun than was planned, up to so many for a core. */
const SPARE = 0.15;
const SPARE_MS = 3_000;
const MOST_PER_CORE = 1.5;

/** What a stage printed of its failures: what node's reporter gathers at its end, else simply the end. */
function complaint(printed) {
  const gathered = printed.lastIndexOf(GATHERED);
  return gathered < 0 ? printed.slice(-REPEATED) : printed.slice(gathered, gathered + REPEATED);
}

/** Each test file is a process of its own, and many of them load miniflare: compiled once, that takes a third less. */
const env = { NODE_COMPILE_CACHE: resolve("target/node-compile-cache"), ...process.env };

const began = Date.now();
const seconds = (since) => `${Math.round((Date.now() - since) / 1000)} s`;

/**
 * @param {string} name
 * @param {import("./stages.mjs").Stage} stage
 * @param {boolean} live whether what it prints is shown at once
 * @returns {Promise<{ passed: number, failed: number, printed: string }>}
 */
function run(name, { command: [program, ...args], count }, live) {
  return new Promise((resolve) => {
    const title = `\n=== ${name}: ${[program, ...args].join(" ")}`;
    console.log(live ? title : `=== ${name} begins after ${seconds(began)}`);
    const started = Date.now();
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env });
    let text = "";
    let printed = "";
    child.stdout.setEncoding("utf8");
    child.stderr.setEncoding("utf8");
    child.stdout.on("data", (data) => {
      if (live) process.stdout.write(data);
      text += data;
      printed += data;
    });
    child.stderr.on("data", (data) => {
      if (live) process.stderr.write(data);
      printed += data;
    });
    child.on("error", (error) => (printed += `${program} could not be started: ${error.message}\n`));
    child.on("close", (code) => {
      const { passed, failed } = count(text, code);
      const bad = code !== 0 || passed === 0;
      if (!live) console.log(`${title}\n${printed}`);
      console.log(`=== ${name}: ${seconds(started)}, ${passed} passed, ${failed} failed${code ? `, ended with ${code}` : ""}`);
      resolve({ passed, failed: bad ? Math.max(failed, 1) : failed, printed });
    });
  });
}

let wanted;
try {
  wanted = chosen(process.argv.slice(2));
} catch (error) {
  console.error(error.message);
  process.exit(2);
}

/** Those that have ended, and how; and those that run. */
const results = new Map();
const running = new Map();
const ready = ([, { needs }]) => needs.every((name) => results.get(name)?.failed === 0);
const inVain = ([, { needs }]) => needs.find((name) => results.get(name)?.failed);
const fits = ([, { cores }]) => running.size === 0 || cores + [...running.values()].reduce((total, { cores }) => total + cores, 0) <= CORES;
const live = wanted.filter(([, { needs }]) => needs.length).length === 1 || wanted.length === 1;

/** For how long all cores together were idle, and for how long they were there, in ms. */
const clock = () =>
  cpus()
    .map(({ times }) => times)
    .reduce(({ idle, all }, times) => ({ idle: idle + times.idle, all: all + Object.values(times).reduce((a, b) => a + b) }), { idle: 0, all: 0 });
let before = clock();
let looked = Date.now();
let spare = false;

for (let waiting = wanted; waiting.length || running.size; ) {
  const vain = waiting.find(inVain);
  const next = vain ? undefined : waiting.find((stage) => ready(stage) && (spare || fits(stage)));
  if (vain) results.set(vain[0], { passed: 0, failed: 1, printed: `It was not run, because ${inVain(vain)} failed.` });
  if (next) {
    const [name, stage] = next;
    const ended = run(name, stage, live).then((result) => (results.set(name, result), running.delete(name)));
    running.set(name, { cores: stage.cores, ended });
  }
  if (vain || next) waiting = waiting.filter((stage) => stage !== (vain ?? next));
  else await Promise.race([...[...running.values()].map(({ ended }) => ended), sleep(SPARE_MS - (Date.now() - looked), undefined, { ref: false })]);
  if (next || Date.now() - looked >= SPARE_MS) {
    const now = clock();
    spare = !next && running.size < MOST_PER_CORE * CORES && (now.idle - before.idle) / (now.all - before.all) > SPARE;
    [before, looked] = [now, Date.now()];
  }
}

const total = { passed: 0, failed: 0 };
for (const [name, { passed, failed, printed }] of results) {
  if (failed) console.log(`\n=== what failed in ${name}:\n${complaint(printed)}`);
  total.passed += passed;
  total.failed += failed;
}
console.log(`\nafter ${seconds(began)}\ntotal: ${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed ? 1 : 0; // not exit(), which would throw away what a pipe has not taken yet
