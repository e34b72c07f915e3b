// Transfers as they travel. A piece is a frame with a kind byte of its own, the number of its transfer and its place in it (a 64-bit float, big-endian).
// What is said about transfers is JSON text. Pages that know nothing of transfers ignore both.
//
//   from the sender     begin       what it is, and how long; the receiver says how far it has come
//                       running     all that are begun and not over: every other one is given up
//   from the receiver   got         so much was taken over; `go`: send what comes after it; `done`: the app has all of it
//                       refused     the receiver does not want it, or cannot take it
import { metadataOf } from "./frame.js";

/** A piece, with what stands before it, in bytes: every browser takes that much in one message (RFC 8841). */
const PIECE_BYTES = 65_536;
/** A frame's bit, and that of a piece. */
const PIECE = 1 | 8;
const ID_AT = 1;
const PLACE_AT = 5;
const HEADER = 13;
/** This much of a transfer fits in one piece, in bytes. */
export const SHARE_BYTES = PIECE_BYTES - HEADER;

/** This much may be under way to one peer and not taken over there, in bytes: enough for 20 MB/s at a round trip of 100 ms. */
export const WINDOW_BYTES = 2 * 1024 * 1024;
/** So many transfers go to one peer at the same time: a picture need not wait for a film. */
export const AT_ONCE = 4;
/** Longest text about transfers, in characters: `begin` has the sender's own metadata in it, of which JSON may make six times as much. */
const MAX_TEXT = 131_072;
/** Longest name and longest type of a File, in characters. */
const MAX_NAME = 255;

/** @typedef {{ what: 'begin', id: number, size: number, as: 'message' | 'blob' | 'file', name: string, mime: string, metadata: any }} Begin */
/** @typedef {{ what: 'running', ids: number[] }} Running */
/** @typedef {{ what: 'got', id: number, at: number, go: boolean, done: boolean }} Got */
/** @typedef {{ what: 'refused', id: number, code: string }} Refused */

/**
 * @param {number} id
 * @param {number} at
 * @param {Uint8Array} bytes
 */
export function packPiece(id, at, bytes) {
  const frame = new Uint8Array(HEADER + bytes.length);
  const view = new DataView(frame.buffer);
  frame[0] = PIECE;
  view.setUint32(ID_AT, id);
  view.setFloat64(PLACE_AT, at);
  frame.set(bytes, HEADER);
  return frame;
}

/** @param {ArrayBuffer} frame from the other side: it may be nonsense */
export function unpackPiece(frame) {
  const [kind] = new Uint8Array(frame);
  if (kind !== PIECE || frame.byteLength <= HEADER) return null;
  const view = new DataView(frame);
  const at = view.getFloat64(PLACE_AT);
  return isCount(at) ? { id: view.getUint32(ID_AT), at, bytes: new Uint8Array(frame, HEADER) } : null;
}

/** @param {string} text from the other side: it may be nonsense @returns {Begin | Running | Got | Refused | null} */
export function readTransfer(text) {
  if (text.length > MAX_TEXT) return null;
  const { type, what, id, size, as, name, mime, metadata, ids, at, go, done, code } = parsed(text);
  if (type !== "transfer") return null;
  if (what === "running" && Array.isArray(ids)) return { what, ids: ids.slice(0, AT_ONCE) };
  if (!isCount(id)) return null;
  if (what === "got" && isCount(at)) return { what, id, at, go: go === true, done: done === true };
  if (what === "refused" && isText(code)) return { what, id, code };
  if (what !== "begin" || !isCount(size) || !isText(name) || !isText(mime) || !/^(message|blob|file)$/.test(as)) return null;
  try {
    return { what, id, size, as, name, mime, metadata: metadataOf(metadata ?? null) };
  } catch {
    return null; // no page of ours lets that go
  }
}

/** @param {string} text @returns {Record<string, any>} */
function parsed(text) {
  try {
    const value = JSON.parse(text);
    JSON.stringify(value); // what is nested too deeply would make an app stumble
    return value ?? {};
  } catch {
    return {};
  }
}

/** @param {unknown} value @returns {value is number} */
const isCount = (value) => Number.isSafeInteger(value) && /** @type {number} */ (value) >= 0;
/** @param {unknown} value @returns {value is string} */
const isText = (value) => typeof value === "string" && value.length <= MAX_NAME;
