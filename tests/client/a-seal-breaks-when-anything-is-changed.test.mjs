import assert from "node:assert/strict";
import { base64url, deriveKeys, freshEpoch, freshSecret, seal, unseal } from "../../public/lib/seal.js";
import { chancy } from "../seeds/seeds.mjs";

const CASES = 300;
const test = chancy("seal");
const keys = await deriveKeys("AAECAwQFBgcICQoLDA0ODw");

/** Somebody says something to somebody: all of it made up. */
function madeUp(random) {
  const context = {
    room: keys.realmKey,
    from: random.text(1 + random.below(40)),
    to: random.text(1 + random.below(40)),
    epoch: base64url(random.bytes(9)),
    toEpoch: random.below(2) ? base64url(random.bytes(9)) : "",
    seq: 1 + random.below(2 ** 32 - 1),
  };
  return { context, message: { says: random.text(random.below(200)) } };
}

const refused = (why, key, place, payload) => assert.rejects(unseal(key, place, payload), undefined, why);

test("what one side seals the other opens, and only then", async (_, random) => {
  for (let round = 0; round < CASES; round++) {
    const { context, message } = madeUp(random);
    const sealed = await seal(keys.key, context, message);
    assert.match(sealed, /^[\w-]+$/);
    const { epoch, toEpoch, seq } = context;
    assert.deepEqual(await unseal(keys.key, context, sealed), { epoch, toEpoch, seq, message });
  }
});

test("any changed bit breaks it, wherever it is", async (_, random) => {
  const { context, message } = madeUp(random);
  const sealed = Buffer.from(await seal(keys.key, context, message), "base64url");
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const changed = Buffer.from(sealed);
    changed[bit >> 3] ^= 1 << (bit & 7);
    await refused(`bit ${bit}`, keys.key, context, changed.toString("base64url"));
  }
});

test("any changed character of its text breaks it, even in the bits that base64 leaves over", async (_, random) => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/= \n";
  for (let round = 0; round < 3; round++) {
    const { context } = madeUp(random);
    const sealed = await seal(keys.key, context, "x".repeat(round)); // each way in which base64 can end
    for (let at = 0; at < sealed.length; at++) {
      const other = at === sealed.length - 1 ? alphabet : random.pick(alphabet);
      for (const character of other) {
        if (character === sealed[at]) continue;
        await refused(`${character} at ${at}`, keys.key, context, sealed.slice(0, at) + character + sealed.slice(at + 1));
      }
    }
    for (const more of ["=", "==", " ", "A", "AAAA"]) await refused(`with ${more} after it`, keys.key, context, sealed + more);
    await refused("with something before it", keys.key, context, `A${sealed}`);
  }
});

test("cut off anywhere it breaks", async (_, random) => {
  const { context, message } = madeUp(random);
  const sealed = await seal(keys.key, context, message);
  for (let length = 0; length < sealed.length; length++) {
    await refused(`${length} characters`, keys.key, context, sealed.slice(0, length));
    await refused(`without its first ${length + 1}`, keys.key, context, sealed.slice(length + 1));
  }
});

test("with another room, sender or receiver it breaks, and both swapped too", async (_, random) => {
  for (let round = 0; round < CASES; round++) {
    const { context, message } = madeUp(random);
    const sealed = await seal(keys.key, context, message);
    const { room, from, to } = context;
    await refused("another room", keys.key, { room: `${room.slice(0, -1)}${room.endsWith("A") ? "B" : "A"}`, from, to }, sealed);
    await refused("another sender", keys.key, { room, from: `${from}!`, to }, sealed);
    await refused("another receiver", keys.key, { room, from, to: to.slice(1) }, sealed);
    if (from !== to) await refused("sent back", keys.key, { room, from: to, to: from }, sealed);
    await refused("a shifted boundary", keys.key, { room, from: from + to[0], to: to.slice(1) }, sealed);
  }
});

test("with another epoch or number on it it breaks: they are written on it, but not to be changed", async (_, random) => {
  for (let round = 0; round < CASES; round++) {
    const { context, message } = madeUp(random);
    const sealed = Buffer.from(await seal(keys.key, context, message), "base64url");
    const other = Buffer.from(await seal(keys.key, { ...madeUp(random).context, from: context.from, to: context.to }, message), "base64url");
    for (const [from, to] of [
      [1, 10],
      [10, 19],
      [19, 23],
      [23, 35],
    ]) {
      const grafted = Buffer.concat([sealed.subarray(0, from), other.subarray(from, to), sealed.subarray(to)]);
      if (!grafted.equals(sealed)) await refused(`bytes ${from} to ${to}`, keys.key, context, grafted.toString("base64url"));
    }
  }
});

test("with the key of any other link it breaks, and what is invented is no better", async (_, random) => {
  const { context, message } = madeUp(random);
  const sealed = await seal(keys.key, context, message);
  for (let round = 0; round < 20; round++) {
    const other = await deriveKeys(freshSecret());
    assert.notEqual(other.realmKey, keys.realmKey);
    await refused("another link", other.key, context, sealed);
  }
  for (let round = 0; round < CASES; round++) {
    const invented = Buffer.from(random.bytes(random.below(300)));
    if (invented.length) invented[0] = 1; // the right version
    await refused("noise", keys.key, context, invented.toString("base64url"));
  }
  for (const plain of [null, undefined, 7, {}, [], "", "hello", { type: "offer", sdp: "v=0" }, "{}", message])
    await refused("in clear", keys.key, context, plain);
});

test("the same message never look the same twice, and nothing of them shows", async (_, random) => {
  const { context } = madeUp(random);
  const seen = new Set();
  for (let round = 0; round < CASES; round++) {
    const sealed = await seal(keys.key, context, { says: "hello world, hello world, hello world" });
    assert.ok(!Buffer.from(sealed, "base64url").includes("hello"));
    seen.add(sealed);
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
