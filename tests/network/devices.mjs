// Devices that meet in a room of Beckon: pages of their own in the browsers of the lab's machines.
import { seeded } from "../seeds/chance.mjs";
import { webName } from "./certificates.mjs";

/** Where secrets come from: each another one, and the same ones in each run. */
const random = seeded(1);

/** How long anything may take before it counts as not happening, in ms; Chromium alone waits 15 s before it gives up a path. */
export const DEADLINE_MS = 30_000;
const POLL_MS = 25;

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * A page in a browser context of its own: the next one must not meet this one's sockets, whose mappings are gone.
 * @typedef {object} Device
 * @property {string} machine
 * @property {import('puppeteer-core').Page} page
 * @property {string[]} troubles what it has complained of
 * @property {(script: (...args: any[]) => any, ...args: any[]) => Promise<any>} ask runs something in the page
 * @property {() => Promise<void>} close
 */

/** @returns {Promise<Device>} */
export async function openDevice(browser, machine, url, prepare = async (/** @type {import('puppeteer-core').Page} */ _page) => {}) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const troubles = [];
  page.on("pageerror", (error) => troubles.push(String(error)));
  await page.evaluateOnNewDocument(seedChance, machine.charCodeAt(0));
  await prepare(page);
  await page.goto(url);
  return { machine, page, troubles, ask: (script, ...args) => page.evaluate(script, ...args), close: () => context.close() };
}

/** In the page: its chance, and the library's, is the same in each run (mulberry32). */
function seedChance(seed) {
  let state = seed;
  Math.random = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Asks until the answer is truthy, and gives it; if it never is, says what the devices have been through. */
export async function until(what, devices, check, ms = DEADLINE_MS) {
  const end = Date.now() + ms;
  for (;;) {
    const answer = await check();
    if (answer) return answer;
    if (Date.now() > end) break;
    await pause(POLL_MS);
  }
  throw new Error(`never came true: ${what}\n${await stories(devices)}`);
}

/** What devices have been through, for the message of a failure. */
export const stories = async (devices) => (await Promise.all(devices.map(tell))).join("\n");

/** With the time of day in seconds. */
async function tell({ machine, page, troubles }) {
  const told = () => globalThis.lab?.all.flatMap(({ story }) => story.map(({ at, what }) => `${((at / 1000) % 1000).toFixed(3)} ${what}`));
  const story = await page.evaluate(told).catch((error) => [error.message]);
  const pair = await page.evaluate(() => globalThis.lab?.pair()).catch((error) => error.message);
  return [`${machine}:`, ...(story ?? ["no library"]), `in use: ${JSON.stringify(pair)}`, ...troubles].join("\n  ");
}

/** A link's secret, as the library makes it. */
export const freshSecret = () => Buffer.from(random.bytes(16)).toString("base64url");

/** The page that imports the library from Beckon at `host`, and joins the rooms of these secrets. */
export const agentUrl = (page, host, secrets, relayOnly = false) => `https://${webName(page)}/#${secrets.join(",")}@${host}${relayOnly ? "@relay-only" : ""}`;

/** Waits until the devices, two in a room, say that they reach each other by this way. */
export async function untilPath(path, devices) {
  for (const device of devices) {
    await until(`${device.machine} says ${path}`, devices, () => device.ask((path) => lab.peer?.state === "open" && lab.peer.path === path, path));
  }
}

/** The selected pair of candidates on each device. */
export const pairs = (devices) => Promise.all(devices.map((device) => device.ask(() => lab.pair())));

/** Sends each other a message and waits until each is confirmed and heard, once. */
export async function exchange(devices) {
  const word = freshSecret();
  await Promise.all(
    devices.map(async (device, n) => {
      const sent = device.ask((word) => void lab.send(word), `${word} ${n}`);
      await sent;
    }),
  );
  await until("both messages arrive and are confirmed", devices, async () => {
    const counts = await Promise.all(
      devices.map((device) => device.ask((word) => [lab.heard.filter(({ data }) => data.startsWith(word)).length, lab.waiting.size], word)),
    );
    return counts.every(([heard, waiting]) => heard === devices.length - 1 && waiting === 0);
  });
}
