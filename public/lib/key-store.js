// Keeps a tab's key pair over a reload. IndexedDB alone can keep a key that no script can read; the tab remembers where it is.

/** A pair is kept this long after its page was loaded, in ms: a tab that slept for a week is still the same device. */
const KEEP_MS = 7 * 24 * 60 * 60 * 1_000;
const STORE = "pairs";

/**
 * @template T
 * @param {(store: IDBObjectStore) => IDBRequest<T>} act
 */
async function use(act) {
  const opening = indexedDB.open("beckon");
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  return result(act((await result(opening)).transaction(STORE, "readwrite").objectStore(STORE)));
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = reject;
  });
}

/**
 * Keeps it, and forgets those of tabs that are long gone.
 * @param {CryptoKeyPair} pair
 * @returns {number} where: at a time, with a fraction of its own
 */
export function keep(pair) {
  const at = Date.now() + Math.random();
  use((store) => {
    store.delete(IDBKeyRange.upperBound(at - KEEP_MS));
    return store.put(pair, at);
  }).catch(() => {}); // a browser that forbids it: a reload will be somebody new
  return at;
}

/** @param {number} at @returns {Promise<CryptoKeyPair | undefined>} */
export const find = (at) => use((store) => store.get(at));
