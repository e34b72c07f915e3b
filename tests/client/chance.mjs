// Chance that can be had again: every run prints its seed, and BECKON_SEED=<seed> repeats it.
export function chance(name) {
  const seed = process.env.BECKON_SEED ?? String(Date.now() % 1_000_000_007);
  console.log(`# ${name}: BECKON_SEED=${seed}`);
  return seeded(Number(seed));
}

/** Mulberry32: 32 bits of state are enough to vary a test. */
export function seeded(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    /** A whole number from 0 to below `end`. */
    below: (end) => Math.floor(next() * end),
    pick: (list) => list[Math.floor(next() * list.length)],
    bytes: (length) => Uint8Array.from({ length }, () => Math.floor(next() * 256)),
    text: (length) => Array.from({ length }, () => String.fromCharCode(32 + Math.floor(next() * 0x500))).join(''),
  };
}
