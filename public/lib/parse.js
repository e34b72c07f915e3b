// The one door for foreign data. Data from a channel, sealed through the server, or from the server itself becomes one of these types here, or
// nothing. Behind the door nobody asks what a field may be. Nothing here throws.
import { unpack } from "./frame.js";
import { plain } from "./plain.js";
import { bytes } from "./seal.js";

/** Longest text in a field, in characters: of those that there are, a description (SDP) is the longest, with one line for each candidate. */
const MAX_TEXT = 32_768;
/** How many peers a server may name. */
const MAX_PEERS = 1_000;
/** How many ICE servers it may name. */
const MAX_SERVERS = 32;
/** What a server may say to people, in characters. */
const MAX_REASON_CHARS = 300;

/**
 * What somebody says of itself. `more` is read by extras.js: its presence as text, and `turn`, which counts its changes in one page load. Older pages say
 * only their names.
 * @typedef {{ name: string, more?: Record<string, unknown> }} Card
 */
/** @typedef {{ type: 'name', pieces: boolean } & Card | { type: 'ack', seq: number }} Control text over a channel, about messages. `pieces`: whether the page there takes them (transfers.js) */

/**
 * A message that came sealed through the server. `mail` is a message, `ack` acknowledges messages, `here` is the name of a card; `from` and `to` name connections.
 * Any other asks who is here.
 * @typedef {object} SealedMessage
 * @property {import('./frame.js').Frame} [mail]
 * @property {number} [ack]
 * @property {string} [here]
 * @property {Record<string, unknown>} [more]
 * @property {boolean} [serverOnly] whether the sender's browser makes no direct connections
 * @property {string} [from]
 * @property {string} [to]
 * @property {import('./negotiation.js').Signal['description']} [description] an offer or an answer; its other fields are compared and not used
 * @property {RTCIceCandidateInit} [candidate]
 */

/**
 * @typedef {object} Ice
 * @property {{ urls: string[], username?: string, credential?: string }[]} iceServers
 * @property {number} ttl of the credentials among them, in seconds; 0 without any
 * @property {boolean} degraded whether TURN servers are missing from them for now, because something failed
 */

/** @param {unknown} data @returns {Control | null} */
export function readControl(data) {
  const { type, name, more, pieces, seq } = object(isText(data) && tried(() => JSON.parse(data)));
  if (type === "name" && isText(name)) return { type, name, more: object(more), pieces: pieces === true };
  if (type === "ack" && isCount(seq)) return { type, seq };
  return null;
}

/**
 * By what protocol the other side reaches its relay, and what its path is, as it says.
 * @param {string} data text over a channel
 * @returns {{ relay: string, path: string } | null}
 */
export function readRelay(data) {
  const { type, protocol, path } = object(tried(() => JSON.parse(data)));
  return type === "relay" && isText(protocol) ? { relay: protocol, path: text(path, "") } : null;
}

/** What each field becomes; undefined if it is not what it should be. @type {Record<string, (value: any) => unknown>} */
const FIELDS = {
  mail: (mail) => (isText(mail) && tried(() => unpack(bytes(mail).buffer))) || undefined,
  ack: (ack) => (isCount(ack) ? ack : undefined),
  here: (here) => text(here),
  more: (more) => object(more),
  serverOnly: Boolean,
  from: (from) => text(from),
  to: (to) => text(to),
  description: (it) => (/^(offer|answer)$/.test(text(it.type, "")) && isText(it.sdp) ? it : undefined),
  candidate: (it) => (isText(it.candidate) ? it : undefined), // its other fields the browser reads, and refuses
};

/** @param {unknown} opened @returns {SealedMessage | null} null for nonsense, which is not answered */
export function readMessage(opened) {
  if (!isObject(opened)) return null;
  /** @type {Record<string, unknown>} */
  const message = {};
  for (const [field, read] of Object.entries(FIELDS)) {
    const value = opened[field] ?? undefined;
    if (value !== undefined && (message[field] = read(value)) === undefined) return null;
  }
  return message;
}

/**
 * A frame of the server's. Its payload is whatever somebody wrote.
 * @param {unknown} data
 * @returns {{ type: string, src: string, payload: unknown }} all empty for the answer to a heartbeat, which is no JSON
 */
export function readFrame(data) {
  const { type, src, payload } = object(typeof data === "string" && tried(() => JSON.parse(data)));
  return { type: text(type, ""), src: text(src, ""), payload };
}

/** Our id, and the ids of those who are here. @param {unknown} payload of OPEN */
export function readOpen(payload) {
  const { id, peers } = object(payload);
  return { id: text(id, ""), peers: list(peers, MAX_PEERS).filter(isText) };
}

/** @param {unknown} payload of OPEN and of ICE @returns {Ice} */
export function readIce(payload) {
  const { iceServers, ttl, degraded } = object(payload);
  // The credentials are read by the browser, which may refuse them.
  const servers = list(iceServers, MAX_SERVERS).map((server) => ({ ...object(server), urls: [object(server).urls].flat().filter(isText) }));
  return {
    iceServers: servers.filter(({ urls }) => urls.length),
    ttl: typeof ttl === "number" && ttl > 0 ? ttl : 0,
    degraded: degraded === true,
  };
}

/** Why the server refuses us. @param {unknown} payload of ERROR and of ID-TAKEN */
export function readRefusal(payload) {
  const { code, msg } = object(payload);
  return { code: text(code, ""), message: plain(text(msg, "")).slice(0, MAX_REASON_CHARS) };
}

/** The result; nothing for nonsense, and for what is nested too deeply to be read. @template T @param {() => T} read */
export function tried(read) {
  try {
    return read();
  } catch {}
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
/** @param {unknown} value */
const object = (value) => (isObject(value) ? value : {});
/** @param {unknown} value @param {number} most @returns {any[]} */
const list = (value, most) => (Array.isArray(value) ? value.slice(0, most) : []);
/** @param {unknown} value @returns {value is string} */
const isText = (value) => typeof value === "string" && value.length <= MAX_TEXT;
/** @param {unknown} value @returns {value is number} */
const isCount = (value) => Number.isSafeInteger(value) && /** @type {number} */ (value) >= 0;
/** @template {string | undefined} Otherwise @param {unknown} value @param {Otherwise} [otherwise] @returns {string | Otherwise} */
function text(value, otherwise) {
  return isText(value) ? value : /** @type {Otherwise} */ (otherwise);
}
