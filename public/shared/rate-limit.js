// How often something may happen on a page. Others cause it, so there is a limit to what a page shows or answers. The library has limits of
// its own (lib/rate-limit.js): pages use nothing of it but beckon.js.

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
