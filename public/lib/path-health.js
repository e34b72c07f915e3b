// Whether the path of a connection still leads to the other side. A lost path is repaired by ICE restarts, and proven by a ping that is answered.
// Times are what browsers were measured to do.
import { openLimit } from "./rate-limit.js";

/** A first connection may take this long, in ms: Chromium says 'failed' after 15 s, but only if there was an answer. */
const CONNECT_MS = 15_000;
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
 * @param {RTCPeerConnection} options.pc
 * @param {() => boolean} options.isOpen whether the reliable channel is
 * @param {() => number} options.waiting how much it has taken and not sent yet, in bytes
 * @param {(text: string) => void} options.sendControl
 * @param {() => boolean} options.restartIce false where the browser cannot
 * @param {(now: 'interrupted' | 'resumed') => void} options.onChange
 * @param {() => void} options.onFail
 */
export function openPathHealth({ pc, isOpen, waiting, sendControl, restartIce, onChange, onFail }) {
  let interrupted = false;
  let interruptedAt = 0;
  let restarts = 0;
  let waitedBefore = 0;
  const mayPong = openLimit(...PONGS);
  let timer = setTimeout(onFail, CONNECT_MS);
  /** Firefox tells the state of the whole connection only since 113; that of its ICE will do. */
  const getState = () => pc.connectionState ?? pc.iceConnectionState.replace("completed", "connected");

  pc.onconnectionstatechange = () => {
    const state = getState();
    if (state === "failed") onFail();
    else if (!isOpen()) return;
    else if (state === "disconnected") interrupt(DOUBT_MS);
    else if (state === "connected" && interrupted) {
      clearTimeout(timer);
      if (Date.now() - interruptedAt > RESUME_MS && !moves()) return onFail();
      prove();
      sendControl(PING);
    }
  };
  if (!pc.connectionState) pc.oniceconnectionstatechange = pc.onconnectionstatechange;

  /** Whether what waits has become less: the path is busy, and leads somewhere. */
  function moves() {
    const before = waitedBefore;
    waitedBefore = waiting();
    return waitedBefore < before;
  }

  function prove() {
    timer = setTimeout(() => (moves() ? prove() : onFail()), PROOF_MS);
  }

  /** @param {number} patience until we ask for a restart of ICE, in ms */
  function interrupt(patience) {
    if (!interrupted) interruptedAt = Date.now();
    moves();
    interrupted = true;
    clearTimeout(timer); // it may have been back for a moment
    onChange("interrupted");
    timer = setTimeout(restart, patience);
  }

  function restart() {
    clearTimeout(timer);
    if (moves()) {
      timer = setTimeout(restart, RESTART_MS);
      return;
    }
    if (restarts++ === MAX_RESTARTS) return onFail();
    timer = setTimeout(restart, RESTART_MS * (restarts + 1));
    if (!restartIce()) onFail();
  }

  function resume() {
    if (!interrupted || getState() !== "connected") return;
    interrupted = false;
    restarts = 0;
    clearTimeout(timer);
    onChange("resumed");
  }

  return {
    get isInterrupted() {
      return interrupted;
    },

    /** The connection has opened in time. */
    opened() {
      clearTimeout(timer);
    },

    /** Asks for an answer. */
    probe: () => sendControl(PING),

    /** @param {string | ArrayBuffer} data @returns {boolean} whether it was a ping or a pong */
    probed(data) {
      if (data === PONG) resume();
      else if (data !== PING) return false;
      else if (mayPong()) {
        // The other side reaches us. Whether we reach it is seen next: our own ICE may never have noticed that the path was gone.
        sendControl(PONG);
        if (interrupted) sendControl(PING);
      }
      return true;
    },

    /** The other side has noticed the loss first, and restarts ICE. Until that works, what it sends does not arrive. */
    lostThere() {
      interrupt(TOLD_MS);
      sendControl(PING); // it may have proved the path before we heard of the loss, and ask no more
    },

    /** Restarts at once, and as often as at first. */
    retry() {
      restarts = 0;
      restart();
    },

    stop() {
      clearTimeout(timer);
      pc.onconnectionstatechange = null;
    },
  };
}
