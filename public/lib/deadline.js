// Something must come within so many ms.

/** A timer that is this late, in ms, has slept with the device. */
const LATE_MS = 1_000;
/** After such a sleep the answer may be waiting already: it gets this long, in ms. */
export const HURRY_MS = 2_000;

/** A signal that aborts after so many ms, and keeps no program alive: AbortSignal.timeout is newer than our oldest browsers. @param {number} ms */
export function timeout(ms) {
  const over = new AbortController();
  /** @type {any} */ (setTimeout(() => over.abort(), ms)).unref?.(); // Node's
  return over.signal;
}

/** @param {() => void} onMissed */
export function openDeadline(onMissed) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  /** @param {number} ms */
  function set(ms) {
    const due = Date.now() + ms;
    clearTimeout(timer);
    timer = setTimeout(() => (Date.now() - due < LATE_MS ? onMissed() : set(HURRY_MS)), ms);
  }

  return {
    set,
    /** It has come. */
    met() {
      clearTimeout(timer);
    },
  };
}
