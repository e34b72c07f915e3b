// Sends what goes in pieces. Of a Blob no more is in memory than what is under way: what a lost connection has swallowed is read again.
import { HEADER, MAX_BLOB_BYTES } from "./frame.js";
import { AT_ONCE, packPiece, SHARE_BYTES, WINDOW_BYTES } from "./transfer-format.js";
import { admit } from "./waiting.js";

/** So much of a Blob is read at a time, in bytes: a browser takes as long for a little. */
const BLOCK_BYTES = 1024 * 1024;
/** What the other side may say of why it takes no more. @type {Record<string, string>} */
const REFUSALS = {
  cancelled: "They have stopped it",
  "too-much": "Too much is coming there at once",
  failed: "The other device could not keep it",
};

/**
 * @typedef {object} Transfer
 * @property {number} id
 * @property {import('./delivery.js').Long} long
 * @property {number} size in bytes
 * @property {number} sent up to here, on the present connection
 * @property {number} got up to here it was taken over there
 * @property {boolean} may whether the other side has said where to go on
 * @property {boolean} giving whether it is being read and sent
 * @property {{ at: number, bytes: Uint8Array }} block what was read of it last
 */

/** The number of the latest, of this page load: a peer that was forgotten and comes back may still know all before it. */
let count = 0;

/**
 * @param {import('./delivery.js').Long[]} waiting
 * @param {() => import('./transfers.js').Port} port
 */
export function openOutgoing(waiting, port) {
  /** Those that are begun. @type {Map<number, Transfer>} */
  const running = new Map();
  /** Whether the other side has ever heard of one. */
  let isKnown = false;
  /** Where they were announced. @type {object | null} */
  let announcedOn = null;

  function flush() {
    const { connection, BeckonError } = port();
    admit(waiting, BeckonError, flush);
    const before = running.size;
    for (const { long } of running.values()) if (!waiting.includes(long)) forget(long);
    const now = connection();
    if (now?.pieces === undefined) return; // it says so with its name, first of all
    if (!now.pieces) {
      const why = new BeckonError("outdated-there", "The other page is older and takes no Blob and at most 256,000 bytes: it has to be loaded again");
      for (const long of [...waiting]) drop(long, why);
      return;
    }
    const isNew = announcedOn !== now;
    announcedOn = now;
    if (isNew ? isKnown : running.size < before) tellRunning(); // first of all: what is given up makes room there
    for (const transfer of isNew ? running.values() : []) announce(transfer);
    for (const long of waiting) if (isDue(long)) announce(begin(long));
    for (const transfer of running.values()) give(transfer);
  }

  /** Whether the other side takes it beside those that are begun. @param {import('./delivery.js').Long} long */
  function isDue(long) {
    let bytes = sizeOf(long);
    for (const other of running.values()) {
      if (other.long === long) return false;
      bytes += other.size;
    }
    return running.size < AT_ONCE && bytes <= MAX_BLOB_BYTES;
  }

  /** @param {import('./delivery.js').Long} long @returns {Transfer} */
  function begin(long) {
    const { data } = long;
    const block = { at: 0, bytes: data instanceof Blob ? new Uint8Array() : data };
    const transfer = { id: ++count, long, size: sizeOf(long), sent: 0, got: 0, may: false, giving: false, block };
    running.set(transfer.id, transfer);
    return transfer;
  }

  /** Says what it is. The other side says where to begin. @param {Transfer} transfer */
  function announce(transfer) {
    const { id, size, long } = transfer;
    const { data, how } = long;
    transfer.may = false;
    isKnown = true;
    const named = typeof File === "function" && data instanceof File;
    const as = named ? "file" : data instanceof Blob ? "blob" : "message";
    const name = named ? data.name.slice(-255) : "";
    tell({ what: "begin", id, size, as, name, mime: data instanceof Blob ? data.type.slice(0, 255) : "", metadata: how.metadata });
  }

  function tellRunning() {
    tell({ what: "running", ids: [...running.keys()] });
  }

  /** @param {object} what */
  function tell(what) {
    port().tell({ type: "transfer", ...what });
  }

  /** How much of all of them is under way, in bytes. */
  function underWay() {
    let sum = 0;
    for (const { may, sent, got } of running.values()) if (may) sum += sent - got;
    return sum;
  }

  /** Whether it may send more: a picture has its share beside a film. @param {Transfer} transfer */
  function isNext({ id, may, sent, got, size }) {
    if (!running.has(id) || !may || sent >= size || underWay() >= WINDOW_BYTES) return false;
    let sharing = 0;
    for (const other of running.values()) if (other.may && other.got < other.size) sharing++;
    return sent - got < WINDOW_BYTES / sharing;
  }

  /** Sends pieces, as many as may. @param {Transfer} transfer */
  async function give(transfer) {
    if (transfer.giving) return;
    transfer.giving = true;
    const { id, long } = transfer;
    try {
      while (isNext(transfer)) {
        const { sent, block } = transfer;
        const from = sent - block.at;
        if (from < 0 || from >= block.bytes.length) await read(transfer, sent);
        else {
          const bytes = block.bytes.subarray(from, from + SHARE_BYTES);
          if (
            !port()
              .connection()
              ?.write(packPiece(id, sent, bytes))
          )
            break;
          transfer.sent += bytes.length;
        }
      }
    } catch (/** @type {any} */ cause) {
      const { BeckonError } = port();
      drop(long, cause instanceof BeckonError ? cause : new BeckonError("unreadable", "It cannot be read any more", { cause }));
      flush(); // what waits for its place may begin
    }
    transfer.giving = false;
  }

  /** @param {Transfer} transfer @param {number} at */
  async function read(transfer, at) {
    const part = /** @type {Blob} */ (transfer.long.data).slice(at, Math.min(at + BLOCK_BYTES, transfer.size));
    const bytes = new Uint8Array(await part.arrayBuffer());
    if (!bytes.length) throw new RangeError("It is shorter than it was");
    transfer.block = { at, bytes };
  }

  /** It is over, one way or the other. @param {import('./delivery.js').Long} long */
  function forget(long) {
    const place = waiting.indexOf(long);
    if (place >= 0) waiting.splice(place, 1);
    for (const [id, other] of running) if (other.long === long) running.delete(id);
  }

  /** Gives it up, and says so. @param {import('./delivery.js').Long} long @param {any} why */
  function drop(long, why) {
    const before = running.size;
    forget(long);
    if (running.size < before) tellRunning();
    long.failed(why);
  }

  return {
    flush,

    /** None of them waits any more. @param {import('./events.js').BeckonError} why */
    end(why) {
      running.clear();
      for (const { failed } of waiting.splice(0)) failed(why);
    },

    /** @param {import('./transfer-format.js').Got} got */
    got({ id, at, go, done }) {
      const transfer = running.get(id);
      if (!transfer || at > transfer.size) return;
      const { long, size } = transfer;
      if (go && !transfer.may) {
        transfer.may = true;
        transfer.sent = transfer.got = at; // it may know of more than we, who cannot tell
      } else if (at <= transfer.sent) transfer.got = Math.max(transfer.got, at);
      progress(long, at, size);
      if (done && at === size) {
        forget(long);
        long.done();
      }
      flush();
    },

    /** @param {import('./transfer-format.js').Refused} refused */
    refused({ id, code }) {
      const long = running.get(id)?.long;
      if (!long) return;
      const known = code in REFUSALS ? code : "cancelled";
      drop(long, new (port().BeckonError)(known, REFUSALS[known] ?? ""));
      flush();
    },
  };
}

/** In bytes. @param {import('./delivery.js').Long} long */
const sizeOf = ({ data }) => (data instanceof Blob ? data.size : data.length);

/** Tells the app. What it throws is its own. @param {import('./delivery.js').Long} long @param {number} at @param {number} size */
function progress({ data, how }, at, size) {
  const header = data instanceof Blob ? 0 : HEADER;
  try {
    how.onProgress?.(Math.max(0, at - header), size - header);
  } catch (error) {
    setTimeout(() => {
      throw error;
    });
  }
}
