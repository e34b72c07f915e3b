// Loads what goes and comes in pieces (transfers.js) when the first of it does. It comes with path-care.js.
import { come } from "./late-module.js";

const load = () => come(() => import("./transfers.js"), "./transfers.js");

/**
 * @param {import('./delivery.js').DeliveryState} state
 * @param {import('./transfers.js').Port} port
 * @param {string} heard text about it, if there is any
 */
export async function transfersOf(state, port, heard) {
  state.transfers ??= load().then(({ transfersWith }) => transfersWith((state.outgoing ??= [])));
  (await state.transfers).attach(port, heard);
}
