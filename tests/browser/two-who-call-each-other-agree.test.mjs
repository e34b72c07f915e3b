// Glare and all its kin: two peers in one page, on schedules by chance (schedule.js), with seeds from tests/seeds/seeds.txt.
// `BECKON_SEED=<seed>` begins with that one, `BECKON_RUNS=<number>` does that many in each browser.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import http from "node:http";
import { after, before, test } from "node:test";
import { failing, runsOf } from "../seeds/seeds.mjs";
import { startChromium, startFirefox, watch } from "./browser.mjs";

const RUNS = Number(process.env.BECKON_RUNS ?? 100);
const SEEDS = runsOf("glare", RUNS);
/** Pairs in a page at the same time, and pairs until it is loaded anew: a browser keeps dead connections for a while. */
const AT_ONCE = 6;
const PER_PAGE = 60;

let server;
let url;
before(async () => {
  const places = { "/schedule.js": "./schedule.js", "/chance.mjs": "../seeds/chance.mjs" };
  server = http.createServer(async (request, response) => {
    if (!request.url.endsWith("js")) return response.setHeader("Content-Type", "text/html").end("<!doctype html>");
    const file = new URL(places[request.url] ?? `../../public${request.url}`, import.meta.url);
    response.setHeader("Content-Type", "text/javascript").end(await readFile(file));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${server.address().port}/`;
});
after(() => server.close());

for (const [name, start] of Object.entries({ Chromium: startChromium, Firefox: startFirefox })) {
  test(`on ${RUNS} schedules in ${name} both end up connected, and every message arrives once and in order`, async () => {
    console.log(`# ${name}: BECKON_SEED=${SEEDS[0]}`);
    const browser = await start();
    try {
      const results = [];
      for (let at = 0; at < SEEDS.length; at += PER_PAGE) results.push(...(await runs(browser, SEEDS.slice(at, at + PER_PAGE), AT_ONCE)));
      const sum = (field) => results.reduce((total, result) => total + result[field], 0);
      const times = results.map(({ took }) => took).sort((a, b) => a - b);
      console.log(
        `# ${name}: ${results.length} schedules, ${sum("clicks")} messages; from the last trouble until all is well median ${times[times.length >> 1]} ms, longest ${times.at(-1)} ms`,
      );
      console.log(`# ${name}: turns in which a pair waited for a deadline alone: at most ${Math.max(...results.map(({ idle }) => idle))}`);
      const failed = results.filter(({ trouble }) => trouble);
      for (const { seed, trouble, log } of failed) console.log(`${failing("glare", seed)} BECKON_RUNS=1: ${trouble}\n${log.join("\n")}`);
      assert.deepEqual(
        failed.map(({ seed, trouble }) => `BECKON_SEED=${seed}: ${trouble}`),
        [],
      );
    } finally {
      await browser.close();
    }
  });
}

/** The schedules with these seeds in a page of their own, some at a time. */
async function runs(browser, seeds, atOnce) {
  const page = await browser.newPage();
  const troubles = watch(page);
  await page.goto(url);
  await page.evaluate(batch, seeds, atOnce);
  while (!(await page.evaluate(() => globalThis.results.length === globalThis.count))) await new Promise((resolve) => setTimeout(resolve, 100));
  const results = await page.evaluate(() => globalThis.results);
  assert.deepEqual(troubles, []);
  await page.close();
  return results;
}

/** In the page: begins. */
async function batch(seeds, atOnce) {
  const [{ run }, { seeded }] = await Promise.all([import("/schedule.js"), import("/chance.mjs")]);
  Math.random = seeded(seeds[0]).next; // how long the library waits before it tries again
  Object.assign(globalThis, { results: [], count: seeds.length });
  const left = [...seeds];
  const worker = async () => {
    for (let seed; (seed = left.shift()) !== undefined; ) {
      globalThis.results.push(await run(seed).catch((error) => ({ seed, trouble: String(error), idle: 0, took: 0, clicks: 0, log: [] })));
    }
  };
  for (let n = 0; n < atOnce; n++) worker();
}
