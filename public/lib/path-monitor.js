// Measures by what way a connection goes and how long that takes, and tells the other side: each of the two sees only its own half.
import { findPath } from "./path.js";
import { openLimit } from "./rate-limit.js";

/** The path and its latency are measured this often, in ms, as long as somebody may be looking. */
const MEASURE_MS = 5_000;
/** They are measured this often because the other side has told of its own: at once, and a second in the long run. */
const MEASUREMENTS = /** @type {const} */ ([2, 1]);

/**
 * @param {object} options
 * @param {() => import('./connection.js').Connection | null} options.connection the present one
 * @param {(control: object) => void} options.sendControl
 * @param {(path: import('./path.js').Path, latency: number | null) => void} options.onPath
 */
export function openPathMonitor({ connection, sendControl, onPath }) {
  /** By what protocol the other side reaches its relay, and what its path is, as it says. */
  let theirRelay = "";
  let theirPath = "";
  /** Our way, as we have told it. */
  let toldWay = "";
  let roundTrip = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const mayMeasure = openLimit(...MEASUREMENTS);

  async function read() {
    const present = connection();
    return present && findPath(present.pc, theirRelay, theirPath).catch(() => null);
  }

  /** @param {boolean} [asked] it is wanted now, even if nobody sees it @param {boolean} [asking] the other side is to measure as well, and to say if it has changed */
  async function measure(asked = false, asking = false) {
    clearTimeout(timer);
    timer = setTimeout(measure, MEASURE_MS);
    const present = connection();
    if (!present || (!asked && globalThis.document?.hidden)) return;
    const way = await read();
    if (!way || present !== connection()) return;
    const control = { type: "relay", protocol: way.relay, path: way.path };
    if (toldWay !== (toldWay = way.relay + way.path) || asking) sendControl(control);
    roundTrip = way.latency ?? 0;
    onPath(way.path, way.latency);
  }

  return {
    read,
    measure,
    /** In ms. */
    get roundTrip() {
      return roundTrip;
    },

    /** The other side tells of its path. @param {string} relay @param {string} path */
    heard(relay, path) {
      theirRelay = relay;
      theirPath = path;
      if (mayMeasure()) measure(true); // or later, as ever
    },

    /** There is a new connection. */
    reset() {
      theirRelay = theirPath = toldWay = "";
    },

    /** There is no path to measure. */
    pause() {
      clearTimeout(timer);
    },
  };
}
