// The error that the library throws, the events that it fires, and a room's messages one after the other.
import { sizeOf } from "./memory.js";

/** This much may wait for an app that iterates, in bytes: a person may look away, but not for ever. */
const MAX_UNREAD_BYTES = 64 * 1024 * 1024;

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

/**
 * A room's messages from now on, until it is closed, or until more wait than may.
 * @param {import('../beckon.js').Room} room
 */
export async function* messages(room) {
  /** @type {{ from: import('./peer-handle.js').Peer, data: import('./frame.js').Data }[]} */
  let waiting = [];
  let bytes = 0;
  let full = false;
  let wake = () => {};
  const listening = new AbortController();
  const notice = (/** @type {any} */ { type, from, data }) => {
    if (type === "message" && !full) {
      full = (bytes += sizeOf(data)) > MAX_UNREAD_BYTES;
      if (!full) waiting.push({ from, data });
    }
    wake();
  };
  room.addEventListener("message", notice, { signal: listening.signal });
  room.addEventListener("state", notice, { signal: listening.signal });
  try {
    for (;;) {
      const next = waiting;
      waiting = [];
      for (const { from, data } of next) {
        yield { from, data };
        bytes -= sizeOf(data);
      }
      if (next.length) continue;
      // They were acknowledged when they came: the reader must not believe that it has seen all.
      if (full) throw new BeckonError("too-much", "More messages came than were read");
      if (room.state === "closed") return;
      await new Promise((resolve) => (wake = () => resolve(undefined)));
    }
  } finally {
    listening.abort();
  }
}
