// Whether the path of a connection still leads to the other side. A lost path is repaired by ICE restarts, and proven by a ping that is answered. It comes
// with path-care.js.
// Times are what browsers were measured to do.
import { openLimit } from "./rate-limit.js";

/** 'disconnected' comes 5 s or more after the path is gone. It may mend itself for a moment longer, in ms; then an ICE restart is due (0.2 to 0.7 s). */
const DOUBT_MS = 300;
/** The next restart is due this much later each time, in ms. */
const RESTART_MS = 2_000;
/** Restarts before the connection is given up: a new one is sometimes the only cure (Firefox, once DTLS has failed). */
const MAX_RESTARTS = 3;
/** The side that was told of a lost path leaves the restart to the other one for this long, in ms. */
const TOLD_MS = 5_000;
/**
 * The longest interruption after which the reliable channel is used again, in ms; browsers notice one after 5 to 11 s. SCTP doubles its timer with
 * each loss, and forgets that late: after 25 s of silence, what is lost next waits for as long (seen: 30 s and more, on a path that was fine). A
 * new connection takes 0.3 s.
 */
const RESUME_MS = 3_000;
/** After an interruption the channel must answer a ping within this, in ms. */
const PROOF_MS = 1_500;
const PING = '{"type":"ping"}';
const PONG = '{"type":"pong"}';
/** How often a ping is answered, at once and a second in the long run. */
const PONGS = /** @type {const} */ ([8, 4]);

/**
 * @param {object} options
 * @param {() => string} options.state of the connection
 * @param {() => boolean} options.open whether the reliable channel is
 * @param {() => number} options.waiting how much it has taken and not sent yet, in bytes
 * @param {(text: string) => void} options.tell
 * @param {() => boolean} options.restart ICE; false where the browser cannot
 * @param {(now: 'interrupted' | 'resumed') => void} options.found
 * @param {() => void} options.fail
 */
export function repairPath({ state, open, waiting, tell, restart: restartIce, found, fail }) {
  let interrupted = false;
  let interruptedAt = 0;
  let restarts = 0;
  let waitedBefore = 0;
  const mayPong = openLimit(...PONGS);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  /** The state of the connection has changed. */
  function changed() {
    if (!open()) return;
    if (state() === "disconnected") interrupt(DOUBT_MS);
    else if (state() === "connected" && interrupted) {
      clearTimeout(timer);
      if (Date.now() - interruptedAt > RESUME_MS && !moves()) return fail();
      prove();
      tell(PING);
    }
  }

  /** Whether what waits has become less: the path is busy, and leads somewhere. */
  function moves() {
    const before = waitedBefore;
    waitedBefore = waiting();
    return waitedBefore < before;
  }

  function prove() {
    timer = setTimeout(() => (moves() ? prove() : fail()), PROOF_MS);
  }

  /** @param {number} patience until we ask for a restart of ICE, in ms */
  function interrupt(patience) {
    if (!interrupted) interruptedAt = Date.now();
    moves();
    interrupted = true;
    clearTimeout(timer); // it may have been back for a moment
    found("interrupted");
    timer = setTimeout(restart, patience);
  }

  function restart() {
    clearTimeout(timer);
    if (moves()) {
      timer = setTimeout(restart, RESTART_MS);
      return;
    }
    if (restarts++ === MAX_RESTARTS) return fail();
    timer = setTimeout(restart, RESTART_MS * (restarts + 1));
    if (!restartIce()) fail();
  }

  function resume() {
    if (!interrupted || state() !== "connected") return;
    interrupted = false;
    restarts = 0;
    clearTimeout(timer);
    found("resumed");
  }

  return {
    changed,
    get interrupted() {
      return interrupted;
    },

    /** Asks for an answer. */
    probe: () => tell(PING),

    /** @param {string | ArrayBuffer} data @returns {boolean} whether it was a ping or a pong */
    probed(data) {
      if (data === PONG) resume();
      else if (data !== PING) return false;
      else if (mayPong()) {
        // The other side reaches us. Whether we reach it is seen next: our own ICE may never have noticed that the path was gone.
        tell(PONG);
        if (interrupted) tell(PING);
      }
      return true;
    },

    /** The other side has noticed the loss first, and restarts ICE. Until that works, what it sends does not arrive. */
    lost() {
      interrupt(TOLD_MS);
      tell(PING); // it may have proved the path before we heard of the loss, and ask no more
    },

    /** Restarts at once, and as often as at first. */
    retry() {
      restarts = 0;
      restart();
    },

    stop() {
      clearTimeout(timer);
    },
  };
}
