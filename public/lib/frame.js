// A message as it travels: one kind byte, for a numbered one `base` and `seq` (64-bit floats, big-endian), then UTF-8 or the bytes
// themselves. Names and acknowledgements are JSON text, and no business of this file.
//
// A value is a mark (U+FEFF) and its JSON. Pages that know nothing of values read the JSON as text, as their decoder drops the mark. A text that
// begins with the mark gets a second one.
import { BeckonError } from "./events.js";
import { utf8 } from "./seal.js";

/** Longest message that is one frame, in bytes, text as UTF-8. In every browser a data channel carries 256 KiB in one piece. */
export const MAX_BYTES = 256_000;
/**
 * Longest text or bytes, in bytes: both pages hold all of it at once. What is longer is for a Blob, which nobody holds. A value is one frame: in memory it
 * takes many times its length, and a page stands still while it is read.
 */
export const MAX_HELD_BYTES = 64 * 1024 * 1024;
/** Longest Blob, in bytes: nobody may fill the other side's disk. */
export const MAX_BLOB_BYTES = 4 * 1024 ** 3;
/** Longest message that may be lost, in bytes. Of more than some ten pieces, one would be lost too often. */
const MAX_LOOSE_BYTES = 16_384;
/** Longest presence, in bytes of its text: each change goes to everybody. */
const MAX_PRESENCE_BYTES = 1_024;

/** The kind byte: always the first bit, and these two. */
const A_FRAME = 1;
export const BYTES = 2;
const LOOSE = 4;
/** The kind byte of a request, an answer or what became of one (asking.js): the rest of it is no business of this file. Older pages ignore it. */
export const ASKING = 17;
export const HEADER = 17;
const BASE_AT = 1;
const SEQ_AT = 9;

export const MARK = "\uFEFF";

/** @typedef {any} Data as received: text, an ArrayBuffer, a Blob, or what JSON carries. A Uint8Array is a whole frame that is no message */
/** @typedef {any} Sendable the same, and views of bytes; what else it may be is found out by `pack` */
/** @typedef {any} Packed a Uint8Array, or a Blob */
/** @typedef {{ data: Data, base: number, seq: number, loose: boolean }} Frame `base` and `seq` are 0 in a loose one */

/**
 * A frame without its numbers, or a Blob as it is. It throws at once if the data cannot go.
 * @param {Sendable} data copied, so that the caller may reuse it
 * @param {boolean} [loose] whether it may be lost, and so has no number
 * @param {boolean} [whole] whether it must go in one piece: then it is no Blob, either
 * @returns {Packed}
 */
export function pack(data, loose = false, whole = loose) {
  if (data instanceof Blob && !whole) {
    bounded({ length: data.size }, MAX_BLOB_BYTES);
    return data;
  }
  const isBytes = data instanceof ArrayBuffer || ArrayBuffer.isView(data);
  const most = loose ? MAX_LOOSE_BYTES : whole || !(isBytes || typeof data === "string") ? MAX_BYTES : MAX_HELD_BYTES;
  const content = bounded(isBytes ? toBytes(data) : utf8(toText(data)), most);
  const header = loose ? 1 : HEADER;
  const frame = new Uint8Array(header + content.length);
  frame[0] = A_FRAME | (isBytes ? BYTES : 0) | (loose ? LOOSE : 0);
  frame.set(content, header);
  return frame;
}

/** Whether it goes in one piece. A request always does: its value was bounded before, and has a head on top. @param {Packed} packed */
export const isWhole = (packed) => packed.length <= HEADER + MAX_BYTES || packed[0] === ASKING;

/**
 * @param {Uint8Array<ArrayBuffer>} frame
 * @param {number} seq its number
 * @param {number} base the lowest number still unacknowledged: the receiver may treat all below it as done
 */
export function renumber(frame, seq, base) {
  const view = new DataView(frame.buffer);
  view.setFloat64(BASE_AT, base);
  view.setFloat64(SEQ_AT, seq);
  return frame;
}

/**
 * @param {ArrayBuffer} frame from the other side: it may be nonsense
 * @returns {Frame | null}
 */
export function unpack(frame) {
  const [kind = 0] = new Uint8Array(frame);
  const loose = (kind & LOOSE) > 0;
  const header = loose ? 1 : HEADER;
  if (!(kind & A_FRAME) || (kind > (A_FRAME | BYTES | LOOSE) && kind !== ASKING) || frame.byteLength < header) return null;
  const view = new DataView(frame);
  const [base, seq] = loose ? [0, 0] : [view.getFloat64(BASE_AT), view.getFloat64(SEQ_AT)];
  if (!Number.isSafeInteger(base) || !Number.isSafeInteger(seq) || base < 0 || seq < base) return null;
  const content = frame.slice(header);
  return {
    data: kind === ASKING ? new Uint8Array(frame) : kind & BYTES ? content : read(new TextDecoder("utf-8", { ignoreBOM: true }).decode(content)),
    base,
    seq,
    loose,
  };
}

/** A presence as it travels: as the text of a message. It throws at once if it cannot go. @param {unknown} value @param {number} [most] in bytes */
export function presenceText(value, most = MAX_PRESENCE_BYTES) {
  const text = toText(value);
  bounded(utf8(text), most);
  return text;
}

/** A copy of what goes with something long. It throws at once if it cannot go. @param {unknown} value */
export const metadataOf = (value) => read(presenceText(value, MAX_LOOSE_BYTES));

/** What a text stands for, of a message or a presence. @param {string} text @returns {Data} */
export function read(text) {
  if (!text.startsWith(MARK)) return text;
  const marked = text.slice(MARK.length);
  try {
    const value = JSON.parse(marked);
    JSON.stringify(value); // what is nested so deeply that this fails is no value: an app would stumble over it
    return value;
  } catch {
    return marked; // text that begins with the mark; of an older page, without the second one
  }
}

/** It throws if something is too long. @template {{ length: number }} Content @param {Content} content @param {number} most in bytes */
export function bounded(content, most) {
  if (content.length > most) throw new BeckonError("too-long", `It has at most ${most} bytes`);
  return content;
}

/** @param {ArrayBuffer | ArrayBufferView} data */
function toBytes(data) {
  return data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** @param {unknown} data */
function toText(data) {
  if (typeof data === "string") return data.startsWith(MARK) ? MARK + data : data;
  return MARK + JSON.stringify([data], carried).slice(1, -1);
}

/**
 * Lets through what arrives as it is. JSON itself leaves some out, and makes something else of others.
 * @this {unknown}
 * @param {string} _key
 * @param {unknown} part
 */
function carried(_key, part) {
  const isPlain = part === null || Array.isArray(part) || {}.toString.call(part) === "[object Object]";
  const isAbsent = part === undefined && !Array.isArray(this);
  if (isPlain || isAbsent || Number.isFinite(part) || /string|boolean/.test(typeof part)) return part;
  throw new TypeError("It is not text, bytes, or what JSON carries");
}
