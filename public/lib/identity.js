// This page's identity in a room: a key and the id that comes from it, the token that the server knows it by, and a name. It is kept per tab: a reload
// is the same peer. One page holds it at a time: a duplicated tab, which inherits the tab's storage, becomes a second peer.
import { backoff } from "./backoff.js";
import { takeKeys } from "./keys.js";
import { cleanName, persona } from "./names.js";
import { tried } from "./parse.js";
import { freshSecret } from "./seal.js";

/** How long until somebody whose id was taken comes as somebody new, in ms: a server that always says so is not asked a hundred times a second. */
const AS_NEW_MS = [0, 500, 2_000, 8_000, 30_000];

/** @param {number} times how often that has been @returns {Promise<void>} */
export const beforeNew = (times) => new Promise((resolve) => setTimeout(resolve, backoff(AS_NEW_MS, times)));

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

/** Loads what keeps keys, and what finds them again. @typedef {{ keeping: () => Promise<typeof import('./key-store.js')>, past: () => Promise<typeof import('./recall.js')> }} Store */

/**
 * @param {string} realmKey
 * @param {ReturnType<typeof import('./keys.js').makeKeys>} made for somebody new
 * @param {Store} store
 * @param {{ name?: string }} wishes read at the end: somebody may have said a name meanwhile
 * @param {boolean} [asNew] the remembered id is somebody else's, take a new one
 * @returns {Promise<Identity>}
 */
export async function takeIdentity(realmKey, made, store, wishes, asNew) {
  const place = `beckon ${realmKey}`;
  const text = tried(() => globalThis.sessionStorage?.getItem(place)); // a browser may forbid it
  const { signer, exchange, keys: fresh } = await made;
  const before = text
    ? await store
        .past()
        .then(({ recall, forget }) => (asNew ? void forget(text) : recall(text, (pair) => takeKeys(pair, exchange))))
        .catch(nothing)
    : null;
  const { keys, pair, token, name } = before ?? { keys: fresh, pair: signer, token: freshSecret(), name: "" };
  const { id } = keys;
  // Nobody waits for it: who is new has an id that nobody else can have. Where it does not come, a reload will be somebody new.
  const held = store.keeping().then(
    ({ keep, hold }) => {
      keep(id, pair);
      return before?.release ?? hold(id);
    },
    () => before?.release,
  );
  const identity = {
    ...persona(id),
    id,
    keys,
    token,
    /** @param {string} wish */
    rename(wish) {
      identity.name = cleanName(wish) || persona(id).name;
      tried(() => globalThis.sessionStorage?.setItem(place, JSON.stringify({ id, token, name: identity.name }))); // or a reload will be somebody new
    },
    release: () => void held.then((release) => release?.()),
  };
  identity.rename(wishes.name ?? name);
  return identity;
}

const nothing = () => null;
