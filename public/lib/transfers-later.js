// Loads what goes and comes in pieces (transfers.js) when the first of it does. It comes with path-care.js.
import { openCare } from "./late.js";

/** So many texts of one peer may wait for it. */
const MAX_EARLY = 64;

/**
 * @param {import('./delivery.js').DeliveryState} state
 * @param {import('./transfers.js').Port} port
 */
export function transfersFor(state, port) {
  const load = openCare(
    (again) => (again ? import(/* @vite-ignore */ /* webpackIgnore: true */ again) : import("./transfers.js")), // bundlers know the latter
    () => state.outgoing?.length || port.connection(),
    "./transfers.js",
  );
  let early = 0;
  /** @param {string} heard text about it, or nothing: then there is something to send @param {string} epoch of who has said it */
  return async (heard, epoch) => {
    if (heard && !state.transfers && ++early > MAX_EARLY) return;
    const { transfersWith } = await load();
    (state.transfers ??= transfersWith((state.outgoing ??= []))).attach(port, heard, epoch);
  };
}
