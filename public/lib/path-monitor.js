// Measures by what way a connection goes and how long that takes, tells the other side, because each of the two sees only its own half, and looks
// for a better way than one by a relay. It comes with path-care.js.
import { findPath } from "./path.js";
import { upgradePath } from "./path-upgrade.js";
import { openLimit } from "./rate-limit.js";

/** The path and its latency are measured this often, in ms, as long as somebody may be looking. */
const MEASURE_MS = 5_000;
/** The first time so long after it has opened, in ms: what has waited for the path goes first, and is read there. */
const FIRST_MS = 100;
/** They are measured this often because the other side has told of its own: at once, and a second in the long run. */
const MEASUREMENTS = /** @type {const} */ ([2, 1]);

/** @typedef {{ relay: string, path: string }} Told by what protocol the other side reaches its relay, and what its path is, as it says */

/**
 * @param {object} options
 * @param {() => import('./connection.js').Connection | null} options.connection the present one
 * @param {Told} options.theirs
 * @param {(control: object) => void} options.tell
 * @param {(path: import('./path.js').Path, latency: number | null) => void} options.found
 * @param {boolean} options.polite the other side looks for a better path
 * @param {() => boolean} options.may whether a better path may be looked for now
 * @param {() => void} options.restart of ICE
 */
export function monitorPath({ connection, theirs, tell, found, polite, may, restart }) {
  /** Our way, as we have told it. */
  let told = "";
  /** The path that was measured last. */
  let last = "";
  let trip = 0;
  /** @type {ReturnType<typeof upgradePath> | undefined} */
  let search;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const mayMeasure = openLimit(...MEASUREMENTS);

  async function read() {
    const present = connection();
    return present && findPath(present.pc, theirs.relay, theirs.path).catch(() => null);
  }

  /** @param {boolean} [asked] it is wanted now, even if nobody sees it @param {boolean} [asking] the other side is to measure as well, and to say if it has changed */
  async function measure(asked = false, asking = false) {
    clearTimeout(timer);
    timer = setTimeout(measure, MEASURE_MS);
    const present = connection();
    if (!present || (!asked && globalThis.document?.hidden)) return;
    const way = await read();
    if (!way || present !== connection()) return;
    const { relay, path, latency } = way;
    if (told !== (told = relay + path) || asking) tell({ type: "relay", protocol: relay, path });
    trip = latency ?? 0;
    found(path, latency);
    if (last !== (last = path)) seek();
  }

  function seek() {
    if (last.startsWith("turn")) search ??= upgradePath({ polite, path: read, ask: () => measure(true, true), may, restart });
    search?.start();
  }

  return {
    read,
    /** There is a path. */
    measure() {
      clearTimeout(timer);
      timer = setTimeout(measure, FIRST_MS);
    },
    /** The round trip, in ms. */
    get trip() {
      return trip;
    },

    /** The other side has told of its path. */
    heard() {
      if (mayMeasure()) measure(true); // or later, as ever
    },

    /** There is a new connection. */
    reset() {
      told = "";
    },

    /** There is no path to measure. */
    pause() {
      clearTimeout(timer);
      search?.stop();
      last = "";
    },
  };
}
