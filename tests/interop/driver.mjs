import http from "node:http";
import WebSocket from "ws";
import { homeOf } from "../bench/homes.js";
import { EXPIRE_MS } from "./rule.mjs";

/** How long a frame that has to come may take. It is never waited for to its end: what does not come is no observation. */
const PATIENCE_MS = 60_000;

/** Of how many objects Beckon is made at most, in the modes that there are. */
const MOST_HOMES = 8;

/** How long Chromium waits for a server to end the connection after both have said close, before it ends it itself. */
const LINGER_MS = 2_000;
/** For whoever wants to know who ends it, on a machine that stands still for a while. (workerd ends what it has left to its client after 10 s.) */
export const PATIENT_CLIENT = { linger: 8_000 };

/** How often somebody dials for what is being given up, 50 ms apart. */
const TAKEOVER_TRIES = 20;

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** The upgrade was answered with a plain HTTP response. */
export class NotUpgraded extends Error {
  constructor(answer) {
    super(`not upgraded: ${answer.status} ${answer.body}`);
    this.answer = answer;
  }
}

/** What is first heard at a path, or the status that refuses the upgrade. @param {string} path */
export const socketAt =
  (path) =>
  async ({ open, query }) => {
    try {
      const socket = await open(query("alice"), { path });
      return { first: await socket.next() };
    } catch (refusal) {
      if (refusal instanceof NotUpgraded) return { status: refusal.answer.status };
      throw refusal;
    }
  };

/** The machine took so long that what was to be seen is over: that says nothing about the server, and is looked at again. */
export class TooSlow extends Error {}

let runs = 0;
let reads = 0;
/** How long an answer to a ping may take, in ms: after that, nobody reads any more. */
const READ_MS = 5_000;
/** What the payload of such a mark begins with. */
const HANDLED_MARK = "handled ";
const HANDLED = `"payload":"${HANDLED_MARK}`;

/**
 * One client's view of one server during one run of one rule. All names a rule uses for peers are made unique to the run, so that
 * rules share a server without meeting; `observe` takes that mark out again.
 */
export class Driver {
  #url;
  #before;
  #sockets = [];
  #tag;
  #witnesses = 0;
  #others = 0;
  /** Ids with a number that is another one in each run: [id, what to call it]. @type {[string, string][]} */
  #aliases = [];

  /**
   * @param {object} server
   * @param {URL} server.url
   * @param {import("./rule.mjs").Options} server.options
   * @param {boolean} [server.ownKey]  whether the run has a key, and so a realm and an object, of its own, where any key is let in
   * @param {() => Promise<void>} [before]  called before every action but the first
   */
  constructor({ url, options, ownKey = false }, before = async () => {}) {
    this.#url = url;
    this.options = options;
    this.base = `${options.outer ?? ""}${options.base ?? ""}/`;
    const run = ++runs;
    this.#tag = `q${(run + 0x1000).toString(16)}z`;
    /** The key to dial with. */
    this.key = options.key ?? (ownKey ? `key-${run}` : "peerjs");
    /** A number no other run uses. */
    this.number = 730_000_000 + run;
    let first = true;
    this.#before = async () => {
      if (first) first = false;
      else {
        // What evicts does not wait, as the platform does, for an event to end, nor for frames that are still on their way in.
        if (ownKey) await Promise.all(this.#sockets.map((socket) => socket.handled()));
        await before();
      }
    };
    for (const method of ["id", "at", "query", "http", "open", "join", "dial", "takeover", "upgrade", "expired", "inTime", "arrived"])
      this[method] = this[method].bind(this);
  }

  /** A name of this run's own. */
  id(name) {
    return this.#tag + name;
  }

  /** A path below the base path. */
  at(path = "") {
    return this.base + path;
  }

  /**
   * One HTTP request, its path sent as it is written.
   * @returns {Promise<{status: number, headers: Record<string, string>, body: string}>}
   */
  async http(method, path, headers = {}) {
    await this.#before();
    return request(this.#url, method, path, headers);
  }

  /** An upgrade request made by hand; answers the response, 101 included, and hangs up. */
  async upgrade(path, { method = "GET", headers = {} } = {}) {
    await this.#before();
    const handshake = {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    };
    return request(this.#url, method, path, { ...handshake, ...headers });
  }

  /** The query a stock client would send. */
  query(name, token = "secret") {
    return `key=${this.key}&id=${this.id(name)}&token=${token}&version=1.5.5`;
  }

  /**
   * Opens a socket on the signalling path with exactly this query, without waiting for any frame.
   * @returns {Promise<Socket>}
   */
  async open(query, { path = this.at("peerjs"), headers = {}, linger = LINGER_MS } = {}) {
    await this.#before();
    const target = path + (query === undefined ? "" : `?${query}`);
    const socket = new Socket(new URL(this.#url.href.replace(/^http/, "ws")), target, headers, linger, this.#before);
    this.#sockets.push(socket);
    await socket.upgraded;
    return socket;
  }

  /** Opens a socket as the stock client does. */
  async dial(name, token, how = {}) {
    const socket = await this.open(this.query(name, token), how);
    socket.id = this.id(name);
    return socket;
  }

  /** Dials and waits until the id is ours. */
  async join(name, token, how = {}) {
    const socket = await this.dial(name, token, how);
    const frame = await socket.next();
    if (frame !== '{"type":"OPEN"}') throw new Error(`${name} wanted OPEN, got ${frame}`);
    return socket;
  }

  /** Takes an id, or a place, that is being given up: dials until it is let in, for a second or so. Answers the last try. */
  async takeover(name, token) {
    for (let tries = 0; ; tries++) {
      const socket = await this.dial(name, token);
      const frame = await socket.next();
      if (frame === '{"type":"OPEN"}' || tries === TAKEOVER_TRIES) return { socket, frame };
      await sleep(50);
    }
  }

  /**
   * The frames that a socket has not taken, and all those that come of what waits now. A witness sends last, to somebody who is absent:
   * messages expire in the order in which they began to wait, so when it is told, so is everybody else. Where several objects share the peers, somebody
   * is absent from each; and the witness has the socket's own, so that both hear in the same order.
   */
  async expired(socket) {
    const number = ++this.#witnesses;
    const witness = await this.#joinAt(homeOf(socket.id ?? "", MOST_HOMES), `witness ${number}`);
    const absent = Array.from({ length: MOST_HOMES }, (_, home) => this.id(this.#nameAt(home, "absent")));
    await witness.send(...absent.map((dst) => JSON.stringify({ type: "OFFER", payload: "", dst })));
    await witness.some(MOST_HOMES);
    if (socket.end) return socket.rest();
    const mark = `mark ${number}`;
    await socket.send(JSON.stringify({ type: "CANDIDATE", payload: mark, dst: socket.id }));
    return socket.until(JSON.stringify({ type: "CANDIDATE", src: socket.id, dst: socket.id, payload: mark }));
  }

  /**
   * Waits until all that `sender` has sent to an absent peer has reached that peer's home, where several objects share the peers: a witness with the
   * same home gets a mark that is sent last. (A mark to the sender's own id may come back from another home before that.)
   * @param {string} name
   * @param {Socket} sender
   */
  async arrived(name, sender) {
    const witness = await this.#joinAt(homeOf(this.id(name), MOST_HOMES), `near ${name}`);
    await sender.send(JSON.stringify({ type: "CANDIDATE", payload: "mark", dst: witness.id }));
    await witness.next();
  }

  /** A name with a given home, of MOST_HOMES, that nobody has had; and what the log calls it. @param {number} home @param {string} alias */
  #nameAt(home, alias) {
    for (;;) {
      const name = `other${++this.#others}`;
      if (homeOf(this.id(name), MOST_HOMES) !== home) continue;
      this.#aliases.push([this.id(name), alias]);
      return name;
    }
  }

  /** @param {number} home @param {string} alias */
  #joinAt(home, alias) {
    return this.join(this.#nameAt(home, alias));
  }

  /** How long a message for an absent peer waits, in ms: longer if the machine was too slow for the rule. */
  get expire() {
    return this.options.expire ?? EXPIRE_MS;
  }

  /** That what has been done by now was done before what waits since a moment has expired, as the rule needs it to be. */
  inTime(since) {
    if (Date.now() - since >= this.expire) throw new TooSlow(`it took ${Date.now() - since} ms, and had to take less than ${this.expire}`);
  }

  /** The observation without the marks of this run. */
  observe(value) {
    const text = JSON.stringify(value ?? null)
      .replaceAll(this.#tag, "")
      .replaceAll(String(this.number), "<number>");
    return JSON.parse(text);
  }

  /**
   * What listeners were told of this run's peers, without its marks, and without what was sent to see that all is handled.
   * @param {Map<string, import("./told.mjs").Told[]>} log  of the whole server, by id
   * @returns {import("./told.mjs").Told[]}
   */
  told(log) {
    const ours = [...log].flatMap(([id, all]) => ([this.#tag, String(this.number)].some((mark) => id.includes(mark)) ? all : []));
    let text = JSON.stringify(ours.filter(({ payload }) => !payload?.startsWith(`"${HANDLED_MARK}`)));
    text = text.replaceAll(String(this.number), "730000000"); // which may stand for itself, and not in a text
    text = text.replaceAll(/\bmark \d+/g, "mark"); // of several that wait at once, any is the first
    for (const [id, alias] of this.#aliases) text = text.replaceAll(JSON.stringify(id), JSON.stringify(alias));
    return this.observe(JSON.parse(text));
  }

  /** Hangs up on everything that is still open. */
  async leave() {
    await Promise.all(this.#sockets.map((socket) => socket.hangUp()));
  }
}

function request(url, method, path, headers) {
  return new Promise((done, failed) => {
    const request = http.request({
      host: url.hostname,
      port: url.port,
      method,
      path,
      headers: { host: url.host, ...headers },
      agent: false,
      timeout: PATIENCE_MS,
    });
    const answer = (response, body) => done({ status: response.statusCode, headers: response.headers, body });
    request.on("response", (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => answer(response, Buffer.concat(chunks).toString()));
      response.on("error", failed);
    });
    request.on("upgrade", (response, socket) => {
      socket.on("error", () => {});
      socket.destroy();
      answer(response, "");
    });
    request.on("timeout", () => request.destroy(new Error(`no answer to ${method} ${path}`)));
    request.on("error", failed);
    request.end();
  });
}

/** A WebSocket whose frames are kept as exact text and taken one by one. */
export class Socket {
  /** Everything that has arrived, in order. @type {string[]} */
  frames = [];
  /** The id that it has asked for, if there is one. @type {string | undefined} */
  id;
  /** @type {Promise<{code: number, reason: string}>} */
  closed;
  #ws;
  #before;
  #taken = 0;
  /** Whether bytes of the test's own were sent: a ping might fall into them. */
  #raw = false;
  #arrivals = [];
  #news = () => {};
  /** Whether something was sent, or the socket opened, of which nobody knows yet that the server has handled it. */
  #pending = true;
  #handled = () => {};
  /** @type {Promise<void> | undefined} */
  #asked;

  constructor(origin, target, headers, linger, before) {
    this.#before = before;
    // ws parses and normalises the address it is given; the request line must be ours to the byte.
    this.#ws = new WebSocket(origin, {
      headers,
      perMessageDeflate: false,
      handshakeTimeout: PATIENCE_MS,
      maxPayload: 1 << 26,
      finishRequest: (request) => {
        request.path = target;
        request.end();
      },
    });
    this.upgraded = new Promise((done, failed) => {
      this.#ws.on("open", done);
      this.#ws.on("error", failed);
      this.#ws.on("unexpected-response", (_, response) => {
        let body = "";
        response.on("data", (chunk) => (body += chunk));
        response.on("end", () => failed(new NotUpgraded({ status: response.statusCode, headers: response.headers, body })));
      });
    });
    this.#ws.on("message", (/** @type {Buffer} */ data, binary) => {
      if (!binary && data.includes(HANDLED)) return this.#handled();
      this.#arrivals.push(Date.now());
      this.frames.push(binary ? `binary ${data.toString("hex")}` : data.toString());
      this.#news();
    });
    let lingering;
    this.closed = new Promise((/** @type {(end: { code: number, reason: string }) => void} */ done) => {
      this.#ws.on("close", (code, reason) => {
        clearTimeout(lingering);
        this.end = { code, reason: reason.toString() };
        done(this.end);
        this.#news();
      });
    });
    this.#ws.on("open", () => {
      // ws tells its user of a close frame only once the connection has ended, and gives that half a minute; browsers do not.
      // @ts-expect-error It is not in ws's types, for it is none of its API.
      this.#ws._receiver.on("conclude", () => {
        lingering = setTimeout(() => {
          this.leftOpen = true;
          this.#ws.terminate();
        }, linger);
      });
    });
  }

  /** The next frame; a frame that does not come is an error, not an observation. */
  async next(ms = PATIENCE_MS) {
    await this.#before();
    return this.#next(Date.now() + ms, ms);
  }

  /** The next `count` frames. */
  async some(count, ms = PATIENCE_MS) {
    await this.#before();
    const frames = [];
    const deadline = Date.now() + ms;
    while (frames.length < count) frames.push(await this.#next(deadline, ms));
    return frames;
  }

  async #next(deadline, ms) {
    while (this.#taken === this.frames.length) {
      if (this.end) throw new Error(`no frame: closed with ${this.end.code} ${this.end.reason}; had ${JSON.stringify(this.frames).slice(0, 500)}`);
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`no frame within ${ms} ms; had ${JSON.stringify(this.frames).slice(0, 500)}`);
      let timer;
      await new Promise((news) => {
        this.#news = news;
        timer = setTimeout(news, left);
      });
      clearTimeout(timer);
    }
    return this.frames[this.#taken++];
  }

  /** All frames of the next `ms`, together with those not yet taken. */
  async during(ms) {
    await this.#before();
    await sleep(ms);
    return this.rest();
  }

  /** When the last frame that reads so arrived. @param {string} frame */
  arrivedAt(frame) {
    return this.#arrivals[this.frames.lastIndexOf(frame)];
  }

  /** How many frames have come and are not yet taken. */
  get untaken() {
    return this.frames.length - this.#taken;
  }

  /** The frames not yet taken, without waiting. */
  rest() {
    const frames = this.frames.slice(this.#taken);
    this.#taken = this.frames.length;
    return frames;
  }

  /** All frames that come before this one, which has to come. */
  async until(last) {
    await this.#before();
    const frames = [];
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const frame = await this.#next(deadline, PATIENCE_MS);
      if (frame === last) return frames;
      frames.push(frame);
    }
  }

  /** Sends each as a frame of its own: text as text, bytes as a binary frame. One action, however many. */
  async send(...messages) {
    await this.#before();
    this.#pending = true;
    for (const message of messages) this.#ws.send(message);
  }

  /** Sends one text frame with these bytes, UTF-8 or not. */
  async sendAsText(bytes) {
    await this.#before();
    this.#pending = true;
    this.#ws.send(bytes, { binary: false });
  }

  /** Sends one text message in several frames. */
  async sendInParts(...parts) {
    await this.#before();
    this.#pending = true;
    parts.forEach((part, index) => this.#ws.send(part, { fin: index === parts.length - 1, binary: false }));
  }

  /**
   * Waits until the server has read what was sent: a protocol ping has been answered, or the connection has ended. A server that has
   * closed its side reads no more, and answers no ping.
   */
  async read() {
    if (this.#raw || this.#ws.readyState !== WebSocket.OPEN) return;
    const name = `read ${++reads}`;
    await new Promise((done) => {
      const take = (data) => data.toString() === name && end();
      const timer = setTimeout(() => end(), READ_MS);
      const end = () => (clearTimeout(timer), this.#ws.off("pong", take), done());
      this.#ws.on("pong", take);
      this.closed.then(end);
      this.#ws.ping(name);
    });
  }

  /**
   * Waits until Beckon has handled what was sent, and has nothing more to do for it: a message to oneself has come back, or the connection
   * has ended. Who has no id sees the first frame instead, or the end. What evicts amid an event loses it, so this gives up as late as
   * everything else, and loudly.
   */
  async handled() {
    if (this.#pending && !this.#raw && this.#ws.readyState === WebSocket.OPEN) {
      this.#pending = false;
      this.#asked = Promise.resolve(this.#asked).then(() => this.#ask());
    }
    await this.#asked; // of who asks while another does, too
  }

  async #ask() {
    let timer;
    const answered = new Promise((done, failed) => {
      timer = setTimeout(() => failed(new Error(`${this.id ?? "a socket"} was not answered within ${PATIENCE_MS} ms`)), PATIENCE_MS);
      this.#handled = done;
      if (!this.id) return this.frames.length ? done() : this.#ws.once("message", done);
      // A query spells ids with escapes, a frame does not.
      this.#ws.send(JSON.stringify({ type: "CANDIDATE", payload: `${HANDLED_MARK}${++reads}`, dst: decodeURIComponent(this.id) }));
    });
    await Promise.race([answered, this.closed]);
    clearTimeout(timer);
  }

  /** Puts bytes on the connection below the WebSocket layer. */
  async write(bytes) {
    await this.#before();
    this.#raw = true;
    // @ts-expect-error It is not in ws's types, for it is none of its API.
    this.#ws._socket.write(bytes);
  }

  /** A protocol ping; answers the pong's body. */
  async ping(body) {
    await this.#before();
    return new Promise((done, failed) => {
      const timer = setTimeout(() => failed(new Error("no pong")), PATIENCE_MS);
      this.#ws.once("pong", (data) => {
        clearTimeout(timer);
        done(data.toString());
      });
      this.#ws.ping(body);
    });
  }

  /** Closes and waits until the other side has agreed. */
  async close(code, reason) {
    await this.#before();
    this.#ws.close(code, reason);
    return this.#ended(PATIENCE_MS);
  }

  /** Breaks the connection without a close frame. */
  async drop() {
    await this.#before();
    this.#ws.terminate();
    return this.closed;
  }

  /** Waits for the other side to close; answers what came before, and how it closed. */
  async ended(ms = PATIENCE_MS) {
    await this.#before();
    const { code, reason } = await this.#ended(ms);
    return { frames: this.rest(), code, reason };
  }

  async #ended(ms) {
    let timer;
    const late = new Promise((_, failed) => {
      timer = setTimeout(() => failed(new Error(`not closed within ${ms} ms; had ${JSON.stringify(this.frames).slice(0, 500)}`)), ms);
    });
    try {
      return await Promise.race([this.closed, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Whether the server, having closed, left it to us to end the connection. */
  leftOpen = false;

  /** "open", or how it was closed. */
  get state() {
    return this.end ?? "open";
  }

  /** End of the rule: whatever the server thinks of it. */
  async hangUp() {
    if (this.end) return;
    this.#ws.on("error", () => {});
    this.#ws.close();
    const timer = setTimeout(() => this.#ws.terminate(), 300);
    await this.closed;
    clearTimeout(timer);
  }
}
