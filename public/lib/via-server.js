// Messages through the server: which of them are due, in order, small ones, a few a second; and what acknowledges those that came this way. It comes
// with path-care.js.
import { throttle } from "./rate-limit.js";
import { base64url } from "./seal.js";

/** Messages leave this many frames of the server's limit to acknowledgements. */
const SPARE = 10;
/** A message is acknowledged this often, at once and a second in the long run; a later one stands for those before it. */
const ACKS = /** @type {const} */ ([8, 2]);

/** The longest frame that may go through the server, in bytes. */
export const MAX_SERVER_BYTES = 16_384;
/** This many messages may go through the server in one period. */
const SERVER_MESSAGES = 8;
/** The period, in ms. */
const SERVER_PERIOD_MS = 1_000;
/** A message that went through the server goes again after this, in ms, if it is not acknowledged. */
const SERVER_AGAIN_MS = 3_000;

/**
 * @param {() => Iterable<Uint8Array<ArrayBuffer>>} waiting the frames that are not acknowledged, in order
 * @param {{ outgoing?: import('./delivery.js').Long[] }} state what goes in pieces never goes this way
 * @param {(message: import('./messaging.js').Carried, epoch?: string) => void} send sealed; `epoch`: only to this page load
 * @param {import('./rate-limit.js').Limit} mayUse the server
 */
export function viaServer(waiting, state, send, mayUse) {
  /** Why there is no other way, if there never is. @type {import('./events.js').BeckonError | null} */
  let never = null;
  /** When a frame last went this way, in ms. @type {WeakMap<Uint8Array, number>} */
  let gone = new WeakMap();
  // To the page load whose numbers they are: to the next one they would mean something else.
  const acks = throttle((/** @type {number} */ ack, /** @type {string} */ epoch) => mayUse() && send({ ack }, epoch), ...ACKS);
  let period = { since: -SERVER_PERIOD_MS, left: 0 };

  return {
    /** What went may be lost: it is due again. @param {import('./events.js').BeckonError | null} [why] there is no other way, if that is known now */
    forget(why = never) {
      gone = new WeakMap();
      never = why;
    },

    /** There is another way after all. */
    works() {
      never = null;
    },

    /** Acknowledges what came. */
    acks,

    /** Sends what is due, in order, up to the first that is too big, or that may not go yet. */
    due() {
      if (never) for (const { failed } of state.outgoing?.splice(0) ?? []) failed(never);
      const now = performance.now();
      if (now - period.since >= SERVER_PERIOD_MS) period = { since: now, left: SERVER_MESSAGES };
      for (const frame of waiting()) {
        if (now - (gone.get(frame) ?? -SERVER_AGAIN_MS) < SERVER_AGAIN_MS) continue;
        if (!period.left || frame.length > MAX_SERVER_BYTES || !mayUse(1, SPARE)) return;
        period.left--;
        gone.set(frame, now);
        send({ mail: base64url(frame) });
      }
    },
  };
}
