// Runs beside a stock PeerJS client, in a page or in Node, and does what a test asks of it. Everything that a client reports
// goes into `log`, as text that a test can wait for. Uses the client's public API only.
(() => {
  const peers = new Map();
  const log = [];
  /** Who waits for a line, by what is done with each new one. */
  const readers = new Set();
  function note(line) {
    log.push(line);
    for (const read of readers) read(line);
  }

  const text = (data) => (data instanceof ArrayBuffer || ArrayBuffer.isView(data) ? `bytes:${data.byteLength}` : JSON.stringify(data));

  function watch(name, connection) {
    const { conns } = peers.get(name);
    conns.set(connection.peer, connection);
    connection.on("open", () => note(`${name}: connected to ${connection.peer} ${JSON.stringify([connection.label, connection.metadata ?? null])}`));
    connection.on("data", (data) => note(`${name}: ${connection.peer} says ${text(data)}`));
    connection.on("close", () => note(`${name}: ${connection.peer} closed`));
  }

  /** A stream without a camera: a canvas. */
  function stream() {
    const canvas = document.createElement("canvas");
    canvas.getContext("2d").fillRect(0, 0, 8, 8);
    return canvas.captureStream(5);
  }

  window.agent = {
    log,
    /** The first line that is this text, or fits this pattern ([source, flags]): resolves when there is one. */
    heard(what) {
      const pattern = typeof what === "string" ? null : new RegExp(what[0], what[1]);
      const fits = (line) => (pattern ? pattern.test(line) : line === what);
      return new Promise((done) => {
        const read = (line) => {
          if (!fits(line)) return;
          readers.delete(read);
          done(line);
        };
        const line = log.find(fits);
        if (line === undefined) readers.add(read);
        else done(line);
      });
    },
    /** Makes a client; resolves with the milliseconds until it was open, or `null` if it said something else first. */
    start(name, id, options) {
      const since = performance.now();
      const peer = id === null ? new Peer(options) : new Peer(id, options);
      peers.set(name, { peer, conns: new Map(), calls: new Map() });
      peer.on("open", (id) => note(`${name}: open as ${id}`));
      peer.on("connection", (connection) => watch(name, connection));
      peer.on("call", (call) => {
        note(`${name}: ${call.peer} calls ${JSON.stringify(call.metadata ?? null)}`);
        call.answer();
        call.on("stream", (stream) => note(`${name}: sees ${call.peer} (${stream.getVideoTracks().length} video)`));
      });
      peer.on("disconnected", () => note(`${name}: disconnected`));
      peer.on("close", () => note(`${name}: closed`));
      peer.on("error", (error) => note(`${name}: ${error.type}: ${error.message}`));
      return new Promise((done) => {
        peer.once("open", () => done(performance.now() - since));
        peer.once("error", () => done(null));
      });
    },
    id: (name) => peers.get(name).peer.id,
    /** Connects; resolves with the milliseconds until the channel was open. */
    connect(name, other, options) {
      const since = performance.now();
      const connection = peers.get(name).peer.connect(other, options);
      watch(name, connection);
      return new Promise((done) => connection.once("open", () => done(performance.now() - since)));
    },
    /** Connects without waiting. */
    dial(name, other) {
      watch(name, peers.get(name).peer.connect(other));
    },
    async send(name, other, data) {
      await peers.get(name).conns.get(other).send(data);
    },
    /** Sends `bytes` bytes of binary data. */
    async sendBytes(name, other, bytes) {
      await peers.get(name).conns.get(other).send(new Uint8Array(bytes).buffer);
    },
    call(name, other, metadata) {
      const call = peers.get(name).peer.call(other, stream(), { metadata });
      peers.get(name).calls.set(other, call);
    },
    /** The ids that the server lists; `null` if it refuses to. */
    list: (name) =>
      new Promise((done) => {
        const { peer } = peers.get(name);
        peer.once("error", () => done(null));
        peer.listAllPeers(done);
      }),
    disconnect: (name) => peers.get(name).peer.disconnect(),
    reconnect: (name) => peers.get(name).peer.reconnect(),
    destroy: (name) => peers.get(name).peer.destroy(),
  };
})();
