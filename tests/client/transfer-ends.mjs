// Two ends between which Blobs and long messages go in pieces, over connections that come and go.
import assert from "node:assert/strict";
import { BeckonError } from "../../public/beckon.js";
import { pack } from "../../public/lib/frame.js";
import { transfersWith } from "../../public/lib/transfers.js";

const turn = () => new Promise((resolve) => setTimeout(resolve, 1));
/** Until it is true, as everything here takes some turns. @param {() => unknown} is */
export async function until(is) {
  for (let turns = 0; !is(); turns++) {
    assert.ok(turns < 5_000, `never came true: ${is}`);
    await turn();
  }
}

/** One end: what waits for its reader while that is behind (`hold`) comes when it is not (`release`); what it says is noted, and goes to `hear` and `take` of whatever is at the other end. */
export function end(epoch, most = undefined) {
  const it = { said: [], events: [], waiting: [], other: /** @type {any} */ (null), connection: /** @type {any} */ (null), hold: false, held: new Map() };
  const port = /** @type {any} */ ({
    connection: () => it.connection,
    tell(control) {
      it.said.push(control);
      if (it.connection) it.other?.hear(JSON.stringify(control));
    },
    deliver: (data, type = "message", facts = {}) => it.events.push({ type, data, ...facts }),
    ready: (key, act) => void (it.hold ? it.held.set(key, act) : act()),
    BeckonError,
  });
  const transfers = transfersWith(it.waiting, most);
  transfers.attach(port, "", "");
  const send = (data, how = {}) =>
    new Promise((done, failed) => {
      it.waiting.push({ data: data instanceof Blob ? data : pack(data), how, done: () => done("arrived"), failed });
      port.flush();
    });
  return Object.assign(it, {
    epoch,
    port,
    transfers,
    send,
    flush: port.flush,
    release() {
      it.hold = false;
      for (const act of it.held.values()) act();
      it.held.clear();
    },
    hear: (text) => transfers.attach(port, text, it.connection?.remote.split(".")[0] ?? ""),
    take: port.take,
  });
}

/** Connects two ends, anew if they were. @param {boolean} pieces whether they take any */
export function connect(ends, pieces = true) {
  ends.forEach((one, n) => {
    const other = ends[1 - n];
    one.other = other;
    const mine = {
      remote: `${other.epoch}.1`,
      pieces,
      write: (frame) => one.connection === mine && (setTimeout(() => one.connection === mine && other.take(frame.buffer)), true),
    };
    one.connection = mine;
  });
  for (const { flush } of ends) flush();
}
export const cut = (ends) => ends.forEach((one) => (one.connection = null));
export const content = (size) => Uint8Array.from({ length: size }, (_, at) => at % 251);
export const bytesOf = async (blob) => new Uint8Array(await blob.arrayBuffer());
