// An authenticated channel to each peer through a server that is not trusted, in a room whose other members are not trusted either: messages are sealed
// and signed, arrive in order, and each at most once. Whatever anybody does to a frame, the worst result is that the frame is missing.
//
// Sequence numbers must grow, but may skip. A frame that was under way when the socket was cut is lost through nobody's fault, and looks like
// one that the server withholds. Everything said here is said again if it mattered.
//
// An epoch (one page load) that is new to us may be a replay from a time when we were not listening. It displaces no working connection until one
// of its frames names our own epoch, which an old frame cannot do.
//
// Who names an epoch has seen its keys. Until the other side has named ours, our keys go along; then a key seals that no third has.
import { readKeys } from "./keys.js";
import { readMessage, tried } from "./parse.js";
import { openLimit } from "./rate-limit.js";
import { KEYED, PAIR, ROOM, readEnvelope, seal, unseal } from "./seal.js";

/**
 * This many page loads of one id are remembered, so that nothing they said is taken twice, and of so many ids: some kilobytes each. Only who has the
 * key of an id can add one to it. What is forgotten first are ids that are not here.
 */
const MAX_LOADS = 8;
const MAX_IDS = 512;
/** How often an id may come with keys of a page load that is new to us, which cost a phone milliseconds: at once, and a second in the long run. */
const LOADS = /** @type {const} */ ([MAX_LOADS, 0.5]);
/** How often one id is asked who it is now, after a frame from another page load: at once, and a second in the long run. */
const ASKS = /** @type {const} */ ([4, 1]);

/**
 * Why a frame was refused. `unsealed`: not sealed at all. `altered`: not sealed by anyone who has the link, or not for this
 * room, sender and receiver. `impersonated`: by somebody who has the link, and not by whoever has that id. `replayed`: it, or a later one, has been
 * here before. `stale`: of or for an earlier page load, which may be a replay or mere lateness. `outdated`: by a page that is newer than this one, as
 * it says; `outdated-there`: by an older one.
 * @typedef {'unsealed' | 'altered' | 'impersonated' | 'replayed' | 'stale' | 'outdated' | 'outdated-there'} Reason
 */

/**
 * Our knowledge of one other id, for as long as it is here or some of its frames are being sealed or opened.
 * @typedef {object} Other
 * @property {Promise<void>} outbox sealing takes time; what is sent first goes first
 * @property {Promise<void>} inbox
 * @property {number} working how many frames are in both
 * @property {string} epoch its present one, as far as we know
 * @property {string} proven its last epoch that has named ours
 * @property {() => boolean} mayAsk
 */

/** What outlives it: its page loads, those that were heard last at the end. @typedef {{ of: Map<string, Load>, mayAdd: () => boolean }} Loads */

/**
 * Our knowledge of one page load of one id. It outlives the peer: a server could say that it left, and play everything again.
 * @typedef {import('./keys.js').Theirs & { seq: number, retired: boolean, knows: boolean, asks: boolean }} Load `seq`: the last that was opened; `knows`:
 *   whether it has seen our keys; `asks`: whether it wants to see them (again), which one answer has
 */

/**
 * @param {object} options
 * @param {{ realmKey: string, key: CryptoKey, salt: ArrayBuffer }} options.keys the room's
 * @param {import('./keys.js').Mine} options.mine
 * @param {string} options.epoch
 * @param {(dst: string, type: string, payload: string) => void} options.transmit a sealed frame
 * @param {(message: unknown) => import('./parse.js').SealedMessage | null} [options.read] makes a type of what was opened
 * @param {(id: string) => boolean} [options.isHere] whether there is somebody of that id
 * @param {(src: string) => boolean} options.isConnected whether there is a working connection that a stranger must not displace
 * @param {(src: string, message: import('./parse.js').SealedMessage, epoch: string, proven: boolean) => void} options.onMessage `proven`: it cannot be a replay
 * @param {(src: string, reason: Reason) => void} options.onRefused
 */
export function openSealedChannel({ keys, mine, epoch, transmit, read = readMessage, isHere = () => true, isConnected, onMessage, onRefused }) {
  /** @type {Map<string, Other>} */
  const others = new Map();
  /** By id, those that were heard last at the end. @type {Map<string, Loads>} */
  const loads = new Map();
  /** How many frames we have sealed: numbers may skip, so one count does for all. */
  let sealed = 0;
  const room = keys.realmKey;

  /** @param {string} id */
  function other(id) {
    const known = others.get(id);
    if (known) return known;
    const done = Promise.resolve();
    const stranger = { outbox: done, inbox: done, working: 0, epoch: "", proven: "", mayAsk: openLimit(...ASKS) };
    others.set(id, stranger);
    return stranger;
  }

  /**
   * One after the other. An id that is not here any more is forgotten afterwards, or everybody who ever came would be kept.
   * @param {string} id
   * @param {'inbox' | 'outbox'} box
   * @param {() => unknown} act
   */
  function queue(id, box, act) {
    const them = other(id);
    them.working++;
    them[box] = them[box]
      .then(() => /** @type {any} */ (act()))
      .catch(report)
      .finally(() => {
        if (!--them.working && !isHere(id)) others.delete(id);
      });
  }

  /** Who is there now? @param {string} id @param {string} to its page load that we have heard */
  function ask(id, to) {
    if (isHere(id) && other(id).mayAsk()) send(id, "MESSAGE", {}, to);
  }

  /** A page load, if it is known. @param {string} src @param {string} epoch */
  function load(src, epoch) {
    return loads.get(src)?.of.get(epoch);
  }

  /** What we know of the page loads of an id. @param {string} src */
  function loadsOf(src) {
    const known = loads.get(src) ?? { of: new Map(), mayAdd: openLimit(...LOADS) };
    loads.delete(src);
    loads.set(src, known);
    for (const id of loads.keys()) if (loads.size > MAX_IDS && !isHere(id)) loads.delete(id);
    return known;
  }

  /** Remembers a page load that has proven to be of this id. @param {string} src @param {string} epoch @param {Load} its */
  function remember(src, epoch, its) {
    const { of } = loadsOf(src);
    of.delete(epoch);
    of.set(epoch, its);
    for (const old of of.keys()) if (of.size > MAX_LOADS && old !== other(src).proven) of.delete(old);
  }

  /** It may be of somebody whose keys have not come yet, or for our last page load: whoever is there sends them. @param {string} src */
  function unknown(src) {
    ask(src, "");
    onRefused(src, "stale");
  }

  /**
   * @param {string} src
   * @param {unknown} payload
   */
  async function open(src, payload) {
    const them = other(src);
    const frame = readEnvelope(payload);
    if (typeof frame === "string") return onRefused(src, frame);
    let theirs = load(src, frame.epoch);
    const isPair = frame.form === PAIR;
    if (isPair && (!theirs || frame.toEpoch !== epoch)) return unknown(src);
    const opened = await unseal(isPair && theirs ? theirs.pair : keys.key, { room, from: src, to: mine.id }, frame).catch(() => null);
    if (!opened) return onRefused(src, "altered");
    if (!theirs) {
      if (frame.form !== KEYED) return unknown(src);
      if (!loadsOf(src).mayAdd()) return onRefused(src, "stale");
      const found = await readKeys(opened.keys, src, mine.agree, keys.salt).catch(() => null);
      if (found) theirs = { ...found, seq: 0, retired: false, knows: false, asks: false };
    }
    if (!theirs || !(await opened.isSigned(theirs.verify))) return onRefused(src, "impersonated");
    remember(src, frame.epoch, theirs);
    if (frame.seq <= theirs.seq) return onRefused(src, "replayed");
    theirs.seq = frame.seq;
    if (theirs.retired) return onRefused(src, "stale");
    const message = tried(() => read(opened.readMessage()));
    if (!message) return; // it has the link, and writes nonsense
    const proven = frame.toEpoch === epoch;
    theirs.knows ||= proven;
    theirs.asks = !frame.toEpoch;
    if (frame.toEpoch && !proven) {
      // It believes that our last page load is still here. Candidates come by the dozen, and never alone.
      if (!message.candidate) ask(src, frame.epoch);
      return onRefused(src, "stale");
    }
    if ("mail" in message && !isPair) return; // nobody of ours sends it so
    if (proven && them.proven !== frame.epoch) {
      const last = load(src, them.proven);
      if (last) last.retired = true;
      them.proven = frame.epoch;
    } else if (!proven && frame.epoch !== them.epoch && isConnected(src)) {
      return ask(src, frame.epoch); // whoever really is there now answers, and names our epoch
    }
    them.epoch = frame.epoch;
    onMessage(src, message, frame.epoch, proven);
  }

  /**
   * @param {string} dst
   * @param {string} type the frame's, which tells the server whether to keep it for somebody who is not here yet
   * @param {object} message
   * @param {string} [toEpoch] if not the one that we think the other is in
   */
  function send(dst, type, message, toEpoch) {
    const them = other(dst);
    const to = toEpoch ?? them.epoch; // now: an answer to one page load means nothing to the next
    queue(dst, "outbox", async () => {
      const theirs = load(dst, to);
      const form = theirs?.knows && !theirs.asks ? PAIR : "candidate" in message ? ROOM : KEYED;
      if ("mail" in message && form !== PAIR) return ask(dst, to); // it is for one alone, and goes again
      if (theirs && form === KEYED) theirs.asks = false;
      const how = { key: theirs && form === PAIR ? theirs.pair : keys.key, sign: mine.sign, keys: mine.keys };
      const context = { room, from: mine.id, to: dst, form, epoch, toEpoch: theirs ? to : "", seq: ++sealed };
      transmit(dst, type, await seal(how, context, message));
    });
  }

  return {
    send,
    /**
     * Acts after everything that came before from the same side has been opened.
     * @param {string} src
     * @param {() => unknown} act
     */
    after(src, act) {
      queue(src, "inbox", () => void act());
    },
    /**
     * @param {string} src
     * @param {unknown} payload
     */
    receive(src, payload) {
      queue(src, "inbox", () => open(src, payload));
    },
  };
}

/** @param {unknown} error one frame's trouble must not stop the next @returns {void} */
function report(error) {
  console.debug("beckon:", error);
}
