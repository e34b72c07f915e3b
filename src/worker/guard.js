// Calls into Rust, straight on wasm-bindgen's output. A Rust panic aborts (panic=abort): the Wasm instance is then spent,
// and the promise of the call that panicked would never settle. So every call starts a fresh instance after a crash, and a crash
// rejects what it left waiting. Sockets, attachments and storage are the runtime's and stay.
// It leans on internals of the worker crate (`__worker_init_state`, `__wbg_reset_state`), which Cargo.toml pins.
import * as wasm from "../../build/index.js";

const state = wasm.__worker_init_state(); // { criticalError, instanceId }: set by worker's panic hook and at its start
const waiting = new Set();

function crashed(error) {
  state.criticalError = true;
  for (const reject of waiting) reject(error);
  waiting.clear();
}
// Catches what traps in Rust's own microtasks. Errors of an instance that has crashed already are ignored.
addEventListener("error", ({ error }) => /previous WASM instance|Module terminated/.test(error?.message) || crashed(error));

/** The number of the instance that runs: another one after a crash. */
export function revive() {
  if (state.criticalError) {
    wasm.__wbg_reset_state();
    state.criticalError = false;
    state.instanceId++;
  }
  return state.instanceId;
}

/** What Rust threw (src/worker/platform.rs names it so); anything else was thrown through it, by a trap or by the platform, and nothing was put in order. */
export function guarded(call) {
  try {
    return call();
  } catch (error) {
    if (!isFault(error)) crashed(error);
    throw error;
  }
}

/** Calls Rust, which may have crashed before. */
export function ask(call) {
  revive();
  return guarded(call);
}

const isFault = (error) => error?.name === "Fault";

/** A promise that settles even if Rust crashes before it keeps it. */
export function watched(promise) {
  return new Promise((resolve, reject) => {
    waiting.add(reject);
    const settle = (how) => (value) => {
      waiting.delete(reject);
      how(value);
    };
    promise.then(settle(resolve), settle(reject));
  });
}

/** Something went wrong: a line of JSON in the log. */
export const report = (fault) => (error) => console.error(JSON.stringify({ fault, error: String(error) }));
