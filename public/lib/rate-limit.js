// How often something may happen. Whatever a frame from outside causes here, an answer, a look or an event, is paced: nobody can make a
// page say more than the server takes from it (src/limits.rs: FRAMES_PER_SECOND), or do more than a person can see.

/**
 * Frames a second that go through the server for messages, in the long run, and after a pause as many at once. The server takes 50: some are
 * for introductions.
 */
const POSTS_PER_SECOND = 40;
/**
 * All that this page says through the server stays below what it takes from one socket: 50 frames and 64 KiB a second in the long run, and 20 s
 * worth of frames or 2 MiB at once. A frame that is longer than its share counts as several.
 */
const FRAMES_AT_ONCE = 800;
const FRAMES_PER_SECOND = 45;
const SHARE_BYTES = 1_250;

/**
 * @param {number} atOnce
 * @param {number} perSecond in the long run
 */
export function openAllowance(atOnce, perSecond) {
  let left = atOnce;
  let at = performance.now();
  /**
   * Whether so much more may be now; if so, it counts.
   * @param {number} [cost]
   * @param {number} [spare] how much more must be left then
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
 * @typedef {{ take(...facts: Facts): void, stop(): void }} Turns
 */

/**
 * Does something as often as it may be done: the first times at once. Of what has to wait, only the last is done.
 * @template {unknown[]} Facts
 * @param {(...facts: Facts) => void} act
 * @param {number} atOnce
 * @param {number} perSecond in the long run
 * @returns {Turns<Facts>} `take`: once more; `stop`: what waits is not done
 */
export function openTurns(act, atOnce, perSecond) {
  const may = openAllowance(atOnce, perSecond);
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
    take(...facts) {
      latest = facts;
      if (timer === undefined) due();
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}

/** What the browser has around each thing that waits, in bytes: a million of nothing are something. */
const AROUND_BYTES = 256;

/** What something takes up that waits. @param {string | ArrayBuffer} data */
export const sizeOf = (data) => AROUND_BYTES + (typeof data === 'string' ? data.length : data.byteLength);

/** @typedef {ReturnType<typeof openPace>} Pace */

/** For messages and what confirms them, whoever they are for: a room of sixteen may have no path between any two. */
export const openPace = () => openAllowance(POSTS_PER_SECOND, POSTS_PER_SECOND);

/** For everything: what is more is lost, and said again if it matters. */
export function openOutlet() {
  const may = openAllowance(FRAMES_AT_ONCE, FRAMES_PER_SECOND);
  /** @param {number} size of a frame, in bytes */
  return (size) => may(Math.max(1, size / SHARE_BYTES));
}
