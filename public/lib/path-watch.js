// What reads the statistics of a path (path-monitor.js) comes with the first connection. Until then, and without it, all else works.

/** Between two tries to load it, in ms. */
const AGAIN_MS = 3_000;

/** @typedef {typeof import('./path-monitor.js')} PathMonitor */
/** @typedef {(tries: number) => Promise<PathMonitor>} LoadMonitor by another address each time: a browser may keep a module that has failed */
/** @typedef {{ relay: string, path: string }} Told by what protocol the other side reaches its relay, and what its path is, as it says */

/**
 * @param {object} options
 * @param {LoadMonitor} options.load
 * @param {() => boolean} options.works whether there is a path
 * @param {Omit<Parameters<PathMonitor['monitorPath']>[0], 'theirs'>} options.how
 */
export function openPathWatch({ load, works, how }) {
  /** @type {Told} */
  const theirs = { relay: "", path: "" };
  /** @type {ReturnType<PathMonitor['monitorPath']> | undefined} */
  let monitor;
  let tries = 0;
  let loading = false;

  /** There is a path. */
  async function start() {
    if (monitor) return void monitor.measure();
    if (loading) return;
    loading = true;
    const module = await load(tries++).catch(() => null);
    loading = false;
    monitor = module?.monitorPath({ ...how, theirs });
    if (!works()) return; // the next one begins it again
    if (monitor) monitor.measure();
    else setTimeout(start, AGAIN_MS);
  }

  return {
    start,
    read: async () => monitor?.read(),
    /** The round trip, in ms; 0 as long as it is not known. */
    get trip() {
      return monitor?.trip ?? 0;
    },
    /** The other side tells of its path. @param {string} relay @param {string} path */
    heard(relay, path) {
      Object.assign(theirs, { relay, path });
      monitor?.heard();
    },
    /** There is a new connection. */
    reset() {
      theirs.relay = theirs.path = "";
      monitor?.reset();
    },
    pause: () => monitor?.pause(),
  };
}
