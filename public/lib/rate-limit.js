// How often something may happen. A frame from outside may cause an answer, a measurement or an event, and each of these has a limit. So nobody
// can make a page send more than the server takes (src/limits.rs: FRAMES_PER_SECOND), or do more than a person can see.

/** Messages and acknowledgements a second through the server, and as many at once after a pause. The server takes 50 frames; some are introductions. */
const SERVER_MESSAGES_PER_SECOND = 40;
/** All frames of this page, at once: the server takes 1,000 from one socket. */
const FRAMES_AT_ONCE = 800;
/** All frames of this page, a second in the long run: the server takes 50. */
const FRAMES_PER_SECOND = 45;
/** A frame longer than this counts as several, in bytes: the server takes 64 KiB a second, and 2 MiB at once. */
const SHARE_BYTES = 1_250;

/**
 * A token bucket.
 * @param {number} atOnce
 * @param {number} perSecond in the long run
 */
export function openLimit(atOnce, perSecond) {
  let left = atOnce;
  let at = performance.now();
  /**
   * Whether this much more may happen now; if so, it counts.
   * @param {number} [cost]
   * @param {number} [spare] how much more must be left
   */
  return (cost = 1, spare = 0) => {
    const now = performance.now();
    left = Math.min(atOnce, left + ((now - at) * perSecond) / 1_000);
    at = now;
    if (left < cost + spare) return false;
    left -= cost;
    return true;
  };
}

/**
 * @template {unknown[]} Facts
 * @typedef {{ call(...facts: Facts): void, stop(): void }} Throttled
 */

/**
 * Calls a function as often as the limit allows: the first times at once. Of the calls that have to wait, only the last is made.
 * @template {unknown[]} Facts
 * @param {(...facts: Facts) => void} act
 * @param {number} atOnce
 * @param {number} perSecond in the long run
 * @returns {Throttled<Facts>} `stop`: the call that waits is not made
 */
export function throttle(act, atOnce, perSecond) {
  const may = openLimit(atOnce, perSecond);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {Facts} */
  let latest;
  const due = () => {
    timer = undefined;
    if (may()) act(...latest);
    else timer = setTimeout(due, 1_000 / perSecond);
  };
  return {
    call(...facts) {
      latest = facts;
      if (timer === undefined) due();
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}

/** @typedef {ReturnType<typeof openLimit>} Limit */

/** Messages and acknowledgements through the server share one limit, whoever they are for: in a room of sixteen, no two may have a path. */
export const openServerLimit = () => openLimit(SERVER_MESSAGES_PER_SECOND, SERVER_MESSAGES_PER_SECOND);

/** The limit of all frames. A frame above it is lost, and is sent again if it matters. */
export function openFrameLimit() {
  const may = openLimit(FRAMES_AT_ONCE, FRAMES_PER_SECOND);
  /** @param {number} size of a frame, in bytes */
  return (size) => may(Math.max(1, size / SHARE_BYTES));
}

/** What one peer may cause by what it sends through the server, and what we may. Each: at once, and a second in the long run. */
export const openPeerLimits = () => ({
  /** It is answered this often when it asks who is here. */
  mayAnswer: openLimit(4, 1),
  /** This many descriptions of a connection are taken from it: each may mean a new connection. */
  mayDescribe: openLimit(16, 1),
  /** This many frames introduce us to it, all in all. */
  mayIntroduce: openLimit(120, 6),
});
