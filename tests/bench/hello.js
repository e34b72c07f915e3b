// From the tap on a link to the first hello: a second device opens where a first one waits, in two real browsers on one machine, and its hello is
// heard on the first. Beside the room page: two bare pages, and the stock client on two servers.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve } from "../../tools/serve.mjs";
import { link, startChromium, startFirefox, until } from "../browser/browser.mjs";
import { serveBare } from "./bare.mjs";
import { openFarWay } from "./far.js";
import { median } from "./figures.js";
import { peerServer } from "./servers.js";

export const title = "From the tap on a link to the first hello, in ms: two browsers on one machine, the first one waiting";

/** Rounds that are not counted: the browsers' and the servers' first ones. */
const WARM_UP = 2;
/** The first device has long settled when a second one comes: after this long, in ms, also where its CPU is slow. */
const SETTLED_MS = 1_000;

/** When the room page is first painted. */
const PAINT = "room is painted";

/** Ways to a server: how long a round trip takes, in ms. */
const ROUND_TRIPS = [0, 100];
/** How many times slower than this machine a device is. Of browsers, only Chromium can be slowed. */
const DEVICES = /** @type {const} */ ([
  { browser: "Chromium", slower: 1 },
  { browser: "Chromium", slower: 4 },
  { browser: "Firefox", slower: 1 },
]);

/** Where all servers are. @typedef {{ beckon: number, peerServer: number, bare: number }} Ports */
/** Opens the first device's page, and says where the second one's is. @typedef {(page: import("puppeteer-core").Page, ports: Ports) => Promise<string>} Invite */

/** @param {"peerServer" | "beckon"} server @returns {Invite} */
const stock = (server) => async (page, ports) => {
  const address = `http://127.0.0.1:${ports.bare}/stock?port=${ports[server]}`;
  await page.goto(address);
  return `${address}&id=${await until(page, "the stock client is open", () => window.readyId)}`;
};

/** @type {Record<string, Invite>} */
export const CONTEST = {
  "bare pages": async (page, { bare }) => {
    const address = `http://127.0.0.1:${bare}/bare`;
    await page.goto(address);
    await until(page, "the bare page is open", () => window.readyId);
    return address;
  },
  "PeerJS on PeerServer": stock("peerServer"),
  "PeerJS on Beckon": stock("beckon"),
  room: async (page, { beckon }) => {
    await page.goto(`http://127.0.0.1:${beckon}/`);
    await until(page, "somebody waits in a room", () => document.querySelector('#people > [data-state="me"]') && document.title === "Beckon");
    return link(page);
  },
};

/** @param {import("./contest.js").Options} options */
export async function measure({ rounds }) {
  const data = mkdtempSync(join(tmpdir(), "beckon-bench-"));
  // Without STUN servers: nobody needs them here, and the bench asks nothing of the internet.
  const beckon = await serve({ port: 0, ip: "127.0.0.1", data, vars: { STUN_URLS: "" } });
  const [bare, theirs, chromium, firefox] = await Promise.all([serveBare(), peerServer(), openTwo(startChromium), openTwo(startFirefox)]);
  const browsers = { Chromium: chromium, Firefox: firefox };
  const near = { beckon: beckon.port, peerServer: theirs.port, bare: bare.port };
  const ways = await Promise.all(ROUND_TRIPS.map((roundTrip) => openWays(near, roundTrip)));
  try {
    const rows = [];
    for (const { browser, slower } of DEVICES) {
      for (const { ports, roundTrip } of ways) {
        const where = `${browser}${slower > 1 ? `, CPU x 1/${slower}` : ""}, ${roundTrip} ms`;
        rows.push({ where, ...(await compare(where, browsers[browser], ports, slower, rounds)) });
      }
    }
    return {
      rows,
      notes: [
        "the CPU factor holds for both pages; ms are what a round trip to the server takes, by a proxy that keeps bytes and opens connections at once",
        "a hello is heard when the room page shows its alert, and when the other pages hear the message",
      ],
    };
  } finally {
    await Promise.all([...chromium, ...firefox].map((browser) => browser.close()));
    for (const { close } of ways) close();
    bare.close();
    await theirs.close();
    await beckon.close();
    rmSync(data, { recursive: true, force: true });
  }
}

/** @typedef {import("puppeteer-core").Browser} Browser */
/** @param {() => Promise<Browser>} start @returns {Promise<[Browser, Browser]>} */
const openTwo = (start) => Promise.all([start(), start()]);

/** @param {Ports} near @param {number} roundTrip */
async function openWays(near, roundTrip) {
  if (!roundTrip) return { roundTrip, ports: near, close: () => {} };
  const ways = await Promise.all(Object.entries(near).map(async ([name, port]) => ({ name, ...(await openFarWay(port, roundTrip)) })));
  const ports = /** @type {Ports} */ (Object.fromEntries(ways.map(({ name, port }) => [name, port])));
  return { roundTrip, ports, close: () => ways.forEach(({ close }) => close()) };
}

/**
 * All of the contest in turns: the median of each.
 * @param {string} where
 * @param {[Browser, Browser]} browsers
 * @param {Ports} ports
 * @param {number} slower
 * @param {number} rounds
 * @returns {Promise<Record<string, number>>}
 */
async function compare(where, browsers, ports, slower, rounds) {
  const taken = Object.fromEntries([...Object.keys(CONTEST), PAINT].map((name) => [name, /** @type {number[]} */ ([])]));
  for (let round = 0; round < WARM_UP + rounds; round++) {
    const shown = [];
    for (const [name, invite] of Object.entries(CONTEST)) {
      const { hello, paint } = await once(browsers, ports, slower, invite);
      shown.push(`${name} ${hello.toFixed(0)}`);
      if (round < WARM_UP) continue;
      taken[name]?.push(hello);
      if (name === "room") taken[PAINT]?.push(paint);
    }
    console.error(`  ${where.padEnd(26)} ${shown.join("  ")}`);
  }
  return Object.fromEntries(Object.entries(taken).map(([name, all]) => [name, median(all)]));
}

/** A page in a context of its own, with nothing in any cache. @param {Browser} browser @param {number} slower */
async function freshPage(browser, slower) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  if (slower > 1) await page.emulateCPUThrottling(slower);
  await page.evaluateOnNewDocument(watch);
  return { page, close: () => context.close() };
}

/** Runs in every page, before all else: notes when a hello is heard, and taps the room's button as soon as the page has begun. */
function watch() {
  const now = () => performance.timeOrigin + performance.now();
  window.ready = (id = true) => (window.readyId = id);
  window.heard = () => (window.heardAt ??= now());
  const isRoom = location.pathname === "/";
  let invited = isRoom && location.hash;
  if (!isRoom) return;
  new MutationObserver(() => {
    if (document.querySelector("[role=alert]")) window.heard();
    if (!invited || !document.getElementById("hello") || document.getElementById("late")) return;
    invited = "";
    document.getElementById("hello")?.click();
  }).observe(document, { subtree: true, childList: true });
}

/**
 * @param {[Browser, Browser]} browsers
 * @param {Ports} ports
 * @param {number} slower
 * @param {Invite} invite
 * @returns {Promise<{ hello: number, paint: number }>} from the second device's navigation to its hello, and to its first paint, in ms
 */
export async function once([near, far], ports, slower, invite) {
  const [first, second] = await Promise.all([freshPage(near, slower), freshPage(far, slower)]);
  const address = await invite(first.page, ports);
  await new Promise((settle) => setTimeout(settle, SETTLED_MS));
  await second.page.goto(address);
  const heardAt = Number(await until(first.page, "the hello is heard", () => window.heardAt));
  const begunAt = await second.page.evaluate(() => performance.timeOrigin);
  const paint = await until(second.page, "it is painted", () => {
    const [first] = performance.getEntriesByName("first-contentful-paint");
    return first?.startTime ?? (document.body.innerText ? 0 : -1); // the other pages show nothing
  });
  await Promise.all([first.close(), second.close()]);
  return { hello: heardAt - begunAt, paint };
}
