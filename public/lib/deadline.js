// Something must come from the server within so many ms.

/** A timer that is this late, in ms, has slept with the device. */
const LATE_MS = 1_000;
/** After such a sleep the answer may be waiting already: it gets this long, in ms. */
export const HURRY_MS = 2_000;

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
