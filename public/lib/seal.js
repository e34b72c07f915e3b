// The link is the key: the keys that come from a room's secret, and how messages are sealed with it. The secret itself never leaves
// the browser, because a URL's fragment is not part of any request (RFC 3986 section 3.5) and only what HKDF makes of it is sent.

const SECRET_BYTES = 16;

/** HKDF's "info" (RFC 5869 section 3.2): one purpose, one value; the version changes when a value's use does. */
const REALM_KEY = "beckon/1 realm key";
const SEAL_KEY = "beckon/1 seal key";

/** Length of the realm key in bits: as hard to guess as the secret. */
const REALM_KEY_BITS = 128;

/** The first byte of everything sealed. A new layout has a new version. */
const VERSION = 1;
/** An epoch is one page load's time in a room; 72 random bits name it, in base64url twelve characters. */
const EPOCH_BYTES = 9;
/** AES-GCM wants 96 bits (NIST SP 800-38D section 8.2). Random ones are fine for 2^32 seals under one key. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Where the fields of a sealed payload begin: version, sender's epoch, receiver's epoch, sequence number, nonce, box. */
const TO_EPOCH = 1 + EPOCH_BYTES;
const SEQ = TO_EPOCH + EPOCH_BYTES;
const NONCE = SEQ + 4;
const BOX = NONCE + NONCE_BYTES;

/**
 * The context of a message is sealed with it. It need not be secret, but nobody can change it. `room`, `from` and `to` are not even sent:
 * both sides know them, and a lie about them breaks the seal.
 * @typedef {object} Context
 * @property {string} room its realm key
 * @property {string} from the sender's id
 * @property {string} to the receiver's id
 * @property {string} epoch the sender's
 * @property {string} toEpoch the receiver's; empty as long as the sender has not heard of it
 * @property {number} seq counts what `from` has sealed in this epoch, from 1; one count for all receivers, so each sees it grow and skip
 */

/** 128 random bits as 22 base64url characters: the fragment of a new room's link. */
export function freshSecret() {
  return random(SECRET_BYTES);
}

export function freshEpoch() {
  return random(EPOCH_BYTES);
}

/** @param {number} length in bytes */
function random(length) {
  return base64url(crypto.getRandomValues(new Uint8Array(length)));
}

/**
 * `realmKey` is what the room is called at the server: it tells rooms apart there and says nothing about the secret.
 * `key` seals; no script can read it.
 * @param {string} secret
 */
export async function deriveKeys(secret) {
  const root = await crypto.subtle.importKey("raw", bytes(secret), "HKDF", false, ["deriveBits", "deriveKey"]);
  const aes = { name: "AES-GCM", length: 256 };
  const [realmKey, key] = await Promise.all([
    crypto.subtle.deriveBits(purpose(REALM_KEY), root, REALM_KEY_BITS),
    crypto.subtle.deriveKey(purpose(SEAL_KEY), root, aes, false, ["encrypt", "decrypt"]),
  ]);
  return { realmKey: base64url(new Uint8Array(realmKey)), key };
}

/**
 * The secret is uniformly random, so HKDF needs no salt (RFC 5869 section 3.1).
 * @param {string} info
 */
function purpose(info) {
  return { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: utf8(info) };
}

/**
 * @param {CryptoKey} key
 * @param {Context} context
 * @param {unknown} message anything that JSON can hold
 * @returns {Promise<string>} base64url
 */
export async function seal(key, context, message) {
  const sealed = new Uint8Array(BOX);
  sealed[0] = VERSION;
  sealed.set(bytes(context.epoch), 1);
  sealed.set(bytes(context.toEpoch), TO_EPOCH);
  new DataView(sealed.buffer).setUint32(SEQ, context.seq);
  crypto.getRandomValues(sealed.subarray(NONCE));
  const box = await crypto.subtle.encrypt(algorithm(sealed, context), key, utf8(JSON.stringify(message)));
  return base64url(new Uint8Array([...sealed, ...new Uint8Array(box)]));
}

/**
 * Opens what {@link seal} made. Every bit of it counts: anything else is refused with an exception.
 * @param {CryptoKey} key
 * @param {{ room: string, from: string, to: string }} place
 * @param {unknown} payload
 * @returns {Promise<{ epoch: string, toEpoch: string, seq: number, message: any }>}
 */
export async function unseal(key, place, payload) {
  const sealed = bytes(typeof payload === "string" ? payload : "");
  // Not a string, for one. And base64 has spare bits at the end, and atob forgives spaces: one spelling is enough.
  if (base64url(sealed) !== payload || sealed.length < BOX + TAG_BYTES || sealed[0] !== VERSION) throw new TypeError("not sealed");
  const message = await crypto.subtle.decrypt(algorithm(sealed, place), key, sealed.subarray(BOX));
  const toEpoch = sealed.subarray(TO_EPOCH, SEQ);
  return {
    epoch: base64url(sealed.subarray(1, TO_EPOCH)),
    toEpoch: toEpoch.some(Boolean) ? base64url(toEpoch) : "",
    seq: new DataView(sealed.buffer).getUint32(SEQ),
    message: JSON.parse(new TextDecoder().decode(message)),
  };
}

/**
 * @param {Uint8Array} sealed
 * @param {{ room: string, from: string, to: string }} place
 */
function algorithm(sealed, { room, from, to }) {
  const bound = utf8(JSON.stringify([room, from, to])); // as JSON, no two triples are spelt alike
  const additionalData = new Uint8Array([...sealed.subarray(0, NONCE), ...bound]);
  return { name: "AES-GCM", iv: sealed.slice(NONCE, BOX), additionalData };
}

/** @param {string} text */
function utf8(text) {
  return new TextEncoder().encode(text);
}

/** @param {Uint8Array} data */
export function base64url(data) {
  let text = "";
  for (const byte of data) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @param {string} text base64url */
export function bytes(text) {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (unit) => unit.charCodeAt(0));
}
