// Takes what comes in pieces. What has come is handed to the browser, which keeps a Blob outside of this page's memory, and only then acknowledged. So
// the sender is as quick as the browser and the app.
import { openBlobStore } from "./blob-store.js";
import { HEADER, MAX_BLOB_BYTES, MAX_HELD_BYTES } from "./frame.js";
import { Incoming, messageOf } from "./incoming-handle.js";
import { plain } from "./plain.js";
import { AT_ONCE, unpackPiece, WINDOW_BYTES } from "./transfer-format.js";

/** The sender hears of so much more that was taken over, in bytes: often enough that it never stands still, also where several come at once. */
const REPORT_BYTES = WINDOW_BYTES / 8;
/**
 * What is not whole yet has at most so many bytes, in all rooms of this page: nobody may fill a disk. It is what has come that counts, so who only
 * announces much takes no place. Of one sender it has as many as its longest Blob, and there what is announced counts.
 */
const MAX_HALF_BYTES = 4 * MAX_BLOB_BYTES;
/** So many of all senders are not whole: each keeps its metadata, and a file of the browser's. */
const MAX_HALVES = 64;
/** So many that are over are remembered: more than a sender may still ask about. */
const MAX_OVER = 64;

/**
 * @typedef {object} Half what has not come whole
 * @property {import('./transfer-format.js').Begin} begin
 * @property {number} came up to here
 * @property {number} taken up to here, by the browser
 * @property {number} reported up to here, to the sender
 * @property {Promise<unknown>} storing what came last
 * @property {ReturnType<typeof openBlobStore>} store
 * @property {{ received: number }} facts
 * @property {Incoming} handle
 * @property {(data: any) => void} done
 * @property {(why: import('./events.js').BeckonError) => void} failed
 */

/** What is not whole yet, of all senders. @type {Set<Half>} */
const all = new Set();

/** @param {Iterable<Half>} halves @param {(half: Half) => number} count in bytes */
function sum(halves, count) {
  let bytes = 0;
  for (const half of halves) bytes += count(half);
  return bytes;
}

/** @param {() => import('./transfers.js').Port} port @param {number} [most] of all that is not whole, in bytes */
export function openIncoming(port, most = MAX_HALF_BYTES) {
  /** @type {Map<number, Half>} */
  const halves = new Map();
  /** Whose page load they are of, and what became of the latest that are over: a code, or nothing if it arrived. */
  let epoch = "";
  /** @type {Map<number, string>} */
  const over = new Map();
  /** The highest number that ever began. */
  let latest = 0;
  /** Those that were given up because they were away: they may begin again. @type {Set<number>} */
  const interrupted = new Set();
  /** Of these the sender is to hear how far they are, once the app has read what came: their sizes. @type {Map<number, number>} */
  const owed = new Map();

  /** @param {object} what */
  function tell(what) {
    port().tell({ type: "transfer", ...what });
  }

  /** It is over. @param {number} id @param {string} code why, if it did not arrive */
  function remember(id, code) {
    close(id);
    over.set(id, code);
    for (const old of over.keys()) if (over.size > MAX_OVER) over.delete(old);
  }

  /** @param {number} id */
  function close(id) {
    all.delete(/** @type {Half} */ (halves.get(id)));
    halves.delete(id);
    owed.delete(id);
  }

  /** The sender hears of it as soon as the app is not behind. @param {number} id @param {number} size */
  function owe(id, size) {
    owed.set(id, size);
    port().ready(owed, () => {
      const due = [...owed];
      owed.clear();
      for (const [id, size] of due) {
        const half = halves.get(id);
        tell({ what: "got", id, at: half?.taken ?? size, done: !half });
      }
    });
  }

  /** @param {number} id @param {Half} half @param {string} code @param {string} message @param {boolean} [quietly] */
  function drop(id, half, code, message, quietly) {
    if (halves.get(id) !== half) return;
    remember(id, code);
    half.store.abort();
    half.failed(new (port().BeckonError)(code, message));
    if (!quietly) tell({ what: "refused", id, code });
  }

  /** @param {import('./transfer-format.js').Begin} begin */
  async function hearBegin(begin) {
    const { id, size, as } = begin;
    const known = halves.get(id);
    if (known) {
      const { storing } = known;
      await storing.catch(() => {});
      if (halves.get(id) === known) start(id, known);
      return;
    }
    if (owed.has(id)) return; // it has arrived, and the app is behind
    if (id <= latest && !interrupted.delete(id)) {
      // Its sender has not heard what became of it.
      const code = over.get(id) ?? "cancelled";
      return code ? tell({ what: "refused", id, code }) : tell({ what: "got", id, at: size, done: true });
    }
    latest = Math.max(latest, id);
    const share = as === "message" ? MAX_HELD_BYTES + HEADER : MAX_BLOB_BYTES - sum(halves.values(), (half) => half.begin.size);
    if (halves.size + arrived() >= AT_ONCE || all.size >= MAX_HALVES || size > share) {
      remember(id, "too-much");
      return tell({ what: "refused", id, code: "too-much" });
    }
    const half = open(begin);
    halves.set(id, half);
    all.add(half);
    port().deliver(undefined, "incoming", { incoming: half.handle });
    if (halves.get(id) !== half) return; // the app does not want it
    start(id, half);
    if (!size) finish(id, half);
  }

  /** @param {import('./transfer-format.js').Begin} begin @returns {Half} */
  function open(begin) {
    const { id, size, as, name, mime, metadata } = begin;
    const header = as === "message" ? HEADER : 0;
    /** @type {any} */
    let settle;
    const result = new Promise((done, failed) => (settle = { done, failed }));
    result.catch(() => {}); // whoever wants to know looks
    const facts = { name: plain(name), type: mime, size: Math.max(0, size - header), metadata, received: 0, result };
    const handle = new Incoming(facts, () => drop(id, half, "cancelled", "It was stopped here"));
    const half = { begin, came: 0, taken: 0, reported: 0, storing: Promise.resolve(), store: openBlobStore(), facts, handle, ...settle };
    return half;
  }

  /** How many have arrived, and their sender has not heard of it. */
  function arrived() {
    let count = 0;
    for (const id of owed.keys()) if (!halves.has(id)) count++;
    return count;
  }

  /** Says where to go on. @param {number} id @param {Half} half */
  function start(id, half) {
    half.reported = half.taken;
    tell({ what: "got", id, at: half.taken, go: true });
  }

  /** @param {number} id @param {Half} half @param {Uint8Array} bytes */
  async function store(id, half, bytes) {
    try {
      await half.store.write(bytes);
    } catch {
      return drop(id, half, "failed", "This device could not keep it");
    }
    if (halves.get(id) !== half) return;
    half.taken += bytes.length;
    half.facts.received = Math.max(0, half.taken - (half.begin.as === "message" ? HEADER : 0));
    half.handle.dispatchEvent(new Event("progress"));
    if (half.taken === half.begin.size) return finish(id, half);
    if (half.taken - half.reported < REPORT_BYTES) return;
    half.reported = half.taken;
    owe(id, half.begin.size);
  }

  /** @param {number} id @param {Half} half */
  async function finish(id, half) {
    const { as, size, mime, metadata } = half.begin;
    const { deliver } = port();
    let data;
    try {
      const blob = await half.store.finish(mime);
      if (as === "message") data = messageOf(await blob.arrayBuffer());
      else data = as === "file" && typeof File === "function" ? new File([blob], half.handle.name, { type: mime }) : blob;
    } catch {
      return drop(id, half, "failed", "This device could not keep it");
    }
    if (halves.get(id) !== half) return;
    if (data === undefined || data instanceof Uint8Array) return drop(id, half, "failed", "It is nothing that a message may be");
    remember(id, "");
    half.done(data);
    deliver(data, "message", { metadata });
    owe(id, size);
  }

  /** The page there was perhaps loaded again: then what it had begun is lost, and it counts from the beginning. @param {string} its page load */
  function meet(its) {
    if (its === epoch) return;
    for (const [id, half] of halves) drop(id, half, "left", "They left before it arrived", true);
    for (const list of [over, interrupted, owed]) list.clear();
    latest = 0;
    epoch = its;
  }

  return {
    meet,

    /** @param {import('./transfer-format.js').Begin | import('./transfer-format.js').Running} control @param {string} its page load */
    hear(control, its) {
      meet(its);
      if (control.what === "begin") return hearBegin(control);
      for (const [id, half] of halves) if (!control.ids.includes(id)) drop(id, half, "cancelled", "They have stopped it", true);
      for (const list of [owed, interrupted]) for (const id of list.keys()) if (!control.ids.includes(id)) list.delete(id);
    },

    /** @param {ArrayBuffer} frame */
    take(frame) {
      const piece = unpackPiece(frame);
      const half = piece && halves.get(piece.id);
      if (!half) return;
      const { id, at, bytes } = piece;
      const fresh = bytes.subarray(half.came - at); // it may overlap what came by the last connection
      if (at > half.came || at + bytes.length <= half.came) return;
      const behind = fresh.length + sum(halves.values(), ({ came, taken }) => came - taken);
      const isAgreed = half.came + fresh.length <= half.begin.size && behind <= 2 * WINDOW_BYTES;
      if (!isAgreed || fresh.length + sum(all, ({ came }) => came) > most) return drop(id, half, "too-much", "More came than was agreed, or may be");
      half.came += fresh.length;
      half.storing = half.storing.then(() => store(id, half, fresh));
    },

    /** @param {import('./events.js').BeckonError} why */
    end(why) {
      owed.clear();
      for (const [id, half] of halves) {
        close(id);
        interrupted.add(id);
        half.store.abort();
        half.failed(why);
      }
    },
  };
}
