// What only some apps need of one peer: requests and their answers, and its presence. It is loaded when the first of them goes or comes.
import { openAsking } from "./asking.js";
import { openShowing } from "./showing.js";

/** @typedef {ReturnType<typeof extrasFor>} Extras */

/** @param {Parameters<typeof openAsking>[0] & Parameters<typeof openShowing>[0]} options */
export function extrasFor(options) {
  const { ask, take, met } = openAsking(options);
  const show = openShowing(options);
  return {
    ask,
    came: take,
    /** @param {Record<string, unknown>} more what a card says beside the name @param {string} epoch of the sender */
    heard(more, epoch) {
      met(epoch);
      show(more, epoch);
    },
  };
}
