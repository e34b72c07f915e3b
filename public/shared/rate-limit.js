// How often something may happen on a page. Others cause it, so there is a limit to what a page shows or answers. The library has limits of
// its own (lib/rate-limit.js): pages use nothing of it but beckon.js.

/**
 * A token bucket.
 * @param {number} atOnce
 * @param {number} perSecond in the long run
 */
export function openLimit(atOnce, perSecond) {
  let left = atOnce;
  let at = performance.now();
  /** Whether it may happen now; if so, it counts. */
  return () => {
    const now = performance.now();
    left = Math.min(atOnce, left + ((now - at) * perSecond) / 1_000);
    at = now;
    if (left < 1) return false;
    left--;
    return true;
  };
}

/**
 * Calls a function as often as the limit allows: the first times at once. Of the calls that have to wait, only the last is made.
 * @template {unknown[]} Facts
 * @param {(...facts: Facts) => void} act
 * @param {number} atOnce
 * @param {number} perSecond in the long run
 * @returns {(...facts: Facts) => void}
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
  return (...facts) => {
    latest = facts;
    if (timer === undefined) due();
  };
}
