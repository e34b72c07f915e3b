// Modules that are loaded when they are needed. One that does not come is asked for again.

/** Between two tries, in ms: a server that is away is not to be flooded when it is back. */
const AGAIN_MS = 2_000;
/** After this long, in ms, a person is told that something does not come. */
const LATE_MS = 1_500;

/**
 * @param {string} address absolute, or of this server
 * @param {object} [how]
 * @param {() => void} [how.late] says that it does not come yet
 * @param {() => boolean} [how.isWanted] whether it still is
 * @param {(tries: number) => number} [how.pause] after so many tries, in ms
 * @returns {Promise<any>} the module; nothing when it is not wanted any more
 */
export async function lazy(address, { late = () => {}, isWanted = () => true, pause = () => AGAIN_MS } = {}) {
  const timer = setTimeout(late, LATE_MS);
  for (let tries = 0; isWanted(); tries++) {
    try {
      // A browser may keep a module that has failed, as Firefox does. By another address it is another module.
      const module = await import(tries ? `${address}?${tries}` : address);
      clearTimeout(timer);
      return module;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, pause(tries)));
    }
  }
}
