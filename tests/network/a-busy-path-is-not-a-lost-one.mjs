// A path on which much is under way, or whose other end is busy, looks like one that is lost: nothing that is said is confirmed for seconds. It must
// be left alone, for an ICE restart makes it worse.
import assert from "node:assert/strict";
import { stories, until, untilPath } from "./devices.mjs";
import { STUN_URL } from "./turn.mjs";

/** A slow line, in kbit/s, and a message that takes five seconds on it. */
const LINE = { delay: 30, rate: 400 };
const LETTERS = 250_000;
/** How often it goes over. */
const TIMES = 3;
/** For how long a page does nothing but compute, in ms, and what is said to it meanwhile: so many clicks, one each so many ms. */
const BUSY_MS = 4_000;
const CLICKS = 10;
const CLICK_MS = 300;

/** @param {import('./lab.mjs').Scenario} scenario */
export default function register(scenario) {
  for (const engine of /** @type {import('./network.mjs').Engine[]} */ (["chromium", "firefox"])) {
    scenario(
      `a path that is busy in ${engine} is not repaired as if it were lost: ${LETTERS / 1_000} kB at ${LINE.rate} kbit/s, and a page that computes for ${BUSY_MS / 1_000} s`,
      async (lab) => {
        const devices = await lab.meet({ engines: [engine, engine], stun: STUN_URL });
        await untilPath("stun", devices);
        const before = await Promise.all(devices.map((device) => device.ask(connection)));

        lab.network.road(LINE);
        const began = Date.now();
        await Promise.all(devices.map((device, side) => device.ask(sendLong, { side, LETTERS, TIMES })));
        console.log(`${engine}: ${TIMES} messages of ${LETTERS / 1_000} kB each way in ${Date.now() - began} ms`);
        lab.network.road();

        const [sender, reader] = devices;
        const clicked = sender.ask(click, { CLICKS, CLICK_MS });
        await reader.ask(compute, BUSY_MS);
        await clicked;
        await until("all is confirmed", devices, async () => (await Promise.all(devices.map((device) => device.ask(() => lab.waiting.size)))).every((n) => !n));

        const heard = await Promise.all(devices.map((device) => device.ask(() => lab.heard.map(({ data }) => data.slice(0, 12)))));
        const long = (/** @type {number} */ side) => Array.from({ length: TIMES }, (_, n) => `long ${side} ${n} `.padEnd(12, "x"));
        assert.deepEqual(heard, [long(1), [...long(0), ...Array.from({ length: CLICKS }, (_, n) => `click ${n}`)]]);
        // An ICE restart has other user names, and a new connection has other fingerprints, too.
        assert.deepEqual(await Promise.all(devices.map((device) => device.ask(connection))), before, await stories(devices));
        const told = await Promise.all(devices.map((device) => device.ask(() => lab.story.map(({ what }) => what))));
        for (const story of told) assert.ok(!story.some((what) => what.startsWith("reconnecting")), `it was missed\n${await stories(devices)}`);
      },
      { long: true },
    );
  }
}

/** In the page: who is connected to whom. */
const connection = () =>
  ["localDescription", "remoteDescription"].map((side) => lab.peer.connection[side].sdp.match(/^a=(ice-ufrag|fingerprint):.*$/gm).join());

/** In the page: one after the other, each when the one before has arrived. */
async function sendLong({ side, LETTERS, TIMES }) {
  for (let n = 0; n < TIMES; n++) await lab.send(`long ${side} ${n} `.padEnd(LETTERS, "x"));
}

/** In the page. */
async function click({ CLICKS, CLICK_MS }) {
  for (let n = 0; n < CLICKS; n++) {
    void lab.send(`click ${n}`);
    await new Promise((resolve) => setTimeout(resolve, CLICK_MS));
  }
}

/** In the page: its thread has no time for anything else. */
function compute(ms) {
  for (const end = performance.now() + ms; performance.now() < end; );
}
