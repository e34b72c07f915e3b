// What goes in pieces, as soon as it waits: it is bounded, and its signal is listened to. So what sends it may come later. It comes with path-care.js.
import { HEADER, MAX_HELD_BYTES } from "./frame.js";

/** So many may wait for one peer: each keeps its Blob. */
const MAX_WAITING = 1_000;

/** Those that are known. @type {WeakSet<import('./delivery.js').Long>} */
const known = new WeakSet();

/**
 * Looks at those that are new, the earliest first.
 * @param {import('./delivery.js').Long[]} waiting whatever may not wait, or is aborted, is taken out
 * @param {typeof import('./events.js').BeckonError} BeckonError
 * @param {() => void} changed one was taken out later
 */
export function admit(waiting, BeckonError, changed) {
  let held = 0;
  let count = 0;
  for (const long of [...waiting]) {
    const bytes = long.data instanceof Blob ? 0 : long.data.length;
    const { signal } = long.how;
    const isTooMuch = held + bytes > MAX_HELD_BYTES + HEADER || count >= MAX_WAITING;
    if (!known.has(long)) {
      known.add(long);
      if (signal?.aborted) remove(waiting, long, reasonOf(signal));
      else if (isTooMuch) remove(waiting, long, new BeckonError("too-much", "Too much is waiting to arrive"));
      else if (signal) listen(waiting, long, signal, changed);
      if (!waiting.includes(long)) continue;
    }
    held += bytes;
    count++;
  }
}

/**
 * Until it is over, however it ends.
 * @param {import('./delivery.js').Long[]} waiting
 * @param {import('./delivery.js').Long} long
 * @param {AbortSignal} signal
 * @param {() => void} changed
 */
function listen(waiting, long, signal, changed) {
  const { done, failed } = long;
  const stop = () => {
    remove(waiting, long, reasonOf(signal));
    changed();
  };
  const over = () => signal.removeEventListener("abort", stop);
  long.done = () => (over(), done());
  long.failed = (why) => (over(), failed(why));
  signal.addEventListener("abort", stop);
}

/** @param {import('./delivery.js').Long[]} waiting @param {import('./delivery.js').Long} long @param {any} why */
function remove(waiting, long, why) {
  const place = waiting.indexOf(long);
  if (place >= 0) waiting.splice(place, 1);
  long.failed(why);
}

/** Why the app does not want it any more. Older browsers do not keep its reason. @param {AbortSignal} signal */
const reasonOf = (signal) => signal.reason ?? new DOMException("It was aborted", "AbortError");
