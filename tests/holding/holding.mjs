// What these tests share: Beckon behind a door, so that it can go away and come back at the same address; Chromium and Firefox;
// devices in bare pages, each with a door of its own; and the count of every click.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import http from "node:http";
import {
  DEADLINE_MS,
  openDoor,
  startChromium,
  startFirefox as startBareFirefox,
  startOwnChromium,
  startOwnFirefox as startOwnBareFirefox,
} from "../browser/browser.mjs";
import { HIDDEN_IS_SLOW } from "../browser/engines.mjs";
import { hashed } from "./giving.mjs";
import { deriveKeys } from "../../public/lib/seal.js";
import { startBeckon } from "../worker/beckon.mjs";

export { DEADLINE_MS, startChromium, startOwnChromium };
export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** As people have it: it hides its own addresses behind mDNS names, and lets hidden pages wait. */
const HIDING = { preferences: { "media.peerconnection.ice.obfuscate_host_addresses": true, ...HIDDEN_IS_SLOW } };
export const startFirefox = () => startBareFirefox(HIDING);
export const startOwnFirefox = () => startOwnBareFirefox(HIDING);

/** Beckon at an address that stays the same however often it is stopped and started. */
export async function startServer() {
  const options = { vars: { STUN_URLS: "" } };
  let beckon = await startBeckon(options);
  const target = { hostname: beckon.url.hostname, port: beckon.url.port };
  const door = await openDoor(target);
  return {
    url: door.url,
    /** Cuts everyone off, and keeps them out until `open`. */
    shut: door.shut,
    open: door.open,
    /** Really ends workerd, and its sockets with it. */
    async stop() {
      await beckon.close();
      door.shut();
    },
    async start() {
      beckon = await startBeckon(options);
      target.port = beckon.url.port;
      await door.open();
    },
    /** Makes sure that a link's room is in memory: somebody who is not in it asks it for something that members get, and gets nothing. */
    async wake(link) {
      const { realmKey } = await deriveKeys(new URL(link).hash.slice(1));
      const answer = await fetch(`http://${target.hostname}:${target.port}/${realmKey}/ice?id=passer-by&token=t&roster=1`);
      assert.ok(!answer.ok, `a stranger was answered with ${answer.status}`);
    },
    /** Throws a link's room out of the server's memory, its sockets with it (`close`) or not (`hibernate`). */
    async evict(link, webSockets) {
      const { realmKey } = await deriveKeys(new URL(link).hash.slice(1));
      return beckon.evict(`room:${realmKey}`, webSockets);
    },
    async close() {
      door.shut();
      await beckon.close();
    },
  };
}

/** An origin of its own with nothing but agent.js. It answers what is posted with its hash. */
export async function servePages() {
  const script = readFileSync(new URL("agent.js", import.meta.url));
  const server = http.createServer((request, response) => {
    if (request.method === "POST") return hashed(request, response);
    const wantsScript = request.url === "/agent.js";
    response.setHeader("Content-Type", wantsScript ? "text/javascript" : "text/html");
    response.end(wantsScript ? script : "<!doctype html><meta charset=utf-8><title>agent</title><script type=module src=agent.js></script>");
  });
  server.unref();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => (server.closeAllConnections(), server.close()) };
}

/**
 * A device in a page: `ask` calls agent.js.
 * @param {import('puppeteer-core').Page} page
 */
export function deviceIn(page, name) {
  const ask = (method, ...args) => page.evaluate((method, args) => globalThis.agent[method](...args), method, [name, ...args]);
  const device = { name, page, ask, report: async () => (await reportsOf([device])).reports[0] };
  return device;
}

/** A page in a context of its own that waits to be told what to do, and devices in it that join one after the other. */
export async function openCrowd(browser, pages, { link, door, names }) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.goto(pages.url);
  await page.waitForFunction(() => globalThis.agent, { polling: 20, timeout: DEADLINE_MS });
  const devices = names.map((name) => deviceIn(page, name));
  for (const device of devices) await device.ask("join", new URL("beckon.js", door).href, String(new URL(new URL(link).hash, door)));
  return devices;
}

/** A page of its own, in a context of its own, whose device joins the room of `link`, now and whenever the page is loaded. */
export async function openDevice(browser, pages, { link, door, name, patch = "" }) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const query = new URLSearchParams({ library: new URL("beckon.js", door).href, door: String(door), name, patch });
  await page.goto(`${pages.url}?${query}${new URL(link).hash}`);
  const device = { ...deviceIn(page, name), close: () => context.close() };
  await joined(page);
  return device;
}

/** Waits until the page's own device has been let in. */
export async function joined(page) {
  await page.waitForFunction(() => globalThis.joined?.then(() => true), { polling: 20, timeout: DEADLINE_MS });
}

/** The reports of devices, each page being asked once; and how often anything had happened in each page by then. */
async function reportsOf(devices) {
  const seen = new Map();
  const reports = new Map();
  const ask = async (page, here) => {
    const told = JSON.parse(
      await page.evaluate(
        (names) => globalThis.agent.reports(names),
        here.map(({ name }) => name),
      ),
    );
    seen.set(page, told.changes);
    for (const [n, device] of here.entries()) reports.set(device, told.reports[n]);
  };
  await Promise.all(
    Array.from(
      Map.groupBy(devices, ({ page }) => page),
      (each) => ask(...each),
    ),
  );
  return { reports: devices.map((device) => reports.get(device)), seen };
}

/** What each page has been asked to tell: that something has happened. @type {WeakMap<object, { since: number, told: Promise<void> }>} */
const asked = new WeakMap();
function changed(page, since) {
  const known = asked.get(page);
  if (known?.since === since) return known.told;
  const told = page.evaluate((since) => globalThis.agent.changed(since), since).catch(() => {}); // loaded anew, or closed
  asked.set(page, { since, told });
  return told;
}

/** Reports are looked at again when something has happened, after as many ms; and now and then in any case. */
const AGAIN_MS = 25;
const SELDOM_MS = 500;

/** Waits until `check` holds for the devices' reports; says what they were if it never does. */
export async function until(what, devices, check, ms = DEADLINE_MS) {
  const end = Date.now() + ms;
  for (;;) {
    const { reports, seen } = await reportsOf(devices);
    if (check(reports)) return reports;
    assert.ok(Date.now() < end, `never came true: ${what}\n${reports.map(spell).join("\n")}`);
    await Promise.race([...Array.from(seen, ([page, since]) => changed(page, since)), pause(SELDOM_MS)]);
    await pause(AGAIN_MS);
  }
}

/** Who hears nothing from a page for this long, in ms, may doubt its path, as where the page stood still. */
const STOOD_MS = 1_500;

/**
 * That nobody noticed anything since the mark: nobody came or went, no path was doubted, and everybody has the same connections. Where a page
 * stood still for long, on a machine that has much to do, its paths may have been doubted, and replaced if the doubt lasted; nobody may come or
 * go even then.
 */
export function assertUnnoticed(reports) {
  const stood = Math.max(...reports.map((report) => report.stood));
  const starved = stood > STOOD_MS;
  if (starved) console.log(`# a page stood still for ${Math.round(stood)} ms`);
  const isDoubt = (event) => starved && /: (reconnecting|open) /.test(event);
  for (const { name, events, undisturbed } of reports) {
    assert.deepEqual(
      events.filter((event) => !isDoubt(event)),
      [],
      `${name} noticed nothing`,
    );
    assert.ok(starved || undisturbed, `${name}: the same connections, although no page stood still for more than ${Math.round(stood)} ms`);
  }
}

const spell = ({ name, late, state, peers, open, failed, events, sent, heard }) =>
  `${name} ${state}: ${peers.map(({ name, state, path }) => `${name} ${state}/${path}`).join(", ")}; ${open} unconfirmed ${late ?? ""}; ${JSON.stringify(failed)}; ` +
  `${events.slice(-12).join(" | ")}; sent ${JSON.stringify(tails(sent))} heard ${JSON.stringify(tails(heard))}`;
const tails = (lists) => Object.fromEntries(Object.entries(lists).map(([id, numbers]) => [id.slice(0, 4), numbers.slice(-5).join()]));

/** Everyone is connected to everyone, directly, and nobody else is listed. (A hidden page does not look by what path.) */
export const whole = (reports) =>
  reports.every(
    ({ state, peers }) => state === "open" && peers.length === reports.length - 1 && peers.every(({ state, path }) => state === "open" && path !== "server"),
  );

/** Does what cuts devices off, and waits until each has noticed: the first may be back before the last has. */
export async function cutOff(devices, act) {
  const before = await Promise.all(devices.map((device) => device.report()));
  const done = await act();
  await until("each has been away", devices, (reports) => reports.every(({ cuts }, n) => cuts > before[n].cuts));
  return done;
}

export const back = (reports) => reports.every(({ state }) => state === "open");

/** Waits until every click has been confirmed and heard, and asserts that each was heard once and in order. */
export async function settle(devices) {
  const reports = await until("every click is heard and confirmed", devices, (reports) => reports.every(({ open }) => !open) && missing(reports) === 0);
  let clicks = 0;
  for (const from of reports) {
    assert.deepEqual(from.failed, [], `${from.name}: every click arrives`);
    for (const to of reports.filter(({ id }) => from.sent[id])) {
      assert.deepEqual(to.heard[from.id], from.sent[to.id], `${from.name} to ${to.name}: each once, in order`);
      clicks += from.sent[to.id].length;
    }
  }
  return clicks;
}

function missing(reports) {
  let count = 0;
  for (const { id, sent } of reports) for (const to of reports) count += Math.max(0, (sent[to.id]?.length ?? 0) - (to.heard[id]?.length ?? 0));
  return count;
}

/** Everyone clicks once; returns after how long everyone has heard everyone, in ms. */
export async function round(devices) {
  const began = Date.now();
  await Promise.all(devices.map((device) => device.ask("click")));
  await settle(devices);
  return Date.now() - began;
}

/** All processes of a browser: what stops when a laptop sleeps. */
export function processesOf(browser) {
  const children = new Map();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const [, parent] = /^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8"));
      children.set(Number(parent), [...(children.get(Number(parent)) ?? []), Number(pid)]);
    } catch {
      // It ended meanwhile.
    }
  }
  const found = [browser.process().pid];
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found;
}
