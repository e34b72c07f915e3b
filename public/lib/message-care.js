// What messages with one peer are given late: the measures of their path, the way through the server, and what goes in pieces. It comes with path-care.js.
import { readRelay } from "./parse.js";
import { watchPath } from "./path-watch.js";
import { transfersFor } from "./transfers-later.js";
import { viaServer } from "./via-server.js";

/**
 * @param {object} options
 * @param {import('./delivery.js').DeliveryState} options.state
 * @param {import('./transfers.js').Port} options.port
 * @param {() => Iterable<Uint8Array<ArrayBuffer>>} options.frames the frames that are not acknowledged, in order
 * @param {(message: import('./messaging.js').Carried, epoch?: string) => void} options.seal sends through the server
 * @param {import('./rate-limit.js').Limit} options.limit of the way through the server
 * @param {() => boolean} options.waiting whether something waits to be acknowledged
 * @param {() => void} options.silent the connection should have brought something by now
 * @param {boolean} options.polite
 * @param {(path: import('./path.js').Path, latency: number | null) => void} options.found
 * @param {() => boolean} options.may whether a better path may be looked for now
 * @param {() => void} options.restart of ICE
 */
export function careForMessages({ state, port, frames, seal, limit, ...search }) {
  /** By what protocol the other side reaches its relay, and what its path is, as it says. */
  const theirs = { relay: "", path: "" };
  const { monitor, hearing } = watchPath({ ...search, ...port, theirs });
  const byServer = viaServer(frames, state, seal, limit);
  const transfers = transfersFor(state, port);
  if (state.transfers || state.outgoing?.length) transfers.told("", "");
  return {
    ...byServer,
    hearing,
    /** They have left. */
    stop() {
      for (const part of [byServer.acks, hearing, transfers]) part.stop();
    },
    pause: monitor.pause,

    /** What went through the server may be lost. @param {import('./events.js').BeckonError | null} [never] why nothing goes another way, if nothing ever will */
    forget(never) {
      byServer.forget(never);
      port.flush?.();
    },

    /** There is a new connection. */
    reset() {
      theirs.relay = theirs.path = "";
      monitor.reset();
      byServer.works();
    },

    /** There is a path. */
    measure() {
      if (search.waiting()) hearing.start();
      monitor.measure();
    },

    /** Text that came, or nothing: then there is something to send. @param {string} text @param {string} [epoch] of the sender */
    told(text, epoch = "") {
      const relay = readRelay(text);
      if (!relay) return void transfers.told(text, epoch);
      Object.assign(theirs, relay);
      monitor.heard();
    },

    /** The server can be reached again. Messages that went through it because of a silence may be lost. */
    back() {
      if (!hearing.doubted) return;
      byServer.forget();
      search.silent();
    },
  };
}
