// A peer's public face.

/** @typedef {import('./frame.js').Sendable} Sendable */

/** What the public sees of a member; beckon.d.ts documents it. */
export class Peer extends EventTarget {
  #inside;

  /** @param {{ id: string, name: string, face: string, hue: number, state: import('./peer.js').PeerState, path: import('./path.js').Path | null, latency: number | null,
   *   error: import('./events.js').BeckonError | null, connection: RTCPeerConnection | null, send(data: Sendable, how?: { reliable?: boolean }): Promise<void> }} inside */
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
  get face() {
    return this.#inside.face;
  }
  get hue() {
    return this.#inside.hue;
  }
  get state() {
    return this.#inside.state;
  }
  get path() {
    return this.#inside.path;
  }
  get latency() {
    return this.#inside.latency;
  }
  get error() {
    return this.#inside.error;
  }
  get connection() {
    return this.#inside.connection;
  }
  /**
   * @param {Sendable} data
   * @param {{ reliable?: boolean }} [how]
   */
  send(data, how) {
    return this.#inside.send(data, how);
  }
}
