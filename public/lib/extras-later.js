// Loads what only some apps need of a peer (extras.js) when the first of it goes or comes. It comes with path-care.js.
import { timeout } from "./deadline.js";
import { openCare } from "./late.js";

/** A request waits so long for its answer if nobody says otherwise, in ms, and so long at most: browsers' timers know no longer times. */
const REQUEST_MS = 30_000;
const LONGEST_MS = 2 ** 31 - 1;
/** This many requests and answers of one peer may wait for the module that takes them. */
const MAX_EARLY = 64;

/** @param {Omit<Parameters<typeof import('./extras.js')['extrasFor']>[0], 'card'>} options */
export function extrasOf(options) {
  /** @type {Promise<import('./extras.js').Extras> | undefined} */
  let coming;
  /** What else its last card said, and of which page load that was. @type {[Record<string, unknown>?, string?]} */
  let card = [];
  let early = 0;
  const load = openCare(
    (again) => (again ? import(/* @vite-ignore */ /* webpackIgnore: true */ again) : import("./extras.js")), // bundlers know the latter
    () => options.room.state !== "closed",
    "./extras.js",
  );
  const needed = () => (coming ??= load().then(({ extrasFor }) => extrasFor({ ...options, card: () => card })));

  return {
    /** @param {any} data a frame of theirs, or, with the `epoch` of the sender, what a card says beside the name @param {string} [epoch] */
    came(data, epoch) {
      if (epoch !== undefined) {
        const more = data ?? {}; // an older page says nothing
        card = [more, epoch];
        if (coming || more.turn) needed().then((extras) => extras.heard(more, epoch));
      } else if (early < MAX_EARLY) {
        early++;
        needed().then((extras) => {
          early--;
          extras.came(data);
        });
      }
    },

    /** @param {Uint8Array<ArrayBuffer>} packed the value @param {import('./peer-handle.js').Asking} [how] */
    async ask(packed, { timeoutMs = REQUEST_MS, signal } = {}) {
      if (!(timeoutMs >= 0)) throw new TypeError("timeoutMs is a number of ms");
      const over = timeout(Math.min(timeoutMs, LONGEST_MS));
      const late = new Promise((_, reject) => (over.onabort = () => reject(new options.BeckonError("timeout", "No answer came in time"))));
      return Promise.race([late, needed().then((extras) => extras.ask(packed, over, signal))]);
    },
  };
}
