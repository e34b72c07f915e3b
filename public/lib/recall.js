// Who a tab was before a reload. One page at a time is: a duplicated tab remembers the same. It is loaded when a tab remembers somebody.
import { find, forget as forgetId, lockOf } from "./key-store.js";

/** How long a page waits for another to let go of the id, in ms. A duplicated tab waits in vain. */
const HANDOVER_MS = 400;
/** So long where the page was loaded again: the other is its predecessor, and a slow device takes its time to be rid of that. */
const RELOADED_MS = 3_000;
/** Between two looks, in ms. */
const LOOK_MS = 50;

/** How long this page waits, in ms. */
const patience = () => {
  const [{ type } = { type: "" }] = /** @type {{ type: string }[]} */ (/** @type {unknown} */ (globalThis.performance?.getEntriesByType?.("navigation") ?? []));
  return type === "reload" ? RELOADED_MS : HANDOVER_MS;
};

/** Whom a tab remembers. @param {string} text @returns {{ id: string, token: string, name: string } | null} */
function read(text) {
  try {
    const { id, token, name } = JSON.parse(text);
    return typeof id === "string" && typeof token === "string" ? { id, token, name } : null;
  } catch {
    return null;
  }
}

/** Another has the id. @param {string} text as the tab remembers it */
export async function forget(text) {
  await forgetId(read(text)?.id ?? "");
}

/**
 * Whom the tab remembers, if no other page has that id, and its key is still there.
 * @param {string} text as the tab remembers it
 * @param {(pair: CryptoKeyPair) => Promise<import('./keys.js').Mine>} take makes keys of a pair. It throws if that is none
 * @param {(id: string) => Promise<CryptoKeyPair | undefined>} look
 */
export async function recall(text, take, look = find) {
  const kept = read(text);
  const release = kept && (await hold(kept.id));
  if (!release) return null;
  try {
    const pair = await look(kept.id);
    const keys = pair && (await take(pair));
    if (pair && keys?.id === kept.id) return { ...kept, keys, pair, release };
  } catch {
    // What is kept there is no key of ours.
  }
  release();
  return null;
}

/**
 * Holds an id for this page alone.
 * @param {string} id
 * @returns {Promise<(() => void) | null>} how to let go of it; null when another page keeps it
 */
async function hold(id) {
  const locks = globalThis.navigator?.locks;
  if (!locks) return () => {};
  for (let left = patience(); left > 0; left -= LOOK_MS) {
    const release = await new Promise((/** @type {(release: (() => void) | null) => void} */ resolve) => {
      const keep = (/** @type {Lock | null} */ lock) => (lock ? new Promise((release) => resolve(() => release(undefined))) : resolve(null));
      locks.request(lockOf(id), { ifAvailable: true }, keep).catch(() => resolve(null));
    });
    if (release) return release;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return null;
}
