// Beckon in any page: `join(link)` and everyone who has the link is connected to everyone else, device to device.
// No side effects on import, no globals. What is exported is documented in beckon.d.ts.
import { openCourier } from './lib/sealed-channel.js';
import { BeckonError, BeckonEvent, messages } from './lib/events.js';
import { Peer } from './lib/peer-handle.js';
import { takeIdentity } from './lib/identity.js';
import { watchPage } from './lib/page-lifecycle.js';
import { openAllowance, openOutlet, openPace } from './lib/rate-limit.js';
import { openPeer } from './lib/peer.js';
import { deriveKeys, freshEpoch, freshSecret, isSecret } from './lib/seal.js';
import { openSignal } from './lib/signalling.js';
import { openTallies } from './lib/delivery-states.js';

/** How many who come are met, at once and a second in the long run, beside those who are here when we come. Whoever comes beyond that calls again. */
const MEETINGS = /** @type {const} */ ([100, 4]);

export { BeckonError, Peer };

/** @typedef {'connecting' | 'open' | 'away' | 'closed'} RoomState */
/** @typedef {{ name?: string, relayOnly?: boolean, signal?: AbortSignal }} Options */

/**
 * @param {string | URL} link
 * @param {Options} [options]
 */
export function join(link, options = {}) {
  if (!globalThis.crypto?.subtle) throw new BeckonError('insecure-context', 'This needs https');
  if (typeof RTCPeerConnection === 'undefined') {
    throw new BeckonError('no-webrtc', 'WebRTC is off here');
  }
  const url = new URL(link);
  const secret = url.hash.slice(1) || freshSecret();
  if (!isSecret(secret)) throw new BeckonError('damaged-link', 'This link is damaged');
  url.hash = secret;
  return new Room(url, secret, options);
}

export class Room extends EventTarget {
  #link;
  #secret;
  #options;
  #state = /** @type {RoomState} */ ('connecting');
  #error = /** @type {BeckonError | null} */ (null);
  #retryAt = 0;
  #identity = /** @type {import('./lib/identity.js').Identity | null} */ (null);
  #signal = /** @type {ReturnType<typeof openSignal> | null} */ (null);
  #ice = /** @type {import('./lib/signalling.js').Ice} */ ({ iceServers: [], degraded: false, until: 0 });
  /** @type {Map<string, import('./lib/peer.js').Member>} */
  #members = new Map();
  #tallies = openTallies((id) => this.#members.has(id));
  #pace = openPace();
  #outlet = openOutlet();
  #mayMeet = openAllowance(...MEETINGS);
  /** Counts starts and stops: what was begun before the last one is void. */
  #run = 0;
  /** Ends every listener that the room has put on the page. */
  #over = new AbortController();
  /** @type {() => void} */
  #opened = () => {};
  /** @type {(why: BeckonError) => void} */
  #refused = () => {};
  /** @type {Promise<void>} */
  ready = new Promise((resolve, reject) => {
    this.#opened = resolve;
    this.#refused = reject;
  });

  /**
   * @param {URL} link
   * @param {string} secret
   * @param {Options} options
   */
  constructor(link, secret, options) {
    super();
    this.#link = link;
    this.#secret = secret;
    this.#options = options;
    this.ready.catch(() => {}); // who does not await it reads `error`
    options.signal?.addEventListener('abort', () => this.close(), { signal: this.#over.signal });
    watchPage(this.#over.signal, { gone: () => this.#stop(), back: () => this.#start(false), look: () => this.retry(), moved: () => this.#look(true) });
    if (options.signal?.aborted) this.close();
    else this.#start(false);
  }

  get link() {
    return this.#link.href;
  }
  get state() {
    return this.#state;
  }
  get error() {
    return this.#error;
  }
  get retryAt() {
    return this.#retryAt;
  }
  get id() {
    return this.#identity?.id ?? '';
  }
  get peers() {
    return [...this.#members.values()].map((member) => member.peer);
  }
  get face() {
    return this.#identity?.face ?? '';
  }
  get hue() {
    return this.#identity?.hue ?? 0;
  }
  get name() {
    return this.#identity?.name ?? '';
  }
  set name(wish) {
    this.#identity?.rename(wish);
    for (const member of this.#members.values()) member.say({ type: 'name', name: this.name });
  }

  /**
   * @param {import('./lib/frame.js').Sendable} data
   * @param {{ reliable?: boolean }} [how]
   */
  broadcast(data, how) {
    const sent = this.peers.map((peer) => peer.send(data, how).then(() => [peer], absent));
    const heard = Promise.all(sent).then((peers) => peers.flat());
    heard.catch(() => {}); // who does not look at it need not handle its failure
    return heard;
  }

  retry() {
    this.#look(false);
  }

  close() {
    this.#end(new BeckonError('closed', 'The room is closed'));
  }

  async [Symbol.asyncDispose]() {
    this.close();
  }

  [Symbol.asyncIterator]() {
    return messages(this);
  }

  /** @param {boolean} moved whether the network changed */
  #look(moved) {
    this.#signal?.hurry();
    for (const member of this.#members.values()) member.nudge(moved);
  }

  /** @param {boolean} fresh as somebody new */
  #start(fresh) {
    // A page may not be allowed what we need: ws: from https:, for one.
    this.#enter(++this.#run, fresh).catch((cause) => this.#end(new BeckonError('blocked', cause.message, { cause })));
  }

  /**
   * @param {number} run
   * @param {boolean} fresh
   */
  async #enter(run, fresh) {
    const keys = await deriveKeys(this.#secret);
    const { realmKey } = keys;
    const identity = await takeIdentity(realmKey, { name: this.#options.name, fresh });
    if (run !== this.#run) return identity.release();
    this.#identity = identity;
    const url = new URL('peerjs', this.#link);
    url.protocol = url.protocol === 'http:' ? 'ws:' : 'wss:';
    url.hash = '';
    url.search = String(new URLSearchParams({ key: realmKey, roster: '1', id: identity.id, token: identity.token }));
    const epoch = freshEpoch();
    const courier = openCourier({
      keys,
      me: identity.id,
      epoch,
      send: (dst, type, payload) => run === this.#run && this.#outlet(payload.length) && this.#signal?.tell(dst, type, payload),
      here: (id) => this.#members.has(id),
      busy: (src) => this.#members.get(src)?.connected ?? false,
      told: (src, words, theirs, fresh) => run === this.#run && know(src)?.told(words, theirs, fresh),
      refused: (src, reason) => run === this.#run && this.#refuse(src, reason),
    });
    /** @param {string} id */
    const meet = (id) => this.#members.get(id) ?? this.#meet(id, epoch, courier);
    /** @param {string} id */
    const know = (id) => this.#members.get(id) ?? (this.#mayMeet() ? meet(id) : null);
    const gone = (/** @type {string} */ id, /** @type {boolean} */ goodbye) =>
      courier.after(id, () => run === this.#run && this.#members.get(id)?.absent(goodbye)); // after what it said before
    this.#become('connecting');
    this.#signal = openSignal(url, {
      open: ({ id: mine, peers, ...ice }) => {
        if (mine !== identity.id) return this.#end(new BeckonError('tampered', 'Someone changed the introduction'));
        this.#configure(ice);
        this.#state = 'open'; // before it is said: who has no link to one of them now makes one
        for (const [id, member] of this.#members) if (!peers.includes(id)) member.absent(false);
        for (const id of peers) {
          if (id !== identity.id) this.#members.has(id) ? meet(id).found() : meet(id).call();
        }
        this.#become('open');
        this.#opened();
      },
      ice: (ice) => this.#configure(ice),
      join: (id) => id !== identity.id && courier.after(id, () => run === this.#run && know(id)?.expect()),
      leave: (id) => gone(id, true),
      lost: (id) => gone(id, false),
      expire: (id) => gone(id, false),
      told: (src, payload) => courier.take(src, payload),
      away: (retryAt) => {
        this.#retryAt = retryAt;
        this.#become('away');
      },
      refused: ({ code, message }) => {
        if (code !== 'id-taken' && code !== 'superseded') return this.#end(new BeckonError(code, message));
        this.#stop();
        this.#start(true);
      },
    });
  }

  /**
   * @param {string} id
   * @param {string} epoch
   * @param {ReturnType<typeof openCourier>} courier
   */
  #meet(id, epoch, courier) {
    const member = openPeer({
      id,
      session: epoch,
      polite: this.id < id,
      ice: () => ({ ...this.#ice, iceTransportPolicy: this.#options.relayOnly ?? this.#link.searchParams.has('relay-only') ? 'relay' : 'all' }),
      online: () => this.#state === 'open',
      myName: () => this.name,
      tally: this.#tallies.of(id),
      tell: (words, to) => courier.tell(id, frameType(words), words, to),
      heard: (data) => {
        for (const target of [member.peer, this]) target.dispatchEvent(new BeckonEvent('message', { from: member.peer, data }));
      },
      pace: this.#pace,
      left: (why) => {
        this.#members.delete(id);
        courier.after(id, () => {}); // and then it is forgotten
        this.#tallies.tidy(why);
        this.dispatchEvent(new BeckonEvent('left', { peer: member.peer }));
      },
    });
    this.#members.set(id, member);
    this.dispatchEvent(new BeckonEvent('peer', { peer: member.peer }));
    return member;
  }

  /**
   * @param {string} src
   * @param {import('./lib/sealed-channel.js').Reason} reason
   */
  #refuse(src, reason) {
    if (reason !== 'stale') this.#members.get(src)?.distrust(); // what is stale may just be late
    this.dispatchEvent(new BeckonEvent('refused', { from: src, reason }));
  }

  /** @param {import('./lib/signalling.js').Ice} ice */
  #configure(ice) {
    // Without relays only because their service does not answer: the passes that we have are good for a while yet.
    if (ice.degraded && this.#ice.until > Date.now()) return;
    this.#ice = ice;
    for (const member of this.#members.values()) member.configure();
  }

  #stop() {
    this.#run++;
    this.#signal?.close();
    this.#signal = null;
    for (const member of [...this.#members.values()]) member.leave();
    this.#identity?.release();
  }

  /** @param {BeckonError} error */
  #end(error) {
    if (this.#state === 'closed') return;
    this.#over.abort();
    this.#stop();
    this.#tallies.end(error);
    this.#error = error;
    this.#refused(error);
    this.#become('closed');
  }

  /** @param {RoomState} state */
  #become(state) {
    this.#state = state;
    this.dispatchEvent(new BeckonEvent('state', { room: this }));
  }
}

/**
 * The server keeps what begins a connection for a while if the other is not there yet; everything else it need not.
 * @param {{ description?: { type: string }, candidate?: object }} words
 */
function frameType({ description, candidate }) {
  return description?.type.toUpperCase() ?? (candidate ? 'CANDIDATE' : 'MESSAGE');
}

/** Who has left meanwhile has not heard it; every other reason is the sender's to know. @param {BeckonError} why @returns {Peer[]} */
function absent(why) {
  if (why.code === 'left') return [];
  throw why;
}
