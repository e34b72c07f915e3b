// Hooks: what the Worker around this one is told, after it has happened, and never in the way. One that throws, hangs or is slow costs a line in the log.
import { report } from "./guard.js";

/** Their bits (src/realm/hooks.rs). */
export const BITS = { onConnect: 1, onDisconnect: 2, onMessage: 4 };
/** How long a hook may take, in ms, before the log says so. Nobody waits for it. */
const MOST_MS = 30_000;
/** What the service HOOKS has said that it has not. Asked once. */
const missing = new Set();

/** The hooks that an object has: its own methods, or those of the service HOOKS. */
export function hooksOf(room, { HOOKS }) {
  const own = (name) => typeof room[name] === "function";
  const bits = Object.entries(BITS).filter(([name]) => own(name) || (HOOKS && !missing.has(name)));
  return bits.reduce((all, [, bit]) => all | bit, 0);
}

/**
 * Calls the hooks.
 * @param {any} room
 * @param {{ HOOKS?: any }} env
 * @param {[number, string, string][]} told
 * @param {string} realm
 * @param {(promise: Promise<unknown>) => void} waitUntil
 */
export function callHooks(room, { HOOKS }, told, realm, waitUntil) {
  for (const [bit, peer, text] of told) {
    const name = Object.keys(BITS).find((name) => BITS[name] === bit);
    try {
      const known = { ...JSON.parse(peer), realm };
      const values = name === "onMessage" ? frameOf(known, text) : [known, text];
      if (!values) continue;
      if (name === "onConnect") values.pop();
      const own = typeof room[name] === "function";
      if (!own && (!HOOKS || missing.has(name))) continue;
      const outcome = own ? room[name](...values) : HOOKS[name](...values);
      if (typeof outcome?.then === "function") waitUntil(patiently(outcome, name, own));
    } catch (error) {
      report(`${name} failed`)(error);
    }
  }
}

/** A frame as its hook is told of it: without heartbeats, and with the true sender. */
function frameOf(peer, text) {
  const frame = JSON.parse(text);
  if (typeof frame.type !== "string" || frame.type === "HEARTBEAT") return undefined;
  const { type, dst, payload } = frame;
  return [{ type, src: peer.id, dst, payload, peer }];
}

async function patiently(outcome, name, own) {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(reject, MOST_MS, new Error(`it takes more than ${MOST_MS / 1000} seconds`))));
  try {
    await Promise.race([outcome, late]);
  } catch (error) {
    // What a service does not have is no fault.
    if (!own && /does not implement the method/.test(error?.message)) missing.add(name);
    else report(`${name} failed`)(error);
  } finally {
    clearTimeout(timer);
  }
}
