// Takes what comes in pieces. What has come is handed to the browser, which keeps a Blob outside of this page's memory, and only then acknowledged. So
// the sender is as quick as the browser and the app.
import { openBlobStore } from "./blob-store.js";
import { HEADER, MAX_BLOB_BYTES, MAX_HELD_BYTES, unpack } from "./frame.js";
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

/** Something long that comes, as an app sees it. beckon.d.ts documents it. */
class Incoming extends EventTarget {
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

  /** @param {object} what */
  function tell(what) {
    port().tell({ type: "transfer", ...what });
  }

  /** It is over. @param {number} id @param {string} code why, if it did not arrive */
  function remember(id, code) {
    all.delete(/** @type {Half} */ (halves.get(id)));
    halves.delete(id);
    over.set(id, code);
    for (const old of over.keys()) if (over.size > MAX_OVER) over.delete(old);
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
      if (halves.get(id) === known) report(id, known, true);
      return;
    }
    if (id <= latest) {
      // Its sender has not heard what became of it.
      const code = over.get(id) ?? "cancelled";
      return code ? tell({ what: "refused", id, code }) : tell({ what: "got", id, at: size, done: true });
    }
    latest = id;
    const share = as === "message" ? MAX_HELD_BYTES + HEADER : MAX_BLOB_BYTES - sum(halves.values(), (half) => half.begin.size);
    if (halves.size >= AT_ONCE || all.size >= MAX_HALVES || size > share) {
      remember(id, "too-much");
      return tell({ what: "refused", id, code: "too-much" });
    }
    const half = open(begin);
    halves.set(id, half);
    all.add(half);
    port().deliver(undefined, "incoming", { incoming: half.handle });
    if (halves.get(id) !== half) return; // the app does not want it
    report(id, half, true);
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

  /** @param {number} id @param {Half} half @param {boolean} [go] whether the sender waits to hear where to go on */
  function report(id, half, go) {
    half.reported = half.taken;
    const say = () => halves.get(id) === half && tell({ what: "got", id, at: half.taken, go });
    go ? say() : port().ready(half, say);
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
    if (half.taken - half.reported >= REPORT_BYTES) report(id, half);
  }

  /** @param {number} id @param {Half} half */
  async function finish(id, half) {
    const { as, size, mime, metadata } = half.begin;
    const { deliver, ready } = port();
    let data;
    try {
      const blob = await half.store.finish(mime);
      if (as === "message") data = unpack(await blob.arrayBuffer())?.data;
      else data = as === "file" && typeof File === "function" ? new File([blob], half.handle.name, { type: mime }) : blob;
    } catch {
      return drop(id, half, "failed", "This device could not keep it");
    }
    if (halves.get(id) !== half) return;
    if (data === undefined || data instanceof Uint8Array) return drop(id, half, "failed", "It is nothing that a message may be");
    remember(id, "");
    half.done(data);
    deliver(data, "message", { metadata });
    ready(half, () => tell({ what: "got", id, at: size, done: true }));
  }

  return {
    /** @param {import('./transfer-format.js').Begin | import('./transfer-format.js').Running} control @param {string} its page load */
    hear(control, its) {
      if (its !== epoch) {
        // The page there was loaded again: what it had begun is lost, and it counts from the beginning.
        for (const [id, half] of halves) drop(id, half, "left", "They left before it arrived", true);
        over.clear();
        latest = 0;
        epoch = its;
      }
      if (control.what === "begin") return hearBegin(control);
      for (const [id, half] of halves) if (!control.ids.includes(id)) drop(id, half, "cancelled", "They have stopped it", true);
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
      for (const [id, half] of halves) {
        remember(id, why.code);
        half.store.abort();
        half.failed(why);
      }
    },
  };
}
