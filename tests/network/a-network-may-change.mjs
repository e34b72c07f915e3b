// Networks change under a session: a cable is pulled, a router gets another address, UDP is cut. Both devices click all the time; what
// counts is when the clicks arrive again, and that each arrives once and in order.
import assert from "node:assert/strict";
import { pause, stories, until, untilPath } from "./devices.mjs";
import { STUN_URL, TURN_URLS } from "./turn.mjs";

/** Between clicks, in ms: few enough for those of an outage to pass through the server, eight a second, in order, in time. */
const CLICK_MS = 400;
/** How soon issue 4 wants clicks to arrive again, in ms: after the network is back, or after the change can be noticed. */
const BACK_MS = 3_000;
/** Before browsers notice by themselves that a path leads nowhere, in ms. */
const UNTOLD_MS = 5_000;
/** `npm test` runs anywhere, on machines that do much else: there the bounds only have to tell what works from what does not (10 s). */
const SLACK = 1.75;

/** @param {import('./lab.mjs').Scenario} scenario */
export default function register(scenario) {
  for (const [engines, seconds, long] of /** @type {[import('./network.mjs').Engine[], number, boolean][]} */ ([
    [["chromium", "chromium"], 3, false],
    [["chromium", "chromium"], 10, true],
    [["firefox", "chromium"], 3, true],
    [["firefox", "firefox"], 10, true],
  ])) {
    scenario(
      `the cable of ${engines.join(", opposite ")} is out for ${seconds} s: clicks arrive again within 3 s, none lost or doubled`,
      async (lab) => {
        const devices = await lab.meet({ engines, stun: STUN_URL });
        await untilPath("stun", devices);
        await talk(devices);
        lab.network.unplug("a");
        await pause(seconds * 1_000);
        lab.network.plug("a");
        const { back } = await resumed(devices, Date.now());
        await settled(devices);
        assert.ok(back < BACK_MS * slack(lab), `clicks arrived again only after ${back} ms\n${await stories(devices)}`);
      },
      { long },
    );
  }

  for (const [engines, long] of /** @type {[import('./network.mjs').Engine[], boolean][]} */ ([
    [["chromium", "chromium"], false],
    [["firefox", "firefox"], true],
  ])) {
    scenario(
      `the router of ${engines[0]} gets another address: clicks arrive again within 3 s of its being noticed, none lost or doubled`,
      async (lab) => {
        const devices = await lab.meet({ engines, stun: STUN_URL });
        await untilPath("stun", devices);
        await talk(devices);
        lab.network.changeAddress("ra");
        const { back, noticed } = await resumed(devices, Date.now());
        await settled(devices);
        assert.ok(back < UNTOLD_MS * slack(lab), `clicks arrived again only after ${back} ms\n${await stories(devices)}`);
        assert.ok(noticed < BACK_MS * slack(lab), `clicks arrived again only ${noticed} ms after it was noticed\n${await stories(devices)}`);
        await untilPath("stun", devices);
      },
      { long },
    );
  }

  scenario(
    "UDP is cut off for one device: the relay carries on over TCP, no click is lost or doubled",
    async (lab) => {
      const devices = await lab.meet({ stun: STUN_URL, turn: [TURN_URLS.udp, TURN_URLS.tcp] });
      await untilPath("stun", devices);
      await talk(devices);
      lab.network.route("ra", { only: "tcp" });
      const { noticed } = await resumed(devices, Date.now());
      await untilPath("turn-tcp", devices);
      await settled(devices);
      assert.ok(noticed < BACK_MS * slack(lab), `clicks arrived again only ${noticed} ms after it was noticed\n${await stories(devices)}`);
    },
    { long: true },
  );
}

const slack = ({ short }) => (short ? SLACK : 1);

async function talk(devices) {
  for (const device of devices) await device.ask((ms) => lab.talk(ms), CLICK_MS);
  await until("clicks arrive", devices, async () => (await Promise.all(devices.map((device) => device.ask(() => lab.heard.length)))).every((n) => n > 3));
}

/**
 * Waits until both devices have heard a click that was made after `changed`.
 * @returns {Promise<{ back: number, noticed: number }>} how long that took in ms, and how long after either of them noticed the change
 */
async function resumed(devices, changed) {
  await until("clicks arrive both ways", devices, async () => {
    const fresh = devices.map((device) => device.ask((changed) => lab.heard.some(({ data }) => Number(data.split(" ")[1]) > changed), changed));
    return (await Promise.all(fresh)).every(Boolean);
  });
  const facts = devices.map((device) =>
    device.ask((changed) => {
      const notice = lab.story.find(({ at, what }) => at > changed && !what.startsWith("open/stun"))?.at;
      return { first: lab.heard.find(({ data }) => Number(data.split(" ")[1]) > changed).at, notice };
    }, changed),
  );
  const known = await Promise.all(facts);
  const last = Math.max(...known.map(({ first }) => first));
  const notice = Math.min(last, ...known.map(({ notice }) => notice ?? last));
  console.log(`clicks arrive again after ${Math.round(last - changed)} ms, ${Math.round(last - notice)} ms after it was noticed`);
  return { back: last - changed, noticed: last - notice };
}

/** Nobody clicks any more: every click is confirmed, and was heard once and in order. */
async function settled(devices) {
  const counts = await Promise.all(devices.map((device) => device.ask(() => lab.hush())));
  await until("every click is confirmed", devices, async () =>
    (await Promise.all(devices.map((device) => device.ask(() => lab.waiting.size)))).every((n) => n === 0),
  );
  for (const [n, device] of devices.entries()) {
    const numbers = await device.ask(() => lab.heard.map(({ data }) => Number.parseInt(data, 10)));
    assert.deepEqual(
      numbers,
      Array.from({ length: counts[1 - n] }, (_, n) => n + 1),
      `${device.machine} heard a click twice, not at all, or out of order`,
    );
  }
}
