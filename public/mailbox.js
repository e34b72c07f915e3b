// What one peer has to say to another, as numbered messages: each is kept until it is confirmed and delivered once and in
// order, whatever ways it takes and however often. A lone small message on a reliable channel waits for SCTP's timer when its
// packet is lost (measured at 20 % loss: up to 2 s), so copies of it go ahead on a channel that never waits.
import { BeckonError } from './events.js';

/** When copies of a small message leave, in ms, as long as it is not confirmed. The first leaves at once. */
const COPIES_MS = [30, 70, 110];
/** What is small: it fits in one packet, in UTF-16 units. */
const SMALL = 1_024;
/** Messages that came before their predecessors and are kept until those come. Beyond that, the reliable channel brings them again. */
const MAX_EARLY = 64;
/** What may go through the server: the longest frame in UTF-8, how many in one go, and when one goes again that was not confirmed, in ms. */
export const MAX_POST_BYTES = 16_384;
const POSTS = 8;
const POST_AGAIN_MS = 3_000;

/**
 * @typedef {object} Kept
 * @property {number} seq
 * @property {string} data
 * @property {number} posted when it last went through the server
 * @property {() => void} done
 * @property {(why: BeckonError) => void} failed
 */

/**
 * @param {object} options
 * @param {{ sent: number }} options.tally outlives the mailbox: no number is used twice for one receiver
 * @param {(text: string) => void} options.write to the reliable channel, if it is open
 * @param {(text: string) => void} options.burst to the other one, if it is open
 * @param {(data: string) => void} options.heard
 */
export function openMailbox({ tally, write, burst, heard }) {
  /** @type {Kept[]} */
  let unheard = [];
  let theirSession = '';
  /** The last message that was delivered here. */
  let received = 0;
  /** @type {Map<number, string>} */
  const early = new Map();

  /** @param {Kept} message */
  function frame({ seq, data }) {
    // `base`: what is before it is settled, one way or the other, so nobody need wait for it.
    return { type: 'message', base: unheard[0]?.seq ?? seq, seq, data };
  }

  /** @param {Kept} message */
  function send(message) {
    const text = JSON.stringify(frame(message));
    write(text);
    if (text.length > SMALL) return;
    burst(text);
    for (const wait of COPIES_MS) setTimeout(() => unheard.includes(message) && burst(text), wait);
  }

  return {
    /** @param {string} data */
    put(data) {
      return new Promise((/** @type {(value: void) => void} */ done, failed) => {
        const message = { seq: ++tally.sent, data, posted: -POST_AGAIN_MS, done, failed };
        unheard.push(message);
        send(message);
      });
    },

    /** There is a new channel: everything that was not confirmed, from the beginning. */
    resend() {
      unheard.forEach(send);
    },

    /**
     * What is due to go through the server, in order; it stops at the first that is too big.
     * @param {(frame: object) => void} tell
     */
    post(tell) {
      let left = POSTS;
      const now = performance.now();
      for (const message of unheard) {
        if (now - message.posted < POST_AGAIN_MS) continue;
        const words = frame(message);
        if (!left-- || new TextEncoder().encode(JSON.stringify(words)).length > MAX_POST_BYTES) return;
        message.posted = now;
        tell(words);
      }
    },

    /**
     * @param {string} session of the sender: where its numbers mean something
     * @param {any} frame
     * @param {(ack: object) => void} confirm
     */
    take(session, frame, confirm) {
      const { type, seq, base, data } = frame;
      if (type === 'ack') {
        for (const message of unheard) if (message.seq <= seq) message.done();
        unheard = unheard.filter((message) => !(message.seq <= seq));
      } else if (type === 'loose' && typeof data === 'string') heard(data);
      if (type !== 'message' || !Number.isSafeInteger(seq) || !Number.isSafeInteger(base) || typeof data !== 'string') return;
      if (session !== theirSession) {
        theirSession = session;
        received = 0;
        early.clear();
      }
      received = Math.max(received, base - 1);
      if (seq > received && (seq === received + 1 || early.size < MAX_EARLY)) early.set(seq, data);
      /** @type {string[]} */
      const due = [];
      for (const number of [...early.keys()].sort((a, b) => a - b)) {
        if (number > received + 1) break;
        if (number === received + 1) due.push(early.get(++received) ?? '');
        early.delete(number);
      }
      confirm({ type: 'ack', seq: received });
      due.forEach(heard);
    },

    /** @param {BeckonError} why */
    fail(why) {
      for (const message of unheard) message.failed(why);
      unheard = [];
    },
  };
}
