// Keeps a tab's key pair over a reload (recall.js finds it again). IndexedDB alone can keep a key that no script can read. It is loaded when there is a
// key to be kept.

/** A pair whose tab is gone is kept this long, in ms: a browser may bring a tab back that it had put away, or that crashed. */
const KEEP_MS = 24 * 60 * 60 * 1_000;
/** Where nobody can say whether a tab is gone. */
const KEEP_BLINDLY_MS = 7 * KEEP_MS;
/** IndexedDB may take this long, in ms: some browsers never answer where it is forbidden. */
const PATIENCE_MS = 500;
const STORE = "identities";
/** What a page holds as long as it has an id. @param {string} id */
export const lockOf = (id) => `beckon ${id}`;

/** @typedef {{ pair: CryptoKeyPair, at: number }} Kept `at`: when it was last used, in ms */

/**
 * Does something in one transaction.
 * @template T
 * @param {(store: IDBObjectStore) => IDBRequest<T>} act
 * @returns {Promise<T | undefined>} what came of it at its end; nothing where there is no storage
 */
async function use(act) {
  /** @type {IDBDatabase | undefined} */
  let database;
  try {
    const opening = indexedDB.open("beckon identities");
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    await heard(opening, "success");
    database = opening.result;
    const transaction = database.transaction(STORE, "readwrite");
    const request = act(transaction.objectStore(STORE));
    await heard(transaction, "complete");
    return request.result;
  } catch {
    return; // a browser that forbids it: a reload will be somebody new
  } finally {
    database?.close();
  }
}

/** Waits for an event, for as long as it may take. @param {EventTarget} target @param {string} event */
function heard(target, event) {
  return new Promise((resolve, reject) => {
    target.addEventListener(event, resolve);
    for (const failure of ["error", "abort"]) target.addEventListener(failure, reject);
    setTimeout(reject, PATIENCE_MS);
  });
}

/** The names of the locks of all pages of this origin, held or waited for. @returns {Promise<Set<string | undefined> | null>} null where there are none */
async function locked() {
  const { locks } = navigator;
  if (!locks) return null;
  const { held = [], pending = [] } = await locks.query();
  return new Set([...held, ...pending].map(({ name }) => name));
}

/**
 * Keeps the pair of an id, and forgets those whose tabs are long gone.
 * @param {string} id
 * @param {CryptoKeyPair} pair
 */
export async function keep(id, pair) {
  const living = await locked().catch(() => null);
  const oldest = Date.now() - (living ? KEEP_MS : KEEP_BLINDLY_MS);
  await use((store) => {
    store.put({ pair, at: Date.now() }, id);
    const all = store.openCursor();
    all.onsuccess = () => {
      const { result: each } = all;
      if (each && /** @type {Kept} */ (each.value).at < oldest && !living?.has(lockOf(String(each.key)))) each.delete();
      each?.continue();
    };
    return all;
  });
}

/** @param {string} id @returns {Promise<CryptoKeyPair | undefined>} */
export async function find(id) {
  const kept = /** @type {Kept | undefined} */ (await use((store) => store.get(id)));
  return kept?.pair;
}

/** Of an id that nobody is any more. @param {string} id */
export const forget = (id) => use((store) => store.delete(id));

/** Holds an id that nobody else can have yet. @param {string} id @returns {() => void} how to let go of it */
export function hold(id) {
  let letGo = () => {};
  const released = new Promise((resolve) => (letGo = () => resolve(undefined)));
  globalThis.navigator?.locks?.request(lockOf(id), () => released).catch(() => {}); // where storage is forbidden, this may be, too
  return letGo;
}
