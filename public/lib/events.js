// The error that the library throws, the events that it fires, and how a room's messages are read.
import { sizeOf } from "./memory.js";

/** This much may wait for the module that reads, in bytes. */
const MAX_EARLY_BYTES = 16 * 1024 * 1024;

/** An error with a code for programs and a sentence for people. */
export class BeckonError extends Error {
  /**
   * @param {string} code stable
   * @param {string} message
   * @param {ErrorOptions} [options]
   */
  constructor(code, message, options) {
    super(message, options);
    this.name = "BeckonError";
    this.code = code;
  }
}

/** What came is not by whoever it should be, or by a page of another version. @param {string} [reason] */
export function mistrust(reason) {
  const why = reason?.startsWith("outdated") ? reason : "tampered";
  return new BeckonError(why, "Someone changed the introduction, or one of the pages is older");
}

/** An event whose facts are its own fields. */
export class BeckonEvent extends Event {
  /**
   * @param {string} type
   * @param {object} [facts]
   */
  constructor(type, facts) {
    super(type);
    Object.assign(this, facts);
  }
}

/** @typedef {{ from: import('./peer-handle.js').Peer, data: import('./frame.js').Data }} Message */
/**
 * What those share who read a room's messages. `hold` waits with something until they are not behind any more; there is none as long as nobody reads.
 * @typedef {{ hold?: (peer: object, act: () => void) => void }} Reading
 */

/**
 * A room's messages from now on.
 * @param {import('../beckon.js').Room} room
 * @param {Reading} reading
 * @param {import('./late.js').Care} care
 */
export async function* messages(room, reading, care) {
  /** What comes before the reader does, which comes with the first connection. @type {Message[]} */
  const early = [];
  let left = MAX_EARLY_BYTES;
  const keep = (/** @type {any} */ event) => (left -= sizeOf(event.data)) > 0 && early.push(event);
  room.addEventListener("message", keep);
  const closed = new Promise((resolve) => room.addEventListener("state", () => room.state === "closed" && resolve(0)));
  const module = await Promise.race([care(), closed]);
  room.removeEventListener("message", keep);
  yield* module ? module.messagesOf(room, reading, early, left < 0, BeckonError) : early;
}
