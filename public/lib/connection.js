// One RTCPeerConnection to one peer: perfect negotiation (W3C WebRTC 1.0, section 10.7), trickle, ICE restarts. It lives
// once: when it has failed, links.js makes another. Times are what browsers were measured to do.
import { fingerprints, isAnnounced, strongOnly } from './fingerprint.js';
import { openAllowance, sizeOf } from './rate-limit.js';

/**
 * 'disconnected' comes 5 s or more after the path is gone; then an ICE restart (0.2 to 0.7 s until connected) is due, after a moment in
 * which it may mend itself, in ms; and again, each time after this much longer.
 */
const DOUBT_MS = 300;
const RESTART_MS = 2_000;
/** How long the side that was told of a lost path leaves the restart to the other one, in ms. */
const TOLD_MS = 5_000;
/** Restarts before the connection is given up: a new one is sometimes the only cure (Firefox, once DTLS has failed). */
const MAX_RESTARTS = 3;
/** What may wait in the unreliable channel, in bytes, before more is dropped: it is for what is of use now or not at all. */
const BURST_BYTES = 65_536;
/** What may wait in the reliable one, in bytes: enough to keep any line busy (browsers break a channel at 16 MiB); and when there is room again. */
const FULL_BYTES = 1024 * 1024;
const ROOM_BYTES = 256 * 1024;
/**
 * After an interruption of at most so many ms (browsers call it one after 5 to 11 s) the reliable channel must answer within so many;
 * after a longer one it is not used again. SCTP doubles its timer with each loss, and forgets that late: after 25 s of silence, whatever
 * is lost next waits for as long (seen: 30 s and more, on a path that was fine). A new connection takes 0.3 s.
 */
const RESUME_MS = 3_000;
const PROOF_MS = 1_500;
const PING = '{"type":"ping"}';
const PONG = '{"type":"pong"}';
/**
 * What may come before the other side was checked, in bytes, with what each takes beside: twice what anybody sends before something of it is
 * confirmed (mailbox.js). Of what may be lost, a little.
 */
const UNCHECKED_BYTES = 32 * 1024 * 1024;
/** How often one is answered, at once and a second in the long run. */
const PONGS = /** @type {const} */ ([4, 1]);
/** How long candidates are held back at most where the best are to be tried first, in ms; and how many. */
const HOLD_MS = 1_000;
const MAX_HELD = 100;
/** How long a first connection may take, in ms: Chromium says 'failed' after 15 s, but only if there was an answer. */
const CONNECT_MS = 15_000;

/**
 * What one link tells the other through the server. `from` and `to` name links, not peers: `to` is missing while the
 * other's is unknown.
 * @typedef {object} Signal
 * @property {string} from
 * @property {string | null} to
 * @property {{ type: RTCSdpType, sdp: string, answers?: string, lost?: boolean, better?: boolean }} [description] `answers`: the ICE user name of the offer
 *   that this is the answer to; `lost`: the sender has noticed that the path leads nowhere; `better`: the sender looks for a better one
 * @property {RTCIceCandidateInit} [candidate]
 */

/** @typedef {ReturnType<typeof openLink>} Link */

/**
 * @param {object} options
 * @param {string} options.id names this link in the other's eyes; never used twice
 * @param {boolean} options.polite whether we give way when both offer at once
 * @param {RTCConfiguration} options.ice
 * @param {(signal: Signal) => void} options.tell
 * @param {(state: 'open' | 'interrupted' | 'resumed' | 'failed' | 'forged') => void} options.changed 'open' once, 'failed' or
 *   'forged' (whoever is at the other end is not who was introduced) last
 * @param {(data: string | ArrayBuffer) => void} options.heard
 * @param {() => void} options.drained what was refused by `write` may be written now
 */
export function openLink({ id, polite, ice, tell, changed, heard, drained }) {
  const pc = connect(ice);
  /** @type {RTCDataChannel | null} */
  let channel = null;
  /** For copies of what is on its way in the other, and for what may be lost. @type {RTCDataChannel | null} */
  let burst = null;
  /** @type {string | null} */
  let remote = null;
  let offering = false;
  /** Their last offer that we have taken. @type {string | undefined} */
  let taken;
  /** What has come is taken one after the other: two offers at once would be one answer, and one offer that nobody wanted. */
  let line = Promise.resolve();
  let inLine = 0;
  let settingAnswer = false;
  let interrupted = false;
  let interruptedAt = 0;
  let relayRefused = false;
  let restarts = 0;
  /** The certificates that the other side has announced, sealed. @type {Set<string>} */
  let announced = new Set();
  /** What has come before the other side was checked; and what it takes up. @type {(string | ArrayBuffer)[] | null} */
  let unchecked = [];
  let uncheckedBytes = 0;
  const mayPong = openAllowance(...PONGS);
  let timer = setTimeout(() => fail(), CONNECT_MS);

  /**
   * While a better path is looked for: candidates, ours and theirs, until all of ours are known. Firefox takes the first pair that works,
   * and ends its other checks; so the best are tried first, and not those that were known first.
   * @type {{ priority: number, use: () => void }[] | null}
   */
  let held = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let holding;

  pc.onicecandidate = ({ candidate }) => (candidate ? inOrder(candidate.toJSON(), (candidate) => tell({ from: id, to: remote, candidate })) : release());
  pc.onicecandidateerror = ({ errorCode, url }) => {
    if ((errorCode === 401 || errorCode === 403) && url?.startsWith('turn')) relayRefused = true;
  };

  /** @param {RTCIceCandidateInit} candidate @param {(candidate: RTCIceCandidateInit) => void} use */
  function inOrder(candidate, use) {
    if (!held || held.length >= MAX_HELD) return use(candidate);
    held.push({ priority: Number(candidate.candidate?.split(' ')[3]), use: () => use(candidate) });
  }

  function hold() {
    held ??= [];
    clearTimeout(holding);
    holding = setTimeout(release, HOLD_MS);
  }

  function release() {
    const all = held ?? [];
    held = null;
    clearTimeout(holding);
    for (const { use } of all.sort((a, b) => b.priority - a.priority)) use();
  }

  /**
   * The channel is made when it is needed: some stacks (libdatachannel) offer as soon as there is one.
   * Negotiated: no round trip in which only one side knows of it. Ordered and reliable by default.
   */
  function openChannel() {
    if (channel) return;
    channel = pc.createDataChannel('beckon', { negotiated: true, id: 0 });
    channel.onopen = check;
    burst = pc.createDataChannel('beckon burst', { negotiated: true, id: 1, ordered: false, maxRetransmits: 0 });
    channel.binaryType = burst.binaryType = 'arraybuffer';
    channel.bufferedAmountLowThreshold = ROOM_BYTES;
    channel.onbufferedamountlow = drained;
    channel.onmessage = ({ data }) => hear(data, UNCHECKED_BYTES) || fail(); // it says more than anybody of ours would
    burst.onmessage = ({ data }) => hear(data, BURST_BYTES);
    channel.onclose = () => fail(); // by the other side: it left, reloaded, or made another link
  }

  /** @param {string | ArrayBuffer} data @param {number} most that may wait until we know who says it @returns {boolean} whether that was not too much */
  function hear(data, most) {
    if (data === PING) mayPong() && reply();
    else if (data === PONG) proven();
    else if (!unchecked) heard(data);
    else if (uncheckedBytes + sizeOf(data) > most) return false;
    else {
      uncheckedBytes += sizeOf(data);
      unchecked.push(data);
    }
    return true;
  }

  async function check() {
    const genuine = await isAnnounced(pc, announced);
    if (pc.signalingState === 'closed') return;
    if (!genuine) return fail('forged');
    clearTimeout(timer);
    changed('open');
    const early = unchecked ?? [];
    unchecked = null;
    early.forEach(heard);
  }

  pc.onconnectionstatechange = () => {
    const state = pc.connectionState;
    if (state === 'failed') fail();
    else if (channel?.readyState !== 'open') return;
    else if (state === 'disconnected') interrupt(DOUBT_MS);
    else if (state === 'connected' && interrupted) {
      clearTimeout(timer);
      if (Date.now() - interruptedAt > RESUME_MS) return fail();
      timer = setTimeout(() => fail(), PROOF_MS);
      say(PING);
    }
  };

  /** @param {number} patience until we ask for a restart of ICE, in ms */
  function interrupt(patience) {
    if (!interrupted) interruptedAt = Date.now();
    interrupted = true;
    clearTimeout(timer); // it may have been back for a moment
    changed('interrupted');
    timer = setTimeout(restart, patience);
  }

  /** The other side reaches us. Whether we reach it is seen next: our own ICE may never have noticed that the path was gone. */
  function reply() {
    say(PONG);
    if (interrupted) say(PING);
  }

  /** @param {string} text */
  function say(text) {
    if (channel?.readyState === 'open' && channel.bufferedAmount < 2 * FULL_BYTES) sent(channel, text);
  }

  function proven() {
    if (!interrupted || pc.connectionState !== 'connected') return;
    interrupted = false;
    restarts = 0;
    clearTimeout(timer);
    changed('resumed');
  }

  function restart() {
    clearTimeout(timer);
    if (restarts++ === MAX_RESTARTS) return fail();
    timer = setTimeout(restart, RESTART_MS * (restarts + 1));
    try {
      pc.restartIce();
    } catch {
      return fail(); // not every stack can (libdatachannel)
    }
    offer();
  }

  /** The server is back, or the other side is: what was said in between may be lost. */
  function nudge() {
    if (interrupted) {
      restarts = 0;
      restart();
    } else if (pc.signalingState === 'have-local-offer') describe();
  }

  async function offer() {
    offering = true;
    await attempt(async () => {
      openChannel();
      await pc.setLocalDescription();
      describe();
    });
    offering = false;
  }

  function describe() {
    const { type, sdp } = pc.localDescription ?? {};
    if (type && sdp) tell({ from: id, to: remote, description: { type, sdp, ...(type === 'answer' ? { answers: taken } : { lost: interrupted, better: Boolean(held) }) } });
  }

  /**
   * A description or candidate that is late, doubled or malformed must not cost a link that works: if it mattered, the
   * deadline notices.
   * @param {() => Promise<void>} step
   */
  async function attempt(step) {
    try {
      await step();
    } catch (error) {
      console.debug('beckon:', error); // of a link that is closed, or of what was ignored, there is nothing to do either
    }
  }

  /** @param {Pick<Signal, 'from' | 'description' | 'candidate'>} signal */
  async function take({ from, description, candidate }) {
    if (candidate) return inOrder(candidate, (candidate) => attempt(() => pc.addIceCandidate(candidate)));
    if (!description) return;
    const isOffer = description.type === 'offer';
    // An answer to an offer that we have replaced since: its ICE credentials are not what the other side uses now.
    if (!isOffer && description.answers && description.answers !== userName(pc.localDescription?.sdp)) return;
    const ready = !offering && (pc.signalingState === 'stable' || settingAnswer);
    if (isOffer && !ready && !polite) return;
    const sdp = strongOnly(description.sdp);
    const prints = fingerprints(sdp);
    if (!prints.length) throw new Error('no sha-256 fingerprint');
    remote = from;
    announced = new Set(prints);
    if (description.better) hold();
    settingAnswer = !isOffer;
    await pc.setRemoteDescription({ type: description.type, sdp }).finally(() => (settingAnswer = false));
    if (!isOffer) return;
    taken = userName(sdp);
    openChannel();
    // One side notices first, and its restart may mend the path before the other has seen anything: what that one says is lost meanwhile.
    if (description.lost && !interrupted && !unchecked) {
      interrupt(TOLD_MS);
      say(PING); // they may have proved the path before we heard of it, and ask no more
    }
    await pc.setLocalDescription();
    describe();
  }

  /** @param {'failed' | 'forged'} [how] */
  function fail(how = 'failed') {
    close();
    changed(how);
  }

  function close() {
    clearTimeout(timer);
    clearTimeout(holding);
    pc.onicecandidate = pc.onicecandidateerror = pc.onconnectionstatechange = null;
    if (channel) channel.onopen = channel.onmessage = channel.onclose = channel.onbufferedamountlow = null;
    if (burst) burst.onmessage = null;
    pc.close();
  }

  return {
    id,
    pc,
    offer,
    close,
    get remote() {
      return remote;
    },
    /** Whether our first offer is out and nothing has come back. */
    get calling() {
      return remote === null && (offering || pc.signalingState === 'have-local-offer');
    },
    get relayRefused() {
      return relayRefused;
    },

    /** @param {Pick<Signal, 'from' | 'description' | 'candidate'>} signal */
    accept(signal) {
      const turn = () => attempt(() => take(signal));
      line = (inLine++ ? line.then(turn) : turn()).finally(() => inLine--);
    },

    nudge,

    /**
     * The network changed: the path may lead nowhere, which browsers notice after 5 to 11 s. An ICE restart costs one offer, and
     * what is connected stays so until there is a better path.
     * @param {boolean} [leisurely] whether there is no hurry: it is a better one that is looked for
     */
    refresh(leisurely) {
      if (interrupted || pc.connectionState !== 'connected' || pc.signalingState !== 'stable') return nudge();
      if (leisurely) hold();
      try {
        pc.restartIce();
      } catch {
        return; // not every stack can
      }
      offer();
    },

    /** About the conversation. */
    say,

    /** @param {Uint8Array<ArrayBuffer>} frame @returns {boolean} whether it is on its way; if not, there is no channel or it is full */
    write(frame) {
      if (channel?.readyState !== 'open' || channel.bufferedAmount >= FULL_BYTES) return false;
      return sent(channel, frame);
    },

    /**
     * Fresh ICE servers, with the next credentials: for whatever is gathered from now on. The path that there is stays.
     * @param {RTCConfiguration} ice
     */
    configure(ice) {
      try {
        pc.setConfiguration(ice);
      } catch (error) {
        console.debug('beckon:', error); // closed, nonsense, or a stack that cannot (libdatachannel)
      }
    },

    /** @param {string | Uint8Array<ArrayBuffer>} data which may be lost */
    burst(data) {
      if (burst?.readyState === 'open' && burst.bufferedAmount < BURST_BYTES) sent(burst, data);
    },
  };
}

/**
 * Whether a channel has taken something. One that still says 'open' may be closed already (libdatachannel), which `onclose` tells next.
 * @param {RTCDataChannel} channel
 * @param {string | Uint8Array<ArrayBuffer>} data
 */
function sent(channel, data) {
  try {
    channel.send(/** @type {any} */ (data));
    return true;
  } catch {
    return false;
  }
}

/** What names a round of ICE: every restart has its own. @param {string} [sdp] */
function userName(sdp) {
  return /^a=ice-ufrag:(\S+)/m.exec(sdp ?? '')?.[1];
}

/** @param {RTCConfiguration} ice as the server says, which may be nonsense: without its servers there may still be a path */
function connect(ice) {
  try {
    return new RTCPeerConnection(ice);
  } catch (error) {
    console.debug('beckon:', error);
    return new RTCPeerConnection({ ...ice, iceServers: [] });
  }
}
