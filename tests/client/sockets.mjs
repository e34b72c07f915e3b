// Sockets without a server: the test says what comes, and when one opens and closes.

import { AsyncLocalStorage } from "node:async_hooks";

/**
 * A server of rooms in this process, until the test ends: who is there is told, and what one peer says to another is passed on.
 * @param {import('node:test').TestContext} t
 */
export function fakeServer(t) {
  /** By the room's key and the peer's id. @type {Map<string, Map<string, (frame: object) => void>>} */
  const rooms = new Map();
  class Socket {
    /** @type {Fake} */
    onmessage;
    /** @type {Fake} */
    onclose;
    #id;
    #room;
    constructor(url) {
      const { searchParams } = new URL(url);
      this.#id = searchParams.get("id");
      const key = searchParams.get("key");
      rooms.set(key, (this.#room = rooms.get(key) ?? new Map()));
      const within = AsyncLocalStorage.snapshot(); // what comes is heard as by who has made the socket
      const say = (frame) => setImmediate(() => within(() => this.onmessage({ data: JSON.stringify(frame) })));
      setImmediate(() => {
        say({ type: "OPEN", payload: { id: this.#id, peers: [...this.#room.keys()], iceServers: [] } });
        this.#tell({ type: "JOIN" });
        this.#room.set(this.#id, say);
      });
    }
    #tell(frame) {
      for (const [id, say] of this.#room) if (id !== this.#id) say({ ...frame, src: this.#id });
    }
    send(text) {
      const { dst, ...frame } = JSON.parse(text);
      this.#room.get(dst)?.({ ...frame, src: this.#id });
    }
    close() {
      if (this.#room.delete(this.#id)) this.#tell({ type: "LEAVE" });
    }
  }
  const real = globalThis.WebSocket;
  globalThis.WebSocket = /** @type {Fake} */ (Socket);
  t.after(() => (globalThis.WebSocket = real));
}

/**
 * From now on, and until the test ends, every WebSocket is one of these.
 * @param {import('node:test').TestContext} t
 */
export function fakeSockets(t) {
  const sockets = [];
  class FakeSocket {
    sent = [];
    closed = false;
    at = Date.now();
    /** @type {Fake} */
    onmessage;
    /** @type {Fake} */
    onclose;
    constructor(url) {
      this.url = String(url);
      sockets.push(this);
    }
    send(text) {
      this.sent.push(text);
    }
    close() {
      this.closed = true;
    }
    /** The server says something. */
    say(frame) {
      this.onmessage({ data: typeof frame === "string" ? frame : JSON.stringify(frame) });
    }
    welcome(peers = []) {
      const id = new URL(this.url).searchParams.get("id");
      this.say({ type: "OPEN", payload: { id, peers, iceServers: [] } });
    }
    /** The server, or whatever is between, closes it. */
    cut(code = 1006) {
      this.onclose({ code });
    }
  }
  const real = globalThis.WebSocket;
  globalThis.WebSocket = /** @type {Fake} */ (FakeSocket);
  t.after(() => (globalThis.WebSocket = real));
  return sockets;
}
