// A peer as an app sees it: what it may read, what it may send, and the events. beckon.d.ts documents it.
import { timeout } from "./deadline.js";
import { BeckonError, BeckonEvent, mistrust } from "./events.js";
import { metadataOf, pack } from "./frame.js";
import { cleanName, fingerprint, persona } from "./names.js";

/** @typedef {import('./frame.js').Sendable} Sendable */
/** @typedef {{ reliable?: boolean } & import('./delivery.js').How} Sending */
/** @typedef {'connecting' | 'open' | 'reconnecting' | 'unreachable' | 'left'} PeerState */

/**
 * @typedef {object} Facts
 * @property {string} id
 * @property {string} name
 * @property {string} face
 * @property {number} hue
 * @property {import('./frame.js').Data} presence
 * @property {PeerState} state
 * @property {import('./path.js').Path | null} path
 * @property {number | null} latency
 * @property {import('./events.js').BeckonError | null} error
 * @property {RTCPeerConnection | null} connection
 * @property {(data: Sendable, how?: Sending) => Promise<void>} send
 * @property {(frame: Uint8Array<ArrayBuffer>, over: AbortSignal, signal?: AbortSignal) => Promise<any>} request is put in by peers.js; `over`: when it has
 *   taken too long, which is said here
 */
/** @typedef {{ signal?: AbortSignal, timeoutMs?: number }} Asking */

/** A request waits so long for its answer if nobody says otherwise, in ms, and so long at most: browsers' timers know no longer times. */
const REQUEST_MS = 30_000;
const LONGEST_MS = 2 ** 31 - 1;

export class Peer extends EventTarget {
  #facts;

  /** @param {Facts} facts */
  constructor(facts) {
    super();
    this.#facts = facts;
  }
  get id() {
    return this.#facts.id;
  }
  get fingerprint() {
    return fingerprint(this.id);
  }
  get name() {
    return this.#facts.name;
  }
  get face() {
    return this.#facts.face;
  }
  get hue() {
    return this.#facts.hue;
  }
  get presence() {
    return this.#facts.presence;
  }
  get state() {
    return this.#facts.state;
  }
  get path() {
    return this.#facts.path;
  }
  get latency() {
    return this.#facts.latency;
  }
  get error() {
    return this.#facts.error;
  }
  get connection() {
    return this.#facts.connection;
  }
  /**
   * @param {Sendable} data
   * @param {Sending} [how]
   */
  send(data, how) {
    return this.#facts.send(data, how);
  }
  /**
   * @param {Sendable} data
   * @param {Asking} [how]
   */
  request(data, { timeoutMs = REQUEST_MS, signal } = {}) {
    if (!(timeoutMs >= 0)) throw new TypeError("timeoutMs is a number of ms");
    const over = timeout(Math.min(timeoutMs, LONGEST_MS));
    const late = new Promise((_, reject) => (over.onabort = () => reject(new BeckonError("timeout", "No answer came in time"))));
    return receipt(Promise.race([late, this.#facts.request(pack(data, false, true), over, signal)]));
  }
}

/**
 * @param {object} options
 * @param {string} options.id
 * @param {() => RTCPeerConnection | null} options.connection the present one
 * @param {(frame: import('./frame.js').Packed, how?: Sending) => Promise<void>} options.send
 * @param {() => boolean} options.isThroughServer whether messages go through the server
 */
export function openPeerHandle({ id, connection, send, isThroughServer }) {
  /** Whether it has told its name. */
  let named = false;
  /** @type {Facts} */
  const facts = {
    id,
    ...persona(id),
    presence: null,
    state: "connecting",
    path: null,
    latency: null,
    error: null,
    get connection() {
      return connection();
    },
    send(data, wish) {
      const { frame, how } = prepared(data, wish); // it throws here and now
      return receipt(facts.state === "left" ? Promise.reject(gone()) : send(frame, how));
    },
    request: async () => {},
  };
  const gone = () => new BeckonError("left", `${facts.name} left before it arrived`);
  const handle = new Peer(facts);
  /** Tells the app that something has changed. @param {'name' | 'state' | 'path' | 'connection'} type */
  const fire = (type) => void handle.dispatchEvent(new BeckonEvent(type, { peer: handle }));

  return {
    handle,
    facts,
    fire,
    gone,

    /** @param {string} wish */
    setName(wish) {
      const name = cleanName(wish) || persona(id).name;
      if (named && facts.name === name) return;
      named = true;
      facts.name = name;
      fire("name");
    },

    /** Who was not to be trusted? @param {string} [reason] */
    blame(reason) {
      const error = mistrust(reason);
      // Anybody on the way can write another version on a frame: what is known to be worse stays.
      if ([error.code, "tampered"].includes(facts.error?.code ?? "")) return;
      facts.error = error;
      fire("state");
    },

    /** @param {PeerState} state */
    setState(state) {
      // Through the server, what is sent arrives too.
      if (facts.state === state || (isThroughServer() && (state === "reconnecting" || state === "unreachable"))) return;
      facts.state = state;
      fire("state");
    },

    /**
     * @param {import('./path.js').Path | null} path
     * @param {number | null} [latency]
     */
    setPath(path, latency = null) {
      if (facts.path === path && facts.latency === latency) return;
      facts.path = path;
      facts.latency = latency;
      fire("path");
    },
  };
}

/**
 * What is sent, and how. It throws if either is not what it should be.
 * @param {Sendable} data
 * @param {Sending} [wish]
 */
export function prepared(data, { reliable = true, metadata = null, signal, onProgress } = {}) {
  signal?.removeEventListener("abort", () => {}); // what is no signal has none
  return { frame: pack(data, !reliable), how: { reliable, signal, onProgress: onProgress?.bind(null), metadata: metadataOf(metadata) } };
}

/**
 * What an app gets. If it does not look, a failure is reported as one that nobody handles, unless somebody has just left: them, or this page itself.
 * @template T
 * @param {Promise<T>} promise
 */
export function receipt(promise) {
  const told = promise.catch((why) => {
    if (/^(left|closed)$/.test(why.code)) told.catch(() => {});
    throw why;
  });
  return told;
}
