// Keeps a tab's key pair over a reload. IndexedDB alone can keep a key that no script can read. It is loaded when there is a key to be looked for, and
// after the room was entered.

/** A pair whose tab is gone is kept this long, in ms: a browser may bring a tab back that it had put away, or that crashed. */
const KEEP_MS = 24 * 60 * 60 * 1_000;
/** Where nobody can say whether a tab is gone. */
const KEEP_BLINDLY_MS = 7 * KEEP_MS;
/** IndexedDB may take this long, in ms: some browsers never answer where it is forbidden. */
const PATIENCE_MS = 500;
const STORE = "identities";

/** @typedef {{ pair: CryptoKeyPair, at: number }} Kept `at`: when it was last used, in ms */

/**
 * @template T
 * @param {(store: IDBObjectStore) => IDBRequest<T>} act
 * @returns {Promise<T | undefined>} nothing where there is no storage
 */
async function use(act) {
  /** @type {IDBDatabase | undefined} */
  let database;
  try {
    const opening = indexedDB.open("beckon identities");
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    database = await result(opening);
    return await result(act(database.transaction(STORE, "readwrite").objectStore(STORE)));
  } catch {
    return; // a browser that forbids it: a reload will be somebody new
  } finally {
    database?.close();
  }
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = reject;
    setTimeout(reject, PATIENCE_MS);
  });
}

/** The names of the locks of all pages of this origin, held or waited for. @returns {Promise<Set<string | undefined> | null>} null where there are none */
async function locked() {
  const { held = [], pending = [] } = (await navigator.locks?.query()) ?? {};
  return navigator.locks ? new Set([...held, ...pending].map(({ name }) => name)) : null;
}

/**
 * Keeps the pair of an id, and forgets those whose tabs are long gone.
 * @param {string} id
 * @param {CryptoKeyPair} pair
 * @param {(id: string) => string} lockOf the name of the lock that a page has on its id
 */
export async function keep(id, pair, lockOf) {
  await use((store) => store.put({ pair, at: Date.now() }, id));
  const living = await locked();
  const oldest = Date.now() - (living ? KEEP_MS : KEEP_BLINDLY_MS);
  const ids = (await use((store) => store.getAllKeys())) ?? [];
  const all = /** @type {Kept[]} */ ((await use((store) => store.getAll())) ?? []);
  for (const [n, { at }] of all.entries()) {
    const old = String(ids[n]);
    if (at < oldest && !living?.has(lockOf(old))) await forget(old);
  }
}

/** @param {string} id @returns {Promise<CryptoKeyPair | undefined>} */
export async function find(id) {
  const kept = /** @type {Kept | undefined} */ (await use((store) => store.get(id)));
  return kept?.pair;
}

/** Of an id that nobody is any more. @param {string} id */
export const forget = (id) => use((store) => store.delete(id));
