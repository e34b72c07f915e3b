// What a page under test is given before anything runs in it: chance that comes from a seed, and a clock that a test can stop and turn.
import { AsyncLocalStorage } from "node:async_hooks";
import path from "node:path";
import { beforeEach } from "node:test";
import { seedsOf } from "../seeds/seeds.mjs";
import { seedKeys } from "./seeded-keys.mjs";

/** All that is random in a page comes from it: keys and ids, and with them names, faces and hues; secrets; how long something waits. */
export const SEED = seedsOf("pages").at(-1);

/** Where devices are counted: each test begins at one, so that it has the same devices alone as among others. */
const scenes = new AsyncLocalStorage();
let scene = newScene(path.basename(process.argv[1] ?? ""));
let said = false;
if (process.env.NODE_TEST_CONTEXT) beforeEach(({ name }) => void (scene = newScene(name)));

function newScene(name) {
  return { name, devices: 0 };
}

/** What runs beside other scenes counts its devices itself. @template T @param {string} name @param {() => Promise<T>} act */
export const inScene = (name, act) => scenes.run(newScene(name), act);

/** Prepares a page: its chance, and its clock. */
export async function prepareInside(page) {
  if (!said) console.log(`# BECKON_SEED=${SEED}`);
  said = true;
  const here = scenes.getStore() ?? scene;
  const device = `${SEED} ${path.basename(process.argv[1] ?? "")} ${here.name} ${++here.devices}`;
  await page.evaluateOnNewDocument(seedPage, device);
  await page.evaluateOnNewDocument(seedKeys);
  await page.evaluateOnNewDocument(clockPage);
}

/**
 * Runs in the page. Each device, and each time that it loads a page, has numbers of its own (who is loaded anew must not repeat itself: two page
 * loads with the same ids would be one). A tab that the page itself opens is another one's, and has the browser's chance.
 */
function seedPage(device) {
  let loads = 0;
  try {
    loads = Number(sessionStorage.getItem("loads of the test")) + 1;
    sessionStorage.setItem("loads of the test", String(loads));
  } catch {
    // about:blank and its like have no storage, and join no room
  }
  let state = 0x811c9dc5;
  for (const letter of `${device} ${location.origin} ${loads}`) state = Math.imul(state ^ letter.codePointAt(0), 0x01000193) >>> 0;
  /** Mulberry32. */
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  Math.random = next;
  Crypto.prototype.getRandomValues = function (array) {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    for (let at = 0; at < bytes.length; at++) bytes[at] = next() * 256;
    return array;
  };
  if (!("randomUUID" in Crypto.prototype)) return; // an insecure page
  Crypto.prototype.randomUUID = function () {
    const bytes = this.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const text = Array.from(bytes, (byte, at) => ([4, 6, 8, 10].includes(at) ? "-" : "") + byte.toString(16).padStart(2, "0")).join("");
    return /** @type {ReturnType<Crypto['randomUUID']>} */ (text);
  };
}

/**
 * Runs in the page. `testClock.turn(ms)` lets so much time have passed at once, as for a laptop that slept; `testClock.waits(ms)` tells whether the
 * page has set a timer of so long that has not ended; `testClock.hurry()` lets a second pass
 * whenever nobody outside owes the page anything; `testClock.stop()` lets none pass, so that what would end by itself stays. Timers that are shorter
 * than a tenth of a second are left alone: no state of a page is as short as that, and the test's own tools, which run in the page too, wait by them.
 */
function clockPage() {
  const SHORT_MS = 100;
  const { setTimeout, clearTimeout, setInterval, clearInterval, Date: RealDate } = window;
  const now = performance.now.bind(performance);
  const dateNow = RealDate.now.bind(RealDate);
  /** By how much the page's clock differs from the real one, and when it was stopped. */
  let ahead = 0;
  let stoppedAt = null;
  const time = () => stoppedAt ?? now() + ahead;
  const timers = new Map();
  let count = 2 ** 30;

  function arm(id) {
    const timer = timers.get(id);
    clearTimeout(timer.real);
    if (stoppedAt === null) timer.real = setTimeout(ring, Math.max(0, timer.due - time()), id);
  }

  function ring(id) {
    const { act, rest, every } = timers.get(id);
    if (every) {
      timers.get(id).due = time() + every;
      arm(id);
    } else timers.delete(id);
    act.apply(window, rest);
  }

  function wait(act, ms, rest, every) {
    const id = ++count;
    timers.set(id, { act, rest, every, ms, due: time() + ms });
    arm(id);
    return id;
  }

  const long = (act, ms) => typeof act === "function" && ms >= SHORT_MS;
  const end = (real) => (id) => {
    if (!timers.has(id)) return real.call(window, id);
    clearTimeout(timers.get(id).real);
    timers.delete(id);
  };
  Object.assign(window, {
    setTimeout: (act, ms, ...rest) => (long(act, ms) ? wait(act, Number(ms), rest, 0) : setTimeout(act, ms, ...rest)),
    setInterval: (act, ms, ...rest) => (long(act, ms) ? wait(act, Number(ms), rest, Number(ms)) : setInterval(act, ms, ...rest)),
    clearTimeout: end(clearTimeout),
    clearInterval: end(clearInterval),
  });
  performance.now = time;
  RealDate.now = () => Math.round(dateNow() + time() - now());
  let hurrying;
  /** What the engine and the server are still busy with: addresses to be found, an answer to a heartbeat. */
  const connections = new Set();
  const sockets = new Set();
  const busy = () =>
    [...connections].some((pc) => pc.signalingState !== "closed" && pc.iceGatheringState === "gathering") ||
    [...sockets].some((socket) => socket.readyState === WebSocket.OPEN && socket.owesAnAnswer);
  const { setLocalDescription } = window.RTCPeerConnection?.prototype ?? {};
  if (setLocalDescription) {
    RTCPeerConnection.prototype.setLocalDescription = function (...given) {
      connections.add(this);
      return Reflect.apply(setLocalDescription, this, given);
    };
  }
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (data) {
    if (!sockets.has(this)) this.addEventListener("message", () => (this.owesAnAnswer = false));
    sockets.add(this);
    this.owesAnAnswer ||= String(data).includes('"HEARTBEAT"');
    return send.call(this, data);
  };
  function pass(ms) {
    ahead += ms;
    // What is due first rings first.
    for (const [id] of [...timers].sort(([, one], [, other]) => one.due - other.due)) arm(id);
  }
  function go() {
    clearInterval(hurrying);
    hurrying = undefined;
    if (stoppedAt !== null) ahead = stoppedAt - now();
    stoppedAt = null;
  }
  window.testClock = {
    stop() {
      go();
      stoppedAt = time();
      for (const { real } of timers.values()) clearTimeout(real);
    },
    turn: (ms) => (go(), pass(ms)),
    waits: (ms) => [...timers.values()].some((timer) => timer.ms === ms),
    hurry() {
      if (hurrying !== undefined) return;
      go();
      pass(0);
      hurrying = setInterval(() => busy() || pass(1_000), SHORT_MS);
    },
  };
}

/** From now on nothing on the page ends by itself. */
export const stopClock = (page) => page.evaluate(() => window.testClock.stop());

/** Whatever the page waits for alone is soon over. */
export const hurryClock = (page) => page.evaluate(() => window.testClock.hurry());

/**
 * So many ms have passed on the page, and from now on its clock goes as it always does. A timer that the page is only about to set takes its whole time
 * all the same: `endTimer` (waiting.mjs) waits for it.
 */
export const turnClock = (page, ms = 0) => page.evaluate((ms) => window.testClock.turn(ms), ms);
