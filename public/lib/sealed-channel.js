// Carries what peers tell each other through a server that is not trusted: sealed, in order, each frame once. Whatever the
// server does to a frame, the worst that comes of it is that the frame is missing.
//
// Sequence numbers must grow, but may skip: a frame that was under way when the socket was cut is lost without anybody's
// fault, and a server that withholds one cannot be told from that. Everything said here is said again if it mattered.
//
// An epoch (one page load) that is new to us may be a replay from a time when we were not listening, so it is believed only
// as far as it can do no harm: until a frame names *our* epoch, which an old one cannot, it displaces no working connection.
import { openAllowance } from './rate-limit.js';
import { readTold } from './parse.js';
import { seal, unseal } from './seal.js';

/**
 * How many page loads are remembered, of everybody together, so that nothing that they said is taken twice: some 100 bytes each. Only who has
 * the link can add one; a server alone would have to keep what was said for as long.
 */
const MAX_LOADS = 4_096;
/** How often one id is asked who it is now, because of something from another page load: at once, and a second in the long run. */
const ASKS = /** @type {const} */ ([4, 1]);

/**
 * Why a frame was refused. `unsealed`: not sealed at all. `altered`: not sealed by anyone who has the link, or not for this
 * room, sender and receiver. `replayed`: it, or a later one, has been here before. `stale`: of or for an earlier page load,
 * which may be a replay or mere lateness.
 * @typedef {'unsealed' | 'altered' | 'replayed' | 'stale'} Reason
 */

/**
 * What we know of one other id, for as long as it is here or something of it is being done.
 * @typedef {object} Other
 * @property {Promise<void>} outbox sealing takes time; what is told first goes first
 * @property {Promise<void>} inbox
 * @property {number} working how much is in both
 * @property {string} epoch its present one, as far as we know
 * @property {string} proven its last epoch that has named ours
 * @property {() => boolean} mayAsk
 */

/**
 * What we know of one page load of one id. It outlives the peer: a server could say that it left, and play everything again.
 * @typedef {{ seq: number, retired: boolean }} Load `seq`: the last that was opened
 */

/**
 * @param {object} options
 * @param {{ realmKey: string, key: CryptoKey }} options.keys
 * @param {string} options.me
 * @param {string} options.epoch
 * @param {(dst: string, type: string, payload: string) => void} options.send
 * @param {(words: unknown) => import('./parse.js').Told | null} [options.read] the door
 * @param {(id: string) => boolean} [options.here] whether there is somebody of that id
 * @param {(src: string) => boolean} options.busy whether there is a working connection that a stranger must not displace
 * @param {(src: string, words: import('./parse.js').Told, epoch: string, proven: boolean) => void} options.told `proven`: it cannot be a replay
 * @param {(src: string, reason: Reason) => void} options.refused
 */
export function openCourier({ keys, me, epoch, send, read = readTold, here = () => true, busy, told, refused }) {
  /** @type {Map<string, Other>} */
  const others = new Map();
  /** By id and epoch, those that were heard last at the end. @type {Map<string, Load>} */
  const loads = new Map();
  /** How many frames we have sealed: numbers may skip, so that one count does for all. */
  let sealed = 0;
  const room = keys.realmKey;

  /** @param {string} id */
  function other(id) {
    const known = others.get(id);
    if (known) return known;
    const done = Promise.resolve();
    const stranger = { outbox: done, inbox: done, working: 0, epoch: '', proven: '', mayAsk: openAllowance(...ASKS) };
    others.set(id, stranger);
    return stranger;
  }

  /**
   * One after the other. Who is not here any more is forgotten afterwards, or everybody who ever was would be kept.
   * @param {string} id
   * @param {'inbox' | 'outbox'} line
   * @param {() => unknown} act
   */
  function queue(id, line, act) {
    const them = other(id);
    them.working++;
    them[line] = them[line].then(() => /** @type {any} */ (act())).catch(report).finally(() => {
      if (!--them.working && !here(id)) others.delete(id);
    });
  }

  /** Who is there now? @param {string} id @param {string} to its page load that we have heard */
  function ask(id, to) {
    if (other(id).mayAsk()) tell(id, 'MESSAGE', {}, to);
  }

  /** @param {string} src @param {string} epoch */
  function load(src, epoch) {
    const name = `${epoch} ${src}`;
    const known = loads.get(name) ?? { seq: 0, retired: false };
    loads.delete(name);
    loads.set(name, known);
    if (loads.size > MAX_LOADS) loads.delete(loads.keys().next().value ?? '');
    return known;
  }

  /**
   * @param {string} src
   * @param {unknown} payload
   */
  async function open(src, payload) {
    const them = other(src);
    const frame = await unseal(keys.key, { room, from: src, to: me }, payload).catch(() => null);
    if (!frame) return refused(src, looksSealed(payload) ? 'altered' : 'unsealed');
    const theirs = load(src, frame.epoch);
    if (frame.seq <= theirs.seq) return refused(src, 'replayed');
    theirs.seq = frame.seq;
    if (theirs.retired) return refused(src, 'stale');
    const words = read(frame.words);
    if (!words) return; // it has the link, and writes nonsense
    if (frame.toEpoch && frame.toEpoch !== epoch) {
      // It believes that our last page load is still here. Candidates come by the dozen, and never alone.
      if (!words.candidate) ask(src, frame.epoch);
      return refused(src, 'stale');
    }
    const proven = frame.toEpoch === epoch;
    if (proven && them.proven !== frame.epoch) {
      if (them.proven) load(src, them.proven).retired = true;
      them.proven = frame.epoch;
    } else if (!proven && frame.epoch !== them.epoch && busy(src)) {
      return ask(src, frame.epoch); // who really is there now answers, and names our epoch
    }
    them.epoch = frame.epoch;
    told(src, words, frame.epoch, proven);
  }

  /**
   * @param {string} dst
   * @param {string} type the frame's, which tells the server whether to keep it for somebody who is not here yet
   * @param {object} words
   * @param {string} [toEpoch] if not the one that we think the other is in
   */
  function tell(dst, type, words, toEpoch) {
    const them = other(dst);
    const to = toEpoch ?? them.epoch; // now: what answers one page load means nothing to the next
    queue(dst, 'outbox', async () => {
      const context = { room, from: me, to: dst, epoch, toEpoch: to, seq: ++sealed };
      send(dst, type, await seal(keys.key, context, words));
    });
  }

  return {
    tell,
    /**
     * Does something after everything that came before from the same side has been heard.
     * @param {string} src
     * @param {() => unknown} act
     */
    after(src, act) {
      queue(src, 'inbox', () => void act());
    },
    /**
     * @param {string} src
     * @param {unknown} payload
     */
    take(src, payload) {
      queue(src, 'inbox', () => open(src, payload));
    },
  };
}

/** @param {unknown} error one frame's trouble must not stop the next @returns {void} */
function report(error) {
  console.debug('beckon:', error);
}

/** @param {unknown} payload */
function looksSealed(payload) {
  return typeof payload === 'string' && payload.length > 61 && /^A[Q-Za-f][\w-]+$/.test(payload);
}
