// This page's identity in a room: a key and the id that comes from it, the token that the server knows it by, and a name. It is kept per tab: a reload
// is the same peer. One page holds it at a time: a duplicated tab, which inherits the tab's storage, becomes a second peer.
import { takeKeys } from "./keys.js";
import { freshSecret } from "./seal.js";
import { cleanName, persona } from "./names.js";

/** How often a reloaded page asks whether its predecessor has let go of the id, and how long it waits in between, in ms. Only a duplicated tab does in vain. */
const HANDOVERS = 8;
const HANDOVER_MS = 50;

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

/** What is remembered in the tab. @typedef {{ id: string, token: string, name: string }} Kept */
/** Loads what keeps keys. @typedef {() => Promise<typeof import('./key-store.js')>} Store */

/** What a page holds as long as it has an id. @param {string} id */
const lockOf = (id) => `beckon ${id}`;

/**
 * @param {string} realmKey
 * @param {ReturnType<typeof import('./keys.js').makeKeys>} fresh for somebody new
 * @param {Store} store
 * @param {{ name?: string }} wishes read at the end: somebody may have said a name meanwhile
 * @param {boolean} [asNew] the remembered id is somebody else's, take a new one
 * @returns {Promise<Identity>}
 */
export async function takeIdentity(realmKey, fresh, store, wishes, asNew) {
  const place = `beckon ${realmKey}`;
  const before = recall(place);
  let kept = asNew ? null : before;
  let held = kept && hold(kept.id);
  const release = async () => (await held)?.();
  const known = kept && (await held) ? await find(kept.id, store) : undefined;
  let { signer, exchange, keys } = await fresh;
  try {
    if (known) keys = await takeKeys((signer = known), exchange);
  } catch {
    // What is kept there is no key of ours.
  }
  const { id } = keys;
  if (kept?.id !== id) {
    release();
    kept = { id, token: freshSecret(), name: "" };
    held = hold(id); // nobody waits for it: it is new, and nobody else can have it
  }
  store()
    .then((kept) => (kept.keep(id, signer, lockOf), asNew && before && kept.forget(before.id)))
    .catch(() => {}); // a reload will be somebody new
  const { token } = kept;
  const identity = {
    ...persona(id),
    id,
    keys,
    token,
    /** @param {string} wish */
    rename(wish) {
      identity.name = cleanName(wish) || persona(id).name;
      remember(place, { id, token, name: identity.name });
    },
    release,
  };
  identity.rename(wishes.name ?? kept.name);
  return identity;
}

/**
 * @param {string} place
 * @returns {Kept | null}
 */
function recall(place) {
  try {
    const { id, token, name } = JSON.parse(globalThis.sessionStorage?.getItem(place) ?? "");
    return typeof id === "string" && typeof token === "string" ? { id, token, name } : null;
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

/** @param {string} id @param {Store} store */
const find = (id, store) =>
  store()
    .then(({ find }) => find(id))
    .catch(() => {});

/**
 * Holds an id for this page alone.
 * @param {string} id
 * @returns {Promise<(() => void) | null>} how to let go of it; null when another page keeps it
 */
async function hold(id) {
  const locks = globalThis.navigator?.locks;
  if (!locks) return () => {};
  for (let tries = 0; tries < HANDOVERS; tries++) {
    const release = await new Promise((/** @type {(release: (() => void) | null) => void} */ resolve) => {
      const keep = (/** @type {Lock | null} */ lock) => (lock ? new Promise((release) => resolve(() => release(undefined))) : resolve(null));
      locks.request(lockOf(id), { ifAvailable: true }, keep).catch(() => resolve(null));
    });
    if (release) return release;
    await new Promise((resolve) => setTimeout(resolve, HANDOVER_MS));
  }
  return null;
}
