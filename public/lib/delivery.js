// Reliable, ordered, exactly-once delivery to one peer. Each message has a number, and is kept until it is acknowledged, whatever ways it takes and
// however often. A lone small message on a reliable channel waits for SCTP's timer when its packet is lost (measured at 20 % loss: up to 2 s). So
// copies of it go ahead on a channel that never waits.
import { BeckonError } from "./events.js";
import { renumber } from "./frame.js";

/** Copies of a small message leave after these times, in ms, until it is acknowledged. The first leaves at once. */
const COPIES_MS = [30, 70, 110];
/**
 * Copies leave only while at most this many messages are unacknowledged. In a stream, what follows makes SCTP repeat what was lost, and copies would
 * only take its place on the line (measured at 10 % loss, a message each 20 ms: p90 1.2 s with copies of all).
 */
const FEW = 4;
/** A frame up to this is small, in bytes: it fits in one packet. */
const SMALL = 1_024;
/** This many page loads of one sender are remembered. The sealed channel refuses what comes of an earlier one. */
const MAX_LOADS = 8;
/** This many messages may come before their predecessors. The reliable channel brings the others again. */
const MAX_EARLY = 64;
/** This much may wait for one peer, in bytes. The sender of more must first wait for some of it to arrive. */
export const MAX_WAITING_BYTES = 16 * 1024 * 1024;
/** Unacknowledged messages are kept this long for a peer that has left, in ms: a page that is loaded again says goodbye like one that is closed. */
const RETURN_MS = 10_000;

/**
 * @typedef {object} Message
 * @property {number} seq
 * @property {Uint8Array<ArrayBuffer>} frame
 * @property {() => void} done
 * @property {(why: BeckonError) => void} failed
 */

/**
 * What goes in pieces, and how (transfers.js).
 * @typedef {object} Long
 * @property {Blob | Uint8Array<ArrayBuffer>} data
 * @property {How} how
 * @property {() => void} done
 * @property {(why: any) => void} failed
 */
/** @typedef {{ signal?: AbortSignal, onProgress?: (arrived: number, size: number) => void, metadata?: any }} How */

/**
 * @typedef {object} Received
 * @property {number} upTo the last message that was delivered here
 * @property {Map<number, import('./frame.js').Data>} early
 */

/**
 * The state of a delivery outlives it, and the peer. A peer that comes back finds what it has not acknowledged, and what it had sent already is
 * not delivered twice.
 * @typedef {object} DeliveryState
 * @property {number} sent how many messages there ever were: no number is used twice for one receiver
 * @property {Message[]} [unacknowledged]
 * @property {Long[]} [outgoing] what goes in pieces and has not arrived
 * @property {import('./transfers.js').Transfers} [transfers] what sends and takes it, once it is needed (path-care.js)
 * @property {Map<string, Received>} [received] by each of their page loads: of one before the last, something may come late
 * @property {ReturnType<typeof setTimeout>} [expiry]
 */

/**
 * Gives up what a peer that has left has not acknowledged.
 * @param {DeliveryState} state
 * @param {BeckonError} why
 */
export function abandon(state, why) {
  clearTimeout(state.expiry);
  for (const message of [...(state.unacknowledged?.splice(0) ?? []), ...(state.outgoing?.splice(0) ?? [])]) message.failed(why);
  state.transfers?.end(why);
}

/**
 * @param {object} options
 * @param {DeliveryState} options.state
 * @param {(frame: Uint8Array<ArrayBuffer>) => boolean} options.write to the reliable channel; false if it takes nothing now. It throws if it never will
 * @param {(frame: Uint8Array<ArrayBuffer>) => void} options.sendUnreliable
 * @param {(data: import('./frame.js').Data) => void} options.onData
 */
export function openDelivery({ state, write, sendUnreliable, onData }) {
  const unacknowledged = (state.unacknowledged ??= []);
  const outgoing = (state.outgoing ??= []);
  const received = (state.received ??= new Map());
  /** How many of the unacknowledged, from the first on, are written to the present channel. */
  let written = 0;
  /** The bytes of all of them. */
  let waiting = unacknowledged.reduce((sum, { frame }) => sum + frame.length, 0);
  clearTimeout(state.expiry);

  /** @param {Message} message */
  function frameOf({ frame, seq }) {
    return renumber(frame, seq, unacknowledged[0]?.seq ?? seq);
  }

  function flush() {
    for (;;) {
      const next = unacknowledged[written];
      try {
        if (!next || !write(frameOf(next))) return;
        written++;
      } catch (/** @type {any} */ why) {
        // It fails alone: as soon as all before it has arrived, what comes after it begins with the next number.
        if (written) return;
        done(unacknowledged.splice(0, 1), why);
      }
    }
  }

  /** They need not wait any more. @param {Message[]} messages @param {BeckonError} [why] not to have arrived */
  function done(messages, why) {
    for (const message of messages) {
      waiting -= message.frame.length;
      why ? message.failed(why) : message.done();
    }
  }

  /** @param {Message} message */
  function sendCopies(message) {
    if (message.frame.length > SMALL) return;
    const copy = () => unacknowledged.length <= FEW && unacknowledged.includes(message) && sendUnreliable(frameOf(message));
    copy();
    for (const wait of COPIES_MS) setTimeout(copy, wait);
  }

  return {
    /**
     * @param {Uint8Array<ArrayBuffer>} frame
     * @returns {Promise<void>} fulfilled when the other side has it
     */
    async send(frame) {
      if (waiting + frame.length > MAX_WAITING_BYTES) throw new BeckonError("too-much", "Too much is waiting to arrive");
      waiting += frame.length;
      return new Promise((/** @type {(value: void) => void} */ done, failed) => {
        const message = { seq: ++state.sent, frame, done, failed };
        unacknowledged.push(message);
        flush();
        sendCopies(message);
      });
    },

    /** Whether anything is unacknowledged. */
    get isWaiting() {
      return unacknowledged.length + outgoing.length > 0;
    },

    /** The channel takes more. */
    flush,

    /** There is a new channel: everything unacknowledged goes again, from the beginning. */
    resend() {
      written = 0;
      flush();
      unacknowledged.slice(0, written).forEach(sendCopies);
    },

    /** The frames of all that is unacknowledged, in order. */
    *frames() {
      for (const message of unacknowledged) yield frameOf(message);
    },

    /**
     * The other side has everything up to this one. An acknowledgement of what was never sent is a lie.
     * @param {number} seq
     */
    acknowledge(seq) {
      if (!(seq <= state.sent)) return;
      let count = 0;
      while ((unacknowledged[count]?.seq ?? Infinity) <= seq) count++;
      const arrived = unacknowledged.splice(0, count);
      written = Math.max(0, written - arrived.length);
      done(arrived);
      flush();
    },

    /**
     * @param {string} epoch of the sender: where its numbers mean something
     * @param {import('./frame.js').Frame} frame
     * @param {(seq: number) => void} confirm acknowledges everything up to this one
     */
    receive(epoch, { data, base, seq, loose }, confirm) {
      if (loose) return onData(data);
      let from = received.get(epoch);
      if (!from) {
        for (const before of received.values()) before.early.clear();
        received.set(epoch, (from = { upTo: 0, early: new Map() }));
        if (received.size > MAX_LOADS) received.delete(received.keys().next().value ?? "");
      }
      const { early } = from;
      from.upTo = Math.max(from.upTo, base - 1);
      if (seq > from.upTo && (seq === from.upTo + 1 || early.size < MAX_EARLY)) early.set(seq, data);
      /** @type {import('./frame.js').Data[]} */
      const due = [];
      while (early.has(from.upTo + 1)) due.push(early.get(++from.upTo));
      for (const number of early.keys()) if (number <= from.upTo) early.delete(number);
      for (const data of due) onData(data);
      confirm(from.upTo); // afterwards: now it is known how far the reader is behind
    },

    /**
     * The other side has left, perhaps only to come back.
     * @param {BeckonError} why
     */
    leave(why) {
      clearTimeout(state.expiry);
      if (unacknowledged.length || outgoing.length || state.transfers) state.expiry = setTimeout(abandon, RETURN_MS, state, why);
    },
  };
}
