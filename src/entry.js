// The deployed entry, straight on wasm-bindgen's output. A Rust panic aborts (panic=abort): the Wasm instance is then spent,
// and the promise of the call that panicked would never settle. So every call goes through `call`, which starts a fresh
// instance after a crash and rejects what the crash left waiting. Sockets, attachments and storage are the runtime's and stay.
// It leans on internals of the worker crate (`__worker_init_state`, `__wbg_reset_state`), which Cargo.toml pins.
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import * as wasm from "../build/index.js";

/**
 * Longer frames are cut to this, one more than anyone may send (MAX_FRAME_BYTES in src/limits.rs), before Rust has to make room for them; and
 * there they are refused.
 */
const TOO_LONG = 272 * 1024 + 1;

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

function call(run) {
  return new Promise((resolve, reject) => {
    waiting.add(reject);
    const done = (settle) => (value) => {
      waiting.delete(reject);
      settle(value);
    };
    try {
      revive();
      Promise.resolve(run()).then(done(resolve), done(reject));
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) crashed(error);
      done(reject)(error);
    }
  });
}

export default class extends WorkerEntrypoint {
  fetch(request) {
    return call(() => wasm.fetch(request, this.env, this.ctx));
  }
}

export class Room extends DurableObject {
  #rust;
  #instance;

  constructor(ctx, env) {
    super(ctx, env);
    revive();
    this.#fresh();
  }

  /** The Rust object, made anew after a crash. */
  #fresh() {
    if (this.#instance !== state.instanceId) {
      this.#rust = new wasm.Room(this.ctx, this.env);
      this.#instance = state.instanceId;
    }
    return this.#rust;
  }

  #call(run) {
    return call(() => run(this.#fresh()));
  }

  fetch(request) {
    return this.#call((room) => room.fetch(request));
  }

  alarm() {
    return this.#call((room) => room.alarm());
  }

  webSocketMessage(socket, message) {
    const fits = (message.length ?? message.byteLength) <= TOO_LONG;
    return this.#call((room) => room.webSocketMessage(socket, fits ? message : message.slice(0, TOO_LONG)));
  }

  webSocketClose(socket, code, reason, clean) {
    return this.#call((room) => room.webSocketClose(socket, code, reason, clean));
  }

  webSocketError(socket, error) {
    return this.#call((room) => room.webSocketError(socket, error));
  }
}
