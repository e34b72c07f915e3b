// Modules that come late. What cares for paths (path-care.js) comes while the first connection is made, which does not wait for it. Each is asked for
// again until it comes.
import { timeout } from "./deadline.js";

/** Between two tries, in ms. */
const AGAIN_MS = 3_000;
/** Seen from beckon.js, so that it is the same after the build. */
const PATH_CARE = "./lib/path-care.js";

/** @typedef {typeof import('./path-care.js')} PathCare */
/** @typedef {() => Promise<PathCare>} Care pending as long as it has not come */

/**
 * Each call is a try. A browser may keep a module that has failed: every other try has an address that is new.
 * @template {object} Module
 * @param {(again?: string) => Promise<Module>} load `again`: by this address
 * @param {string} address as `load` knows it
 */
export function openLoader(load, address) {
  let tries = 0;
  return () => load(tries++ % 2 ? `${address}?${tries}` : undefined);
}

/**
 * @template {object} [Module=PathCare]
 * @param {(again?: string) => Promise<Module>} load as for {@link openLoader}
 * @param {() => unknown} isWanted whether it still is
 * @param {string} [address] as `load` knows it
 * @returns {() => Promise<Module>}
 */
export function openCare(load, isWanted, address = PATH_CARE) {
  /** @type {Promise<Module> | undefined} */
  let coming;
  const attempt = openLoader(load, address);
  /** @returns {Promise<Module>} */
  const come = () =>
    attempt().catch(async () => {
      await new Promise((resolve) => (timeout(AGAIN_MS).onabort = resolve));
      if (isWanted()) return come();
      coming = undefined;
      return new Promise(() => {});
    });
  return () => (coming ??= come());
}
