// npm run explore -- [--minutes 10] [--only NAME]: whatever in the tests is left to chance, with new seeds, for so long. Prints each
// seed that failed and its line for seeds.txt, and ends badly if there was one; at the end, what was run and how often.
import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { explored } from "./explored.mjs";

const ROOT = join(import.meta.dirname, "../..");
/** Each run begins with a seed of its own below 2^32, which every generator here takes whole, and goes on with those that follow. */
const SEEDS = 2 ** 32 - 10_000_000;
/** What remains of a run's output when it has failed: its end, in characters. */
const SHOWN = 2_000;

const { values } = parseArgs({ options: { minutes: { type: "string", default: "10" }, only: { type: "string", multiple: true } } });
const minutes = Number(values.minutes);
if (!(minutes > 0)) stop(`--minutes wants a number above 0, and not ${values.minutes}.`);
const names = values.only ?? Object.keys(explored);
for (const name of names) if (!(name in explored)) stop(`There is nothing named ${name} to explore; there are ${Object.keys(explored).join(", ")}.`);

/** @param {string} why @returns {never} */
function stop(why) {
  console.error(why);
  process.exit(2);
}

const end = Date.now() + minutes * 60_000;
const folder = join(ROOT, "tests/output/explore");
mkdirSync(folder, { recursive: true });
/** @type {Map<string, { runs: number, cases: number, ms: number }>} */
const done = new Map(names.map((name) => [name, { runs: 0, cases: 0, ms: 0 }]));
/** The lines for seeds.txt, and what failed without naming a seed. @type {string[]} */
const found = [];
/** @type {string[]} */
const broken = [];
/** @type {import('node:child_process').ChildProcess | undefined} */
let running;

/** Ends what runs, and all that it has started. */
function cut() {
  try {
    if (running?.pid) process.kill(-running.pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}

/** @param {string[]} command @param {Record<string, string>} env @returns {Promise<{ code: number | null, printed: string }>} */
function run([program = "", ...args], env) {
  return new Promise((settle) => {
    let printed = "";
    const child = spawn(program, args, { cwd: ROOT, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"], detached: true });
    running = child;
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (data) => (printed += data));
    child.on("error", (error) => (printed += `${program} could not be started: ${error.message}\n`));
    child.on("close", (code) => settle({ code, printed }));
  });
}

function report() {
  for (const [name, { runs, cases, ms }] of done) console.log(`${name.padEnd(12)} ${runs} runs, ${cases} cases, ${Math.round(ms / 1_000)} s`);
  if (found.length) console.log(`\n${found.length} seeds failed. Add their lines to tests/seeds/seeds.txt, and mend what they found:\n${found.join("\n")}`);
  if (broken.length) console.log(`\nThese failed, and not for a seed that they name:\n${broken.join("\n")}`);
  const ran = [...done.values()].some(({ runs }) => runs);
  if (!ran) console.log("Nothing came to its end: give it more minutes.");
  else if (!found.length && !broken.length) console.log("no seed failed");
  process.exitCode = ran && !found.length && !broken.length ? 0 : 1;
}

for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
  process.on(signal, () => {
    cut();
    report();
    process.exit();
  });
}

const deadline = setTimeout(cut, end - Date.now());
// Whatever has had the least time is next: the slow ones do not starve the quick ones. At first that is anyone: a short look, often
// repeated, sees all of them.
for (let last = names.length - 1; last > 0; last--) names.push(...names.splice(randomInt(last + 1), 1));
while (Date.now() < end) {
  const [name = ""] = names.toSorted((a, b) => (done.get(a)?.ms ?? 0) - (done.get(b)?.ms ?? 0));
  const thing = explored[name];
  const total = done.get(name);
  if (!thing || !total) break;
  const seed = randomInt(1, SEEDS);
  const since = Date.now();
  const { code, printed } = await run(thing.command, { ...thing.env, BECKON_SEED: `${seed}` });
  total.ms += Date.now() - since;
  if (Date.now() >= end) break; // it was cut short
  total.runs += 1;
  total.cases += thing.cases;
  if (code === 0) continue;
  const log = join(folder, `${name}-${seed}.txt`);
  writeFileSync(log, printed);
  const blamed = new Set([...printed.matchAll(/([\w-]+) fails with BECKON_SEED=(\d+)/g)].flatMap(([, who, which]) => (who === name ? [which] : [])));
  if (!blamed.size && thing.whole) blamed.add(`${seed}`);
  for (const which of blamed) found.push(`${name} ${which} ${new Date().toISOString().slice(0, 10)}: (what it found)`);
  if (!blamed.size) broken.push(`${name}, with BECKON_SEED=${seed}`);
  console.log(
    `${name} failed${[...blamed].map((which) => ` with BECKON_SEED=${which}`)}; what it printed is in ${relative(ROOT, log)}, and ends so:\n${printed.slice(-SHOWN)}`,
  );
}
clearTimeout(deadline);
report();
