// What one peer has to say to another, as numbered messages: each is kept until it is confirmed and delivered once and in
// order, whatever ways it takes and however often. A lone small message on a reliable channel waits for SCTP's timer when its
// packet is lost (measured at 20 % loss: up to 2 s), so copies of it go ahead on a channel that never waits.
import { BeckonError } from './events.js';
import { pack, rebase } from './frame.js';

/** When copies of a small message leave, in ms, as long as it is not confirmed. The first leaves at once. */
const COPIES_MS = [30, 70, 110];
/**
 * As long as no more than this many messages wait to be confirmed. In a stream, what follows makes SCTP repeat what was lost, and
 * copies would only take its place on the line (measured at 10 % loss, a message each 20 ms: p90 1.2 s with copies of all).
 */
const FEW = 4;
/** What is small, in bytes of a frame: it fits in one packet. */
const SMALL = 1_024;
/** How many page loads of one sender are remembered: what comes of an earlier one is refused by whoever opens it (courier.js). */
const MAX_LOADS = 8;
/** Messages that came before their predecessors and are kept until those come. Beyond that, the reliable channel brings them again. */
const MAX_EARLY = 64;
/** How much may wait for one peer, in bytes: then whoever sends more must first wait for some of it to arrive. */
export const MAX_WAITING_BYTES = 16 * 1024 * 1024;
/** What may go through the server: the longest frame in bytes, how many in how long, and when one goes again that was not confirmed, in ms. */
export const MAX_POST_BYTES = 16_384;
const POSTS = 8;
const POSTS_MS = 1_000;
const POST_AGAIN_MS = 3_000;
/** How long what was not confirmed is kept for somebody who has left, in ms: a page that is loaded again says goodbye like one that is closed. */
const RETURN_MS = 10_000;

/**
 * @typedef {object} Kept
 * @property {number} seq
 * @property {Uint8Array<ArrayBuffer>} frame
 * @property {number} posted when it last went through the server
 * @property {() => void} done
 * @property {(why: BeckonError) => void} failed
 */

/**
 * @typedef {object} Heard
 * @property {number} received the last message that was delivered here
 * @property {Map<number, import('./frame.js').Data>} early
 */

/**
 * What outlives the mailbox, and the peer: whoever comes back finds what they have not confirmed, and what they had sent already is
 * not heard twice.
 * @typedef {object} Tally
 * @property {number} sent how many messages there ever were: no number is used twice for one receiver
 * @property {Kept[]} [unheard]
 * @property {Map<string, Heard>} [heard] by each of their page loads: of one before the last, something may come late
 * @property {ReturnType<typeof setTimeout>} [parting]
 */

/**
 * Gives up what one has not confirmed who has left.
 * @param {Tally} tally
 * @param {BeckonError} why
 */
export function giveUp(tally, why) {
  clearTimeout(tally.parting);
  for (const message of tally.unheard?.splice(0) ?? []) message.failed(why);
}

/**
 * @param {object} options
 * @param {Tally} options.tally
 * @param {(frame: Uint8Array<ArrayBuffer>) => boolean} options.write to the reliable channel; false if it takes nothing now
 * @param {(frame: Uint8Array<ArrayBuffer>) => void} options.burst to the other one, if it is open
 * @param {(data: import('./frame.js').Data) => void} options.heard
 */
export function openMailbox({ tally, write, burst, heard }) {
  const unheard = (tally.unheard ??= []);
  const theirs = (tally.heard ??= new Map());
  /** How many of the unheard, from the first on, are written to the present channel; and the bytes of all. */
  let written = 0;
  let posts = { since: -POSTS_MS, left: 0 };
  let waiting = unheard.reduce((sum, { frame }) => sum + frame.length, 0);
  clearTimeout(tally.parting);

  /** @param {Kept} message */
  function frameOf({ frame, seq }) {
    return rebase(frame, unheard[0]?.seq ?? seq);
  }

  function flow() {
    for (let next = unheard[written]; next && write(frameOf(next)); next = unheard[++written]);
  }

  /** @param {Kept} message */
  function hurry(message) {
    if (message.frame.length > SMALL) return;
    const copy = () => unheard.length <= FEW && unheard.includes(message) && burst(frameOf(message));
    copy();
    for (const wait of COPIES_MS) setTimeout(copy, wait);
  }

  return {
    /**
     * @param {import('./frame.js').Sendable} data
     * @returns {Promise<void>} fulfilled when the other side has it
     */
    async put(data) {
      const frame = pack(data, tally.sent + 1);
      if (waiting + frame.length > MAX_WAITING_BYTES) throw new BeckonError('too-much', 'Too much is waiting to arrive');
      waiting += frame.length;
      return new Promise((/** @type {(value: void) => void} */ done, failed) => {
        const message = { seq: ++tally.sent, frame, posted: -POST_AGAIN_MS, done, failed };
        unheard.push(message);
        flow();
        hurry(message);
      });
    },

    /** Whether anything is not confirmed. */
    get waiting() {
      return unheard.length > 0;
    },

    /** The channel takes more. */
    flow,

    /** There is a new channel: everything that was not confirmed, from the beginning. */
    resend() {
      written = 0;
      flow();
      unheard.slice(0, written).forEach(hurry);
    },

    /** What went through the server may be lost: it goes again when it can. */
    repost() {
      for (const message of unheard) message.posted = -POST_AGAIN_MS;
    },

    /**
     * What is due to go through the server, in order; it stops at the first that is too big, or that `may` not go yet.
     * @param {(frame: Uint8Array<ArrayBuffer>) => void} tell
     * @param {() => boolean} [may]
     */
    post(tell, may = () => true) {
      const now = performance.now();
      if (now - posts.since >= POSTS_MS) posts = { since: now, left: POSTS };
      for (const message of unheard) {
        if (now - message.posted < POST_AGAIN_MS) continue;
        if (!posts.left || message.frame.length > MAX_POST_BYTES || !may()) return;
        posts.left--;
        message.posted = now;
        tell(frameOf(message));
      }
    },

    /**
     * The other side has everything up to this one. Who confirms what was never sent is lying.
     * @param {number} seq
     */
    settle(seq) {
      if (!(seq <= tally.sent)) return;
      let count = 0;
      while ((unheard[count]?.seq ?? Infinity) <= seq) count++;
      const settled = unheard.splice(0, count);
      written = Math.max(0, written - settled.length);
      for (const { frame, done } of settled) {
        waiting -= frame.length;
        done();
      }
    },

    /**
     * @param {string} session of the sender: where its numbers mean something
     * @param {import('./frame.js').Frame} frame
     * @param {(seq: number) => void} confirm
     */
    take(session, { data, base, seq, loose }, confirm) {
      if (loose) return heard(data);
      let from = theirs.get(session);
      if (!from) {
        for (const before of theirs.values()) before.early.clear();
        theirs.set(session, (from = { received: 0, early: new Map() }));
        if (theirs.size > MAX_LOADS) theirs.delete(theirs.keys().next().value ?? '');
      }
      const { early } = from;
      from.received = Math.max(from.received, base - 1);
      if (seq > from.received && (seq === from.received + 1 || early.size < MAX_EARLY)) early.set(seq, data);
      /** @type {import('./frame.js').Data[]} */
      const due = [];
      while (early.has(from.received + 1)) due.push(early.get(++from.received) ?? '');
      for (const number of early.keys()) if (number <= from.received) early.delete(number);
      confirm(from.received);
      due.forEach(heard);
    },

    /**
     * The other side has left, perhaps only to come back.
     * @param {BeckonError} why
     */
    part(why) {
      clearTimeout(tally.parting);
      if (unheard.length) tally.parting = setTimeout(giveUp, RETURN_MS, tally, why);
    },
  };
}
