// Beckon in any page: `join(link)` and everyone who has the link is connected to everyone else, device to device.
// No side effects on import, no globals. beckon.d.ts documents the exports.
import { BeckonError, BeckonEvent, mistrust } from "./lib/events.js";
import { beforeNew, takeIdentity } from "./lib/identity.js";
import { makeKeys } from "./lib/keys.js";
import { readLink } from "./lib/link.js";
import { watchPage } from "./lib/page-lifecycle.js";
import { cleanName, fingerprint } from "./lib/names.js";
import { Peer } from "./lib/peer-handle.js";
import { openPeers } from "./lib/peers.js";
import { openFrameLimit } from "./lib/rate-limit.js";
import { deriveKeys, freshEpoch } from "./lib/seal.js";
import { openSealedChannel } from "./lib/sealed-channel.js";
import { openSignalling, socketUrl } from "./lib/signalling.js";

export { BeckonError, Peer };

/** @typedef {'connecting' | 'open' | 'away' | 'closed'} RoomState */
/** @typedef {{ name?: string, relayOnly?: boolean, signal?: AbortSignal }} Options */

/** @param {string | URL} link @param {Options} [options] */
export function join(link, options = {}) {
  if (!globalThis.crypto?.subtle) throw new BeckonError("insecure-context", "This needs https");
  const { url, secret } = readLink(link);
  url.hash = secret;
  return new Room(url, secret, options);
}

export class Room extends EventTarget {
  #link;
  #secret;
  #options;
  #state = /** @type {RoomState} */ ("connecting");
  #error = /** @type {BeckonError | null} */ (null);
  #retryAt = 0;
  #identity = /** @type {import('./lib/identity.js').Identity | null} */ (null);
  #signalling = /** @type {ReturnType<typeof openSignalling> | null} */ (null);
  #ice = /** @type {import('./lib/credentials.js').Ice} */ ({ iceServers: [], refused: [], degraded: false, until: 0 });
  #peers = openPeers(this, {
    ice: () => ({ ...this.#ice, iceTransportPolicy: (this.#options.relayOnly ?? this.#link.searchParams.has("relay-only")) ? "relay" : "all" }),
    isOnline: () => this.#state === "open",
    load: (again) => (again ? import(/* @vite-ignore */ /* webpackIgnore: true */ again) : import("./lib/path-care.js")), // bundlers know the latter
  });
  #mayTransmit = openFrameLimit();
  #timesNew = 0; // because its id was taken
  /** Counts starts and stops: anything begun before the last one is void. */
  #run = 0;
  /** Ends every listener that the room has put on the page. */
  #over = new AbortController();
  #opened = /** @type {() => void} */ (() => {});
  #refused = /** @type {(why: BeckonError) => void} */ (() => {});
  /** @type {((value: any, peer: any) => any) | null} */
  onrequest = null;
  /** @type {Promise<void>} */
  ready = new Promise((resolve, reject) => {
    this.#opened = resolve;
    this.#refused = reject;
  });

  /** @param {URL} link @param {string} secret @param {Options} options */
  constructor(link, secret, options) {
    super();
    this.#link = link;
    this.#secret = secret;
    this.#options = { ...options };
    this.ready.catch(() => {}); // an app that does not await it reads `error`
    options.signal?.addEventListener("abort", () => this.close(), { signal: this.#over.signal });
    watchPage(this.#over.signal, { gone: () => this.#stop(), back: () => this.#start(false), look: () => this.retry(), moved: () => this.#retry(true) });
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
  get hasWebRTC() {
    return typeof RTCPeerConnection === "function";
  }
  get refusedServers() {
    return [...this.#ice.refused];
  }
  get id() {
    return this.#identity?.id ?? "";
  }
  get fingerprint() {
    return fingerprint(this.id);
  }
  get peers() {
    return this.#peers.handles();
  }
  get face() {
    return this.#identity?.face ?? "";
  }
  get hue() {
    return this.#identity?.hue ?? 0;
  }
  get name() {
    return this.#identity?.name ?? cleanName(this.#options.name);
  }
  set name(wish) {
    this.#options.name = wish; // also for the identity that is on its way, and for every other
    this.#identity?.rename(wish);
    this.#peers.tell();
  }
  get presence() {
    return this.#peers.presence;
  }
  set presence(value) {
    this.#peers.presence = value;
  }

  /** @param {import('./lib/frame.js').Sendable} data @param {import('./lib/peer-handle.js').Sending} [how] */
  broadcast(data, how) {
    return this.#peers.broadcast(data, how);
  }

  retry() {
    this.#retry(false);
  }

  close() {
    this.#end(new BeckonError("closed", "The room is closed"));
  }

  async [Symbol.asyncDispose]() {
    this.close();
  }

  [Symbol.asyncIterator]() {
    return this.#peers.read();
  }

  /** @param {boolean} moved whether the network changed */
  #retry(moved) {
    this.#signalling?.hurry();
    for (const peer of this.#peers.all.values()) peer.retry(moved);
  }

  /** @param {boolean} asNew as somebody new */
  #start(asNew) {
    // A browser may forbid it: ws: from a page of https:, for one.
    this.#enter(++this.#run, asNew).catch((cause) => this.#end(new BeckonError("blocked", cause.message, { cause })));
  }

  /** @param {number} run @param {boolean} asNew */
  async #enter(run, asNew) {
    if (asNew) await beforeNew(this.#timesNew++);
    const [fresh, keys] = [makeKeys(), await deriveKeys(this.#secret)]; // side by side
    const asking = (again = "") => (again ? import(/* @vite-ignore */ /* webpackIgnore: true */ again) : import("./lib/reachability.js"));
    const store = { keeping: () => import("./lib/key-store.js"), past: () => import("./lib/recall.js") };
    const identity = await takeIdentity(keys.realmKey, fresh, store, this.#options, asNew);
    if (run !== this.#run) return identity.release();
    this.#identity = identity;
    const peers = this.#peers;
    const epoch = freshEpoch();
    const channel = openSealedChannel({
      keys,
      mine: identity.keys,
      epoch,
      transmit: (dst, type, payload) => run === this.#run && this.#mayTransmit(payload.length) && this.#signalling?.send(dst, type, payload),
      isHere: (id) => peers.all.has(id),
      isConnected: (src) => peers.all.get(src)?.isConnected ?? false,
      onMessage: (src, message, theirEpoch, proven) => run === this.#run && peers.know(src, session)?.receiveSealed(message, theirEpoch, proven),
      onRefused: (src, reason) => run === this.#run && this.#refuse(src, reason),
    });
    const session = { me: identity.id, epoch, channel };
    const gone = (/** @type {string} */ id, /** @type {boolean} */ goodbye) =>
      channel.after(id, () => run === this.#run && peers.all.get(id)?.socketGone(goodbye)); // after what it said before
    this.#become("connecting");
    this.#signalling = openSignalling(socketUrl(this.#link, keys.realmKey, identity), asking, {
      open: ({ id: mine, peers: present, ...ice }) => {
        if (mine !== identity.id) return this.#end(mistrust());
        this.#configure(ice);
        this.#state = "open"; // before it is said: a peer without a connection makes one now
        for (const [id, peer] of peers.all) if (!present.includes(id)) peer.socketGone(false);
        for (const id of present) {
          if (id !== identity.id) peers.all.has(id) ? peers.meet(id, session).serverIsBack() : peers.meet(id, session).call();
        }
        this.#error = null;
        this.#become("open");
        this.#opened();
      },
      ice: (ice) => this.#configure(ice),
      join: (id) => id !== identity.id && channel.after(id, () => run === this.#run && peers.know(id, session)?.expectOffer()),
      leave: (id) => gone(id, true),
      lost: (id) => gone(id, false),
      expire: (id) => gone(id, false),
      message: channel.receive,
      server: (data) => this.dispatchEvent(new BeckonEvent("server", { data })),
      away: (retryAt, why) => {
        this.#retryAt = retryAt;
        this.#error = why && new BeckonError(why.code, why.message);
        this.#become("away");
      },
      refused: ({ code, message }) => {
        if (code !== "id-taken" && code !== "superseded") return this.#end(new BeckonError(code, message));
        this.#stop();
        this.#start(true);
      },
    });
  }

  /** @param {string} src @param {import('./lib/sealed-channel.js').Reason} reason */
  #refuse(src, reason) {
    if (reason !== "stale") this.#peers.all.get(src)?.distrust(reason); // a stale frame may just be late
    this.dispatchEvent(new BeckonEvent("refused", { from: src, reason }));
  }

  /** @param {import('./lib/credentials.js').Ice} ice */
  #configure(ice) {
    // The relays' service does not answer: the credentials that we have are good for a while yet.
    if (ice.degraded && this.#ice.until > Date.now()) return;
    this.#ice = ice;
    for (const peer of this.#peers.all.values()) peer.configure();
  }

  #stop() {
    this.#run++;
    this.#signalling?.close();
    this.#signalling = null;
    this.#peers.leave();
    this.#identity?.release();
  }

  /** @param {BeckonError} error */
  #end(error) {
    if (this.#state === "closed") return;
    this.#over.abort();
    this.#stop();
    this.#peers.end(error);
    this.#error = error;
    this.#refused(error);
    this.#become("closed");
  }

  /** @param {RoomState} state */
  #become(state) {
    this.#state = state;
    this.dispatchEvent(new BeckonEvent("state", { room: this }));
  }
}
