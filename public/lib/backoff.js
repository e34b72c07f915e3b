// The wait before the next try, in ms. Chance makes it half to one and a half times as long, so that not everybody tries at once.

/**
 * @param {readonly number[]} steps in ms; the last one is for all later tries
 * @param {number} tries how many there have been
 */
export function backoff(steps, tries) {
  return (steps[Math.min(tries, steps.length - 1)] ?? 0) * (0.5 + Math.random());
}
