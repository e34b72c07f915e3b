// What two peers say to each other, over whatever link there is, or through the server: messages, what confirms them, names, and by
// what way each of them hears the other.
import { pack, unpack } from './frame.js';
import { openMailbox } from './delivery.js';
import { openAllowance, openTurns } from './rate-limit.js';
import { readSaid } from './parse.js';
import { findPath } from './path.js';
import { base64url } from './seal.js';

/** How often the path and its latency are looked at, in ms, as long as somebody may be looking. */
const SURVEY_MS = 5_000;
/**
 * How long something may wait to be confirmed while nothing at all is heard on the link, in ms and in round trips, before the path is
 * doubted: browsers notice that it leads nowhere after 5 to 11 s. And for how long, in ms, until it is doubted again; each time twice that.
 */
const SILENCE_MS = 1_500;
const SILENCE_TRIPS = 4;
const AGAIN_MS = 1_000;
const MAX_AGAIN_MS = 30_000;

/** What messages leave for confirmations when they go through the server, in frames. */
const SPARE = 10;

/**
 * How often something is done because the other side has said something, at once and a second in the long run: a message is confirmed on the
 * link (what comes later confirms what was before), or through the server; a name is shown; the path is looked at.
 */
const ACKS = /** @type {const} */ ([64, 100]);
const POSTED_ACKS = /** @type {const} */ ([8, 2]);
const NAMES = /** @type {const} */ ([4, 2]);
const LOOKS = /** @type {const} */ ([2, 1]);

/** @typedef {{ mail?: string, ack?: number, here?: string }} Carried what goes through the server: a message, a confirmation, a name */

/**
 * @param {object} options
 * @param {import('./delivery.js').Tally} options.tally what we have had for this peer so far
 * @param {() => import('./connection.js').Link | null} options.link the present one
 * @param {(words: Carried, epoch?: string) => void} options.tell through the server; `epoch`: only to this page load
 * @param {() => string} options.myName
 * @param {(data: import('./frame.js').Data) => void} options.heard
 * @param {import('./rate-limit.js').Pace} options.pace of what goes through the server, shared with all other conversations
 * @param {(name: string) => void} options.named
 * @param {(path: import('./path.js').Path, latency: number | null) => void} options.found
 * @param {() => void} options.silent the link should have brought something by now
 */
export function openConversation({ tally, link, tell, myName, heard, pace, named, found, silent }) {
  /** By what protocol the other side reaches its relay, and what its path is, as it says; and what we have said of ours. */
  let theirRelay = '';
  let theirPath = '';
  let ourWay = '';
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** Since when something waits and nothing was heard on the link. */
  let silentSince = 0;
  let silences = 0;
  let trip = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let watch;
  const mailbox = openMailbox({
    tally,
    write: (frame) => link()?.write(frame) ?? false,
    burst: (frame) => link()?.burst(frame),
    heard,
  });

  const names = openTurns(named, ...NAMES);
  const mayLook = openAllowance(...LOOKS);
  const acks = openTurns(confirm, ...ACKS);
  // To the page load whose numbers they are: to the next one they would mean something else.
  const posted = openTurns((/** @type {number} */ ack, /** @type {string} */ epoch) => pace() && tell({ ack }, epoch), ...POSTED_ACKS);

  /** @param {number} seq @param {import('./connection.js').Link} on the link that brought it */
  function confirm(seq, on) {
    if (on !== link()) return;
    const ack = JSON.stringify({ type: 'ack', seq });
    on.say(ack);
    on.burst(ack);
  }

  /** @param {object} words */
  function say(words) {
    link()?.say(JSON.stringify(words));
  }

  async function look() {
    const on = link();
    return on && findPath(on.pc, theirRelay, theirPath).catch(() => null);
  }

  /** @param {boolean} [asked] it is wanted now, even if nobody sees it @param {boolean} [asking] the other side is to look as well, and to say if it has changed */
  async function survey(asked = false, asking = false) {
    clearTimeout(timer);
    timer = setTimeout(survey, SURVEY_MS);
    const on = link();
    if (!on || (!asked && globalThis.document?.hidden)) return;
    const way = await look();
    if (!way || on !== link()) return;
    const words = { type: 'relay', protocol: way.relay, path: way.path };
    if (ourWay !== (ourWay = way.relay + way.path) || asking) say(words);
    trip = way.latency ?? 0;
    found(way.path, way.latency);
  }

  function listen() {
    const patience = Math.max(SILENCE_MS, SILENCE_TRIPS * trip);
    const silence = performance.now() - silentSince;
    watch = undefined;
    if (!mailbox.waiting) return;
    watch = setTimeout(listen, silence < patience ? patience - silence : Math.min(AGAIN_MS * 2 ** silences++, MAX_AGAIN_MS));
    if (silence >= patience) silent();
  }

  function heardLink() {
    silentSince = performance.now();
    silences = 0;
  }

  /** @param {import('./parse.js').Said | null} words */
  function attend(words) {
    if (words?.type === 'name') names.take(words.name);
    else if (words?.type === 'ack') mailbox.settle(words.seq);
    else if (words?.type === 'relay') {
      theirRelay = words.protocol;
      theirPath = words.path;
      if (mayLook()) survey(true); // or later, as ever
    }
  }

  return {
    say,
    look,
    survey,
    /** Whether anything that we have said is not confirmed. */
    get waiting() {
      return mailbox.waiting;
    },

    /** @param {import('./frame.js').Sendable} data */
    put(data) {
      if (!mailbox.waiting) heardLink();
      watch ??= setTimeout(listen, SILENCE_MS);
      return mailbox.put(data);
    },

    flow: mailbox.flow,

    /** @param {import('./events.js').BeckonError} why */
    part(why) {
      clearTimeout(watch);
      for (const turns of [names, acks, posted]) turns.stop();
      mailbox.part(why);
    },

    repost: mailbox.repost,

    /** The server can be reached again: what went through it because of a silence may be lost. */
    again() {
      if (!silences) return;
      mailbox.repost();
      silent();
    },

    /** First words on a new link: who we are, and what the other has not confirmed. It knows which of it is new. */
    begin() {
      theirRelay = theirPath = ourWay = '';
      say({ type: 'name', name: myName() });
      mailbox.resend();
    },

    /** There is no path to look at. */
    pause() {
      clearTimeout(timer);
    },

    /** @param {import('./frame.js').Sendable} data which may be lost */
    toss(data) {
      link()?.burst(pack(data));
    },

    /** Sends what is due through the server. */
    post() {
      mailbox.post(
        (frame) => tell({ mail: base64url(frame) }),
        () => pace(1, SPARE),
      );
    },

    /** @param {string | ArrayBuffer} data from a link: a message, or text about the conversation */
    hear(data) {
      heardLink();
      if (typeof data === 'string') return attend(readSaid(data));
      const [on, frame] = [link(), unpack(data)];
      const [session = ''] = on?.remote?.split('.') ?? [];
      if (on && frame) mailbox.take(session, frame, (seq) => acks.take(seq, on));
    },

    /**
     * Whether what came through the server is for us.
     * @param {import('./parse.js').Told} words
     */
    isPart({ mail, ack, here }) {
      return mail !== undefined || ack !== undefined || here !== undefined;
    },

    /**
     * @param {import('./parse.js').Told} words
     * @param {string} epoch of the sender
     */
    told({ mail, ack, here }, epoch) {
      if (mail) mailbox.take(epoch, mail, (seq) => posted.take(seq, epoch));
      mailbox.settle(ack ?? 0);
      if (here !== undefined) names.take(here);
    },
  };
}
