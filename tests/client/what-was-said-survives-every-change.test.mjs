// Two pages that exchange messages, and all that can change around them, by chance (changes.mjs): `BECKON_SEED=<seed> BECKON_RUNS=1` does one of the
// schedules again, and says what happened.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { failing, runsOf, TIMES } from "../seeds/seeds.mjs";

const RUNS = Number(process.env.BECKON_RUNS ?? Math.ceil(150 * TIMES));
const SEEDS = runsOf("resume", RUNS);

test(`on ${RUNS} schedules of cuts, reloads and ways through the server every message arrives once and in order`, async () => {
  console.log(`# resume: BECKON_SEED=${SEEDS[0]}`);
  const worker = new Worker(new URL("changes.mjs", import.meta.url), { workerData: { seeds: SEEDS } });
  let [seed, clicks] = [SEEDS[0] ?? 0, 0];
  worker.on("message", (said) => ({ seed = seed, clicks = clicks } = said));
  try {
    await once(worker, "exit"); // an error is thrown here
    assert.ok(clicks > 0, "it ended amid a schedule");
  } catch (error) {
    console.log(failing("resume", seed));
    throw error;
  }
  console.log(`# ${clicks} messages`);
});
