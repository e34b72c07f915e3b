// Notices that nothing comes back: something waits to be acknowledged, and nothing at all comes by the path. Browsers notice a path that leads nowhere
// after 5 to 11 s; a person has clicked twice by then. A path that is busy is not one that leads nowhere: the other page may have no time, or the
// line; then its browser still acknowledges packets.

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
 * @param {() => boolean} options.waiting whether something waits to be acknowledged
 * @param {() => number} options.trip in ms
 * @param {() => Promise<number | undefined>} options.received how many bytes have come by the path, if the browser tells
 * @param {() => void} options.probe sends something that the other browser acknowledges, even if its page is busy
 * @param {() => void} options.silent
 */
export function watchSilence({ waiting, trip, received, probe, silent }) {
  let since = 0;
  let doubts = 0;
  /** What had come when we looked last. @type {number | undefined} */
  let seen;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  async function look() {
    const mine = timer;
    const bytes = await received();
    if (mine !== timer) return; // it was stopped meanwhile
    timer = undefined;
    if (!waiting()) return;
    if (seen !== undefined && bytes !== seen) heard();
    seen = bytes;
    const patience = Math.max(SILENCE_MS, SILENCE_TRIPS * trip());
    const left = patience - (performance.now() - since);
    timer = setTimeout(look, left > 0 ? Math.min(left, patience / 2) : Math.min(AGAIN_MS * 2 ** doubts++, MAX_AGAIN_MS));
    if (left > 0) probe();
    else silent();
  }

  function heard() {
    since = performance.now();
    doubts = 0;
  }

  return {
    heard,
    /** Something is sent that will be acknowledged. */
    start() {
      if (!waiting()) heard();
      if (timer === undefined) seen = undefined;
      timer ??= setTimeout(look, SILENCE_MS / 2);
    },
    /** Whether the path is doubted. */
    get doubted() {
      return doubts > 0;
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
