// From opening a page to where hello is possible: a second device comes to where a first one waits, in two real Chromiums. Beside it the
// same two pages with a server that takes no time, and two bare pages that do nothing but connect.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve } from "../../tools/serve.mjs";
import { link, startChromium, until } from "../browser/browser.mjs";
import { quantile } from "./figures.js";
import { serveInstantly } from "./instant.mjs";

export const title = "From opening the page to hello: two Chromiums on one machine, the first one waiting";

/** Rounds that are not counted: the browsers' and the servers' first ones. */
const WARM_UP = 2;

/** @param {import("./contest.js").Options} options */
export async function measure({ quick }) {
  const data = mkdtempSync(join(tmpdir(), "beckon-bench-"));
  // Without STUN servers: nobody needs them here, and the bench asks nothing of the internet.
  const beckon = await serve({ port: 0, ip: "127.0.0.1", data, vars: { STUN_URLS: "" } });
  const [instant, ...browsers] = await Promise.all([serveInstantly(), startChromium(), startChromium()]);
  const contest = {
    Beckon: () => openRoom(new URL(`http://127.0.0.1:${beckon.port}/`), browsers),
    "instant signalling": () => openRoom(instant.url, browsers),
    "bare pages": () => openBare(new URL("bare", instant.url), browsers),
  };
  try {
    const taken = Object.fromEntries(Object.keys(contest).map((name) => [name, /** @type {Times[]} */ ([])]));
    for (let round = 0; round < WARM_UP + (quick ? 8 : 20); round++) {
      for (const [name, open] of Object.entries(contest)) {
        const times = await open();
        if (round >= WARM_UP) taken[name]?.push(times);
        console.error(
          `  ${name.padEnd(20)} ${Object.entries(times)
            .map(([what, ms]) => `${what} ${ms.toFixed(0)}`)
            .join("  ")}`,
        );
      }
    }
    const rows = Object.entries(taken).map(([server, all]) => ({
      server,
      ...Object.fromEntries(
        ["socket", "OPEN", "offer", "channel"].map((what) => [
          what,
          quantile(
            all.map((times) => times[what] ?? NaN),
            0.5,
          ),
        ]),
      ),
      ms: quantile(
        all.map(({ hello }) => hello ?? NaN),
        0.5,
      ),
      p90: quantile(
        all.map(({ hello }) => hello ?? NaN),
        0.9,
      ),
    }));
    const of = (/** @type {string} */ name) => rows.find(({ server }) => server === name)?.ms ?? NaN;
    return {
      rows: rows.map((row) => ({ ...row, "x instant": row.ms / of("instant signalling"), "x bare": row.ms / of("bare pages") })),
      notes: [
        "medians in ms since the page was opened: the socket is asked for, OPEN has come, the first offer is sent, the channel is open, hello is possible",
      ],
    };
  } finally {
    await Promise.all(browsers.map((browser) => browser.close()));
    instant.close();
    await beckon.close();
    rmSync(data, { recursive: true, force: true });
  }
}

/** In ms since the page was opened. @typedef {Record<string, number>} Times */

/** @typedef {import("puppeteer-core").Browser} Browser */

/** A page in a context of its own: nothing is cached. @param {Browser} browser */
async function freshPage(browser) {
  const context = await browser.createBrowserContext();
  return { page: await context.newPage(), close: () => context.close() };
}

/** Runs in the page before anything else: notes when what happens first. */
function noteTimes() {
  const times = (window.times = {});
  const note = (what) => (times[what] ??= performance.now());
  const { send } = WebSocket.prototype;
  window.WebSocket = class extends WebSocket {
    constructor(/** @type {ConstructorParameters<typeof WebSocket>} */ ...args) {
      note("socket");
      super(...args);
      this.addEventListener("message", () => note("OPEN")); // always the first
    }

    send(data) {
      if (!/HEARTBEAT/.test(data)) note("offer");
      send.call(this, data);
    }
  };
  const listen = (channel) => channel.addEventListener("open", () => note("channel"));
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...args) {
      super(...args);
      this.addEventListener("datachannel", ({ channel }) => listen(channel));
    }

    createDataChannel(/** @type {Parameters<RTCPeerConnection["createDataChannel"]>} */ ...args) {
      const channel = super.createDataChannel(...args);
      listen(channel);
      return channel;
    }
  };
  new MutationObserver(() => document.querySelector('#people > li[data-state="open"]') && note("hello")).observe(document, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ["data-state"],
  });
}

/** The second device's times where the first has made a room. @param {URL} url @param {Browser[]} browsers */
const openRoom = (url, browsers) =>
  second(url, browsers, async (page) => {
    await until(
      page,
      "somebody waits in a room",
      () => document.querySelector('#people > li[data-state="me"]') && document.getElementById("link")?.value.includes("#"),
    );
    return link(page);
  });

/** The second device's times on two bare pages. @param {URL} url @param {Browser[]} browsers */
const openBare = async (url, browsers) => {
  const times = await second(url, browsers, async () => url.href);
  return { ...times, hello: times.channel ?? NaN };
};

/**
 * @param {URL} url
 * @param {Browser[]} browsers
 * @param {(page: import("puppeteer-core").Page) => Promise<string>} invite  where the second device is to go
 * @returns {Promise<Times>}
 */
async function second(url, [near, far], invite) {
  const [first, second] = [await freshPage(/** @type {Browser} */ (near)), await freshPage(/** @type {Browser} */ (far))];
  await first.page.goto(url.href);
  const address = await invite(first.page);
  await new Promise((settle) => setTimeout(settle, 500)); // the first device has long settled when a second one comes
  await second.page.evaluateOnNewDocument(noteTimes);
  void second.page.goto(address).catch(() => {}); // what goes wrong shows below
  const bare = address.endsWith("/bare");
  const times = await until(second.page, "hello is possible", (bare) => window.times?.[bare ? "channel" : "hello"] && window.times, bare);
  await Promise.all([first.close(), second.close()]);
  return times;
}
