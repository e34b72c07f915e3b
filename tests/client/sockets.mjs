// Sockets without a server: the test says what comes, and when one opens and closes.

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
