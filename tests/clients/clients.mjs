// Stock PeerJS clients on three engines, all moved by the same calls: Chromium, Firefox, and Node on node-datachannel.
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import puppeteer from "puppeteer-core";
import { launch, START_MS } from "../browser/engines.mjs";

const file = (name) => new URL(name, import.meta.url);
/** How long anything may take before it counts as not happening, in ms. */
const DEADLINE_MS = 30_000;

/**
 * A client: `agent.js` in its engine.
 * @typedef {object} Client
 * @property {string} engine
 * @property {(method: string, ...args: unknown[]) => Promise<any>} ask
 * @property {() => Promise<void>} close
 */

function found(what, ...paths) {
  const path = paths.find((path) => path && existsSync(path));
  assert.ok(path, `${what} is missing: install it (npm test does on Debian)`);
  return path;
}

/** A page of its own, from an origin of its own, with the unmodified client from npm and nothing else. */
async function servePage() {
  const files = {
    "/": ["text/html", "<!doctype html><meta charset=utf-8><script src=peerjs.min.js></script><script src=agent.js></script>"],
    "/peerjs.min.js": ["text/javascript", readFileSync(file("../../node_modules/peerjs/dist/peerjs.min.js"))],
    "/agent.js": ["text/javascript", readFileSync(file("agent.js"))],
  };
  const server = createServer(({ url }, response) => {
    const [type, body] = files[url] ?? ["text/plain", ""];
    response.writeHead(url in files ? 200 : 404, { "Content-Type": type }).end(body);
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return server;
}

/** Launches browsers, each once: the first clients of all pairs are in one browser of an engine, and the second ones in another. */
const browsers = {
  chromium() {
    const executablePath = found("Chromium", process.env.CHROMIUM, "/usr/bin/chromium");
    const args = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-quic"];
    // Node's WebRTC cannot look up the names with which Chromium hides its own addresses from pages.
    args.push("--disable-features=WebRtcHideLocalIpsWithMdns");
    return puppeteer.launch({ executablePath, headless: true, pipe: true, args, timeout: START_MS });
  },
  firefox: () => launch({ engine: "firefox" }),
};

/** @returns {Promise<Client>} */
async function inNode() {
  const child = fork(file("node-agent.mjs"), { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const waiting = new Map();
  let calls = 0;
  const gone = new Promise((done) => child.on("exit", done));
  await new Promise((ready, failed) => {
    child.once("message", ready);
    gone.then((code) => failed(new Error(`Node's client ended with ${code}`)));
  });
  child.on("message", (/** @type {{ call: number, value?: unknown, error?: string }} */ { call, value, error }) => {
    const { done, failed } = waiting.get(call);
    if (error) failed(new Error(error));
    else done(value);
  });
  const ask = (method, ...args) =>
    new Promise((done, failed) => {
      waiting.set(++calls, { done, failed });
      child.send({ call: calls, method, args });
    });
  return { engine: "node", ask, close: async () => (child.kill(), void (await gone)) };
}

async function inBrowser(engine, browser, url) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.goto(url);
  const ask = (method, ...args) =>
    page.evaluate(
      async (method, args) => {
        const member = window.agent[method];
        return (await (typeof member === "function" ? member(...args) : member)) ?? null;
      },
      method,
      args,
    );
  return { engine, ask, close: () => context.close() };
}

/** Clients, in browsers that are started when they are first needed, and ended by `close`. */
export async function clientMaker() {
  const server = await servePage();
  const url = `http://127.0.0.1:${server.address().port}/`;
  const launched = new Map();
  const started = (name, side) => {
    const key = `${name} ${side}`;
    if (!launched.has(key)) launched.set(key, browsers[name]());
    return launched.get(key);
  };
  return {
    /** One client on each of the engines named, each in a browser of its own. */
    start: (...names) => Promise.all(names.map(async (name, side) => (name === "node" ? inNode() : inBrowser(name, await started(name, side), url)))),
    close: async () => {
      await Promise.allSettled([...launched.values()].map(async (browser) => (await browser).close()));
      server.close();
    },
  };
}

/** Waits until a client's log has a line that fits. @param {Client} client @param {string | RegExp} what */
export async function heard(client, what, ms = DEADLINE_MS) {
  try {
    return await soon(`${client.engine} notes ${what}`, client.ask("heard", typeof what === "string" ? what : [what.source, what.flags]), ms);
  } catch (error) {
    throw new Error(`${error.message}; it noted:\n${(await client.ask("log")).join("\n")}`, { cause: error });
  }
}

/** Waits for a promise, but not for ever. */
export function soon(what, promise, ms = DEADLINE_MS) {
  let timer;
  const late = new Promise((_, failed) => (timer = setTimeout(failed, ms, new Error(`never: ${what}`))));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
