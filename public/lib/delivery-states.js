// What we have had for each id so far, for as long as it may matter: whoever is cut off and comes back finds it. Who never said nor was told
// anything is forgotten at once, and of all others some are kept, or a page that stays open would keep everybody who ever came.
import { giveUp } from './delivery.js';

/** How many are kept, with those who are here. */
const MAX_KEPT = 300;

/** @param {(id: string) => boolean} here */
export function openTallies(here) {
  /** Who came last at the end. @type {Map<string, import('./delivery.js').Tally>} */
  const all = new Map();
  /** The highest number of a message to somebody who is forgotten: who comes back may still know it, and takes none twice. */
  let sent = 0;

  return {
    /** @param {string} id of somebody who comes */
    of(id) {
      const tally = all.get(id) ?? { sent };
      all.delete(id);
      all.set(id, tally);
      return tally;
    },

    /** Somebody has left. @param {import('./events.js').BeckonError} why */
    tidy(why) {
      for (const [id, tally] of all) {
        if (here(id)) continue;
        tally.heard?.forEach(({ early }) => early.clear()); // it was not confirmed, and is said again
        if ((tally.unheard?.length || tally.heard?.size) && all.size <= MAX_KEPT) continue;
        giveUp(tally, why);
        sent = Math.max(sent, tally.sent);
        all.delete(id);
      }
    },

    /** Nothing arrives any more. @param {import('./events.js').BeckonError} why */
    end(why) {
      for (const tally of all.values()) giveUp(tally, why);
    },
  };
}
