// A room's messages one after the other, for an app that iterates. A reader that is slow slows those who send: what it has not read yet is not
// acknowledged, once that is much. It comes with path-care.js.
import { sizeOf } from "./memory.js";

/** This much may wait for the app, in bytes, before what comes is not acknowledged any more: a quick reader never waits for the line. */
const BEHIND_BYTES = 1024 * 1024;
/** This much may wait for it at all, in bytes: a person may look away, but not for ever. Who sends more does not care for acknowledgements. */
const MAX_UNREAD_BYTES = 64 * 1024 * 1024;

/**
 * What an app has not read yet, in bytes: a Blob is not in memory, and still its reader is behind.
 * @typedef {import('./events.js').Message & { size: number, behind: number }} Unread
 */
/** What waits in all who read a room, in bytes, and what waits for them: the latest of each peer. @typedef {{ bytes: number, held: Map<object, () => void> }} Behind */
/** @type {WeakMap<object, Behind>} */
const rooms = new WeakMap();

/** @param {import('../beckon.js').Room} room @param {import('./events.js').Reading} reading @returns {Behind} */
function behindIn(room, reading) {
  const known = rooms.get(room);
  if (known) return known;
  const behind = { bytes: 0, held: new Map() };
  rooms.set(room, behind);
  reading.hold = (peer, act) => void (behind.bytes > BEHIND_BYTES ? behind.held.set(peer, act) : act());
  return behind;
}

/**
 * The messages from now on, until the room is closed, or until more wait than may.
 * @param {import('../beckon.js').Room} room
 * @param {import('./events.js').Reading} reading
 * @param {import('./events.js').Message[]} early what came before this module
 * @param {boolean} full whether more came
 * @param {typeof import('./events.js').BeckonError} BeckonError
 */
export async function* messagesOf(room, reading, early, full, BeckonError) {
  const behind = behindIn(room, reading);
  /** @type {Unread[]} */
  let waiting = [];
  /** Of what waits, in memory. What the app has in hand does not wait. */
  let bytes = 0;
  /** What this reader adds to all that is behind. */
  let share = 0;
  let wake = () => {};
  const listening = new AbortController();
  /** @param {number} more bytes wait, or less */
  function count(more) {
    share += more;
    behind.bytes += more;
    if (behind.bytes > BEHIND_BYTES) return;
    for (const act of behind.held.values()) act();
    behind.held.clear();
  }
  /** @param {import('./events.js').Message} message */
  function take({ from, data }) {
    const size = sizeOf(data);
    full ||= bytes > 0 && bytes + size > MAX_UNREAD_BYTES; // one alone was let through before: a reader that is not behind gets it
    if (full) return;
    const behind = size + (data instanceof Blob ? data.size : 0);
    waiting.push({ from, data, size, behind });
    bytes += size;
    count(behind);
  }
  early.forEach(take);
  const notice = (/** @type {any} */ event) => {
    if (event.type === "message") take(event);
    wake();
  };
  room.addEventListener("message", notice, { signal: listening.signal });
  room.addEventListener("state", notice, { signal: listening.signal });
  try {
    for (;;) {
      const next = waiting;
      waiting = [];
      for (const { from, data, size, behind } of next) {
        bytes -= size;
        yield { from, data };
        count(-behind);
      }
      if (next.length) continue;
      if (full) throw new BeckonError("too-much", "More messages came than were read"); // the reader must not believe that it has seen all
      if (room.state === "closed") return;
      await new Promise((resolve) => (wake = () => resolve(undefined)));
    }
  } finally {
    listening.abort();
    count(-share);
  }
}
