// The bench's own arithmetic.

/** @param {number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[sorted.length % 2 ? middle : middle - 1], sorted[middle]];
  return low === undefined || high === undefined ? NaN : (low + high) / 2;
}

/** What a part of all values stays within. @param {number[]} values @param {number} part  0.5 for the median */
export const quantile = (values, part) => [...values].sort((a, b) => a - b)[Math.max(0, Math.ceil(values.length * part) - 1)] ?? NaN;

/** Counts durations in steps of 1 µs up to 200 ms, so that millions of them take no room. */
export class Histogram {
  #counts = new Uint32Array(200_001);
  #total = 0;

  /** @param {number} us */
  add(us) {
    const at = us < 0 ? 0 : us > 200_000 ? 200_000 : us | 0;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#total++;
  }

  get total() {
    return this.#total;
  }

  clear() {
    this.#counts.fill(0);
    this.#total = 0;
  }

  /** The duration, in µs, that a part of all stay within. @param {number} part  0.5 for the median */
  quantile(part) {
    let left = Math.ceil(this.#total * part);
    for (const [us, count] of this.#counts.entries()) {
      left -= count;
      if (left <= 0) return us;
    }
    return NaN;
  }
}

/**
 * The medians of what every round has measured.
 * @template {string} K
 * @param {Record<K, number>[]} rounds
 * @returns {Record<K, number>}
 */
export function medians(rounds) {
  const names = /** @type {K[]} */ (Object.keys(rounds[0] ?? {}));
  return /** @type {Record<K, number>} */ (Object.fromEntries(names.map((name) => [name, median(rounds.map((round) => round[name]))])));
}
