// When another connection to a peer is wanted: the first one, one in place of a connection that has failed, and one in place of a connection that
// leads nowhere. connection.js knows one connection; this file knows the next.
//
//   calling      our offer is out               no answer: `doubt` makes another
//   expecting    the other side will offer      nothing comes: `doubt` makes our own
//   open         `works`                        'interrupted': the connection repairs itself, or fails
//   failed       no connection                  `rebuild`: the next one, after a pause, if the peer is here and able to take it
//   unable       the browser made none          the same
import { backoff } from "./backoff.js";
import { openConnection } from "./connection.js";

/** The called side waits this long for the caller's offer, in ms, before it offers itself. */
const CALL_MS = 3_000;
/** A connection that is not open at this age, in ms, is made anew when some of its signals may be lost. */
const DOUBT_MS = 2_000;
/** Waits before a failed connection is made anew, in ms. */
const REBUILD_MS = [300, 1_200, 2_700, 4_800, 7_000, 15_000];
/** The polite side waits longer by this, in ms: one new connection is enough. */
const POLITE_MS = 1_000;

/** @typedef {'open' | 'interrupted' | 'resumed' | 'failed' | 'forged' | 'unable' | 'replaced'} Change */

/**
 * @param {object} options
 * @param {string} options.epoch this page load: it and a number name a connection
 * @param {boolean} options.polite
 * @param {{ ours: string, theirs: string }} options.greeting what each side says first on a connection
 * @param {() => import('./credentials.js').Ice & RTCConfiguration} options.ice
 * @param {(configuration: RTCConfiguration) => RTCPeerConnection} options.connect it throws where the browser makes no connections (a privacy
 *   setting, an extension or an engine may forbid them), or does not take a server
 * @param {import('./late.js').Care} options.care
 * @param {() => boolean} options.isOnline whether the server can carry an introduction now
 * @param {() => boolean} options.isWanted whether the peer is here, and another connection is worth a try
 * @param {(signal: import('./negotiation.js').Signal) => void} options.sendSignal
 * @param {() => void} options.onBuilt `connection` is another one
 * @param {(change: Change, relayRefused: boolean) => void} options.onChange
 * @param {(data: string | ArrayBuffer) => void} options.onReceive
 * @param {() => void} options.onDrain
 */
export function openReconnect({ epoch, polite, greeting, ice, connect, care, isOnline, isWanted, sendSignal, onBuilt, onChange, onReceive, onDrain }) {
  /** @type {import('./connection.js').Connection | null} */
  let connection = null;
  let count = 0;
  let failures = 0;
  /** Whether the connection works now, and whether it ever has. */
  let works = false;
  let wasOpen = false;
  /** When it was made, in ms. */
  let builtAt = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  /** @param {(connection: import('./connection.js').Connection) => void} begin @returns {void} */
  function build(begin) {
    close();
    onChange("replaced", false);
    builtAt = performance.now();
    wasOpen = false;
    try {
      connection = openConnection({ id: `${epoch}.${++count}`, polite, greeting, pc: connect(ice()), care, sendSignal, onChange: changed, onReceive, onDrain });
    } catch (error) {
      console.debug("beckon:", error);
      const failed = count;
      return void care().then(({ weed }) => failed === count && (weed(ice()) ? build(begin) : changed("unable")));
    }
    onBuilt();
    begin(connection);
  }

  /** @param {'open' | 'interrupted' | 'resumed' | 'failed' | 'forged' | 'unable'} now */
  function changed(now) {
    clearTimeout(timer);
    const relayRefused = connection?.relayRefused ?? false;
    works = now === "open" || now === "resumed";
    if (works) {
      wasOpen = true;
      failures = 0;
    } else if (now !== "interrupted") {
      connection = null;
      failures++;
      if (isWanted()) timer = setTimeout(rebuild, backoff(REBUILD_MS, failures - 1) + (polite ? POLITE_MS : 0));
    }
    onChange(now, relayRefused);
  }

  function call() {
    build(({ offer }) => offer());
  }

  function rebuild() {
    if (isOnline()) call();
  }

  /**
   * Says again what may be lost. But a first offer is not repeated for ever: the peer that took it may be gone, and then no other can take it
   * (Chromium, 156, keeps the first DTLS packet that came for it).
   */
  function repeat() {
    if (!connection || (connection.calling && age() >= DOUBT_MS)) rebuild();
    else connection.repeat();
  }

  /** Something was lost, most likely, perhaps an answer or candidates: without them the connection would never open. */
  function doubt() {
    if (!connection || (!wasOpen && age() >= DOUBT_MS)) return rebuild();
    connection.repeat();
    if (!wasOpen) doubtLater();
  }

  function doubtLater() {
    clearTimeout(timer);
    timer = setTimeout(doubt, Math.max(0, DOUBT_MS - age()));
  }

  function age() {
    return performance.now() - builtAt;
  }

  /**
   * Whether our connection leads nowhere: the other page was loaded anew, or has made another connection since.
   * @param {string} theirEpoch
   * @param {string} [from] their connection
   */
  function leadsNowhere(theirEpoch, from) {
    if (works || !connection?.remote) return false;
    const [itsEpoch, number] = connection.remote.split(".");
    return itsEpoch !== theirEpoch || Number(from?.split(".")[1]) > Number(number);
  }

  function close() {
    clearTimeout(timer);
    count++; // what comes for an earlier one is void
    connection?.close();
    connection = null;
    works = false;
  }

  return {
    call,
    repeat,
    doubt,
    close,
    get connection() {
      return connection;
    },
    get works() {
      return works;
    },
    /** How many have failed since one last worked. */
    get failures() {
      return failures;
    },

    /** The other side is about to offer. If it does not, we do. */
    expectOffer() {
      if (works) return connection?.repeat();
      clearTimeout(timer);
      timer = setTimeout(doubt, CALL_MS);
    },

    /** Nobody would take an offer. */
    cancelRebuild() {
      if (!connection) clearTimeout(timer);
    },

    /** There may be a better path than the present one. @param {boolean} [leisurely] */
    restartIce(leisurely) {
      if (connection) connection.restartIce(leisurely);
      else repeat();
    },

    /** The other side is in this page load now: a connection to an earlier one leads nowhere. @param {string} theirEpoch */
    seenEpoch(theirEpoch) {
      if (leadsNowhere(theirEpoch)) rebuild();
    },

    /**
     * Takes an introduction. Nobody has changed it, but it may still be nonsense. An empty one only asks who is here.
     * @param {import('./parse.js').SealedMessage} message
     * @param {string} theirEpoch
     * @param {boolean} proven whether it is for this page load, and so no replay
     */
    receiveSignal({ from, to, description, candidate }, theirEpoch, proven) {
      if (!description && !candidate) return proven && leadsNowhere(theirEpoch) ? rebuild() : connection && repeat();
      if (!from?.startsWith(`${theirEpoch}.`)) return;
      const isOffer = description?.type === "offer";
      if (!isOffer && proven && leadsNowhere(theirEpoch, from)) return rebuild();
      // It is about a connection of ours that is no more. If they restart that, they have missed that it is gone.
      if (to && to !== connection?.id) return proven && isOffer && repeat();
      const isKnown = connection && (!connection.remote || connection.remote === from);
      if (!isKnown && !isOffer) return; // about a connection of theirs that is no more
      // Both have called at once. The impolite side's offer counts, but they may have called because it was lost with their last page load. The
      // polite side gives way, and with a new connection: after a rollback of a first offer Chromium now and then never gathers a candidate (156;
      // about one glare in ten).
      const glare = isKnown && isOffer && connection?.calling;
      if (glare && !polite) return doubtLater();
      // An offer from a connection that is new to us: they have reloaded the page or made a new connection, and ours leads nowhere.
      const receive = (/** @type {import('./connection.js').Connection} */ its) => its.receiveSignal({ from, description, candidate });
      isKnown && connection && !glare ? receive(connection) : build(receive);
    },
  };
}
