// What cares for paths (path-care.js) comes while the first connection is made. Without it connections work all the same, and it is asked for again.
import { timeout } from "./deadline.js";

/** Between two tries, in ms. */
const AGAIN_MS = 3_000;
/** Seen from beckon.js, so that it is the same after the build. A browser may keep a module that has failed: every other try has an address that is new. */
const PATH_CARE = "./lib/path-care.js";

/** @typedef {typeof import('./path-care.js')} PathCare */
/** @typedef {() => Promise<PathCare>} Care pending as long as it has not come */

/**
 * @param {(again?: string) => Promise<PathCare>} load `again`: by this address, which is that of beckon.js
 * @param {() => boolean} isWanted whether it still is
 * @returns {Care}
 */
export function openCare(load, isWanted) {
  /** @type {Promise<PathCare> | undefined} */
  let coming;
  let tries = 0;

  /** @returns {Promise<PathCare>} */
  function come() {
    const address = tries % 2 ? `${PATH_CARE}?${tries}` : undefined;
    tries++;
    return load(address).catch(async () => {
      await new Promise((resolve) => (timeout(AGAIN_MS).onabort = resolve));
      if (isWanted()) return come();
      coming = undefined;
      return new Promise(() => {});
    });
  }
  return () => (coming ??= come());
}
