// Who somebody is: a key that signs. The id comes from the key, so nobody else can have that id. A second key, one for each page load, lets two page
// loads agree on a key that no third knows. docs/identity.md says why, byte for byte.
import { concat, deriveSeal, hex, rootOf, subtle, utf8 } from "./seal.js";

/** The type of a key: its first byte, so that no key can be taken for one of another type. */
const P_256 = 1;
/** What is hashed begins with it. */
const ID = "beckon/2 id";
/** An id has so many bytes of the hash. */
const ID_BYTES = 16;
/** A signing key: its type, and a point of the curve, uncompressed (SEC 1, 2.3.3). */
const SIGNER_BYTES = 1 + 65;
const PAIR_KEY = "beckon/2 pair key";
/** Every browser can verify ECDSA on P-256. Who signed with Ed25519 would be nobody to the older ones. */
const ECDSA = { name: "ECDSA", namedCurve: "P-256" };
const ECDH = { name: "ECDH", namedCurve: "P-256" };

/**
 * @typedef {object} Mine our keys in this page load
 * @property {string} id
 * @property {CryptoKey} sign
 * @property {CryptoKey} agree
 * @property {Uint8Array<ArrayBuffer>} keys the public halves, as they travel
 */
/** @typedef {{ verify: CryptoKey, pair: CryptoKey }} Theirs somebody's key, and the one that seals between this page load of theirs and ours */

/** Somebody new in a new page load. No script can read the private halves. */
export async function makeKeys() {
  const making = [subtle.generateKey(ECDSA, false, ["sign", "verify"]), subtle.generateKey(ECDH, false, ["deriveBits"])];
  const [signer, exchange] = /** @type {[CryptoKeyPair, CryptoKeyPair]} */ (await Promise.all(making));
  return { signer, exchange, keys: await takeKeys(signer, exchange) };
}

/** @param {CryptoKeyPair} signer @param {CryptoKeyPair} exchange @returns {Promise<Mine>} */
export async function takeKeys(signer, exchange) {
  const [mine, ours] = await Promise.all([signer, exchange].map(({ publicKey }) => subtle.exportKey("raw", publicKey)));
  const keys = concat([P_256], mine ?? [], ours ?? []);
  return { id: await idOf(keys), sign: signer.privateKey, agree: exchange.privateKey, keys };
}

/**
 * The keys of a page load of `id`.
 * @param {Uint8Array<ArrayBuffer>} keys
 * @param {string} id
 * @param {CryptoKey} agree
 * @param {ArrayBuffer} salt
 * @returns {Promise<Theirs | null>} null when they are somebody else's; an exception when they are none at all
 */
export async function readKeys(keys, id, agree, salt) {
  // Uncompressed, as they are made: by another spelling the same key would have another id.
  if (keys[0] !== P_256 || keys[1] !== 4 || keys[SIGNER_BYTES] !== 4 || (await idOf(keys)) !== id) return null;
  const [verify, theirs] = await Promise.all([
    subtle.importKey("raw", keys.subarray(1, SIGNER_BYTES), ECDSA, false, ["verify"]),
    subtle.importKey("raw", keys.subarray(SIGNER_BYTES), ECDH, false, []),
  ]);
  const secret = await subtle.deriveBits({ name: "ECDH", public: theirs }, agree, 256);
  return { verify, pair: await deriveSeal(await rootOf(secret), PAIR_KEY, salt) };
}

/** The id of a key, as hexadecimal digits. @param {Uint8Array<ArrayBuffer>} keys */
async function idOf(keys) {
  const hash = await subtle.digest("SHA-256", concat(utf8(ID), keys.subarray(0, SIGNER_BYTES)));
  return hex(hash).slice(0, ID_BYTES).join("");
}
