// A message as it travels: one kind byte, for a numbered one `base` and `seq` (64-bit floats, big-endian), then UTF-8 or the bytes
// themselves. What is about the conversation and not of it (names, confirmations) is JSON text and no business of this file.
import { BeckonError } from './events.js';

/** Longest message, in bytes, text as UTF-8: what a data channel carries in one piece in every browser is 256 KiB. */
const MAX_BYTES = 256_000;
/** Longest message that may be lost, in bytes: in more pieces than some ten it would be lost too often. */
const MAX_LOOSE_BYTES = 16_384;

const KIND = { text: 1, bytes: 2, looseText: 3, looseBytes: 4 };
const HEADER = 17;
const BASE_AT = 1;
const SEQ_AT = 9;

/** @typedef {string | ArrayBuffer} Data what is received */
/** @typedef {string | ArrayBuffer | ArrayBufferView} Sendable */
/** @typedef {{ data: Data, base: number, seq: number, loose: boolean }} Frame `base` and `seq` are 0 in a loose one */

/**
 * @param {Sendable} data copied, so that the caller may reuse it
 * @param {number} [seq] none for a message that may be lost
 */
export function pack(data, seq) {
  const content = toBytes(data);
  const most = seq ? MAX_BYTES : MAX_LOOSE_BYTES;
  if (content.length > most) throw new BeckonError('too-long', `Such a message has at most ${most} bytes`);
  const text = typeof data === 'string';
  const header = seq ? HEADER : 1;
  const frame = new Uint8Array(header + content.length);
  frame.set(content, header);
  if (!seq) frame[0] = text ? KIND.looseText : KIND.looseBytes;
  else {
    frame[0] = text ? KIND.text : KIND.bytes;
    new DataView(frame.buffer).setFloat64(SEQ_AT, seq);
  }
  return frame;
}

/**
 * @param {Uint8Array<ArrayBuffer>} frame
 * @param {number} base the first message that is not settled, one way or the other: nobody need wait for an earlier one
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
  const view = new DataView(frame);
  const kind = frame.byteLength && view.getUint8(0);
  const loose = kind === KIND.looseText || kind === KIND.looseBytes;
  if (!loose && kind !== KIND.text && kind !== KIND.bytes) return null;
  if (!loose && frame.byteLength < HEADER) return null;
  const content = frame.slice(loose ? 1 : HEADER);
  const data = kind === KIND.text || kind === KIND.looseText ? new TextDecoder().decode(content) : content;
  if (loose) return { data, base: 0, seq: 0, loose };
  const [base, seq] = [view.getFloat64(BASE_AT), view.getFloat64(SEQ_AT)];
  return Number.isSafeInteger(base) && Number.isSafeInteger(seq) ? { data, base, seq, loose } : null;
}

/** @param {Sendable} data */
function toBytes(data) {
  if (typeof data === 'string') return new TextEncoder().encode(data);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  throw new TypeError('A message is a string, an ArrayBuffer or a view of one');
}
