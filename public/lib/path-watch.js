// What is known of a path: by what way it goes, how long that takes, and whether anything still comes by it. It comes with path-care.js.
import { monitorPath } from "./path-monitor.js";
import { watchSilence } from "./silence.js";

/**
 * @typedef {object} More
 * @property {() => boolean} waiting whether something waits to be acknowledged
 * @property {() => void} silent the connection should have brought something by now
 */

/** @param {Parameters<typeof monitorPath>[0] & More} options */
export function watchPath({ waiting, silent, ...path }) {
  const { connection } = path;
  const monitor = monitorPath(path);
  const silence = watchSilence({
    waiting,
    trip: () => monitor.trip,
    received: async () => (await monitor.read())?.received,
    probe: () => connection()?.probe(),
    silent,
  });
  return {
    monitor,
    hearing: silence,
  };
}
