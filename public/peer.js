// One other device, for as long as it is in the room: its link, replaced when it has failed, and, as long as there is none that
// works, the way through the server.
import { BeckonError, BeckonEvent } from './events.js';
import { cleanName, persona } from './names.js';
import { openLink } from './link.js';
import { openMailbox } from './mailbox.js';

/** How long who is called waits for the caller's offer, in ms, before offering itself. */
const CALL_MS = 3_000;
/** Waits before a failed link is made anew, in ms, each halved to half as much again by chance. */
const REBUILD_MS = [300, 1_200, 2_700, 4_800, 7_000, 15_000];
/** By how much the polite side waits longer, in ms: one new link is enough. */
const POLITE_MS = 1_000;
/** How long a peer whose socket is gone may be out of reach, in ms, before it counts as gone. */
const GRACE_MS = 6_000;
/** How long there may be no path, in ms, before what is small goes through the server; and how often it is looked after then. */
const FALLBACK_MS = 4_000;
const POST_MS = 1_000;
/** Longest message that may be lost, in UTF-16 units: in pieces it would be lost too often. */
const MAX_LOOSE = 16_384;
/** Longest message, in UTF-16 units: in UTF-8 still below the 256 KiB that a data channel carries in any browser. */
const MAX_TEXT = 65_536;

/** @typedef {'connecting' | 'open' | 'reconnecting' | 'unreachable' | 'left'} PeerState */
/** @typedef {ReturnType<typeof openPeer>} Member */

/** What the public sees of a member; beckon.d.ts documents it. */
export class Peer extends EventTarget {
  #inside;

  /** @param {{ id: string, name: string, state: PeerState, path: 'direct' | 'relayed' | 'server' | null,
   *   error: BeckonError | null, connection: RTCPeerConnection | null, send(data: string, how?: { reliable?: boolean }): Promise<void> }} inside */
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
  /**
   * @param {string} data
   * @param {{ reliable?: boolean }} [how]
   */
  send(data, how) {
    return this.#inside.send(data, how);
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
 * @param {{ sent: number }} options.tally how many messages we have ever had for this id
 * @param {(words: Partial<import('./link.js').Signal> & { mail?: object, here?: string }) => void} options.tell
 * @param {(data: string) => void} options.heard
 * @param {() => void} options.left
 */
export function openPeer({ id, polite, session, iceServers, online, myName, tally, tell, heard, left }) {
  /** @type {import('./link.js').Link | null} */
  let link = null;
  let links = 0;
  let failures = 0;
  let present = true;
  let opened = false;
  /** Whether the link works now. */
  let direct = false;
  /** Whether the other side has answered a message through the server: an older server passes on introductions only. */
  let answers = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let fallback = setTimeout(fallBack, FALLBACK_MS);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const inside = {
    id,
    name: persona(id).name,
    state: /** @type {PeerState} */ ('connecting'),
    path: /** @type {'direct' | 'relayed' | 'server' | null} */ (null),
    error: /** @type {BeckonError | null} */ (null),
    get connection() {
      return link?.pc ?? null;
    },
    /**
     * @param {string} data
     * @param {{ reliable?: boolean }} [how]
     */
    send(data, { reliable = true } = {}) {
      const receipt = post(data, reliable);
      receipt.catch(() => {}); // who does not look at the receipt need not handle its failure
      return receipt;
    },
  };
  const peer = new Peer(inside);
  const mailbox = openMailbox({
    tally,
    write: (text) => link?.send(text),
    burst: (text) => link?.burst(text),
    heard,
  });

  /**
   * @param {string} data
   * @param {boolean} reliable
   */
  async function post(data, reliable) {
    const longest = reliable ? MAX_TEXT : MAX_LOOSE;
    if (typeof data !== 'string') throw new TypeError('A message is a string');
    if (data.length > longest) throw new BeckonError('too-long', `A message has at most ${longest} characters`);
    if (inside.state === 'left') throw gone();
    if (!reliable) return link?.burst(JSON.stringify({ type: 'loose', data }));
    const receipt = mailbox.put(data);
    if (inside.path === 'server') mailbox.post((mail) => tell({ mail }));
    return receipt;
  }

  function gone() {
    return new BeckonError('left', `${inside.name} left before it arrived`);
  }

  /** @param {object} frame */
  function say(frame) {
    link?.send(JSON.stringify(frame));
  }

  /** @param {PeerState} state */
  function become(state) {
    // Through the server, what is sent arrives too.
    if (inside.state === state || (inside.path === 'server' && (state === 'reconnecting' || state === 'unreachable'))) return;
    inside.state = state;
    peer.dispatchEvent(new BeckonEvent('state', { peer }));
  }

  function build() {
    clearTimeout(timer);
    link?.close();
    lost();
    if (inside.state === 'open') become('reconnecting');
    link = openLink({ id: `${session}.${++links}`, polite, iceServers: iceServers(), tell, changed, heard: receive });
    return link;
  }

  /** There is no link that works. If that lasts, there is another way. */
  function lost() {
    if (direct) inside.path = null;
    direct = false;
    fallback ??= setTimeout(fallBack, FALLBACK_MS);
  }

  function fallBack() {
    fallback = undefined;
    if (direct || inside.state === 'left') return;
    fallback = setTimeout(fallBack, POST_MS);
    if (!present || !online()) {
      if (inside.path === 'server') inside.path = null;
      if (inside.state === 'open') become('reconnecting');
    } else if (!answers) tell({}); // who is there answers, and names our page load
    else {
      if (inside.path !== 'server') {
        inside.path = 'server';
        inside.error = null;
        tell({ here: myName() });
        inside.state = 'open';
        peer.dispatchEvent(new BeckonEvent('state', { peer }));
      }
      mailbox.post((mail) => tell({ mail }));
    }
  }

  function rebuild() {
    if (online()) build().offer();
  }

  /** @param {'open' | 'interrupted' | 'resumed' | 'failed' | 'forged'} now */
  function changed(now) {
    clearTimeout(timer);
    if (now === 'interrupted') {
      lost();
      if (!present) timer = setTimeout(leave, GRACE_MS);
      become('reconnecting');
    } else if (now === 'failed' || now === 'forged') {
      failed();
      if (now === 'forged') distrust();
    } else {
      direct = true;
      if (inside.path === 'server') inside.path = null;
      clearTimeout(fallback);
      fallback = undefined;
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
    lost();
    if (!present) return leave();
    const step = REBUILD_MS[Math.min(failures++, REBUILD_MS.length - 1)] ?? 0;
    timer = setTimeout(rebuild, step * (0.5 + Math.random()) + (polite ? POLITE_MS : 0));
    if (inside.path === 'server') return;
    if (opened && failures === 1) return become('reconnecting');
    const relay = iceServers().some(({ urls }) => [urls].flat().some((url) => String(url).startsWith('turn')));
    if (refused) inside.error = new BeckonError('relay-refused', 'The relay turned us away');
    else if (relay) inside.error = new BeckonError('no-path', `No path to ${inside.name}`);
    else inside.error = new BeckonError('no-direct-path', `No direct path to ${inside.name}`);
    become('unreachable');
  }

  /** Someone between us has tried something. Nothing was sent; what comes unaltered still counts. */
  function distrust() {
    if (direct) return;
    inside.error = new BeckonError('tampered', 'Someone changed the introduction');
    peer.dispatchEvent(new BeckonEvent('state', { peer }));
  }

  async function findPath() {
    const on = link;
    const relayed = await on?.relayed().catch(() => false);
    if (on !== link || !direct) return;
    inside.path = relayed ? 'relayed' : 'direct';
    peer.dispatchEvent(new BeckonEvent('state', { peer }));
  }

  /** First words on a new link: who we are, and what the other has not confirmed. It knows which of it is new. */
  function greet() {
    say({ type: 'name', name: myName() });
    mailbox.resend();
  }

  /** @param {unknown} name */
  function rename(name) {
    inside.name = cleanName(name) || persona(id).name;
    peer.dispatchEvent(new BeckonEvent('name', { peer }));
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
    if (frame.type === 'name') rename(frame.name);
    else {
      const [theirs = ''] = link?.remote?.split('.') ?? [];
      mailbox.take(theirs, frame, (ack) => {
        say(ack);
        link?.burst(JSON.stringify(ack));
      });
    }
  }

  function leave() {
    if (inside.state === 'left') return;
    close();
    become('left');
    mailbox.fail(gone());
    left();
  }

  function close() {
    clearTimeout(timer);
    clearTimeout(fallback);
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
      return direct;
    },

    /** We are the newcomer: we offer. */
    call() {
      build().offer();
    },

    /** It is the newcomer, or came back: its offer is on its way. */
    expect() {
      present = true;
      if (direct) return;
      clearTimeout(timer);
      timer = setTimeout(() => (link ? link.nudge() : rebuild()), CALL_MS);
    },

    /** Its socket is gone. It may have been cut, so an open channel is not touched; without one it has left. */
    absent() {
      present = false;
      if (direct) return;
      if (inside.path === 'server') inside.path = null;
      if (link) timer = setTimeout(leave, GRACE_MS);
      else leave();
    },

    /**
     * @param {any} words from this peer: nobody has changed them, but they may still be nonsense
     * @param {string} epoch
     * @param {boolean} fresh whether they are an answer to this page load, and so no replay
     */
    told(words, epoch, fresh) {
      const { from, to, description, candidate, mail, here } = words;
      if (fresh && !description && !candidate) answers = true;
      if (mail || here !== undefined) {
        if (!fresh) return;
        if (mail) mailbox.take(epoch, mail, (ack) => tell({ mail: ack }));
        else rename(here);
        return;
      }
      if (!description && !candidate) {
        tell({ here: myName() }); // it asks who is here
        return link?.nudge();
      }
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
