// Loads a module that few need. It comes with path-care.js.
import { timeout } from "./deadline.js";

/** Between two tries, in ms. */
const AGAIN_MS = 3_000;

/**
 * Until it has come. A browser may keep a module that has failed: every other try has an address that is new.
 * @template Module
 * @param {() => Promise<Module>} load bundlers know the address that is written there
 * @param {string} address the same, from here
 * @returns {Promise<Module>}
 */
export async function come(load, address) {
  for (let tries = 0; ; tries++) {
    const again = `${address}?${tries}`;
    try {
      return await (tries % 2 ? import(/* @vite-ignore */ /* webpackIgnore: true */ again) : load());
    } catch {
      await new Promise((resolve) => (timeout(AGAIN_MS).onabort = resolve));
    }
  }
}
