// Loads what goes and comes in pieces (transfers.js) when the first of it does. It comes with path-care.js.
import { openCare } from "./late.js";
import { admit } from "./waiting.js";

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
  const waiting = (state.outgoing ??= []);
  let early = 0;
  let hasLeft = false;
  return {
    /** @param {string} heard text about it, or nothing: then there is something to send @param {string} epoch of who has said it */
    async told(heard, epoch) {
      admit(waiting, port.BeckonError, () => state.transfers?.flush());
      if (heard && !state.transfers && ++early > MAX_EARLY) return;
      const { transfersWith } = await load();
      // Whoever has left meanwhile takes nothing. If they are back, that is another connection, which asks for itself.
      if (!hasLeft) (state.transfers ??= transfersWith(waiting)).attach(port, heard, epoch);
    },
    /** They have left. */
    stop: () => void (hasLeft = true),
  };
}
