// The delivery state of each id, for as long as it may matter: a peer that is cut off and comes back finds it. A state without any message is
// forgotten at once. Of the others some are kept, or a page that stays open would keep everybody who ever came.
import { abandon } from "./delivery.js";

/** This many are kept, with those of the peers who are here. */
const MAX_KEPT = 300;

/** @param {(id: string) => boolean} isHere */
export function openDeliveryStates(isHere) {
  /** The latest at the end. @type {Map<string, import('./delivery.js').DeliveryState>} */
  const all = new Map();
  /** The highest number of a message to a peer that is forgotten: it may come back, still know that number, and would take none twice. */
  let sent = 0;

  return {
    /** @param {string} id of a peer that comes */
    of(id) {
      const state = all.get(id) ?? { sent };
      all.delete(id);
      all.set(id, state);
      return state;
    },

    /** A peer has left. @param {import('./events.js').BeckonError} why */
    tidy(why) {
      for (const [id, state] of all) {
        if (isHere(id)) continue;
        state.received?.forEach(({ early }) => early.clear()); // it was not acknowledged, and is sent again
        if ((state.unacknowledged?.length || state.outgoing?.length || state.received?.size || state.transfers) && all.size <= MAX_KEPT) continue;
        abandon(state, why);
        sent = Math.max(sent, state.sent);
        all.delete(id);
      }
    },

    /** Nothing arrives any more. @param {import('./events.js').BeckonError} why */
    end(why) {
      for (const state of all.values()) abandon(state, why);
    },
  };
}
