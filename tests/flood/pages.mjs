// Real pages as victims: two in one room, each of which tells the other something ten times a second, over the connection that they have,
// while others do to one of them what they may. How late it comes says how long a page stood still.
import { createReadStream } from "node:fs";
import http from "node:http";
import { launch } from "../browser/engines.mjs";

const PUBLIC = new URL("../../public/", import.meta.url);
/** How often each says something, in ms; and how long it may take until they are connected. */
const EVERY_MS = 100;
const PATIENCE_MS = 60_000;

/** @typedef {{ sent: number, heard: number, closed: number, p99: number, said: number, busy: number }} Seen  `said`: frames that the attacked page sent to the server; `busy`: the part of the time that it was */

/** What a page is given before anything else: its sockets are to be seen. */
function watch() {
  const page = /** @type {any} */ (window);
  page.seen = { sent: 0, closed: 0, said: 0, delays: [] };
  page.WebSocket = class extends WebSocket {
    /** @param {[string]} how */
    constructor(...how) {
      super(...how);
      this.addEventListener("close", () => page.seen.closed++);
    }
    /** @param {string} data */
    send(data) {
      page.seen.said++;
      super.send(data);
    }
  };
}

/** Joins, and speaks. @param {string} link @param {string} name @param {string} other @param {number} every */
async function live(link, name, other, every) {
  const page = /** @type {any} */ (window);
  const { join } = await import(/** @type {any} */ ("/beckon.js"));
  const now = () => performance.timeOrigin + performance.now();
  const room = (page.room = join(link, { name }));
  room.addEventListener("message", (/** @type {any} */ { data }) => page.seen.delays.push(now() - Number(data)));
  await room.ready;
  page.other = () => room.peers.find((/** @type {any} */ peer) => peer.name === other && peer.state === "open");
  setInterval(() => {
    const peer = page.other();
    if (!peer) return;
    page.seen.sent++;
    peer.send(String(now())).catch(() => {});
  }, every);
  return room.id;
}

/**
 * @param {"chromium" | "firefox"} engine
 * @param {string} link
 * @returns {Promise<{ id: string, look: () => Promise<Seen>, close: () => Promise<unknown> }>}
 */
export async function openPages(engine, link) {
  const server = http.createServer((request, response) => {
    const file = new URL(`.${request.url}`, PUBLIC);
    if (request.url === "/") return void response.setHeader("Content-Type", "text/html").end("<!doctype html><title>a victim</title>");
    response.setHeader("Content-Type", "text/javascript");
    createReadStream(file)
      .on("error", () => response.writeHead(404).end())
      .pipe(response);
  });
  await new Promise((settle) => server.listen(0, "127.0.0.1", () => settle(null)));
  const origin = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}/`;
  const browser = await launch({ engine });
  /** @type {import("puppeteer-core").Page[]} */
  const pages = [];
  const ids = [];
  for (const [name, other] of [
    ["Ann", "Bob"],
    ["Bob", "Ann"],
  ]) {
    const context = await browser.createBrowserContext();
    const page = await context.newPage();
    await page.evaluateOnNewDocument(watch);
    await page.goto(origin);
    ids.push(await page.evaluate(live, link, name, other, EVERY_MS));
    pages.push(page);
  }
  for (const page of pages) await page.waitForFunction(() => /** @type {any} */ (window).other(), { timeout: PATIENCE_MS, polling: 100 });
  const tasks = async () => (engine === "chromium" ? ((await pages[0]?.metrics())?.TaskDuration ?? 0) : NaN);
  let [since, done] = [performance.now(), await tasks()];
  return {
    id: ids[0] ?? "",
    async look() {
      const all = await Promise.all(
        pages.map((page) =>
          page.evaluate(() => {
            const { seen } = /** @type {any} */ (window);
            const { sent, closed, said, delays } = seen;
            Object.assign(seen, { sent: 0, said: 0, delays: [] });
            return { sent, closed, said, delays };
          }),
        ),
      );
      const sum = (/** @type {"sent" | "closed"} */ what) => all.reduce((sum, seen) => sum + seen[what], 0);
      const delays = all.flatMap((seen) => seen.delays).sort((a, b) => a - b);
      const [now, worked] = [performance.now(), await tasks()];
      const busy = (1000 * (worked - done)) / (now - since);
      [since, done] = [now, worked];
      return {
        sent: sum("sent"),
        heard: delays.length,
        closed: sum("closed"),
        p99: delays[Math.floor(delays.length * 0.99)] ?? NaN,
        said: all[0]?.said ?? 0,
        busy,
      };
    },
    close: async () => {
      await browser.close();
      server.close();
    },
  };
}
