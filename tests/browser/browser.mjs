// What the browser tests share: a real Chromium kept off the internet, devices in it, and a server that can be cut off.
import assert from "node:assert/strict";
import net from "node:net";
import { after } from "node:test";
import { startBetween } from "./between.mjs";
import { DEADLINE_MS, launch } from "./engines.mjs";
import { prepareInside, turnClock } from "./inside.mjs";
import { openBeckon, openBrowser } from "./shared.mjs";

export { DEADLINE_MS };
export { hurryClock, inScene, SEED, stopClock, turnClock } from "./inside.mjs";

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

/** A page that has gone on to another one: what ran in it is asked of the next. */
const WENT_ON = /Execution context was destroyed|Cannot find context|DiscardedBrowsingContext|before the unload event/;

/**
 * Waits until `check`, run in the page with `args`, is truthy; says what the page showed if it never is, and what the check tripped over: what it
 * looks at may not be there yet. The page is asked once, and looks itself: what puppeteer has for this takes several questions each time.
 */
export async function until(page, what, check, ...args) {
  const script = `(${look})(${check}, ${JSON.stringify(args)})`;
  const asked = async () => {
    for (;;) {
      try {
        return await page.evaluate(script);
      } catch (error) {
        if (!WENT_ON.test(error.message)) throw error;
      }
    }
  };
  try {
    return await within(what, asked());
  } catch (error) {
    const shown = await page.evaluate(() => [window.tripped, document.body.innerText].join("\n")).catch(() => "(the page is gone)");
    throw new Error(`never came true: ${what}\nthe page shows:\n${shown}`, { cause: error });
  }
}

/** Runs in the page. Not by requestAnimationFrame, which stands still in a tab that is not in front. */
async function look(check, args) {
  for (;;) {
    try {
      const found = await check(...args);
      window.tripped = undefined;
      if (found) return found;
    } catch (error) {
      window.tripped = `(${error})`;
    }
    await new Promise((done) => setTimeout(done, 20));
  }
}

/** Waits until `check`, run here, gives something that is true. */
export async function eventually(what, check) {
  for (const end = Date.now() + DEADLINE_MS; !(await check()); await new Promise((done) => setTimeout(done, 20))) {
    assert.ok(Date.now() < end, `never came true: ${what}`);
  }
}

/**
 * Clicks what can be clicked: what is there, is not disabled, and has nothing in front of it. It is looked at and clicked in one turn of
 * the page, since a page that says what happens moves, and a pointer that was told where to go would find something else there.
 */
export const press = (page, selector) => eventually(`${selector} can be clicked`, () => page.evaluate(pressNow, selector));

/** Runs in the page. */
function pressNow(selector) {
  const target = document.querySelector(selector);
  if (!target || target.disabled) return false;
  target.scrollIntoView({ block: "center", behavior: "instant" });
  const { left, top, width, height } = target.getBoundingClientRect();
  const hit = document.elementFromPoint(left + width / 2, top + height / 2);
  if (!target.contains(hit)) return false;
  target.focus(); // as a pointer does
  target.click();
  return true;
}

/** Types into a field, over what is there. */
export async function write(page, field, text) {
  await page.$eval(field, (field) => (field.focus(), field.select()));
  await page.keyboard.type(text);
}

/** Waits for a promise, but not for ever. */
export function within(what, promise) {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(`never came true: ${what}`)), DEADLINE_MS)));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Waits until a page has set a timer of so many ms. */
export const untilItWaits = (page, ms) => until(page, `it waits ${ms} ms`, (ms) => window.testClock.waits(ms), ms);

/** Lets a page's timer of so many ms end, as soon as it is set: a clock that is turned before that turns in vain. */
export async function endTimer(page, ms) {
  await untilItWaits(page, ms);
  await turnClock(page, ms);
}

/** Waits for text anywhere in what a page shows. */
export const untilText = (page, text) => until(page, `the page says "${text}"`, (text) => document.body.innerText.includes(text), text);

/** The people listed in a room, as `name: state`, without oneself. */
export const people = (page) =>
  page.$$eval('#people > li:not([data-state="me"])', (rows) => rows.map((row) => `${row.querySelector(".name").textContent}: ${row.dataset.state}`));

/** Waits until exactly `count` others are connected, and nobody else is listed. */
export const untilConnected = (page, count) =>
  until(
    page,
    `${count} others are connected`,
    (count) => {
      const states = [...document.querySelectorAll('#people > li:not([data-state="me"])')].map((row) => row.dataset.state);
      return states.length === count && states.every((state) => state === "open");
    },
    count,
  );

export const name = (page) => page.$eval("#name", (field) => field.value);
export const link = (page) => page.$eval("#link", (field) => field.value);
export const alerts = (page) => page.$$eval("[role=alert]", (cards) => cards.map((card) => card.textContent));

/** Waits for the alert `hello world` from somebody. */
export const untilHello = (page, from) =>
  until(
    page,
    `an alert: ${from} said hello world`,
    (from) => [...document.querySelectorAll("[role=alert]")].some((card) => card.textContent.includes(`${from} said hello world`)),
    from,
  );

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
  const listen = (port) => new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  await listen(0);
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const shut = () => {
    server.close();
    for (const socket of inside) socket.destroy();
  };
  /** Cuts whoever is inside; whoever comes is let in, and hears nothing. */
  const mute = () => {
    silent = true;
    for (const socket of inside) socket.destroy();
  };
  return { url: new URL(`http://127.0.0.1:${port}/`), shut, mute, open: () => listen(port) };
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
