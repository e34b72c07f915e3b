// Modules that are loaded when they are needed. One that does not come is asked for again.

/** Between two tries, in ms: a server that is away is not to be flooded when it is back. */
const AGAIN_MS = 2_000;
/** After this long, in ms, a person is told that something does not come. */
const LATE_MS = 1_500;

/**
 * @param {string} address absolute, or of this server
 * @param {() => void} [late] says that it does not come yet
 * @param {() => boolean} [isWanted] whether it still is
 * @returns {Promise<any>} the module; nothing when it is not wanted any more
 */
export async function lazy(address, late = () => {}, isWanted = () => true) {
  const timer = setTimeout(late, LATE_MS);
  for (let tries = 0; isWanted(); tries++) {
    try {
      // A browser may keep a module that has failed, as Firefox does. By another address it is another module.
      const module = await import(tries ? `${address}?${tries}` : address);
      clearTimeout(timer);
      return module;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}
