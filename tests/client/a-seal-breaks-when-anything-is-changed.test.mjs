import assert from "node:assert/strict";
import { base64url, deriveKeys, freshEpoch, freshSecret, KEYED, PAIR, ROOM, readEnvelope, seal, unseal } from "../../public/lib/seal.js";
import { readKeys } from "../../public/lib/keys.js";
import { chancy } from "../seeds/seeds.mjs";
import { member } from "./members.mjs";

const CASES = 300;
const test = chancy("seal");
const keys = await deriveKeys("AAECAwQFBgcICQoLDA0ODw");
const mine = await member();
const verify = await crypto.subtle.importKey("raw", new Uint8Array(mine.keys.subarray(1, 66)), { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
const sealed = (context, message) => seal({ key: keys.key, sign: mine.sign, keys: mine.keys }, context, message);

/** All that was sealed, if it is whole and signed; an exception otherwise. */
async function open(key, place, payload) {
  const envelope = readEnvelope(payload);
  if (typeof envelope === "string") throw new TypeError(envelope);
  const opened = await unseal(key, place, envelope);
  if (!(await opened.isSigned(verify))) throw new TypeError("impersonated");
  const { form, epoch, toEpoch, seq } = envelope;
  return { form, epoch, toEpoch, seq, keys: opened.keys, message: opened.readMessage() };
}

/** Somebody says something to somebody: all of it made up. */
function madeUp(random) {
  const context = {
    room: keys.realmKey,
    from: random.text(1 + random.below(40)),
    to: random.text(1 + random.below(40)),
    form: random.pick([ROOM, KEYED, PAIR]),
    epoch: base64url(random.bytes(9)),
    toEpoch: random.below(2) ? base64url(random.bytes(9)) : "",
    seq: 1 + random.below(2 ** 32 - 1),
  };
  return { context, message: { says: random.text(random.below(200)) } };
}

const refused = (why, key, place, payload) => assert.rejects(open(key, place, payload), undefined, why);

test("what one side seals the other opens, and only then", async (_, random) => {
  for (let round = 0; round < CASES; round++) {
    const { context, message } = madeUp(random);
    const payload = await sealed(context, message);
    assert.match(payload, /^[\w-]+$/);
    const { form, epoch, toEpoch, seq } = context;
    const sent = form === KEYED ? mine.keys : new Uint8Array();
    assert.deepEqual(await open(keys.key, context, payload), { form, epoch, toEpoch, seq, keys: sent, message });
  }
});

test("any changed bit breaks it, wherever it is", async (_, random) => {
  const { context, message } = madeUp(random);
  const payload = Buffer.from(await sealed(context, message), "base64url");
  for (let bit = 0; bit < payload.length * 8; bit++) {
    const changed = Buffer.from(payload);
    changed[bit >> 3] ^= 1 << (bit & 7);
    await refused(`bit ${bit}`, keys.key, context, changed.toString("base64url"));
  }
});

test("any changed character of its text breaks it, even in the bits that base64 leaves over", async (_, random) => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/= \n";
  for (let round = 0; round < 3; round++) {
    const { context } = madeUp(random);
    const payload = await sealed(context, "x".repeat(round)); // each way in which base64 can end
    for (let at = 0; at < payload.length; at++) {
      const other = at === payload.length - 1 ? alphabet : random.pick(alphabet);
      for (const character of other) {
        if (character === payload[at]) continue;
        await refused(`${character} at ${at}`, keys.key, context, payload.slice(0, at) + character + payload.slice(at + 1));
      }
    }
    for (const more of ["=", "==", " ", "A", "AAAA"]) await refused(`with ${more} after it`, keys.key, context, payload + more);
    await refused("with something before it", keys.key, context, `A${payload}`);
  }
});

test("cut off anywhere it breaks", async (_, random) => {
  const { context, message } = madeUp(random);
  const payload = await sealed(context, message);
  for (let length = 0; length < payload.length; length++) {
    await refused(`${length} characters`, keys.key, context, payload.slice(0, length));
    await refused(`without its first ${length + 1}`, keys.key, context, payload.slice(length + 1));
  }
});

test("with another room, sender or receiver it breaks, and both swapped too", async (_, random) => {
  for (let round = 0; round < CASES; round++) {
    const { context, message } = madeUp(random);
    const payload = await sealed(context, message);
    const { room, from, to } = context;
    await refused("another room", keys.key, { room: `${room.slice(0, -1)}${room.endsWith("A") ? "B" : "A"}`, from, to }, payload);
    await refused("another sender", keys.key, { room, from: `${from}!`, to }, payload);
    await refused("another receiver", keys.key, { room, from, to: to.slice(1) }, payload);
    if (from !== to) await refused("sent back", keys.key, { room, from: to, to: from }, payload);
    await refused("a shifted boundary", keys.key, { room, from: from + to[0], to: to.slice(1) }, payload);
  }
});

test("with another epoch or number on it it breaks: they are written on it, but not to be changed", async (_, random) => {
  for (let round = 0; round < CASES; round++) {
    const { context, message } = madeUp(random);
    const payload = Buffer.from(await sealed(context, message), "base64url");
    const other = Buffer.from(await sealed({ ...madeUp(random).context, from: context.from, to: context.to }, message), "base64url");
    for (const [from, to] of [
      [1, 2],
      [2, 11],
      [11, 20],
      [20, 24],
      [24, 36],
    ]) {
      const grafted = Buffer.concat([payload.subarray(0, from), other.subarray(from, to), payload.subarray(to)]);
      if (!grafted.equals(payload)) await refused(`bytes ${from} to ${to}`, keys.key, context, grafted.toString("base64url"));
    }
  }
});

test("with the key of any other link it breaks, and what is invented is no better", async (_, random) => {
  const { context, message } = madeUp(random);
  const payload = await sealed(context, message);
  for (let round = 0; round < 20; round++) {
    const other = await deriveKeys(freshSecret());
    assert.notEqual(other.realmKey, keys.realmKey);
    await refused("another link", other.key, context, payload);
  }
  for (let round = 0; round < CASES; round++) {
    const invented = Buffer.from(random.bytes(random.below(300)));
    if (invented.length) invented[0] = 2; // the right version
    await refused("noise", keys.key, context, invented.toString("base64url"));
  }
  for (const plain of [null, undefined, 7, {}, [], "", "hello", { type: "offer", sdp: "v=0" }, "{}", message])
    await refused("in clear", keys.key, context, plain);
});

test("the same message never look the same twice, and nothing of them shows", async (_, random) => {
  const { context } = madeUp(random);
  const seen = new Set();
  for (let round = 0; round < CASES; round++) {
    const payload = await sealed(context, { says: "hello world, hello world, hello world" });
    assert.ok(!Buffer.from(payload, "base64url").includes("hello"));
    seen.add(payload);
  }
  assert.equal(seen.size, CASES);
});

test("no script can read the key, and the realm key stays what it has always been", async () => {
  assert.equal(keys.key.extractable, false);
  await assert.rejects(crypto.subtle.exportKey("raw", keys.key));
  const hmac = async (key, data) => {
    const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    return Buffer.from(await crypto.subtle.sign("HMAC", imported, data));
  };
  // HKDF by hand (RFC 5869): extract with an empty salt, then the first block of expand.
  const root = await hmac(Buffer.alloc(32), Buffer.from("AAECAwQFBgcICQoLDA0ODw", "base64url"));
  const block = await hmac(root, Buffer.concat([Buffer.from("beckon/1 realm key"), Buffer.of(1)]));
  assert.equal(keys.realmKey, block.subarray(0, 16).toString("base64url"));
});

test("secrets and epochs are fresh, and only whole secrets count", () => {
  const secrets = new Set(Array.from({ length: 1_000 }, freshSecret));
  assert.equal(secrets.size, 1_000);
  for (const secret of secrets) assert.match(secret, /^[\w-]{21}[AQgw]$/);
  assert.match(freshEpoch(), /^[\w-]{12}$/);
  assert.notEqual(freshEpoch(), freshEpoch());
});

test("what is opened and not signed by its sender shows, whatever of it another member has put together anew", async (_, random) => {
  const other = await member();
  for (const form of [ROOM, KEYED, PAIR]) {
    const { context, message } = madeUp(random);
    const [ours, theirs] = [
      { key: keys.key, sign: mine.sign, keys: mine.keys },
      { key: keys.key, sign: other.sign, keys: other.keys },
    ];
    await open(keys.key, context, await seal(ours, { ...context, form }, message));
    await refused("another's signature", keys.key, context, await seal(theirs, { ...context, form }, message));
    await refused("our keys, another's signature", keys.key, context, await seal({ ...theirs, keys: mine.keys }, { ...context, form }, message));
  }
});

test("an id is the hash of a key: 128 bits, as hexadecimal digits, and of no other", async () => {
  const hash = await crypto.subtle.digest("SHA-256", Buffer.concat([Buffer.from("beckon/2 id"), mine.keys.subarray(0, 66)]));
  assert.equal(mine.id, Buffer.from(hash).toString("hex").slice(0, 32));
  const salt = keys.salt;
  assert.ok(await readKeys(mine.keys, mine.id, mine.agree, salt));
  for (const at of [0, 1, 2, 33, 65]) {
    const changed = mine.keys.slice();
    changed[at] ^= 1;
    assert.equal(await readKeys(changed, mine.id, mine.agree, salt), null, `byte ${at}`);
  }
  const other = await member();
  assert.equal(await readKeys(other.keys, mine.id, mine.agree, salt), null);
  await assert.rejects(crypto.subtle.exportKey("pkcs8", mine.sign));
  await assert.rejects(crypto.subtle.exportKey("pkcs8", mine.agree));
});

test("two page loads agree on a key; who knows the room alone, or one of the two, has another", async () => {
  const [ann, bob, eve] = [await member(), await member(), await member()];
  const pair = async (agree, whose, salt = keys.salt) => (await readKeys(whose.keys, whose.id, agree, salt)).pair;
  const text = new TextEncoder().encode("hello");
  const how = { name: "AES-GCM", iv: new Uint8Array(12) };
  const box = await crypto.subtle.encrypt(how, await pair(ann.agree, bob), text);
  const opens = async (key) =>
    crypto.subtle.decrypt(how, key, box).then(
      () => true,
      () => false,
    );
  const elsewhere = await deriveKeys(freshSecret());
  assert.deepEqual(
    [
      await opens(await pair(bob.agree, ann)),
      await opens(keys.key),
      await opens(await pair(eve.agree, ann)),
      await opens(await pair(bob.agree, eve)),
      await opens(await pair(bob.agree, ann, elsewhere.salt)),
    ],
    [true, false, false, false, false],
  );
});

test("what an older or a newer page has sealed is called so, and nothing else is", async () => {
  const { context } = { context: { room: keys.realmKey, from: mine.id, to: mine.id, form: KEYED, epoch: freshEpoch(), toEpoch: "", seq: 1 } };
  const payload = Buffer.from(await sealed(context, {}), "base64url");
  const by = (version) => {
    payload[0] = version;
    return readEnvelope(payload.toString("base64url"));
  };
  assert.deepEqual([by(1), by(3), by(15), by(0), by(16), by(255)], ["outdated-there", "outdated", "outdated", "unsealed", "unsealed", "unsealed"]);
  assert.equal(typeof by(2), "object");
  for (const short of ["", "AQ", "Aw", "AgAAAAAAAAAA"]) assert.equal(readEnvelope(short), "unsealed");
});
