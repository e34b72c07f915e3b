// A message as it travels: one kind byte, for a numbered one `base` and `seq` (64-bit floats, big-endian), then UTF-8 or the bytes
// themselves. Names and acknowledgements are JSON text, and no business of this file.
import { BeckonError } from "./events.js";

/** Longest message, in bytes, text as UTF-8. In every browser a data channel carries 256 KiB in one piece. */
const MAX_BYTES = 256_000;
/** Longest message that may be lost, in bytes. Of more than some ten pieces, one would be lost too often. */
const MAX_LOOSE_BYTES = 16_384;

/** The kind byte: always the first bit, and these two. */
const A_FRAME = 1;
const BYTES = 2;
const LOOSE = 4;
const HEADER = 17;
const BASE_AT = 1;
const SEQ_AT = 9;

/** @typedef {string | ArrayBuffer} Data as received */
/** @typedef {string | ArrayBuffer | ArrayBufferView} Sendable */
/** @typedef {{ data: Data, base: number, seq: number, loose: boolean }} Frame `base` and `seq` are 0 in a loose one */

/**
 * @param {Sendable} data copied, so that the caller may reuse it
 * @param {number} [seq] none for a message that may be lost
 */
export function pack(data, seq) {
  const content = toBytes(data);
  const most = seq ? MAX_BYTES : MAX_LOOSE_BYTES;
  if (content.length > most) throw new BeckonError("too-long", `A message has at most ${most} bytes`);
  const header = seq ? HEADER : 1;
  const frame = new Uint8Array(header + content.length);
  frame[0] = A_FRAME | (typeof data === "string" ? 0 : BYTES) | (seq ? 0 : LOOSE);
  frame.set(content, header);
  if (seq) new DataView(frame.buffer).setFloat64(SEQ_AT, seq);
  return frame;
}

/**
 * @param {Uint8Array<ArrayBuffer>} frame
 * @param {number} base the lowest number still unacknowledged: the receiver may treat all below it as done
 */
export function rebase(frame, base) {
  new DataView(frame.buffer).setFloat64(BASE_AT, base);
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
  if (!(kind & A_FRAME) || kind > (A_FRAME | BYTES | LOOSE) || frame.byteLength < header) return null;
  const view = new DataView(frame);
  const [base, seq] = loose ? [0, 0] : [view.getFloat64(BASE_AT), view.getFloat64(SEQ_AT)];
  if (!Number.isSafeInteger(base) || !Number.isSafeInteger(seq) || base < 0 || seq < base) return null;
  const content = frame.slice(header);
  return { data: kind & BYTES ? content : new TextDecoder().decode(content), base, seq, loose };
}

/** @param {Sendable} data */
function toBytes(data) {
  if (typeof data === "string") return new TextEncoder().encode(data);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  throw new TypeError("A message is text or bytes");
}
