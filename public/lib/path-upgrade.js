// Looks for a better path than one by a relay, and comes with path-care.js. Milliseconds decide which path wins a connection: one lost packet, and TLS was
// quicker than UDP. Browsers do not look again by themselves (Firefox ends its checks with the first pair that is nominated; Chromium has
// none left to do with it). An ICE restart does: it costs an offer and new candidates, and the present path stays meanwhile.

/** When the next try is due, in ms, each doubled at most by chance: a room of sixteen must not try all at once. */
const TRIES_MS = [3_000, 9_000, 40_000];
/** Tries begin again after this long without one, in ms, when the path is another one. */
const FORGET_MS = 600_000;
/** A path without a relay gets this many tries: where UDP works and a relay was needed, it will be needed again, most likely. */
const RELAY_TRIES = 2;
/** Between two looks at the path, in ms. */
const LOOK_MS = 1_000;
/** A path is quiet if it carried at most this much between two looks, in bytes: browsers' own keep-alives are less, a click is more. */
const QUIET_BYTES = 200;

/**
 * @param {object} options
 * @param {boolean} options.polite the other side looks: one is enough
 * @param {() => Promise<import('./path.js').Way | null>} options.path
 * @param {() => void} options.ask the other side to look, too, and to say if it has changed
 * @param {() => boolean} options.may whether nothing waits to arrive, and the server can carry an offer
 * @param {() => void} options.restart of ICE
 */
export function upgradePath({ polite, path, ask, may, restart }) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let tries = 0;
  let triedAt = -FORGET_MS;
  let due = 0;
  let asked = false;
  let bytes = 0;

  /** @param {number} wait */
  function later(wait) {
    clearTimeout(timer);
    timer = setTimeout(tick, Math.max(LOOK_MS, wait));
  }

  function next() {
    const wait = (TRIES_MS[tries] ?? 0) * (1 + Math.random());
    due = performance.now() + wait;
    asked = false;
    later(wait - 2 * LOOK_MS);
  }

  async function tick() {
    const mine = timer;
    const way = await path();
    if (mine !== timer) return; // it was stopped meanwhile, or has begun again
    timer = undefined;
    if (way && tries >= (way.slow ? TRIES_MS.length : way.relayed ? RELAY_TRIES : 0)) return;
    const quiet = way && may() && Math.abs(way.bytes - bytes) <= QUIET_BYTES;
    bytes = way?.bytes ?? 0;
    if (!quiet || !asked || performance.now() < due) {
      if (way && !asked) ask();
      asked ||= Boolean(way);
      return later(LOOK_MS);
    }
    triedAt = performance.now();
    restart();
    if (++tries < TRIES_MS.length) next(); // it ends there if the path is a good one then
  }

  return {
    /** There is a path, perhaps another one. */
    start() {
      if (timer || polite) return;
      if (performance.now() - triedAt >= FORGET_MS) tries = 0;
      if (tries < TRIES_MS.length) next();
    },
    /** There is none. */
    stop() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
