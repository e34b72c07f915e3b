// This page's identity in a room: a key and the id that comes from it, the token that the server knows it by, and a name. It is kept per tab: a reload
// is the same peer. One page holds it at a time: a duplicated tab, which inherits the tab's storage, becomes a second peer.
import { timeout } from "./deadline.js";
import { find, keep } from "./key-store.js";
import { takeKeys } from "./keys.js";
import { freshSecret } from "./seal.js";
import { cleanName, persona } from "./names.js";

/** How long a reloaded page waits for its predecessor to let go of the id, in ms. Only a duplicated tab waits in vain. */
const HANDOVER_MS = 400;

/**
 * @typedef {object} Identity
 * @property {string} id
 * @property {import('./keys.js').Mine} keys
 * @property {string} token 128 random bits, base64url
 * @property {string} name
 * @property {string} face
 * @property {number} hue
 * @property {(name: string) => void} rename
 * @property {() => void} release lets another page have the id
 */

/** What is remembered in the tab. @typedef {{ id: string, token: string, name: string, at: number }} Kept `at`: where its key is */

/**
 * @param {string} realmKey
 * @param {ReturnType<typeof import('./keys.js').makeKeys>} fresh for somebody new
 * @param {{ name?: string, asNew?: boolean }} wishes `asNew`: the remembered id is somebody else's, take a new one
 * @returns {Promise<Identity>}
 */
export async function takeIdentity(realmKey, fresh, { name, asNew }) {
  const place = `beckon ${realmKey}`;
  let kept = asNew ? null : recall(place);
  let held = kept && hold(kept.id);
  const release = async () => (await held)?.();
  const known = kept && (await held) && (await find(kept.at).catch(() => null));
  let { signer, exchange, keys } = await fresh;
  if (known) keys = await takeKeys((signer = known), exchange);
  const { id } = keys;
  if (kept?.id !== id) {
    release();
    kept = { id, token: freshSecret(), name: "", at: 0 };
    held = hold(id); // nobody waits for it: it is new, and nobody else can have it
  }
  const { token } = kept;
  const at = keep(signer);
  const identity = {
    ...persona(id),
    id,
    keys,
    token,
    /** @param {string} wish */
    rename(wish) {
      identity.name = cleanName(wish) || persona(id).name;
      remember(place, { id, token, name: identity.name, at });
    },
    release,
  };
  identity.rename(kept.name || (name ?? ""));
  return identity;
}

/**
 * @param {string} place
 * @returns {Kept | null}
 */
function recall(place) {
  try {
    const { id, token, name, at } = JSON.parse(globalThis.sessionStorage?.getItem(place) ?? "");
    return typeof id === "string" && typeof token === "string" ? { id, token, name, at } : null;
  } catch {
    return null;
  }
}

/**
 * @param {string} place
 * @param {Kept} kept
 */
function remember(place, kept) {
  try {
    globalThis.sessionStorage?.setItem(place, JSON.stringify(kept));
  } catch {
    // A browser that forbids storage: a reload will be somebody new.
  }
}

/**
 * Holds an id for this page alone.
 * @param {string} id
 * @returns {Promise<(() => void) | null>} how to let go of it; null when another page keeps it
 */
function hold(id) {
  const locks = globalThis.navigator?.locks;
  if (!locks) return Promise.resolve(() => {});
  return new Promise((resolve) => {
    const keep = () => new Promise((release) => resolve(() => release(undefined)));
    locks.request(`beckon ${id}`, { signal: timeout(HANDOVER_MS) }, keep).catch(() => resolve(null));
  });
}
