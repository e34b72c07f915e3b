// What two peers say to each other, over whatever link there is, or through the server: messages, what confirms them, names, and by
// what way each of them hears the other.
import { pack, unpack } from './frame.js';
import { openMailbox } from './mailbox.js';
import { findPath } from './path.js';
import { base64url, bytes } from './seal.js';

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

/** @typedef {{ mail?: string, ack?: number, here?: string }} Carried what goes through the server: a message, a confirmation, a name */

/**
 * @param {object} options
 * @param {import('./mailbox.js').Tally} options.tally what we have had for this peer so far
 * @param {() => import('./link.js').Link | null} options.link the present one
 * @param {(words: Carried) => void} options.tell through the server
 * @param {() => string} options.myName
 * @param {(data: import('./frame.js').Data) => void} options.heard
 * @param {import('./pace.js').Pace} options.pace of what goes through the server, shared with all other conversations
 * @param {(name: unknown) => void} options.named
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

  /** @param {object} words */
  function say(words) {
    link()?.say(JSON.stringify(words));
  }

  async function look() {
    const on = link();
    return on && findPath(on.pc, theirRelay, theirPath).catch(() => null);
  }

  async function survey() {
    clearTimeout(timer);
    timer = setTimeout(survey, SURVEY_MS);
    const on = link();
    if (!on || globalThis.document?.hidden) return;
    const way = await look();
    if (!way || on !== link()) return;
    const words = { type: 'relay', protocol: way.relay, path: way.path };
    if (ourWay !== (ourWay = way.relay + way.path)) say(words);
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

  /**
   * @param {string} session of the sender
   * @param {ArrayBuffer} data
   * @param {(seq: number) => void} confirm
   */
  function accept(session, data, confirm) {
    const frame = unpack(data);
    if (frame) mailbox.take(session, frame, confirm);
  }

  /** @param {any} words */
  function attend({ type, name, seq, protocol, path }) {
    if (type === 'name') named(name);
    else if (type === 'ack') mailbox.settle(seq);
    else if (type === 'relay') {
      theirRelay = String(protocol);
      theirPath = String(path);
      survey();
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
        () => pace(SPARE),
      );
    },

    /** @param {string | ArrayBuffer} data from a link: a message, or text about the conversation */
    hear(data) {
      heardLink();
      if (typeof data === 'string') return attend(parse(data));
      const [session = ''] = link()?.remote?.split('.') ?? [];
      accept(session, data, (seq) => {
        const ack = JSON.stringify({ type: 'ack', seq });
        link()?.say(ack);
        link()?.burst(ack);
      });
    },

    /**
     * Takes what came through the server, if it is for us.
     * @param {any} words
     */
    isPart({ mail, ack, here }) {
      return typeof mail === 'string' || typeof ack === 'number' || typeof here === 'string';
    },

    /**
     * @param {Carried} words
     * @param {string} epoch of the sender
     */
    told({ mail, ack, here }, epoch) {
      if (mail) accept(epoch, bytes(mail).buffer, (seq) => pace() && tell({ ack: seq })); // the next one will do
      mailbox.settle(ack);
      if (here !== undefined) named(here);
    },
  };
}

/** @param {string} text */
function parse(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {}; // nonsense: whoever sent it gets no answer
  }
}
