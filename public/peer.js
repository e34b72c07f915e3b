// One other device, for as long as it is in the room: its link, replaced when it has failed, and, as long as there is none that
// works, the way through the server.
import { openConversation } from './conversation.js';
import { openDetour } from './detour.js';
import { BeckonError, BeckonEvent } from './events.js';
import { Peer } from './face.js';
import { openLink } from './link.js';
import { cleanName, persona } from './names.js';

/** How long who is called waits for the caller's offer, in ms, before offering itself. */
const CALL_MS = 3_000;
/** How old a link that is not open yet may become, in ms, when there is reason to doubt that all that was said about it has arrived. */
const DOUBT_MS = 2_000;
/** Waits before a failed link is made anew, in ms, each halved to half as much again by chance. */
const REBUILD_MS = [300, 1_200, 2_700, 4_800, 7_000, 15_000];
/** By how much the polite side waits longer, in ms: one new link is enough. */
const POLITE_MS = 1_000;
/**
 * How long a peer whose socket is gone may be out of reach, in ms, before it counts as gone: when the server was away, everyone is
 * back at it within some 4 s.
 */
const GRACE_MS = 8_000;

/** @typedef {'connecting' | 'open' | 'reconnecting' | 'unreachable' | 'left'} PeerState */
/** @typedef {ReturnType<typeof openPeer>} Member */

/** @typedef {import('./path.js').Path} Path */
/** @typedef {import('./frame.js').Sendable} Sendable */

/**
 * @param {object} options
 * @param {string} options.id
 * @param {boolean} options.polite
 * @param {string} options.session this page load: a message number means something only together with it
 * @param {() => RTCIceServer[]} options.iceServers
 * @param {() => boolean} options.online whether the server can carry an introduction now
 * @param {() => string} options.myName
 * @param {import('./mailbox.js').Tally} options.tally what we have had for this id so far
 * @param {(words: Partial<import('./link.js').Signal> & { mail?: string, ack?: number, here?: string }) => void} options.tell
 * @param {(data: import('./frame.js').Data) => void} options.heard
 * @param {import('./pace.js').Pace} options.pace
 * @param {() => void} options.left
 */
export function openPeer({ id, polite, session, iceServers, online, myName, tally, tell, heard, pace, left }) {
  /** @type {import('./link.js').Link | null} */
  let link = null;
  let links = 0;
  let failures = 0;
  let present = true;
  let saidGoodbye = false;
  let opened = false;
  /** Whether the link works now. */
  let direct = false;
  /** When the present link was made, in ms, and whether it has been open. */
  let builtAt = 0;
  let wasOpen = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let parting;

  const inside = {
    id,
    name: persona(id).name,
    state: /** @type {PeerState} */ ('connecting'),
    path: /** @type {Path | null} */ (null),
    latency: /** @type {number | null} */ (null),
    error: /** @type {BeckonError | null} */ (null),
    get connection() {
      return link?.pc ?? null;
    },
    /**
     * @param {Sendable} data
     * @param {{ reliable?: boolean }} [how]
     */
    send(data, { reliable = true } = {}) {
      const receipt = send(data, reliable);
      receipt.catch(() => {}); // who does not look at the receipt need not handle its failure
      return receipt;
    },
  };
  const peer = new Peer(inside);
  const conversation = openConversation({
    tally,
    link: () => link,
    tell,
    myName,
    heard,
    pace,
    named: (name) => {
      inside.name = cleanName(name) || persona(id).name;
      peer.dispatchEvent(new BeckonEvent('name', { peer }));
    },
    found: (path, latency) => direct && take(path, latency),
    silent: bypass,
  });
  const detour = openDetour({
    possible: () => present && online(),
    ask: () => tell({}), // who is there answers, and names our page load
    post: conversation.post,
    changed: (open) => {
      take(open ? 'server' : null);
      if (!open) return inside.state === 'open' && become('reconnecting');
      inside.error = null;
      conversation.repost();
      tell({ here: myName() });
      become('open');
    },
  });
  detour.start();

  /**
   * @param {Sendable} data
   * @param {boolean} reliable
   */
  async function send(data, reliable) {
    if (inside.state === 'left') throw gone();
    if (!reliable) return conversation.toss(data);
    const receipt = conversation.put(data);
    if (detour.open && online()) conversation.post();
    return receipt;
  }

  function gone() {
    return new BeckonError('left', `${inside.name} left before it arrived`);
  }

  /** @param {PeerState} state */
  function become(state) {
    // Through the server, what is sent arrives too.
    if (inside.state === state || (detour.open && (state === 'reconnecting' || state === 'unreachable'))) return;
    inside.state = state;
    peer.dispatchEvent(new BeckonEvent('state', { peer }));
  }

  function build() {
    clearTimeout(timer);
    link?.close();
    lost();
    if (inside.state === 'open') become('reconnecting');
    builtAt = performance.now();
    wasOpen = false;
    link = openLink({ id: `${session}.${++links}`, polite, iceServers: iceServers(), tell, changed, heard: conversation.hear, drained: conversation.flow });
    return link;
  }

  /** There is no link that works. If that lasts, there is another way. */
  function lost() {
    conversation.pause();
    if (direct) take(null);
    direct = false;
    detour.start();
  }

  /**
   * @param {Path | null} path
   * @param {number | null} [latency]
   */
  function take(path, latency = null) {
    if (inside.path === path && inside.latency === latency) return;
    inside.path = path;
    inside.latency = latency;
    peer.dispatchEvent(new BeckonEvent('path', { peer }));
  }

  /** The path leads nowhere, most likely, whatever the browser still thinks: a better one is looked for, and there is the server. */
  function bypass() {
    if (!present || !online()) return;
    if (direct) {
      link?.refresh();
      detour.slip();
    } else if (opened) detour.hasten();
  }

  function rebuild() {
    if (online()) build().offer();
  }

  /**
   * Says again what may be lost. But a first offer is not said for ever: who took it may be gone since, and then nobody else can
   * (Chromium, 156, keeps the first DTLS packet that came for it).
   */
  function repeat() {
    if (!link || (link.calling && age() >= DOUBT_MS)) rebuild();
    else link.nudge();
  }

  /** It is likely that something was lost, an answer or candidates too: without them the link would never open. */
  function doubt() {
    if (!link || (!wasOpen && age() >= DOUBT_MS)) return rebuild();
    link.nudge();
    if (!wasOpen) recall();
  }

  function recall() {
    clearTimeout(timer);
    timer = setTimeout(doubt, Math.max(0, DOUBT_MS - age()));
  }

  function age() {
    return performance.now() - builtAt;
  }

  /**
   * Whether ours leads nowhere: they were loaded anew, or have made another link since.
   * @param {string} epoch
   * @param {string} [from] their link
   */
  function isLeft(epoch, from) {
    if (direct || !link?.remote) return false;
    const [page, number] = link.remote.split('.');
    return page !== epoch || Number(from?.split('.')[1]) > Number(number);
  }

  /** @param {'open' | 'interrupted' | 'resumed' | 'failed' | 'forged'} now */
  function changed(now) {
    clearTimeout(timer);
    if (now === 'interrupted') {
      lost();
      become('reconnecting');
      if (!present) part();
    } else if (now === 'failed' || now === 'forged') {
      failed();
      if (now === 'forged') distrust();
    } else {
      direct = wasOpen = true;
      clearTimeout(parting);
      if (detour.open) take(null);
      detour.stop();
      if (now === 'open') conversation.begin();
      opened = true;
      failures = 0;
      inside.error = null;
      become('open');
      conversation.survey();
    }
  }

  function failed() {
    const refused = link?.relayRefused;
    link = null;
    lost();
    if (!present) {
      if (opened) become('reconnecting');
      return part();
    }
    const step = REBUILD_MS[Math.min(failures++, REBUILD_MS.length - 1)] ?? 0;
    timer = setTimeout(rebuild, step * (0.5 + Math.random()) + (polite ? POLITE_MS : 0));
    if (detour.open) return;
    if (opened && failures === 1) return become('reconnecting');
    const relay = iceServers().some(({ urls }) => [urls].flat().some((url) => String(url).startsWith('turn')));
    if (refused) inside.error = new BeckonError('relay-refused', 'The relay turned us away');
    else if (relay) inside.error = new BeckonError('no-path', `No path to ${inside.name}`);
    else inside.error = new BeckonError('no-direct-path', `No direct path to ${inside.name}`);
    become('unreachable');
  }

  /** Someone between us has tried something. Nothing was sent; what comes unaltered still counts. */
  function distrust() {
    if (direct) return;
    inside.error = new BeckonError('tampered', 'Someone changed the introduction');
    peer.dispatchEvent(new BeckonEvent('state', { peer }));
  }

  /** It cannot be reached in any way. It may have been cut off, unless it said goodbye. */
  function part() {
    clearTimeout(parting);
    if (saidGoodbye) leave();
    else parting = setTimeout(leave, GRACE_MS);
  }

  function leave() {
    if (inside.state === 'left') return;
    close();
    become('left');
    conversation.part(gone());
    left();
  }

  function close() {
    clearTimeout(timer);
    clearTimeout(parting);
    conversation.pause();
    detour.stop();
    link?.close();
    link = null;
  }

  function here() {
    present = true;
    saidGoodbye = false;
    clearTimeout(parting);
  }

  return {
    peer,
    say: conversation.say,
    leave,
    close,
    distrust,
    /** Whether there is a connection that works. */
    get connected() {
      return direct;
    },

    /** There are fresh ICE servers. */
    configure() {
      link?.configure(iceServers());
    },

    /** We are the newcomer: we offer. */
    call() {
      build().offer();
    },

    /** It is the newcomer, or came back: its offer is on its way. */
    expect() {
      here();
      if (direct) return link?.nudge();
      clearTimeout(timer);
      timer = setTimeout(doubt, CALL_MS);
    },

    /**
     * Its socket is gone. That does not touch an open channel.
     * @param {boolean} goodbye whether it said so, or may have been cut off
     */
    absent(goodbye) {
      const known = !present;
      present = false;
      saidGoodbye ||= goodbye;
      if (direct) return;
      detour.close();
      if (!link) clearTimeout(timer); // nobody would take an offer
      if (goodbye || !known) part();
    },

    /**
     * @param {any} words from this peer: nobody has changed them, but they may still be nonsense
     * @param {string} epoch
     * @param {boolean} fresh whether they are an answer to this page load, and so no replay
     */
    told(words, epoch, fresh) {
      const { from, to, description, candidate } = words;
      if (fresh && !description && !candidate) detour.answered();
      if (conversation.isPart(words)) return fresh && conversation.told(words, epoch);
      if (!description && !candidate) {
        tell({ here: myName() }); // it asks who is here
        if (fresh && isLeft(epoch)) return rebuild();
        return link && repeat();
      }
      if (typeof from !== 'string' || !from.startsWith(`${epoch}.`)) return;
      if (fresh && description?.type !== 'offer' && isLeft(epoch, from)) return rebuild();
      if (to && to !== link?.id) return; // about a link of ours that is no more
      const known = link && (!link.remote || link.remote === from);
      if (!known && description?.type !== 'offer') return; // about a link of theirs that is no more
      // Both called at once. Ours counts, but they may have called because it was lost with their last page load. Or we are the one
      // to give way: with a new link, because after a rollback of a first offer Chromium now and then never gathers a candidate
      // (156; about one glare in ten).
      const glare = known && link?.calling && description?.type === 'offer';
      if (glare && !polite) return recall();
      // An offer from a link we do not know: they reloaded the page or made a new link, and ours leads nowhere.
      (known && link && !glare ? link : build()).accept({ from, description, candidate });
    },

    /** We can be heard again, and it is here. */
    found() {
      here();
      doubt();
      conversation.again();
    },

    /** Somebody looks. `moved`: perhaps from another network. */
    nudge(moved = false) {
      if (link && moved) link.refresh();
      else if (link || present) repeat();
    },
  };
}
