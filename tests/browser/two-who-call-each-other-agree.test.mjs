// Glare and all its kin: two peers in one page, on schedules by chance (schedule.js). `BECKON_SEED=<seed>` begins with that
// one, `BECKON_RUNS=<number>` does that many in each browser.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { startChromium, startFirefox, watch } from './browser.mjs';

const RUNS = Number(process.env.BECKON_RUNS ?? 120);
const FIRST = Number(process.env.BECKON_SEED ?? Date.now() % 1_000_000_007);
/** Pairs in a page at the same time, and pairs until it is loaded anew: a browser keeps dead connections for a while. */
const AT_ONCE = 6;
const PER_PAGE = 60;

let server;
let url;
before(async () => {
  const places = { '/schedule.js': './schedule.js', '/chance.mjs': '../client/chance.mjs' };
  server = http.createServer(async (request, response) => {
    if (!request.url.endsWith('js')) return response.setHeader('Content-Type', 'text/html').end('<!doctype html>');
    const file = new URL(places[request.url] ?? `../../public${request.url}`, import.meta.url);
    response.setHeader('Content-Type', 'text/javascript').end(await readFile(file));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${server.address().port}/`;
});
after(() => server.close());

for (const [name, start] of Object.entries({ Chromium: startChromium, Firefox: startFirefox })) {
  test(`on ${RUNS} schedules in ${name} both end up connected, and every message arrives once and in order`, async () => {
    console.log(`# ${name}: BECKON_SEED=${FIRST}`);
    const browser = await start();
    const results = [];
    try {
      for (let first = FIRST; first < FIRST + RUNS; first += PER_PAGE) {
        const page = await browser.newPage();
        const troubles = watch(page);
        await page.goto(url);
        results.push(...(await page.evaluate(batch, first, Math.min(PER_PAGE, FIRST + RUNS - first), AT_ONCE)));
        assert.deepEqual(troubles, []);
        await page.close();
      }
    } finally {
      await browser.close();
    }
    const failed = results.filter(({ trouble }) => trouble);
    for (const { seed, trouble, log } of failed) console.log(`# BECKON_SEED=${seed} BECKON_RUNS=1: ${trouble}\n${log.join('\n')}`);
    const sum = (field) => results.reduce((total, result) => total + result[field], 0);
    const times = results.map(({ took }) => took).sort((a, b) => a - b);
    console.log(`# ${name}: ${results.length} schedules, ${sum('clicks')} messages, ${sum('left')} given back; median ${times[times.length >> 1]} ms, longest ${times.at(-1)} ms`);
    assert.deepEqual(failed.map(({ seed, trouble }) => `BECKON_SEED=${seed}: ${trouble}`), []);
  });
}

/** In the page: so many schedules, some at a time. */
async function batch(first, count, atOnce) {
  const { run } = await import('/schedule.js');
  const results = [];
  let next = first;
  const worker = async () => {
    while (next < first + count) results.push(await run(next++));
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
