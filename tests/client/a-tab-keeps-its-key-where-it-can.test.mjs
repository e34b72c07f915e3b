// A tab keeps its key in IndexedDB. Where that is forbidden, never answers, or gives something else, the room is joined all the same, by somebody new.
import assert from "node:assert/strict";
import { test } from "node:test";
import { takeIdentity } from "../../public/lib/identity.js";
import * as keyStore from "../../public/lib/key-store.js";
import { makeKeys } from "../../public/lib/keys.js";
import * as past from "../../public/lib/recall.js";

/** What the tab remembers. */
const session = new Map();
const storage = { getItem: (name) => session.get(name) ?? null, setItem: (name, value) => session.set(name, value) };
Reflect.defineProperty(globalThis, "sessionStorage", { value: storage });

/** @param {Fake} store @param {Fake} wishes */
const take = (store, { asNew, ...wishes } = {}) => takeIdentity("room", makeKeys(), store, wishes, asNew);

/** As the modules do it, with something else in place of IndexedDB. @param {Fake} instead */
const storeOf = ({ keep = async () => {}, find, forget = async () => {} }) => ({
  keeping: async () => ({ ...keyStore, keep }),
  past: async () => ({ ...past, recall: (text, take) => past.recall(text, take, find), forget }),
});
function memory() {
  const pairs = new Map();
  const keep = async (id, pair) => void pairs.set(id, pair);
  return { pairs, load: storeOf({ keep, find: async (id) => pairs.get(id), forget: async (text) => pairs.delete(JSON.parse(text).id) }) };
}

test("a reload is the same id; whose id was taken is somebody new, and the old key is forgotten", async () => {
  const { pairs, load } = memory();
  const first = await take(load);
  first.rename("Ann");
  const again = await take(load);
  assert.deepEqual([again.id, again.token, again.name], [first.id, first.token, "Ann"]);
  assert.equal((await take(load, { name: "Bob" })).name, "Bob", "what is given wins over what is remembered");
  const other = await take(load, { asNew: true });
  assert.notEqual(other.id, first.id);
  await new Promise(setImmediate);
  assert.deepEqual([...pairs.keys()], [other.id]);
});

const missing = () => Promise.reject(new TypeError("no module"));
/** @type {Record<string, Fake>} */
const WITHOUT = {
  "does not come": { keeping: missing, past: missing },
  "has none": storeOf({ find: async () => undefined }),
  "has something else there": storeOf({ find: async () => ({}) }),
  "has half of it": storeOf({ find: async () => ({ publicKey: null, privateKey: null }) }),
};
for (const [what, load] of Object.entries(WITHOUT)) {
  test(`who keeps keys ${what}: somebody new, with a key of their own`, async () => {
    const before = await take(memory().load);
    const after = await take(load);
    assert.notEqual(after.id, before.id);
    assert.equal(after.keys.id, after.id);
  });
}

test("an id that was found again is let go of at the end, even if what keeps keys does not come", async () => {
  const { load } = memory();
  await take(load);
  let held = 1;
  const found = async (/** @type {Fake[]} */ ...how) => ({ ...(await (await load.past()).recall(...how)), release: () => held-- });
  const identity = await take({ keeping: missing, past: async () => ({ ...past, recall: found }) });
  identity.release();
  await new Promise(setImmediate);
  assert.equal(held, 0);
});

// A browser that is busy keeps the lock of a page that is gone already for a while.
for (const [type, looks, isSame] of /** @type {[string, number, boolean][]} */ ([
  ["reload", 40, true],
  ["reload", 1_000, false],
  ["navigate", 4, true],
  ["navigate", 40, false],
])) {
  test(`${type}: whose id is let go of after ${looks} looks is ${isSame ? "the same" : "somebody new"}`, async (t) => {
    const { load } = memory();
    const before = await take(load);
    t.mock.method(performance, "getEntriesByType", () => [{ type }]);
    let asked = 0;
    const request = async (/** @type {Fake} */ _name, /** @type {Fake[]} */ ...how) => how.at(-1)(how.length === 1 || ++asked > looks ? {} : null);
    Reflect.defineProperty(navigator, "locks", { value: { request }, configurable: true });
    t.after(() => Reflect.deleteProperty(navigator, "locks"));
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const again = take(load);
    let done = false;
    again.finally(() => (done = true));
    while (!done) {
      t.mock.timers.tick(50);
      await new Promise(setImmediate);
    }
    assert.equal((await again).id === before.id, isSame);
  });
}

for (const [what, indexedDB] of Object.entries({
  "is not there": undefined,
  "never answers": { open: () => ({}) },
  throws: {
    open() {
      throw new DOMException("not here", "SecurityError");
    },
  },
})) {
  test(`IndexedDB ${what}: nothing is found, and nobody waits for ever`, async () => {
    Reflect.defineProperty(globalThis, "indexedDB", { value: indexedDB, configurable: true });
    assert.equal(await keyStore.find("somebody"), undefined);
    await keyStore.keep("somebody", /** @type {Fake} */ ({}));
  });
}
