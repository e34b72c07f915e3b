// The link is the key: what a room's secret is turned into. The secret itself never leaves the browser, because a URL's
// fragment is not part of any request (RFC 3986 section 3.5) and only what HKDF makes of it is sent.

const SECRET_BYTES = 16;

/** HKDF's "info" (RFC 5869 section 3.2): one purpose, one value; the version changes when a value's use does. */
const REALM_KEY = 'beckon/1 realm key';

/** Length of the realm key in bits: as hard to guess as the secret. */
const REALM_KEY_BITS = 128;

/** 128 random bits as 22 base64url characters: the fragment of a new room's link. */
export function freshSecret() {
  return base64url(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));
}

/**
 * Whether `text` can be a secret: 22 characters, of which the last carries only two bits and so is one of four.
 * @param {string} text
 */
export function isSecret(text) {
  return /^[\w-]{21}[AQgw]$/.test(text);
}

/**
 * What the room is called at the server: it tells rooms apart there and says nothing about the secret.
 * @param {string} secret
 */
export async function deriveRealmKey(secret) {
  const root = await crypto.subtle.importKey('raw', bytes(secret), 'HKDF', false, ['deriveBits']);
  return base64url(new Uint8Array(await crypto.subtle.deriveBits(purpose(REALM_KEY), root, REALM_KEY_BITS)));
}

/**
 * The secret is uniformly random, so HKDF needs no salt (RFC 5869 section 3.1).
 * @param {string} info
 */
function purpose(info) {
  return { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: new TextEncoder().encode(info) };
}

/** @param {Uint8Array} data */
export function base64url(data) {
  return btoa(String.fromCharCode(...data)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** @param {string} text base64url */
function bytes(text) {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (unit) => unit.charCodeAt(0));
}
