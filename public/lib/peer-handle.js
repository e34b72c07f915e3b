// A peer as an app sees it: what it may read, what it may send, and the events. beckon.d.ts documents it.
import { BeckonError, BeckonEvent } from "./events.js";
import { cleanName, fingerprint, persona } from "./names.js";

/** @typedef {import('./frame.js').Sendable} Sendable */
/** @typedef {'connecting' | 'open' | 'reconnecting' | 'unreachable' | 'left'} PeerState */

/**
 * @typedef {object} Facts
 * @property {string} id
 * @property {string} name
 * @property {string} face
 * @property {number} hue
 * @property {PeerState} state
 * @property {import('./path.js').Path | null} path
 * @property {number | null} latency
 * @property {import('./events.js').BeckonError | null} error
 * @property {RTCPeerConnection | null} connection
 * @property {(data: Sendable, how?: { reliable?: boolean }) => Promise<void>} send
 */

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
   * @param {{ reliable?: boolean }} [how]
   */
  send(data, how) {
    return this.#facts.send(data, how);
  }
}

/**
 * @param {object} options
 * @param {string} options.id
 * @param {() => RTCPeerConnection | null} options.connection the present one
 * @param {(data: Sendable, reliable: boolean) => Promise<void>} options.send
 * @param {() => boolean} options.isThroughServer whether messages go through the server
 */
export function openPeerHandle({ id, connection, send, isThroughServer }) {
  /** Whether it has told its name. */
  let named = false;
  /** @type {Facts} */
  const facts = {
    id,
    ...persona(id),
    state: "connecting",
    path: null,
    latency: null,
    error: null,
    get connection() {
      return connection();
    },
    send(data, { reliable = true } = {}) {
      const receipt = facts.state === "left" ? Promise.reject(gone()) : send(data, reliable);
      receipt.catch(() => {}); // an app that does not look at the receipt need not handle its failure
      return receipt;
    },
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
