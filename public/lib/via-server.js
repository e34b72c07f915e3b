// Which messages are due through the server: in order, small ones, a few a second. It comes with path-care.js.

/** The longest frame that may go through the server, in bytes. */
export const MAX_SERVER_BYTES = 16_384;
/** This many messages may go through the server in one period. */
const SERVER_MESSAGES = 8;
/** The period, in ms. */
const SERVER_PERIOD_MS = 1_000;
/** A message that went through the server goes again after this, in ms, if it is not acknowledged. */
const SERVER_AGAIN_MS = 3_000;

/** @param {() => Iterable<Uint8Array<ArrayBuffer>>} waiting the frames that are not acknowledged, in order */
export function dueViaServer(waiting) {
  /** When a frame last went this way, in ms. @type {WeakMap<Uint8Array, number>} */
  let gone = new WeakMap();
  let period = { since: -SERVER_PERIOD_MS, left: 0 };

  return {
    /** What went may be lost: it is due again. */
    forget: () => void (gone = new WeakMap()),

    /**
     * Hands over what is due, in order, up to the first that is too big, or that `may` not go yet.
     * @param {(frame: Uint8Array<ArrayBuffer>) => void} carry
     * @param {() => boolean} [may]
     */
    due(carry, may = () => true) {
      const now = performance.now();
      if (now - period.since >= SERVER_PERIOD_MS) period = { since: now, left: SERVER_MESSAGES };
      for (const frame of waiting()) {
        if (now - (gone.get(frame) ?? -SERVER_AGAIN_MS) < SERVER_AGAIN_MS) continue;
        if (!period.left || frame.length > MAX_SERVER_BYTES || !may()) return;
        period.left--;
        gone.set(frame, now);
        carry(frame);
      }
    },
  };
}
