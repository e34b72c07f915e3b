// The Durable Object: calls Rust for each of its events, and then does what is left to do.
import { DurableObject } from "cloudflare:workers";
import * as wasm from "../../build/index.js";
import { digest } from "./digest.js";
import { FrameSender } from "./frame-sender.js";
import { guarded, report, revive, watched } from "./guard.js";
import { BITS, callHooks, hooksOf } from "./hooks.js";
import { givenWith } from "./host.js";
import { Journal } from "./journal.js";
import { keyOf } from "./objects.js";
import { MARK, overridden, tagsOf, textOf } from "./options.js";

export class Room extends DurableObject {
  #rust;
  #instance;
  #sender = new FrameSender();
  /** Its bindings, with the options of the Worker around it. */
  #env;
  #options = "";
  /** Whom its hooks were told of. @type {Journal | undefined} */
  #journal;
  /** Whether somebody may have come or gone whom no event told of. */
  #inDoubt = false;

  constructor(ctx, env) {
    super(ctx, env);
    this.#env = env;
    // After an eviction, a socket still knows the options.
    const [socket] = ctx.getWebSockets(MARK);
    if (socket) this.#adopt(textOf(ctx.getTags(socket)));
  }

  /** The Rust object, made with the first event, when a subclass has its fields too; and anew after a crash. */
  #ready() {
    const instance = revive();
    if (this.#instance !== instance) {
      const hooks = hooksOf(this, this.#env);
      if (hooks & BITS.onDisconnect) {
        // It woke without a socket, or it has crashed.
        this.#inDoubt ||= this.#journal ? this.#instance !== undefined : this.ctx.getWebSockets().length === 0;
        this.#journal ??= new Journal(this.ctx.storage);
      }
      this.#rust = new wasm.Room(this.ctx, this.#env, this.#sender, hooks);
      this.#instance = instance;
    }
    return this.#rust;
  }

  /** Takes options over: Rust reads them when it is made. */
  #adopt(options) {
    if (options === this.#options) return;
    this.#options = options;
    this.#env = overridden(this.env, options);
    this.#sender.tags = tagsOf(options);
    this.#instance = undefined;
  }

  /** The key of its realm. Where the platform does not name the object, Rust may remember the name. */
  #realm() {
    return keyOf(this.ctx.id.name ?? guarded(() => this.#ready().name()));
  }

  // Every frame comes this way: a call and no promise.
  webSocketMessage(socket, message) {
    this.#handle((room) => room.webSocketMessage(socket, message));
  }

  webSocketClose(socket, code, reason, clean) {
    this.#handle((room) => room.webSocketClose(socket, code, reason, clean));
  }

  webSocketError(socket) {
    this.#handle((room) => room.webSocketError(socket));
  }

  alarm() {
    this.#handle((room) => room.alarm());
  }

  /** What another home passes on. */
  takeParcel(...parcel) {
    this.#handle((room) => room.takeParcel(...parcel));
  }

  /** Who is here. */
  peers() {
    const realm = this.#realm();
    return JSON.parse(this.#handle((room) => room.peers())).map((peer) => ({ ...peer, realm }));
  }

  /** How many are here. */
  count() {
    return this.peers().length;
  }

  /** Closes a peer, and keeps its id and its token out for a while. Whether it was here. */
  kick(id, { reason = "", forSeconds = 0 } = {}) {
    if (!(forSeconds >= 0)) throw new TypeError("forSeconds is a number of seconds, and not less than 0");
    // Rust's number would begin at 0 again.
    const seconds = Math.min(Math.ceil(forSeconds), MOST_SECONDS);
    return this.#handle((room) => room.act(String(id), String(reason), seconds));
  }

  /** Says something to a member of a room. Whether it is here. */
  send(id, value) {
    const json = JSON.stringify(value);
    if (json === undefined || json.length > MOST_SENT) throw new TypeError(`What is sent is a value of JSON, of at most ${MOST_SENT} characters`);
    return this.#handle((room) => room.act(String(id), json));
  }

  /** Reads a request, waits for digests of what it shows, and opens its socket in one call. */
  async fetch(request) {
    const given = givenWith(request);
    if (given) this.#adopt(given.text ?? "");
    const reader = guarded(() => this.#ready());
    const arrival = guarded(() => reader.read(request));
    if (!arrival) return this.#answer(request, []);
    const digests = await Promise.all(guarded(() => arrival.shown()).map(digest));
    // What was read is gone if Rust has crashed meanwhile.
    const opened = this.#handle((room) => (room === reader ? room.open(arrival, given?.data, Boolean(given?.proven), ...digests) : undefined));
    return opened ?? this.#answer(request, digests, given);
  }

  /** Answers what must be waited for. */
  async #answer(request, digests, given) {
    try {
      return await guarded(() => watched(this.#ready().fetch(request, given?.data, Boolean(given?.proven), ...digests)));
    } finally {
      this.#handle(() => {});
    }
  }

  /** Lets something happen, and then runs what it has left to do. Its sender does not wait for that: it may take long, and is not theirs to try again. */
  #handle(event) {
    try {
      return guarded(() => {
        const room = this.#ready();
        const outcome = event(room);
        if (room.hasTasks()) this.ctx.waitUntil(watched(room.runTasks()).catch(report("what an event asked for was not done")));
        return outcome;
      });
    } finally {
      this.#tell();
    }
  }

  /** Calls the hooks. */
  #tell() {
    let told = this.#sender.takeTold();
    if (this.#journal) told = this.#journal.settle(told, this.#inDoubt ? this.#here() : undefined);
    if (told.length) callHooks(this, this.#env, told, this.#realm(), (promise) => this.ctx.waitUntil(promise));
  }

  /** Who is here, where that is in doubt; it is asked again with the next event if Rust cannot say it now. */
  #here() {
    try {
      const here = JSON.parse(guarded(() => this.#ready().peers()));
      this.#inDoubt = false;
      return here;
    } catch (error) {
      report("who is here cannot be told")(error);
    }
  }
}

/** The longest time for which somebody is asked to be kept out, in seconds: the largest number of 32 bits. Rust keeps nobody out for as long (src/limits.rs). */
const MOST_SECONDS = 2 ** 32 - 1;
/** The longest value for a member of a room, in characters of JSON: what fits into one of its frames. */
const MOST_SENT = 64 * 1024;
