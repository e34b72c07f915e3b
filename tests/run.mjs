// Runs the stages of `npm test` one after the other, shows what they print, repeats what failed, and ends with one line of
// totals. A stage that ends badly, counts no test, or skips one has failed.
import { spawn } from "node:child_process";
import { globSync } from "node:fs";

/** How much of each stage that failed is repeated at the end, in characters: CI shows no more than the end. */
const REPEATED = 6_000;

/** What node's reporter counts. */
const nodeCount = (text) => ({ passed: sum(text, /^ℹ pass (\d+)/gm), failed: sum(text, /^ℹ (?:fail|cancelled|skipped|todo) (\d+)/gm) });
const nodeTests = (folder, ...options) => ({
  // One test's worst case, in ms; and whatever a test that failed left open must not keep its file from ending.
  command: ["node", "--test", "--test-reporter=spec", "--test-timeout=240000", "--test-force-exit", ...options, ...globSync(`tests/${folder}/*.test.mjs`).sort()],
  count: nodeCount,
});
/** A stage that counts as one test, passed if it ends well. */
const once = (...command) => ({ command, count: (_text, code) => ({ passed: code === 0 ? 1 : 0, failed: 0 }) });

/** Tests that wait most of the time: so many files at once keep two cores busy. */
const THREE = "--test-concurrency=3";

/** In this order: what is quick and most telling comes first. `beside`: while the next one runs, since both do little but wait. */
const stages = {
  check: once("bash", "tools/check.sh"),
  core: {
    command: ["cargo", "test", "--locked"],
    count: (text) => ({ passed: sum(text, /^test result: .* (\d+) passed/gm), failed: sum(text, /(\d+) (?:failed|ignored)[;,]/g) }),
  },
  build: once("wrangler", "deploy", "--dry-run", "--outdir", "dist"),
  tree: nodeTests("tree"),
  client: nodeTests("client"),
  malicious: nodeTests("malicious"),
  worker: nodeTests("worker", THREE),
  bench: nodeTests("bench"),
  chaos: nodeTests("chaos"),
  browser: nodeTests("browser", THREE),
  holding: nodeTests("holding", THREE),
  network: { command: ["bash", "tests/network/lab.sh", "short"], count: nodeCount },
  interop: { ...nodeTests("interop"), beside: true },
  clients: nodeTests("clients"),
};

function sum(text, pattern) {
  return [...text.matchAll(pattern)].reduce((total, [, number]) => total + Number(number), 0);
}

/** What a stage printed of its failures: what node's reporter gathers at its end, else simply the end. */
function complaint(printed) {
  const gathered = printed.lastIndexOf("✖ failing tests:");
  return gathered < 0 ? printed.slice(-REPEATED) : printed.slice(gathered, gathered + REPEATED);
}

/**
 * @param {boolean} aside whether what it prints is shown when it has ended, and not before
 * @returns {Promise<{ name: string, passed: number, failed: number, printed: string }>}
 */
function run(name, { command: [program, ...args], count }, aside) {
  return new Promise((resolve) => {
    const title = `\n=== ${name}: ${program} ${args.join(" ")}`;
    if (!aside) console.log(title);
    const started = Date.now();
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    let printed = "";
    child.stdout.setEncoding("utf8");
    child.stderr.setEncoding("utf8");
    child.stdout.on("data", (data) => {
      if (!aside) process.stdout.write(data);
      text += data;
      printed += data;
    });
    child.stderr.on("data", (data) => {
      if (!aside) process.stderr.write(data);
      printed += data;
    });
    child.on("error", (error) => console.error(`${program} could not be started: ${error.message}`));
    child.on("close", (code) => {
      const { passed, failed } = count(text, code);
      const bad = code !== 0 || passed === 0;
      if (aside) console.log(`${title}\n${printed}`);
      console.log(`=== ${name}: ${Math.round((Date.now() - started) / 1000)} s${code ? `, ended with ${code}` : ""}`);
      resolve({ name, passed, failed: bad ? Math.max(failed, 1) : failed, printed });
    });
  });
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in stages));
if (unknown.length) {
  console.error(`There is no stage ${unknown.join(", ")}; there are ${Object.keys(stages).join(", ")}.`);
  process.exit(2);
}
const total = { passed: 0, failed: 0 };
const complaints = [];
const begun = [];
const chosen = Object.entries(stages).filter(([name]) => !wanted.length || wanted.includes(name));
for (const [name, stage] of chosen) {
  const aside = stage.beside && name !== chosen.at(-1)[0];
  begun.push(run(name, stage, aside));
  if (!aside) await begun.at(-1);
}
for (const { name, passed, failed, printed } of await Promise.all(begun)) {
  if (failed) complaints.push(`=== what failed in ${name}:\n${complaint(printed)}`);
  total.passed += passed;
  total.failed += failed;
}
for (const what of complaints) console.log(`\n${what}`);
console.log(`\ntotal: ${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed ? 1 : 0; // not exit(), which would throw away what a pipe has not taken yet
