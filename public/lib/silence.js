// Notices that nothing comes back: something waits to be acknowledged, and nothing at all is heard on the connection. Browsers notice a path that
// leads nowhere after 5 to 11 s; a person has clicked twice by then.

/** The shortest silence after which the path is doubted, in ms. */
const SILENCE_MS = 1_500;
/** It is also at least this many round trips. */
const SILENCE_TRIPS = 4;
/** The pause before the next doubt, in ms; it doubles each time. */
const AGAIN_MS = 1_000;
/** The longest pause, in ms. */
const MAX_AGAIN_MS = 30_000;

/**
 * @param {object} options
 * @param {() => boolean} options.isWaiting whether something waits to be acknowledged
 * @param {() => number} options.roundTrip in ms
 * @param {() => void} options.onSilence
 */
export function openSilenceWatch({ isWaiting, roundTrip, onSilence }) {
  let since = 0;
  let doubts = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  function look() {
    const patience = Math.max(SILENCE_MS, SILENCE_TRIPS * roundTrip());
    const silence = performance.now() - since;
    timer = undefined;
    if (!isWaiting()) return;
    timer = setTimeout(look, silence < patience ? patience - silence : Math.min(AGAIN_MS * 2 ** doubts++, MAX_AGAIN_MS));
    if (silence >= patience) onSilence();
  }

  function heard() {
    since = performance.now();
    doubts = 0;
  }

  return {
    heard,
    /** Something is sent that will be acknowledged. */
    start() {
      if (!isWaiting()) heard();
      timer ??= setTimeout(look, SILENCE_MS);
    },
    /** Whether the path is doubted. */
    get isDoubted() {
      return doubts > 0;
    },
    stop() {
      clearTimeout(timer);
    },
  };
}
