// Loads what only some apps need of a peer (extras.js) when the first of it goes or comes. It comes with path-care.js.
import { openCare } from "./late.js";

/** This many requests and answers of one peer may wait for the module that takes them: as many of both as it may have (asking.js). */
const MAX_EARLY = 128;
/** And so many bytes of them. */
const MAX_EARLY_BYTES = 8 * 1024 * 1024;

/** @param {Omit<Parameters<typeof import('./extras.js')['extrasFor']>[0], 'card'>} options */
export function extrasOf(options) {
  /** @type {Promise<import('./extras.js').Extras> | undefined} */
  let coming;
  /** What else its last card said, and of which page load that was. @type {[Record<string, unknown>?, string?]} */
  let card = [];
  const early = { count: 0, bytes: 0 };
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
      } else if (early.count < MAX_EARLY && early.bytes + data.length <= MAX_EARLY_BYTES) {
        early.count++;
        early.bytes += data.length;
        needed().then((extras) => {
          early.count--;
          early.bytes -= data.length;
          extras.came(data);
        });
      }
    },

    /** @param {Uint8Array<ArrayBuffer>} packed the value @param {AbortSignal} over @param {AbortSignal} [signal] */
    ask: (packed, over, signal) => needed().then((extras) => extras.ask(packed, over, signal)),
  };
}
