// The door: whatever comes from outside, over a channel, sealed through the server or from the server itself, becomes one of these types
// here, or nothing. Behind it nobody asks what a field may be. Nothing here throws.
import { unpack } from './frame.js';
import { bytes } from './seal.js';

/** Longest text in a field, in characters: of those that there are, a description (SDP) is the longest, with one line for each candidate. */
const MAX_TEXT = 32_768;
/** How many people and ICE servers a server may name. */
const MAX_PEERS = 1_000;
const MAX_SERVERS = 32;

/** @typedef {{ type: 'name', name: string } | { type: 'ack', seq: number } | { type: 'relay', protocol: string, path: string }} Said over a link, about the conversation */

/**
 * What came sealed through the server: `here` is the sender's name, `from` and `to` name links. With nothing in it, it asks who is here.
 * @typedef {object} Told
 * @property {import('./frame.js').Frame} [mail]
 * @property {number} [ack]
 * @property {string} [here]
 * @property {string} [from]
 * @property {string} [to]
 * @property {import('./connection.js').Signal['description']} [description] an offer or an answer; its other fields are compared and not used
 * @property {RTCIceCandidateInit} [candidate]
 */

/**
 * @typedef {object} Ice
 * @property {{ urls: string[], username?: string, credential?: string }[]} iceServers
 * @property {number} ttl of the credentials among them, in seconds; 0 without any
 * @property {boolean} degraded whether TURN servers are missing from them for now, because something failed
 */

/** @param {unknown} data @returns {Said | null} */
export function readSaid(data) {
  const { type, name, seq, protocol, path } = object(isText(data) && tried(() => JSON.parse(data)));
  if (type === 'name' && isText(name)) return { type, name };
  if (type === 'ack' && isCount(seq)) return { type, seq };
  if (type === 'relay' && isText(protocol)) return { type, protocol, path: text(path, '') };
  return null;
}

/** What a field of it becomes; undefined if it is not what it should be. @type {Record<string, (value: any) => unknown>} */
const TOLD = {
  mail: (mail) => (isText(mail) && tried(() => unpack(bytes(mail).buffer))) || undefined,
  ack: (ack) => (isCount(ack) ? ack : undefined),
  here: (here) => text(here),
  from: (from) => text(from),
  to: (to) => text(to),
  description: (it) => (/^(offer|answer)$/.test(text(it.type, '')) && isText(it.sdp) ? it : undefined),
  candidate: (it) => (isText(it.candidate) ? it : undefined), // its other fields the browser reads, and refuses
};

/** @param {unknown} words @returns {Told | null} null for nonsense, which is not answered */
export function readTold(words) {
  if (!isObject(words)) return null;
  /** @type {Record<string, unknown>} */
  const told = {};
  for (const [field, read] of Object.entries(TOLD)) {
    const value = words[field] ?? undefined;
    if (value !== undefined && (told[field] = read(value)) === undefined) return null;
  }
  return told;
}

/**
 * A frame of the server's; what is in its payload is whatever somebody wrote.
 * @param {unknown} data
 * @returns {{ type: string, src: string, payload: unknown }} all empty for the answer to a heartbeat, which is no JSON
 */
export function readFrame(data) {
  const { type, src, payload } = object(typeof data === 'string' && tried(() => JSON.parse(data)));
  return { type: text(type, ''), src: text(src, ''), payload };
}

/** Who we are, and who is here. @param {unknown} payload of OPEN */
export function readHello(payload) {
  const { id, peers } = object(payload);
  return { id: text(id, ''), peers: list(peers, MAX_PEERS).filter(isText) };
}

/** @param {unknown} payload of OPEN and of ICE @returns {Ice} */
export function readIce(payload) {
  const { iceServers, ttl, degraded } = object(payload);
  // The credentials are read by the browser, which may refuse them.
  const servers = list(iceServers, MAX_SERVERS).map((server) => ({ ...object(server), urls: [object(server).urls].flat().filter(isText) }));
  return {
    iceServers: servers.filter(({ urls }) => urls.length),
    ttl: typeof ttl === 'number' && ttl > 0 ? ttl : 0,
    degraded: degraded === true,
  };
}

/** Why the server refuses us. @param {unknown} payload of ERROR and of ID-TAKEN */
export function readRefusal(payload) {
  const { code, msg } = object(payload);
  return { code: text(code, ''), message: text(msg, '') };
}

/** What can be read of it; nothing of nonsense, nor of what is deeper than can be read. @template T @param {() => T} read */
function tried(read) {
  try {
    return read();
  } catch {}
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
/** @param {unknown} value */
const object = (value) => (isObject(value) ? value : {});
/** @param {unknown} value @param {number} most @returns {any[]} */
const list = (value, most) => (Array.isArray(value) ? value.slice(0, most) : []);
/** @param {unknown} value @returns {value is string} */
const isText = (value) => typeof value === 'string' && value.length <= MAX_TEXT;
/** @param {unknown} value @returns {value is number} */
const isCount = (value) => Number.isSafeInteger(value) && /** @type {number} */ (value) >= 0;
/** @template {string | undefined} Otherwise @param {unknown} value @param {Otherwise} [otherwise] @returns {string | Otherwise} */
function text(value, otherwise) {
  return isText(value) ? value : /** @type {Otherwise} */ (otherwise);
}
