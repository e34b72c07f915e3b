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

/**
 * Calls a function when it is calm: what asks for it again meanwhile is met by the same call.
 * @param {() => void} act
 * @param {object} how
 * @param {number} how.calm how long nothing has asked for it, in ms
 * @param {number} how.atMost it is called after this long in any case, in ms
 * @param {() => boolean} how.isBusy whether there is better to do, so that it is not calm
 */
export function whenCalm(act, { calm, atMost, isBusy }) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let askedAt = 0;
  return () => {
    const now = performance.now();
    if (timer === undefined) askedAt = now;
    clearTimeout(timer);
    const longest = askedAt + atMost - now;
    timer = setTimeout(
      () => {
        timer = undefined;
        act();
      },
      isBusy() ? longest : Math.min(calm, longest),
    );
  };
}
