// What comes in pieces, as an app sees it, and the long message that is in it.
import { BYTES, HEADER, MARK, MAX_BYTES, unpack } from "./frame.js";

/** In UTF-8. */
const MARK_BYTES = 3;

/** Something long that comes, as an app sees it. beckon.d.ts documents it. */
export class Incoming extends EventTarget {
  #facts;
  #cancel;

  /** @param {{ name: string, type: string, size: number, metadata: any, received: number, result: Promise<any> }} facts @param {() => void} cancel */
  constructor(facts, cancel) {
    super();
    this.#facts = facts;
    this.#cancel = cancel;
  }
  get name() {
    return this.#facts.name;
  }
  get type() {
    return this.#facts.type;
  }
  get size() {
    return this.#facts.size;
  }
  get metadata() {
    return this.#facts.metadata;
  }
  get received() {
    return this.#facts.received;
  }
  get result() {
    return this.#facts.result;
  }
  cancel() {
    this.#cancel();
  }
}

/** What is in the frame of a long message; nothing if it is none. @param {ArrayBuffer} frame */
export function messageOf(frame) {
  const head = new TextDecoder("utf-8", { ignoreBOM: true }).decode(frame.slice(HEADER, HEADER + 2 * MARK_BYTES));
  const [kind = 0] = new Uint8Array(frame);
  const isValue = !(kind & BYTES) && head.startsWith(MARK) && !head.startsWith(MARK + MARK);
  if (isValue && frame.byteLength > HEADER + MAX_BYTES) return undefined; // to parse 64 MiB stops a page for half a minute, and fills a gigabyte
  return unpack(frame)?.data;
}
