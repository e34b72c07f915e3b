// Looks for a better path than one by a relay. Which path wins a connection is a matter of milliseconds: one lost packet, and TLS was
// quicker than UDP. Browsers do not look again by themselves (Firefox ends its checks with the first pair that is nominated; Chromium has
// none left to do with it). An ICE restart does: it costs an offer and new candidates, and what is connected stays so meanwhile.

/**
 * When the next try is due, in ms, each doubled at most by chance: a room of sixteen must not try all at once. Then no more, until there
 * has been no try for so long, and the path is another one.
 */
const TRIES_MS = [3_000, 9_000, 40_000];
const FORGET_MS = 600_000;
/** For a path without a relay there are so many: where UDP works and a relay was needed, it will be needed again, most likely. */
const DETOUR_TRIES = 2;
/** A path is quiet if at most so many bytes were sent and received in so many ms: browsers' own keeping alive is less, a click is more. */
const LOOK_MS = 1_000;
const QUIET_BYTES = 200;

/**
 * @param {object} options
 * @param {() => Promise<import('./path.js').Way | null>} options.look at the present path
 * @param {() => void} options.ask the other side to look, too, and to say if it has changed
 * @param {() => boolean} options.may whether nothing waits to arrive, and the server can carry an offer
 * @param {() => void} options.restart
 */
export function openUpgrade({ look, ask, may, restart }) {
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
    const way = await look();
    if (mine !== timer) return; // it was stopped meanwhile, or has begun anew
    timer = undefined;
    if (way && tries >= (way.slow ? TRIES_MS.length : way.detour ? DETOUR_TRIES : 0)) return;
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
      if (timer) return;
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
