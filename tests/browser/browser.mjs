// What the browser tests share: a real Chromium kept off the internet, devices in it, and a server that can be cut off.
import net from "node:net";
import { after } from "node:test";
import { freePort } from "../free-port.mjs";
import { startBetween } from "./between.mjs";
import { DEADLINE_MS, launch } from "./engines.mjs";
import { prepareInside, turnClock } from "./inside.mjs";
import { openBeckon, openBrowser } from "./shared.mjs";
import { held, link, press, until, untilConnected } from "./waiting.mjs";

export { DEADLINE_MS };
export { hurryClock, inScene, SEED, stopClock, turnClock } from "./inside.mjs";
export * from "./waiting.mjs";

/** Starts Chromium: $CHROMIUM, or where Debian has it. Without one the tests fail. It has no emoji, whatever the machine has. */
export const startChromium = (...flags) => openBrowser({ engine: "chromium", flags });

/** Chromium with the machine's emoji. */
export const startChromiumWithEmoji = () => openBrowser({ engine: "chromium", emoji: true });

/** One of our own, whose processes a test stops or kills. */
export const startOwnChromium = (...flags) => launch({ engine: "chromium", flags }, { pipe: true });

/** Starts Firefox: $FIREFOX, or where Debian has it. */
export const startFirefox = (/** @type {{ preferences?: object, acceptInsecureCerts?: boolean }} */ { preferences = {}, ...options } = {}) =>
  openBrowser({ engine: "firefox", preferences }, options);

/** As one of our own. */
export const startOwnFirefox = ({ preferences = {}, ...options } = {}) => launch({ engine: "firefox", preferences }, options);

/** @typedef {Parameters<typeof import('../worker/beckon.mjs').startBeckon>[0]} Options of Beckon */

/** A Beckon, perhaps one that other files use at the same time; their rooms are not ours. @param {Options} [options] */
export const anyBeckon = (options) => openBeckon(options, true);

/** A Beckon of a test's own. @param {Options} [options] */
export const ownBeckon = (options) => openBeckon(options, false);

/**
 * Beckon and Chromium, for as long as the tests of a file take.
 * @param {Options} [options] of Beckon
 * @param {typeof anyBeckon} [begin] who takes ids in the public realm, where others might want them, has one of its own
 */
export async function stage(options, begin = anyBeckon) {
  const [beckon, chromium] = await Promise.all([begin(options), startChromium()]);
  after(async () => {
    await chromium.close();
    await beckon.close();
  });
  return { beckon, chromium };
}

/**
 * A device: a browser context of its own (storage, locks) with one page, whose chance and clock are the test's (inside.mjs).
 * `troubles` collects what no page of ours may ever do: throw, or break its own content security policy.
 */
export async function openDevice(browser, url, prepare = /** @type {(page: import('puppeteer-core').Page) => unknown} */ (async () => {})) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const troubles = watch(page);
  await prepareInside(page);
  await page.evaluateOnNewDocument(() => {
    addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
      console.error(`CSP: ${violatedDirective} ${blockedURI}`);
    });
  });
  await prepare(page);
  await page.goto(String(url));
  return { page, context, troubles, close: () => context.close() };
}

/** Collects a page's uncaught errors and policy violations. */
export function watch(page) {
  const troubles = [];
  page.on("pageerror", (error) => troubles.push(String(error)));
  page.on("console", (line) => line.type() === "error" && /^CSP:|Content Security Policy/.test(line.text()) && troubles.push(line.text()));
  return troubles;
}

/** Opens a fresh room on one device and its link on the others, and waits until all are connected. */
export async function openRoom(browser, url, count) {
  const first = await openDevice(browser, url);
  await until(first.page, "a fresh room", () => document.getElementById("link").value.includes("#"));
  const address = await link(first.page);
  const devices = [first];
  while (devices.length < count) devices.push(await openDevice(browser, address));
  for (const { page } of devices) await untilConnected(page, count - 1);
  return devices;
}

/** Test messages that have not come back by then are lost, in ms. */
const LOST_MS = 10_000;

/** Has test messages sent to another page, and gives what the page says of them: a line for each kind of channel. */
export async function testMessages(page, other) {
  const lines = (count) =>
    until(
      page,
      `${count} kinds of channel`,
      (count) => {
        const lines = [...document.querySelectorAll(".outcome li")].map((line) => line.textContent);
        return (lines.length >= count || /does not answer/.test(lines[0])) && lines;
      },
      count,
    );
  await untilConnected(other, 1);
  await other.evaluate(() => import("/room/demonstration.js")); // what answers comes late
  // Its clock stands still: whatever the machine does meanwhile, the other one is in time. Only what is lost on the way is waited for in vain.
  await held(page, "a button", () => document.querySelector("#people .inside button:enabled"));
  await press(page, "#people .inside button");
  await lines(2);
  let timer;
  await Promise.race([lines(4), new Promise((done) => (timer = setTimeout(done, LOST_MS)))]);
  clearTimeout(timer);
  await turnClock(page);
  return lines(4);
}

/** A door to a server that can be shut (cutting whoever is inside) and opened again at the same address. */
export async function openDoor(url) {
  const inside = new Set();
  let silent = false;
  const server = net.createServer((near) => {
    if (silent) return inside.add(near.on("error", () => {}));
    const far = net.connect(Number(url.port), url.hostname);
    for (const socket of [near, far]) {
      inside.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        inside.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far).pipe(near);
  });
  server.unref(); // a test that failed with the door open must not keep the process
  const port = await freePort();
  const open = () =>
    new Promise((resolve, reject) =>
      server.once("error", reject).listen(port, "127.0.0.1", () => {
        server.off("error", reject);
        resolve(undefined);
      }),
    );
  await open();
  const shut = () => {
    server.close();
    for (const socket of inside) socket.destroy();
  };
  /** Cuts whoever is inside; whoever comes is let in, and hears nothing. */
  const mute = () => {
    silent = true;
    for (const socket of inside) socket.destroy();
  };
  return { url: new URL(`http://127.0.0.1:${port}/`), shut, mute, open };
}

/**
 * What a network that lets requests through may do to a socket.
 * @type {Record<string, (socket: import('node:net').Socket) => void>}
 */
export const BLOCKS = {
  redirects: (socket) => socket.end("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
  forbids: (socket) => socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
  answers: (socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"),
  hangs: () => {},
  closes: (socket) => socket.end(),
  resets: (socket) => socket.resetAndDestroy(),
};

/** A network in front of a server: `through.sockets` says whether sockets get through. */
export async function openFilter(url, block) {
  const through = { sockets: false };
  return { ...(await startBetween(url, { takes: (near) => !through.sockets && (block(near), true) })), through };
}

/** Deaf to candidates: what networks that block direct connections look like from inside, until `window.hearing`. */
export const deafen = (page) =>
  page.evaluateOnNewDocument(() => {
    const { addIceCandidate } = RTCPeerConnection.prototype;
    RTCPeerConnection.prototype.addIceCandidate = function (candidate) {
      return window.hearing ? Reflect.apply(addIceCandidate, this, [candidate]) : Promise.resolve();
    };
    const { setRemoteDescription } = RTCPeerConnection.prototype;
    RTCPeerConnection.prototype.setRemoteDescription = function ({ type, sdp }) {
      return Reflect.apply(setRemoteDescription, this, [{ type, sdp: window.hearing ? sdp : sdp.replace(/^a=candidate.*\r\n/gm, "") }]);
    };
  });

/** Runs in the page, before its end or after it. */
function begin() {
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", begin);
  else document.getElementById("late").remove();
}

/** Of the room page's script, nothing is left but that it begins: a page that does not is loaded again. @param {import("puppeteer-core").Page} page */
export async function keepScriptAway(page) {
  await page.setRequestInterception(true);
  page.on("request", async (request) => {
    if (new URL(request.url()).pathname === "/room/room.js") return request.respond({ contentType: "text/javascript", body: `(${begin})()` });
    if (!request.isNavigationRequest()) return request.continue();
    const answer = await fetch(request.url());
    const { "content-encoding": _, ...headers } = Object.fromEntries(answer.headers);
    // As it is served, the page carries its script.
    const body = (await answer.text()).replace(
      /<script type="module" blocking="render">[^]*?<\/script>/,
      '<script type="module" src="/room/room.js"></script>',
    );
    request.respond({ status: answer.status, headers, body });
  });
}
