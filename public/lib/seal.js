// The link is the key: the keys that come from a room's secret, and how messages are sealed and signed. The secret itself never leaves
// the browser, because a URL's fragment is not part of any request (RFC 3986 section 3.5) and only what HKDF makes of it is sent.

/** Missing where a page is not secure: nothing is asked of it there. */
export const subtle = globalThis.crypto?.subtle;

const SECRET_BYTES = 16;

/** HKDF's "info" (RFC 5869 section 3.2): one purpose, one value; the version changes when a value's use does. */
const REALM_KEY = "beckon/1 realm key";
const SEAL_KEY = "beckon/1 seal key";
const PAIR_SALT = "beckon/2 pair salt";
/** What a signature begins with, so that it is of no use for anything else. */
const SIGNED = "beckon/2 frame";
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" };
const SIGNATURE_BYTES = 64;
/** The keys of a page load: a type, and two points of P-256, uncompressed (keys.js). */
const KEYS_BYTES = 1 + 65 + 65;

/** Length of the realm key in bits: as hard to guess as the secret. */
const REALM_KEY_BITS = 128;
/** As long as the hash (RFC 5869 section 3.1). */
const SALT_BITS = 256;

/** The first byte of everything sealed. A new layout has a new version. */
const VERSION = 2;
/** Versions that there may be one day: what begins otherwise is something else. */
const MAX_VERSION = 15;
/** The second byte: sealed with the room's key; the same, and the sender's keys are in it; sealed with the key of the two page loads. */
export const [ROOM, KEYED, PAIR] = [0, 1, 2];
/** An epoch is one page load's time in a room; 72 random bits name it, in base64url twelve characters. */
const EPOCH_BYTES = 9;
/** AES-GCM wants 96 bits (NIST SP 800-38D section 8.2). Random ones are fine for 2^32 seals under one key. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Where the fields of a sealed payload begin: version, form, sender's epoch, receiver's epoch, sequence number, nonce, box. */
const EPOCH = 2;
const TO_EPOCH = EPOCH + EPOCH_BYTES;
const SEQ = TO_EPOCH + EPOCH_BYTES;
const NONCE = SEQ + 4;
const BOX = NONCE + NONCE_BYTES;
/** Of any version; in this one a signature is missing then, and it is opened in vain. */
const LEAST_BYTES = BOX + TAG_BYTES;

/** @typedef {{ sealed: Uint8Array<ArrayBuffer>, form: number, epoch: string, toEpoch: string, seq: number }} Envelope */

/**
 * The context of a message is sealed with it. It need not be secret, but nobody can change it. `room`, `from` and `to` are not even sent:
 * both sides know them, and a lie about them breaks the seal.
 * @typedef {object} Context
 * @property {string} room its realm key
 * @property {string} from the sender's id
 * @property {string} to the receiver's id
 * @property {number} form
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
 * `key` seals; no script can read it. `salt` goes into the keys of pairs, so that only members can have one.
 * @param {string} secret
 */
export async function deriveKeys(secret) {
  const root = await rootOf(bytes(secret));
  const [realmKey, key, salt] = await Promise.all([
    subtle.deriveBits(purpose(REALM_KEY), root, REALM_KEY_BITS),
    deriveSeal(root, SEAL_KEY),
    subtle.deriveBits(purpose(PAIR_SALT), root, SALT_BITS),
  ]);
  return { realmKey: base64url(new Uint8Array(realmKey)), key, salt };
}

/** What keys are derived from. @param {BufferSource} secret */
export function rootOf(secret) {
  return subtle.importKey("raw", secret, "HKDF", false, ["deriveBits", "deriveKey"]);
}

/** A key that seals, for one purpose. @param {CryptoKey} root @param {string} info @param {ArrayBuffer} [salt] */
export function deriveSeal(root, info, salt) {
  return subtle.deriveKey(purpose(info, salt), root, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

/**
 * The room's secret is uniformly random, so HKDF needs no salt for it (RFC 5869 section 3.1).
 * @param {string} info
 * @param {ArrayBuffer | Uint8Array<ArrayBuffer>} [salt]
 */
function purpose(info, salt = new Uint8Array()) {
  return { name: "HKDF", hash: "SHA-256", salt, info: utf8(info) };
}

/**
 * @param {{ key: CryptoKey, sign: CryptoKey, keys: Uint8Array }} how `key` seals, `sign` signs; `keys` are ours, sent in the form KEYED
 * @param {Context} context
 * @param {unknown} message anything that JSON can hold
 * @returns {Promise<string>} base64url
 */
export async function seal({ key, sign, keys }, context, message) {
  const head = new Uint8Array(BOX);
  head.set([VERSION, context.form]);
  head.set(bytes(context.epoch), EPOCH);
  head.set(bytes(context.toEpoch), TO_EPOCH);
  new DataView(head.buffer).setUint32(SEQ, context.seq);
  crypto.getRandomValues(head.subarray(NONCE));
  const how = algorithm(head, context);
  const body = concat(context.form === KEYED ? keys : [], utf8(JSON.stringify(message)));
  const signature = await subtle.sign(SIGNATURE, sign, signed(how, body));
  return base64url(concat(head, await subtle.encrypt(how, key, concat(signature, body))));
}

/**
 * What is written on the outside of something sealed: nothing of it is proven yet.
 * @param {unknown} payload
 * @returns {'unsealed' | 'outdated' | 'outdated-there' | Envelope} a text when it is not sealed, or by an older or newer page
 */
export function readEnvelope(payload) {
  let sealed = new Uint8Array();
  try {
    sealed = bytes(typeof payload === "string" ? payload : "");
  } catch {}
  const [version = 0, form = 0] = sealed;
  // Not a string, for one. And base64 has spare bits at the end, and atob forgives spaces: one spelling is enough.
  if (base64url(sealed) !== payload || sealed.length < LEAST_BYTES || !version || version > MAX_VERSION) return "unsealed";
  if (version !== VERSION) return version < VERSION ? "outdated-there" : "outdated";
  if (form > PAIR) return "unsealed";
  const toEpoch = sealed.subarray(TO_EPOCH, SEQ);
  return {
    sealed,
    form,
    epoch: base64url(sealed.subarray(EPOCH, TO_EPOCH)),
    toEpoch: toEpoch.some(Boolean) ? base64url(toEpoch) : "",
    seq: new DataView(sealed.buffer).getUint32(SEQ),
  };
}

/**
 * Opens what {@link seal} made. Every bit of it counts: anything else is refused with an exception. Who has signed it is to be asked next.
 * @param {CryptoKey} key
 * @param {{ room: string, from: string, to: string }} place
 * @param {Envelope} envelope
 */
export async function unseal(key, place, { sealed, form }) {
  const how = algorithm(sealed, place);
  const content = new Uint8Array(await subtle.decrypt(how, key, sealed.subarray(BOX)));
  const body = content.subarray(SIGNATURE_BYTES);
  const at = form === KEYED ? KEYS_BYTES : 0;
  return {
    keys: body.subarray(0, at),
    /** @param {CryptoKey} verify */
    isSigned: (verify) => subtle.verify(SIGNATURE, verify, content.subarray(0, SIGNATURE_BYTES), signed(how, body)),
    /** @returns {any} */
    readMessage: () => JSON.parse(new TextDecoder().decode(body.subarray(at))),
  };
}

/**
 * @param {Uint8Array} sealed
 * @param {{ room: string, from: string, to: string }} place
 */
function algorithm(sealed, { room, from, to }) {
  const bound = utf8(JSON.stringify([room, from, to])); // as JSON, no two triples are spelt alike
  return { name: "AES-GCM", iv: sealed.slice(NONCE, BOX), additionalData: concat(sealed.subarray(0, NONCE), bound) };
}

/**
 * What is signed: the purpose, all that the seal covers, and all that is in it.
 * @param {{ additionalData: Uint8Array }} how
 * @param {Uint8Array} body
 */
function signed({ additionalData }, body) {
  return concat(utf8(SIGNED), additionalData, body);
}

/** @param {...(ArrayBuffer | ArrayLike<number>)} parts */
export function concat(...parts) {
  const arrays = parts.map((part) => new Uint8Array(part));
  const whole = new Uint8Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const array of arrays) whole.set(array, (at += array.length) - array.length);
  return whole;
}

/** @param {string} text */
export function utf8(text) {
  return new TextEncoder().encode(text);
}

/** @param {Uint8Array} data */
export function base64url(data) {
  let text = "";
  for (const byte of data) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Each byte as two digits. @param {ArrayBuffer} data */
export function hex(data) {
  return Array.from(new Uint8Array(data), (byte) => byte.toString(16).padStart(2, "0"));
}

/** @param {string} text base64url */
export function bytes(text) {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (unit) => unit.charCodeAt(0));
}
