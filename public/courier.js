// Carries what peers tell each other through a server that is not trusted: sealed, in order, each frame once. Whatever the
// server does to a frame, the worst that comes of it is that the frame is missing.
//
// Sequence numbers must grow, but may skip: a frame that was under way when the socket was cut is lost without anybody's
// fault, and a server that withholds one cannot be told from that. Everything said here is said again if it mattered.
//
// An epoch (one page load) that is new to us may be a replay from a time when we were not listening, so it is believed only
// as far as it can do no harm: until a frame names *our* epoch, which an old one cannot, it displaces no working connection.
import { seal, unseal } from './seal.js';

/**
 * Why a frame was refused. `unsealed`: not sealed at all. `altered`: not sealed by anyone who has the link, or not for this
 * room, sender and receiver. `replayed`: it, or a later one, has been here before. `stale`: of or for an earlier page load,
 * which may be a replay or mere lateness.
 * @typedef {'unsealed' | 'altered' | 'replayed' | 'stale'} Reason
 */

/**
 * What we know of one other id. It outlives the peer: a server could say that it left, and play everything again.
 * @typedef {object} Other
 * @property {Promise<void>} outbox sealing takes time; what is told first goes first
 * @property {Promise<void>} inbox
 * @property {number} sealed how many frames we have sealed for it
 * @property {Map<string, number>} opened the last sequence number of each of its epochs; only who has the link can add one
 * @property {string} epoch its present one, as far as we know
 * @property {string} proven its last epoch that has named ours
 * @property {Set<string>} retired
 */

/**
 * @param {object} options
 * @param {{ realmKey: string, key: CryptoKey }} options.keys
 * @param {string} options.me
 * @param {string} options.epoch
 * @param {(dst: string, type: string, payload: string) => void} options.send
 * @param {(src: string) => boolean} options.busy whether there is a working connection that a stranger must not displace
 * @param {(src: string, words: any, epoch: string, proven: boolean) => void} options.told `proven`: it cannot be a replay
 * @param {(src: string, reason: Reason) => void} options.refused
 */
export function openCourier({ keys, me, epoch, send, busy, told, refused }) {
  /** @type {Map<string, Other>} */
  const others = new Map();
  const room = keys.realmKey;

  /** @param {string} id */
  function other(id) {
    const known = others.get(id);
    if (known) return known;
    const done = Promise.resolve();
    const stranger = { outbox: done, inbox: done, sealed: 0, opened: new Map(), epoch: '', proven: '', retired: new Set() };
    others.set(id, stranger);
    return stranger;
  }

  /**
   * @param {string} src
   * @param {unknown} payload
   */
  async function open(src, payload) {
    const them = other(src);
    const frame = await unseal(keys.key, { room, from: src, to: me }, payload).catch(() => null);
    if (!frame) return refused(src, looksSealed(payload) ? 'altered' : 'unsealed');
    if (frame.seq <= (them.opened.get(frame.epoch) ?? 0)) return refused(src, 'replayed');
    them.opened.set(frame.epoch, frame.seq);
    if (them.retired.has(frame.epoch)) return refused(src, 'stale');
    if (frame.toEpoch && frame.toEpoch !== epoch) {
      // It believes that our last page load is still here. Candidates come by the dozen, and never alone.
      if (!frame.words?.candidate) tell(src, 'MESSAGE', {}, frame.epoch);
      return refused(src, 'stale');
    }
    const proven = frame.toEpoch === epoch;
    if (proven && them.proven !== frame.epoch) {
      if (them.proven) them.retired.add(them.proven);
      them.proven = frame.epoch;
    } else if (!proven && frame.epoch !== them.epoch && busy(src)) {
      return tell(src, 'MESSAGE', {}, frame.epoch); // who really is there now answers, and names our epoch
    }
    them.epoch = frame.epoch;
    told(src, frame.words ?? {}, frame.epoch, proven);
  }

  /**
   * @param {string} dst
   * @param {string} type the frame's, which tells the server whether to keep it for somebody who is not here yet
   * @param {object} words
   * @param {string} [toEpoch] if not the one that we think the other is in
   */
  function tell(dst, type, words, toEpoch) {
    const them = other(dst);
    const sealAndSend = async () => {
      const context = { room, from: me, to: dst, epoch, toEpoch: toEpoch ?? them.epoch, seq: ++them.sealed };
      send(dst, type, await seal(keys.key, context, words));
    };
    them.outbox = them.outbox.then(sealAndSend).catch(report);
  }

  return {
    tell,
    /**
     * Does something after everything that came before from the same side has been heard.
     * @param {string} src
     * @param {() => unknown} act
     */
    after(src, act) {
      const them = other(src);
      them.inbox = them.inbox.then(() => void act()).catch(report);
    },
    /**
     * @param {string} src
     * @param {unknown} payload
     */
    take(src, payload) {
      const them = other(src);
      them.inbox = them.inbox.then(() => open(src, payload)).catch(report);
    },
  };
}

/** @param {unknown} error one frame's trouble must not stop the next @returns {void} */
function report(error) {
  console.debug('beckon:', error);
}

/** @param {unknown} payload */
function looksSealed(payload) {
  return typeof payload === 'string' && /^A[Q-Za-f][\w-]{60,}$/.test(payload);
}
