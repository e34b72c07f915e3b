// The deployed entry, straight on wasm-bindgen's output. A Rust panic aborts (panic=abort): the Wasm instance is then spent,
// and the promise of the call that panicked would never settle. So every call starts a fresh instance after a crash, and a crash
// rejects what it left waiting. Sockets, attachments and storage are the runtime's and stay.
// It leans on internals of the worker crate (`__worker_init_state`, `__wbg_reset_state`), which Cargo.toml pins.
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import * as wasm from "../build/index.js";

const state = wasm.__worker_init_state(); // { criticalError, instanceId }: set by worker's panic hook and at its start
const waiting = new Set();

function crashed(error) {
  state.criticalError = true;
  for (const reject of waiting) reject(error);
  waiting.clear();
}
addEventListener("error", ({ error }) => error instanceof WebAssembly.RuntimeError && crashed(error));

function revive() {
  if (!state.criticalError) return;
  wasm.__wbg_reset_state();
  state.criticalError = false;
  state.instanceId++;
}

/** What Rust threw, or was broken by. */
function thrown(error) {
  if (error instanceof WebAssembly.RuntimeError) crashed(error);
  return error;
}

function report(error) {
  console.error(JSON.stringify({ fault: "what another home's frames asked for was not done", error: String(error) }));
}

/** A promise that settles even if Rust crashes before it keeps it. */
function watched(promise) {
  return new Promise((resolve, reject) => {
    waiting.add(reject);
    promise.then(resolve, reject).finally(() => waiting.delete(reject));
  });
}

export default class extends WorkerEntrypoint {
  fetch(request) {
    revive();
    try {
      return watched(wasm.fetch(request, this.env));
    } catch (error) {
      throw thrown(error);
    }
  }
}

export class Room extends DurableObject {
  #rust;
  #instance;

  constructor(ctx, env) {
    super(ctx, env);
    this.#ready();
  }

  /** The Rust object, made anew after a crash. */
  #ready() {
    revive();
    if (this.#instance !== state.instanceId) {
      this.#rust = new wasm.Room(this.ctx, this.env);
      this.#instance = state.instanceId;
    }
    return this.#rust;
  }

  // Every frame comes this way: a call and no promise, unless Rust says that there is more to do, which takes longer.
  webSocketMessage(socket, message) {
    try {
      if (this.#ready().webSocketMessage(socket, message)) return watched(this.#rust.run());
    } catch (error) {
      throw thrown(error);
    }
  }

  webSocketClose(socket, code, reason) {
    return this.#take((room) => room.webSocketClose(socket, code, reason));
  }

  webSocketError(socket) {
    return this.#take((room) => room.webSocketError(socket));
  }

  /** What another home passes on. It is taken when this returns: what follows from it must not look like a failure to who passed it on. */
  take(frames) {
    try {
      if (this.#ready().take(frames)) this.ctx.waitUntil(watched(this.#rust.run()).catch(report));
    } catch (error) {
      throw thrown(error);
    }
  }

  alarm() {
    return this.#take((room) => room.alarm());
  }

  #take(event) {
    try {
      if (event(this.#ready())) return watched(this.#rust.run());
    } catch (error) {
      throw thrown(error);
    }
  }

  fetch(request) {
    try {
      return watched(this.#ready().fetch(request));
    } catch (error) {
      throw thrown(error);
    }
  }
}
