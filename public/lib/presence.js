// Whether a peer is here, as the server tells and as we hear it, and when it is given up.

/**
 * A peer whose socket is gone may be out of reach this long, in ms, before it counts as gone. When the server was away, everyone is back within
 * some 4 s.
 */
const GRACE_MS = 8_000;

/** @param {() => void} onLeave the peer is given up */
export function openPresence(onLeave) {
  let present = true;
  let saidGoodbye = false;
  /** Whether it has ever said anything. */
  let spoken = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  return {
    get isHere() {
      return present;
    },

    /** It is here, perhaps again. */
    arrived() {
      present = true;
      saidGoodbye = false;
      clearTimeout(timer);
    },

    /** Its socket is gone. @param {boolean} goodbye whether it said so @returns {boolean} whether that was known */
    gone(goodbye) {
      const known = !present;
      present = false;
      saidGoodbye ||= goodbye;
      return known;
    },

    spoke() {
      spoken = true;
    },

    /** It cannot be reached in any way. It may have been cut off, unless it said goodbye. */
    giveUp() {
      clearTimeout(timer);
      if (saidGoodbye || !spoken)
        onLeave(); // nobody misses a peer that never said anything
      else timer = setTimeout(onLeave, GRACE_MS);
    },

    /** It can be reached. */
    keep() {
      clearTimeout(timer);
    },
  };
}
