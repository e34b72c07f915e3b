// The deployed entry, straight on wasm-bindgen's output. A Rust panic aborts (panic=abort): the Wasm instance is then spent,
// and the promise of the call that panicked would never settle. So every call starts a fresh instance after a crash, and a crash
// rejects what it left waiting. Sockets, attachments and storage are the runtime's and stay.
// It leans on internals of the worker crate (`__worker_init_state`, `__wbg_reset_state`), which Cargo.toml pins.
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import * as wasm from "../../build/index.js";
import { digest } from "./digest.js";
import { allows } from "./limiter.js";

const state = wasm.__worker_init_state(); // { criticalError, instanceId }: set by worker's panic hook and at its start
const waiting = new Set();

function crashed(error) {
  state.criticalError = true;
  for (const reject of waiting) reject(error);
  waiting.clear();
}
// Catches what traps in Rust's own microtasks. Errors of an instance that has crashed already are ignored.
addEventListener("error", ({ error }) => /previous WASM instance|Module terminated/.test(error?.message) || crashed(error));

function revive() {
  if (!state.criticalError) return;
  wasm.__wbg_reset_state();
  state.criticalError = false;
  state.instanceId++;
}

/** What Rust threw (src/worker/platform.rs names it so); anything else was thrown through it, by a trap or by the platform, and nothing was put in order. */
function guarded(call) {
  try {
    return call();
  } catch (error) {
    if (!isFault(error)) crashed(error);
    throw error;
  }
}

const isFault = (error) => error?.name === "Fault";

function report(error) {
  console.error(JSON.stringify({ fault: "what an event asked for was not done", error: String(error) }));
}

/** A promise that settles even if Rust crashes before it keeps it. */
function watched(promise) {
  return new Promise((resolve, reject) => {
    waiting.add(reject);
    const settle = (how) => (value) => {
      waiting.delete(reject);
      how(value);
    };
    promise.then(settle(resolve), settle(reject));
  });
}

export default class extends WorkerEntrypoint {
  fetch(request) {
    revive();
    return guarded(() => {
      const way = wasm.wayIn(request, this.env);
      return way === undefined ? watched(wasm.fetch(request, this.env)) : this.#handOver(request, way);
    });
  }

  /** Hands a socket to its home. */
  async #handOver(request, way) {
    const [network] = way.split("\n", 1);
    const home = way.slice(network.length + 1);
    try {
      if (network && this.env.JOIN_LIMIT && !(await allows(this.env, "JOIN_LIMIT", network))) return this.#turnAway(request);
      const response = await this.env.ROOM.getByName(home).fetch(request);
      if (response.status === 403) return this.#turnAway(request, await response.text());
      return response.status < 500 ? response : (this.#noAnswer(request) ?? response);
    } catch (error) {
      return this.#noAnswer(request, error);
    }
  }

  #turnAway(request, told) {
    revive();
    return guarded(() => wasm.turnAway(request, this.env, told));
  }

  #noAnswer(request, error) {
    revive();
    return guarded(() => wasm.noAnswer(request, this.env, error));
  }

  /** CONNECT: we are nobody's proxy. Without a handler the runtime answers 500 and logs an exception for each. */
  connect(socket) {
    return socket.close();
  }
}

/** Sends an object's frames in their order. It holds what is to be sent together, for Rust's memory may not last. */
class FrameSender {
  #held = [];
  #timer;

  send(socket, frame, atOnce) {
    if (atOnce && !this.#held.length) return deliver(socket, frame);
    this.#timer ??= scheduler.wait(0).then(this.#due, this.#due);
    this.#held.push([socket, frame]);
  }

  #due = () => {
    this.#timer = undefined;
    this.flush();
  };

  flush() {
    if (this.#held.length) for (const [socket, frame] of this.#held.splice(0)) deliver(socket, frame);
  }
}

function deliver(socket, frame) {
  try {
    socket.send(frame);
  } catch {
    // It is about to be reported closed: no fault of ours.
  }
}

export class Room extends DurableObject {
  #rust;
  #instance;
  #sender = new FrameSender();

  constructor(ctx, env) {
    super(ctx, env);
    guarded(() => this.#ready());
  }

  /** The Rust object, made anew after a crash. */
  #ready() {
    revive();
    if (this.#instance !== state.instanceId) {
      this.#rust = new wasm.Room(this.ctx, this.env, this.#sender);
      this.#instance = state.instanceId;
    }
    return this.#rust;
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

  /** Reads a request, waits for digests of what it shows, and opens its socket in one call. */
  async fetch(request) {
    const reader = guarded(() => this.#ready());
    const arrival = guarded(() => reader.read(request));
    if (!arrival) return this.#answer(request);
    const digests = await Promise.all(guarded(() => arrival.shown()).map(digest));
    // What was read is gone if Rust has crashed meanwhile.
    const opened = this.#handle((room) => (room === reader ? room.open(arrival, ...digests) : undefined));
    return opened ?? this.#answer(request, ...digests);
  }

  /** Answers what must be waited for. */
  async #answer(request, ...digests) {
    try {
      return await guarded(() => watched(this.#ready().fetch(request, ...digests)));
    } finally {
      this.#handle(() => {});
    }
  }

  /** Lets something happen, and then runs what it has left to do. Its sender does not wait for that: it may take long, and is not theirs to try again. */
  #handle(event) {
    return guarded(() => {
      const room = this.#ready();
      const outcome = event(room);
      if (room.hasTasks()) this.ctx.waitUntil(watched(room.runTasks()).catch(report));
      return outcome;
    });
  }
}
