// One other device, for as long as it is in the room: its link, replaced when it has failed, and what it still has to
// hear. Every message is numbered and kept until it is acknowledged, so that it survives a link and arrives once.
import { BeckonError, BeckonEvent } from './events.js';
import { cleanName, persona } from './names.js';
import { openLink } from './link.js';

/** How long who is called waits for the caller's offer, in ms, before offering itself. */
const CALL_MS = 3_000;
/** Waits before a failed link is made anew, in ms, each halved to half as much again by chance. */
const REBUILD_MS = [300, 1_200, 2_700, 4_800, 7_000, 15_000];
/** By how much the polite side waits longer, in ms: one new link is enough. */
const POLITE_MS = 1_000;
/** How long a peer whose socket is gone may be out of reach, in ms, before it counts as gone. */
const GRACE_MS = 6_000;
/** Longest message, in UTF-16 units: in UTF-8 still below the 256 KiB that a data channel carries in any browser. */
const MAX_TEXT = 65_536;

/** @typedef {'connecting' | 'open' | 'reconnecting' | 'unreachable' | 'left'} PeerState */
/** @typedef {ReturnType<typeof openPeer>} Member */

/** What the public sees of a member; beckon.d.ts documents it. */
export class Peer extends EventTarget {
  #inside;

  /** @param {{ id: string, name: string, state: PeerState, path: 'direct' | 'relayed' | null, error: BeckonError | null,
   *   connection: RTCPeerConnection | null, send(data: string): Promise<void> }} inside */
  constructor(inside) {
    super();
    this.#inside = inside;
  }
  get id() {
    return this.#inside.id;
  }
  get name() {
    return this.#inside.name;
  }
  get state() {
    return this.#inside.state;
  }
  get path() {
    return this.#inside.path;
  }
  get error() {
    return this.#inside.error;
  }
  get connection() {
    return this.#inside.connection;
  }
  /** @param {string} data */
  send(data) {
    return this.#inside.send(data);
  }
}

/**
 * @param {object} options
 * @param {string} options.id
 * @param {boolean} options.polite
 * @param {string} options.session this page load: a message number means something only together with it
 * @param {() => RTCIceServer[]} options.iceServers
 * @param {() => boolean} options.online whether the server can carry an introduction now
 * @param {() => string} options.myName
 * @param {(signal: import('./link.js').Signal) => void} options.tell
 * @param {(data: string) => void} options.heard
 * @param {() => void} options.left
 */
export function openPeer({ id, polite, session, iceServers, online, myName, tell, heard, left }) {
  /** @type {{ seq: number, data: string, done: () => void, failed: (why: BeckonError) => void }[]} */
  let unheard = [];
  let sent = 0;
  let theirSession = '';
  let received = 0;
  /** @type {import('./link.js').Link | null} */
  let link = null;
  let links = 0;
  let failures = 0;
  let present = true;
  let opened = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const inside = {
    id,
    name: persona(id).name,
    state: /** @type {PeerState} */ ('connecting'),
    path: /** @type {'direct' | 'relayed' | null} */ (null),
    error: /** @type {BeckonError | null} */ (null),
    get connection() {
      return link?.pc ?? null;
    },
    /**
     * @param {string} data
     * @returns {Promise<void>}
     */
    send(data) {
      /** @type {Promise<void>} */
      const receipt = new Promise((done, failed) => {
        if (typeof data !== 'string') throw new TypeError('A message is a string');
        if (data.length > MAX_TEXT) throw new BeckonError('too-long', `A message has at most ${MAX_TEXT} characters`);
        if (inside.state === 'left') throw gone();
        unheard.push({ seq: ++sent, data, done, failed });
        say({ type: 'message', seq: sent, data });
      });
      receipt.catch(() => {}); // who does not look at the receipt need not handle its failure
      return receipt;
    },
  };
  const peer = new Peer(inside);

  function gone() {
    return new BeckonError('left', `${inside.name} left before it arrived`);
  }

  /** @param {object} frame */
  function say(frame) {
    link?.send(JSON.stringify(frame));
  }

  /** @param {PeerState} state */
  function become(state) {
    if (inside.state === state) return;
    inside.state = state;
    peer.dispatchEvent(new BeckonEvent('state', { peer }));
  }

  function build() {
    clearTimeout(timer);
    link?.close();
    if (inside.state === 'open') become('reconnecting');
    link = openLink({ id: `${session}.${++links}`, polite, iceServers: iceServers(), tell, changed, heard: receive });
    return link;
  }

  function rebuild() {
    if (online()) build().offer();
  }

  /** @param {'open' | 'interrupted' | 'resumed' | 'failed' | 'forged'} now */
  function changed(now) {
    clearTimeout(timer);
    if (now === 'interrupted') {
      if (!present) timer = setTimeout(leave, GRACE_MS);
      become('reconnecting');
    } else if (now === 'failed' || now === 'forged') {
      failed();
      if (now === 'forged') distrust();
    } else {
      if (now === 'open') greet();
      opened = true;
      failures = 0;
      inside.error = null;
      become('open');
      findPath();
    }
  }

  function failed() {
    const refused = link?.relayRefused;
    link = null;
    inside.path = null;
    if (!present) return leave();
    const step = REBUILD_MS[Math.min(failures++, REBUILD_MS.length - 1)] ?? 0;
    timer = setTimeout(rebuild, step * (0.5 + Math.random()) + (polite ? POLITE_MS : 0));
    if (opened && failures === 1) return become('reconnecting');
    const relay = iceServers().some(({ urls }) => [urls].flat().some((url) => url.startsWith('turn')));
    if (refused) inside.error = new BeckonError('relay-refused', 'The relay turned us away');
    else if (relay) inside.error = new BeckonError('no-path', `No path to ${inside.name}`);
    else inside.error = new BeckonError('no-direct-path', `No direct path to ${inside.name}`);
    become('unreachable');
  }

  /** Someone between us has tried something. Nothing was sent; what comes unaltered still counts. */
  function distrust() {
    if (inside.state === 'open') return;
    inside.error = new BeckonError('tampered', 'Someone changed the introduction');
    peer.dispatchEvent(new BeckonEvent('state', { peer }));
  }

  async function findPath() {
    const on = link;
    const relayed = await on?.relayed().catch(() => false);
    if (on !== link || inside.state !== 'open') return;
    inside.path = relayed ? 'relayed' : 'direct';
    peer.dispatchEvent(new BeckonEvent('state', { peer }));
  }

  /** First words on a new link: who we are, and what the other has not confirmed. It knows which of it is new. */
  function greet() {
    say({ type: 'hello', session, name: myName() });
    for (const { seq, data } of unheard) say({ type: 'message', seq, data });
  }

  /** @param {string} text */
  function receive(text) {
    /** @type {any} */
    let frame;
    try {
      frame = JSON.parse(text) ?? {};
    } catch {
      return;
    }
    if (frame.type === 'hello' && frame.session !== theirSession) {
      theirSession = String(frame.session);
      received = 0;
    }
    if (frame.type === 'hello' || frame.type === 'name') {
      inside.name = cleanName(frame.name) || persona(id).name;
      peer.dispatchEvent(new BeckonEvent('name', { peer }));
    } else if (frame.type === 'ack') {
      for (const message of unheard) if (message.seq <= frame.seq) message.done();
      unheard = unheard.filter((message) => !(message.seq <= frame.seq));
    } else if (frame.type === 'message' && Number.isSafeInteger(frame.seq) && typeof frame.data === 'string') {
      const fresh = frame.seq > received;
      received = Math.max(received, frame.seq);
      say({ type: 'ack', seq: received });
      if (fresh) heard(frame.data);
    }
  }

  function leave() {
    if (inside.state === 'left') return;
    close();
    become('left');
    for (const message of unheard) message.failed(gone());
    unheard = [];
    left();
  }

  function close() {
    clearTimeout(timer);
    link?.close();
    link = null;
  }

  return {
    peer,
    say,
    leave,
    close,
    distrust,
    /** Whether there is a connection that works. */
    get connected() {
      return inside.state === 'open';
    },

    /** We are the newcomer: we offer. */
    call() {
      build().offer();
    },

    /** It is the newcomer, or came back: its offer is on its way. */
    expect() {
      present = true;
      if (inside.state === 'open') return;
      clearTimeout(timer);
      timer = setTimeout(() => (link ? link.nudge() : rebuild()), CALL_MS);
    },

    /** Its socket is gone. It may have been cut, so an open channel is not touched; without one it has left. */
    absent() {
      present = false;
      if (inside.state === 'reconnecting' && link) timer = setTimeout(leave, GRACE_MS);
      else if (inside.state !== 'open') leave();
    },

    /**
     * @param {Partial<import('./link.js').Signal>} signal from this peer: nobody has changed it, but it may still be nonsense
     * @param {string} epoch
     */
    told(signal, epoch) {
      const { from, to, description, candidate } = signal;
      if (!description && !candidate) return link?.nudge(); // it asks who we are
      if (typeof from !== 'string' || !from.startsWith(`${epoch}.`)) return;
      if (to && to !== link?.id) return; // about a link of ours that is no more
      const known = link && (!link.remote || link.remote === from);
      if (!known && description?.type !== 'offer') return; // about a link of theirs that is no more
      // Both called at once, and we are the one to give way: with a new link, because after a rollback of a first offer Chromium
      // now and then never gathers a candidate (156; about one glare in ten).
      const giveWay = polite && description?.type === 'offer' && link?.calling;
      // An offer from a link we do not know: they reloaded the page or made a new link, and ours leads nowhere.
      (known && link && !giveWay ? link : build()).accept({ from, description, candidate });
    },

    /** We can be heard again, or the network changed. */
    nudge() {
      present = true;
      if (link) link.nudge();
      else rebuild();
    },
  };
}
