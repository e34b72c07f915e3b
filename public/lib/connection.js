// One RTCPeerConnection to one peer: its negotiation, its channels, and the health of its path. It lives once: when it has failed, reconnect.js
// makes another.
import { openChannels } from "./channels.js";
import { isAnnounced } from "./fingerprint.js";
import { openNegotiation } from "./negotiation.js";

/** It may take this long to open, in ms: Chromium says 'failed' after 15 s, but only if there was an answer. */
const CONNECT_MS = 15_000;

/** @typedef {import('./negotiation.js').Signal} Signal */
/** @typedef {ReturnType<typeof openConnection> & { pieces?: boolean }} Connection `pieces`: whether the page there takes them, as it says with its name */

/**
 * @param {object} options
 * @param {string} options.id names this connection to the other side; never used twice
 * @param {boolean} options.polite whether we give way when both offer at once
 * @param {{ ours: string, theirs: string }} options.greeting what each side says first
 * @param {RTCPeerConnection} options.pc
 * @param {import('./late.js').Care} options.care
 * @param {(signal: Signal) => void} options.sendSignal
 * @param {(now: 'open' | 'interrupted' | 'resumed' | 'failed' | 'forged' | 'unable') => void} options.onChange 'open' comes once; 'failed', 'forged' (the
 *   other end is not who was introduced) or 'unable' (the browser makes no connections) come last
 * @param {(data: string | ArrayBuffer) => void} options.onReceive
 * @param {() => void} options.onDrain `write` takes more
 */
export function openConnection({ id, polite, greeting, pc, care, sendSignal, onChange, onReceive, onDrain }) {
  if (pc.signalingState !== "stable") throw new TypeError("an extension's mere stand-in");
  const channels = openChannels({
    pc,
    greeting,
    onOpen: check,
    onForged: () => fail("forged"),
    onProbe: (data) => health?.probed(data) ?? false,
    onReceive,
    onDrain,
    onClose: () => fail(),
  });
  const negotiation = openNegotiation({
    pc,
    id,
    polite,
    sendSignal,
    isInterrupted: () => health?.interrupted ?? false,
    openChannels: channels.open,
    onUnable: () => pc.signalingState !== "closed" && !channels.isOpen && fail("unable"),
    onLost: () => !health?.interrupted && channels.isChecked && health?.lost(),
  });
  /** Comes a little later. @type {ReturnType<import('./late.js').PathCare['repairPath']> | undefined} */
  let health;
  /** The same. @type {ReturnType<import('./late.js').PathCare['watchRelays']> | undefined} */
  let relays;
  care().then(({ orderCandidates, repairPath, watchRelays }) => {
    if (pc.signalingState === "closed") return;
    relays = watchRelays(pc);
    negotiation.order(orderCandidates);
    health = repairPath({
      state,
      open: () => channels.isOpen,
      waiting: () => channels.waiting,
      // The second need not wait for all that waits in the first.
      tell: (text) => {
        channels.sendControl(text);
        channels.sendUnreliable(text);
      },
      restart: negotiation.restartIce,
      found: onChange,
      fail: () => fail(),
    });
    health.changed();
  });
  const timer = setTimeout(fail, CONNECT_MS, "failed");
  /** Firefox tells the state of the whole connection only since 113; that of its ICE will do. */
  const state = () => pc.connectionState ?? pc.iceConnectionState.replace("completed", "connected");
  pc.onconnectionstatechange = () => (state() === "failed" ? fail() : health?.changed());
  if (!pc.connectionState) pc.oniceconnectionstatechange = pc.onconnectionstatechange;

  async function check() {
    const genuine = await isAnnounced(pc, negotiation.announced);
    if (pc.signalingState === "closed") return;
    if (!genuine) return fail("forged");
    clearTimeout(timer);
    channels.trust();
    onChange("open");
    channels.check();
  }

  /** The server is back, or the other side is: what was said in between may be lost. */
  function repeat() {
    if (health?.interrupted) health.retry();
    else if (pc.signalingState === "have-local-offer") negotiation.describe();
  }

  /** @param {'failed' | 'forged' | 'unable'} [how] */
  function fail(how = "failed") {
    close();
    onChange(how);
  }

  function close() {
    clearTimeout(timer);
    health?.stop();
    pc.onconnectionstatechange = null;
    negotiation.close();
    channels.stop();
    pc.close();
  }

  return {
    id,
    pc,
    offer: negotiation.offer,
    receiveSignal: negotiation.receive,
    sendControl: channels.sendControl,
    write: channels.write,
    sendUnreliable: channels.sendUnreliable,
    probe: () => health?.probe(),
    repeat,
    close,
    get remote() {
      return negotiation.remote;
    },
    get calling() {
      return negotiation.calling;
    },
    get relayRefused() {
      return relays?.();
    },

    /**
     * The network changed: the path may lead nowhere, which browsers notice after 5 to 11 s. An ICE restart costs one offer, and
     * the present path stays until there is a better one.
     * @param {boolean} [leisurely] whether there is no hurry: a better path is looked for
     */
    restartIce(leisurely) {
      if (health?.interrupted || !channels.isOpen || pc.signalingState !== "stable") return repeat();
      if (leisurely) negotiation.preferBest();
      negotiation.restartIce();
    },

    /**
     * Fresh ICE servers, with the next credentials, for what is gathered from now on. The present path stays.
     * @param {import('./credentials.js').Ice & RTCConfiguration} ice
     */
    configure: (ice) => care().then(({ renew }) => renew(pc, ice)),
  };
}
