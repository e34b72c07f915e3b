// One other device, for as long as it is in the room: its link, replaced when it has failed, and, as long as there is none that
// works, the way through the server.
import { openConversation } from './messaging.js';
import { openDetour } from './server-relay.js';
import { BeckonError, BeckonEvent } from './events.js';
import { Peer } from './peer-handle.js';
import { openLinks } from './reconnect.js';
import { cleanName, persona } from './names.js';
import { openAllowance } from './rate-limit.js';
import { openUpgrade } from './path-upgrade.js';

/**
 * How long a peer whose socket is gone may be out of reach, in ms, before it counts as gone: when the server was away, everyone is
 * back at it within some 4 s.
 */
const GRACE_MS = 8_000;
/**
 * What one peer may cause, at once and a second in the long run: answers when it asks who is here, descriptions of a connection that are
 * taken from it (each may mean a new connection), and frames through the server to introduce us, all in all.
 */
const ANSWERS = /** @type {const} */ ([4, 1]);
const DESCRIPTIONS = /** @type {const} */ ([16, 1]);
const INTRODUCTIONS = /** @type {const} */ ([120, 6]);

/** @typedef {'connecting' | 'open' | 'reconnecting' | 'unreachable' | 'left'} PeerState */
/** @typedef {ReturnType<typeof openPeer>} Member */

/** @typedef {Partial<import('./connection.js').Signal> & import('./messaging.js').Carried} Words */
/** @typedef {import('./path.js').Path} Path */
/** @typedef {import('./frame.js').Sendable} Sendable */

/**
 * @param {object} options
 * @param {string} options.id
 * @param {boolean} options.polite
 * @param {string} options.session this page load: a message number means something only together with it
 * @param {() => import('./signalling.js').Ice & RTCConfiguration} options.ice
 * @param {() => boolean} options.online whether the server can carry an introduction now
 * @param {() => string} options.myName
 * @param {import('./delivery.js').Tally} options.tally what we have had for this id so far
 * @param {(words: Words, epoch?: string) => void} options.tell `epoch`: only to this page load
 * @param {(data: import('./frame.js').Data) => void} options.heard
 * @param {import('./rate-limit.js').Pace} options.pace
 * @param {(why: BeckonError) => void} options.left
 */
export function openPeer({ id, polite, session, ice, online, myName, tally, tell, heard, pace, left }) {
  let present = true;
  let saidGoodbye = false;
  let opened = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let parting;
  /** Whether it has ever said anything, and what it is called. */
  let spoken = false;
  let introduced = false;
  const mayAsk = openAllowance(...ANSWERS);
  const mayDescribe = openAllowance(...DESCRIPTIONS);
  const mayTell = openAllowance(...INTRODUCTIONS);

  const inside = {
    id,
    ...persona(id),
    state: /** @type {PeerState} */ ('connecting'),
    path: /** @type {Path | null} */ (null),
    latency: /** @type {number | null} */ (null),
    error: /** @type {BeckonError | null} */ (null),
    get connection() {
      return links.present?.pc ?? null;
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
    link: () => links.present,
    tell, // which has a pace of its own
    myName,
    heard,
    pace,
    named: (wish) => {
      const name = cleanName(wish) || persona(id).name;
      if (introduced && inside.name === name) return;
      introduced = true;
      inside.name = name;
      peer.dispatchEvent(new BeckonEvent('name', { peer }));
    },
    found: (path, latency) => links.works && take(path, latency),
    silent: bypass,
  });
  const links = openLinks({
    session,
    polite,
    ice,
    online,
    tell: introduce,
    changed,
    heard: conversation.hear,
    drained: conversation.flow,
  });
  const detour = openDetour({
    possible: () => present && online(),
    ask: () => introduce({}), // who is there answers, and names our page load
    post: conversation.post,
    changed: (open) => {
      take(open ? 'server' : null);
      if (!open) return inside.state === 'open' && become('reconnecting');
      inside.error = null;
      conversation.repost();
      introduce({ here: myName() });
      become('open');
    },
  });
  detour.start();
  const upgrade = openUpgrade({
    look: conversation.look,
    ask: () => conversation.survey(true, true),
    may: () => present && online() && links.works && !conversation.waiting,
    restart: () => links.refresh(true),
  });

  /** @param {Words} words which are lost if it has made us say too much */
  function introduce(words) {
    if (mayTell()) tell(words);
  }

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

  /** There is no link that works. If that lasts, there is another way. */
  function lost() {
    conversation.pause();
    upgrade.stop();
    if (!detour.open) take(null);
    detour.start();
  }

  /**
   * @param {Path | null} path
   * @param {number | null} [latency]
   */
  function take(path, latency = null) {
    if (inside.path === path && inside.latency === latency) return;
    if (path !== inside.path && path && links.works) search();
    inside.path = path;
    inside.latency = latency;
    peer.dispatchEvent(new BeckonEvent('path', { peer }));
  }

  /** One side is enough. */
  function search() {
    if (!polite) upgrade.start();
  }

  /** The path leads nowhere, most likely, whatever the browser still thinks: a better one is looked for, and there is the server. */
  function bypass() {
    if (!present || !online()) return;
    if (links.works) {
      links.refresh();
      detour.slip();
    } else if (opened) detour.hasten();
  }

  /**
   * @param {import('./reconnect.js').Change} now
   * @param {boolean} relayRefused
   */
  function changed(now, relayRefused) {
    if (now === 'open' || now === 'resumed') {
      clearTimeout(parting);
      if (detour.open) take(null);
      detour.stop();
      if (now === 'open') conversation.begin();
      opened = true;
      inside.error = null;
      become('open');
      search();
      return conversation.survey();
    }
    lost();
    if (now === 'failed' || now === 'forged') {
      failed(relayRefused);
      if (now === 'forged') distrust();
    } else if (now === 'interrupted' || inside.state === 'open') become('reconnecting');
    if (now === 'interrupted' && !present) part();
  }

  /** @param {boolean} relayRefused */
  function failed(relayRefused) {
    if (!present) {
      if (opened) become('reconnecting');
      return part();
    }
    links.again();
    if (opened && links.failures === 1) return become('reconnecting');
    const { iceServers, degraded } = ice();
    const relay = /"turns?:/.test(JSON.stringify(iceServers));
    const why = relayRefused ? 'relay-refused' : relay ? 'no-path' : degraded ? 'relay-missing' : 'no-direct-path';
    inside.error = new BeckonError(why, `No path to ${inside.name}`);
    if (!detour.open) return become('unreachable');
    peer.dispatchEvent(new BeckonEvent('state', { peer })); // it is known now why what is said takes the way through the server
  }

  /** Someone between us has tried something. Nothing was sent; what comes unaltered still counts. */
  function distrust() {
    if (links.works || inside.error?.code === 'tampered') return;
    inside.error = new BeckonError('tampered', 'Someone changed the introduction');
    peer.dispatchEvent(new BeckonEvent('state', { peer }));
  }

  /** It cannot be reached in any way. It may have been cut off, unless it said goodbye. */
  function part() {
    clearTimeout(parting);
    if (saidGoodbye || !spoken) leave(); // nobody misses who never said anything
    else parting = setTimeout(leave, GRACE_MS);
  }

  function leave() {
    if (inside.state === 'left') return;
    close();
    become('left');
    conversation.part(gone());
    left(gone());
  }

  function close() {
    clearTimeout(parting);
    conversation.pause();
    upgrade.stop();
    detour.stop();
    links.close();
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
      return links.works;
    },

    /** There are fresh ICE servers: for what is gathered from now on. The path that there is stays. */
    configure() {
      links.present?.configure(ice());
    },

    /** We are the newcomer: we offer. */
    call: links.call,

    /** It is the newcomer, or came back: its offer is on its way. */
    expect() {
      here();
      links.expect();
    },

    /**
     * Its socket is gone. That does not touch an open channel.
     * @param {boolean} goodbye whether it said so, or may have been cut off
     */
    absent(goodbye) {
      const known = !present;
      present = false;
      saidGoodbye ||= goodbye;
      if (links.works) return;
      detour.close();
      links.rest();
      if (goodbye || !known) part();
    },

    /**
     * @param {import('./parse.js').Told} words from this peer: nobody has changed them
     * @param {string} epoch
     * @param {boolean} fresh whether they are an answer to this page load, and so no replay
     */
    told(words, epoch, fresh) {
      spoken = true;
      const introduces = words.description || words.candidate;
      if (fresh && !introduces) detour.answered();
      if (conversation.isPart(words)) {
        if (fresh) conversation.told(words, epoch);
        return fresh && links.seen(epoch);
      }
      // Of what comes too often, whatever matters comes again.
      if (words.description ? !mayDescribe() : !introduces && !mayAsk()) return;
      if (!introduces) introduce({ here: myName() }); // it asks who is here
      links.told(words, epoch, fresh);
    },

    /** We can be heard again, and it is here. */
    found() {
      here();
      links.doubt();
      conversation.again();
    },

    /** Somebody looks. `moved`: perhaps from another network. */
    nudge(moved = false) {
      if (moved && links.present) links.refresh();
      else if (present || links.present) links.repeat();
    },
  };
}
