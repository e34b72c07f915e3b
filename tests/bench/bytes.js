// Every frame from opening the page to an open channel, and its bytes: a room's second device, and the stock client that dials another
// one. What comes before the first offer is what a person waits for.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve } from "../../tools/serve.mjs";
import { link, startChromium, until } from "../browser/browser.mjs";

export const title = "Round trips and bytes of signalling, from opening the page to an open channel";

export async function measure() {
  const data = mkdtempSync(join(tmpdir(), "beckon-bench-"));
  const [beckon, browser] = [await serve({ port: 0, ip: "127.0.0.1", data, vars: { STUN_URLS: "" } }), await startChromium()];
  const url = new URL(`http://127.0.0.1:${beckon.port}/`);
  try {
    const [room, stock] = [await inRoom(browser, url), await withPeerJS(browser, url)];
    return {
      rows: [summary("room", room), summary("stock PeerJS", stock)],
      notes: [...listed("room", room), ...listed("stock PeerJS", stock)],
    };
  } finally {
    await browser.close();
    await beckon.close();
    rmSync(data, { recursive: true, force: true });
  }
}

/** @typedef {{ way: "->" | "<-", what: string, bytes: number }} Step  to the server, or from it */

/** Notes what a page says to the server and hears from it, but for files. @param {import("puppeteer-core").Page} page */
async function listen(page) {
  /** @type {Step[]} */
  const steps = [];
  const client = await page.createCDPSession();
  await client.send("Network.enable");
  client.on("Network.requestWillBeSent", ({ request }) => {
    const { pathname } = new URL(request.url);
    if (/^\/\w+\/(id|ice|peers)$/.test(pathname)) steps.push({ way: "->", what: `GET ${pathname}`, bytes: 0 });
  });
  client.on("Network.webSocketCreated", () => steps.push({ way: "->", what: "WebSocket", bytes: 0 }));
  const frame =
    (/** @type {Step["way"]} */ way) =>
    (/** @type {{ response: { payloadData: string } }} */ { response: { payloadData } }) => {
      const what = /"type":"([A-Z-]+)"/.exec(payloadData)?.[1] ?? payloadData.slice(0, 20);
      steps.push({ way, what, bytes: Buffer.byteLength(payloadData) });
    };
  client.on("Network.webSocketFrameSent", frame("->"));
  client.on("Network.webSocketFrameReceived", frame("<-"));
  return steps;
}

/** @param {import("puppeteer-core").Browser} browser @param {URL} url */
async function inRoom(browser, url) {
  const first = await browser.newPage();
  await first.goto(url.href);
  await until(
    first,
    "somebody waits in a room",
    () => document.querySelector('#people > li[data-state="me"]') && document.getElementById("link")?.value.includes("#"),
  );
  const address = await link(first);
  const second = await (await browser.createBrowserContext()).newPage();
  const steps = await listen(second);
  await second.goto(address);
  await until(second, "the channel is open", () => document.querySelector('#people > li[data-state="open"]'));
  await settle();
  return steps;
}

/** @param {import("puppeteer-core").Browser} browser @param {URL} url */
async function withPeerJS(browser, url) {
  const open = async () => {
    const page = await (await browser.createBrowserContext()).newPage();
    const steps = await listen(page);
    await page.goto(new URL("/classroom", url).href);
    return { page, steps };
  };
  const options = { host: url.hostname, port: Number(url.port), path: "/", secure: false, config: { iceServers: [] } };
  const start = async (/** @type {import("puppeteer-core").Page} */ page, /** @type {string} */ other) => {
    await page.evaluate(
      (options, other) => {
        const peer = (window.stock = new Peer(options));
        const ready = (connection) => connection.on("open", () => (window.channel = true));
        peer.on("connection", ready);
        peer.on("open", () => other && ready(peer.connect(other)));
      },
      options,
      other,
    );
  };
  const [callee, caller] = [await open(), await open()];
  await start(callee.page, "");
  const id = await until(callee.page, "the callee is open", () => window.stock?.open && window.stock.id);
  await start(caller.page, String(id));
  for (const { page } of [caller, callee]) await until(page, "the channel is open", () => window.channel);
  await settle();
  return caller.steps;
}

/** The last candidates are on their way when a channel opens. */
const settle = () => new Promise((done) => setTimeout(done, 500));

/**
 * Round trips until the first offer is sent: each question that the page has to have answered before. @param {string} server @param {Step[]} steps
 */
function summary(server, steps) {
  const before = steps.slice(
    0,
    steps.findIndex(({ what }) => what === "OFFER"),
  );
  const sum = (/** @type {Step["way"]} */ way) => steps.filter((step) => step.way === way).reduce((total, { bytes }) => total + bytes, 0);
  return {
    server,
    roundTrips: before.filter(({ way }) => way === "->").length,
    "frames sent": steps.filter(({ way, bytes }) => way === "->" && bytes).length,
    "bytes sent": sum("->"),
    "frames received": steps.filter(({ way }) => way === "<-").length,
    "bytes received": sum("<-"),
  };
}

/** @param {string} name @param {Step[]} steps */
const listed = (name, steps) => [`${name}:`, ...steps.map(({ way, what, bytes }) => `  ${way} ${what}${bytes ? ` ${bytes} B` : ""}`)];
