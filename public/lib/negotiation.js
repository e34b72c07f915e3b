// Offers, answers and candidates of one connection: perfect negotiation (W3C WebRTC 1.0, section 10.7), with trickle.
import { fingerprints, strongOnly } from "./fingerprint.js";

/**
 * A signal is what one connection tells the other through the server. `from` and `to` name connections, not peers: `to` is missing while the
 * other's is unknown.
 * @typedef {object} Signal
 * @property {string} from
 * @property {string | null} to
 * @property {{ type: RTCSdpType, sdp: string, answers?: string, lost?: boolean, better?: boolean }} [description] `answers`: the ICE user name of the offer
 *   that this is the answer to; `lost`: the sender has noticed that the path leads nowhere; `better`: the sender looks for a better one
 * @property {RTCIceCandidateInit} [candidate]
 */

/**
 * @param {object} options
 * @param {RTCPeerConnection} options.pc
 * @param {string} options.id of our connection
 * @param {boolean} options.polite whether we give way when both offer at once
 * @param {(signal: Signal) => void} options.sendSignal
 * @param {() => boolean} options.isInterrupted whether we have noticed that the path leads nowhere
 * @param {() => void} options.openChannels channels are made just before they are described
 * @param {() => void} options.onUnable the browser cannot describe it, most likely because it is closed
 * @param {() => void} options.onLost the other side has noticed that the path leads nowhere
 */
export function openNegotiation({ pc, id, polite, sendSignal, isInterrupted, openChannels, onUnable, onLost }) {
  /** Comes a little later. @type {ReturnType<import('./late.js').PathCare['orderCandidates']> | undefined} */
  let order;
  /** @param {RTCIceCandidateInit} candidate @param {(candidate: RTCIceCandidateInit) => void} use */
  const inOrder = (candidate, use) => (order ? order.add(candidate, use) : use(candidate));
  /** Their connection. @type {string | null} */
  let remote = null;
  /** The certificates that the other side has announced, sealed. @type {Set<string>} */
  let announced = new Set();
  /** The ICE user name of the offer that we have answered last. @type {string | undefined} */
  let answered;
  let offering = false;
  let settingAnswer = false;
  /** Signals are taken one after the other: two offers at once would be one answer, and one offer that nobody wanted. */
  let queue = Promise.resolve();
  let queued = 0;

  pc.onicecandidate = ({ candidate }) =>
    candidate ? inOrder(candidate.toJSON(), (candidate) => sendSignal({ from: id, to: remote, candidate })) : order?.release();

  async function offer() {
    offering = true;
    await describeAnew();
    offering = false;
  }

  function describeAnew() {
    return attempt(async () => {
      openChannels();
      await pc.setLocalDescription();
      describe();
    }, onUnable);
  }

  /** Sends our description, perhaps once more. */
  function describe() {
    const { type, sdp } = pc.localDescription ?? {};
    if (!type || !sdp) return;
    const more = type === "answer" ? { answers: answered } : { lost: isInterrupted(), better: order?.holds };
    sendSignal({ from: id, to: remote, description: { type, sdp, ...more } });
  }

  /** @param {Pick<Signal, 'from' | 'description' | 'candidate'>} signal */
  async function take({ from, description, candidate }) {
    if (candidate) return inOrder(candidate, (candidate) => attempt(() => pc.addIceCandidate(candidate)));
    if (!description) return;
    const isOffer = description.type === "offer";
    // An answer to an offer that we have replaced since: its ICE credentials are not what the other side uses now.
    if (!isOffer && description.answers && description.answers !== userName(pc.localDescription?.sdp)) return;
    const ready = !offering && (pc.signalingState === "stable" || settingAnswer);
    if (isOffer && !ready && !polite) return;
    const sdp = strongOnly(description.sdp);
    const prints = fingerprints(sdp);
    if (!prints.length) throw new Error("no sha-256 fingerprint");
    remote = from;
    announced = new Set(prints);
    if (description.better) order?.hold();
    settingAnswer = !isOffer;
    await pc.setRemoteDescription({ type: description.type, sdp }).finally(() => (settingAnswer = false));
    if (!isOffer) return;
    answered = userName(sdp);
    if (description.lost) onLost();
    await describeAnew();
  }

  return {
    offer,
    describe,
    get remote() {
      return remote;
    },
    get announced() {
      return announced;
    },
    /** Whether our first offer is out and nothing has come back. */
    get calling() {
      return remote === null && (offering || pc.signalingState === "have-local-offer");
    },

    /** @param {Pick<Signal, 'from' | 'description' | 'candidate'>} signal */
    receive(signal) {
      const act = () => attempt(() => take(signal));
      queue = (queued++ ? queue.then(act) : act()).finally(() => queued--);
    },

    /** The best candidates of the next offer are tried first. */
    preferBest: () => order?.hold(),

    /** @param {import('./late.js').PathCare['orderCandidates']} open */
    order: (open) => (order = open()),

    /** @returns {boolean} false where the browser cannot restart ICE (libdatachannel) */
    restartIce() {
      try {
        pc.restartIce();
      } catch {
        return false;
      }
      offer();
      return true;
    },

    close() {
      order?.stop();
      pc.onicecandidate = null;
    },
  };
}

/**
 * A description or candidate that is late, doubled or malformed must not cost a connection that works. If it mattered, the deadline notices.
 * @param {() => Promise<void>} step
 * @param {() => void} [otherwise]
 */
async function attempt(step, otherwise) {
  try {
    await step();
  } catch (error) {
    console.debug("beckon:", error); // the connection is closed, or the signal is ignored: there is nothing to do
    otherwise?.();
  }
}

/** The name of a round of ICE: every restart has its own. @param {string} [sdp] */
function userName(sdp) {
  return /^a=ice-ufrag:(\S+)/m.exec(sdp ?? "")?.[1];
}
