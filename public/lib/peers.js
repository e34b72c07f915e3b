// Everybody else in the room, by their ids, and the events that the room fires about them.
import { openDeliveryStates } from "./delivery-states.js";
import { BeckonError, BeckonEvent, messages } from "./events.js";
import { openCare } from "./late.js";
import { tried } from "./parse.js";
import { openPeer } from "./peer.js";
import { presenceText, read } from "./frame.js";
import { prepared, receipt } from "./peer-handle.js";
import { openLimit, openServerLimit, throttle } from "./rate-limit.js";

/** This many newcomers are met, at once and a second in the long run, beside those who are here when we come. The others call again. */
const MEETINGS = /** @type {const} */ ([100, 4]);
/** Our name and presence are told so often when they change, at once and a second in the long run: the last of them counts. */
const CARDS = /** @type {const} */ ([4, 10]);
/** This many requests, answers and cards of one peer may wait for what takes them. */
const MAX_EARLY = 128;

/** @typedef {{ me: string, epoch: string, channel: ReturnType<typeof import('./sealed-channel.js').openSealedChannel> }} Session our stay in the room */

/**
 * @param {import('../beckon.js').Room} room
 * @param {object} options
 * @param {() => import('./credentials.js').Ice & RTCConfiguration} options.ice
 * @param {() => boolean} options.isOnline whether the server can carry an introduction now
 * @param {(again?: string) => Promise<import('./late.js').PathCare>} options.load what cares for paths
 */
export function openPeers(room, { ice, isOnline, load }) {
  /** @type {Map<string, import('./peer.js').OpenPeer>} */
  const all = new Map();
  const states = openDeliveryStates((id) => all.has(id));
  const mayUseServer = openServerLimit();
  const mayMeet = openLimit(...MEETINGS);
  /** @type {import('./events.js').Reading} */
  const reading = {};
  const care = openCare(load, () => room.state !== "closed");
  /** As it travels. */
  let presence = presenceText(null);
  /** How often our name or our presence has changed. */
  let turn = 0;
  const cards = throttle(() => all.forEach((peer) => peer.sendCard()), ...CARDS);
  /** What we say of ourselves has changed. */
  function tell() {
    turn++;
    cards.call();
  }

  /**
   * @param {string} id
   * @param {Session} session
   */
  function meet(id, { me, epoch, channel }) {
    const known = all.get(id);
    if (known) return known;
    let early = MAX_EARLY;
    const peer = openPeer({
      id,
      me,
      epoch,
      ice,
      connect,
      isOnline,
      card: () => ({ name: room.name, more: { turn, presence } }),
      state: states.of(id),
      sendSealed: (message, to) => channel.send(id, frameType(message), message, to),
      onData: (data, type = "message", facts) => {
        if (type === "more" || data instanceof Uint8Array) return void (early-- > 0 && extras.then((extras) => extras.came(data, facts?.epoch)));
        for (const target of [peer.handle, room]) target.dispatchEvent(new BeckonEvent(type, { from: peer.handle, data, ...facts }));
      },
      mayUseServer,
      care,
      whenRead: (peer, act) => (reading.hold ? reading.hold(peer, act) : act()),
      onLeft: (why) => {
        all.delete(id);
        channel.after(id, () => {}); // and then it is forgotten
        states.tidy(why);
        room.dispatchEvent(new BeckonEvent("left", { peer: peer.handle }));
      },
    });
    const extras = care().then(({ extrasOf }) => {
      early = Infinity; // they are bounded there
      return extrasOf({ room, peer: peer.handle, fields: peer.facts, page: epoch, send: peer.send, BeckonError, BeckonEvent });
    });
    peer.facts.request = (frame, over, signal) => extras.then((extras) => extras.ask(frame, over, signal));
    all.set(id, peer);
    room.dispatchEvent(new BeckonEvent("peer", { peer: peer.handle }));
    return peer;
  }

  const handles = () => [...all.values()].map(({ handle }) => handle);

  /**
   * The first connection of a page takes a browser three times as long. So the room makes one while the socket opens, for whoever is met first. Outside
   * browsers servers may be taken only by who is made with them (libdatachannel). @type {RTCPeerConnection | undefined}
   */
  let first;
  if (globalThis.document) setTimeout(tried, 0, () => room.state !== "closed" && !all.size && (first = new RTCPeerConnection(ice())));

  /** @param {RTCConfiguration} configuration @throws where the browser makes no connections, or does not take a server */
  function connect(configuration) {
    const pc = first;
    first = undefined;
    // A device that sleeps may have closed it (Chromium), or it does not take a server, which the next one will say.
    return tried(() => (pc?.setConfiguration(configuration), pc)) ?? new RTCPeerConnection(configuration);
  }

  return {
    all,
    meet,
    handles,
    /** Of our own accord. A browser keeps no page for the way back that has a connection. */
    leave() {
      first?.close();
      first = undefined;
      for (const peer of [...all.values()]) peer.leave();
    },
    get presence() {
      return read(presence);
    },
    set presence(value) {
      presence = presenceText(value);
      tell();
    },
    tell,
    /** The messages from now on. */
    read: () => messages(room, reading, care),
    /**
     * @param {import('./frame.js').Sendable} data
     * @param {import('./peer-handle.js').Sending} [how] as one peer takes it
     * @returns {Promise<import('./peer-handle.js').Peer[]>} who has heard it
     */
    broadcast(data, how) {
      // A peer that has left meanwhile has not heard it; every other reason is the sender's to know.
      const missed = (/** @type {import('./events.js').BeckonError} */ why) => (why.code === "left" ? [] : Promise.reject(why));
      prepared(data, how); // it throws even if nobody is here
      const sent = handles().map((peer) => peer.send(data, how).then(() => [peer], missed));
      return receipt(Promise.all(sent).then((peers) => peers.flat()));
    },
    /** The peer, met now if it is new; null if too many have come. @param {string} id @param {Session} session */
    know: (id, session) => all.get(id) ?? (mayMeet() ? meet(id, session) : null),
    /** Nothing arrives any more. @param {import('./events.js').BeckonError} why */
    end: states.end,
  };
}

/**
 * The server keeps the beginning of a connection for a while if the other is not there yet; everything else it need not keep.
 * @param {import('./messaging.js').Outgoing} message
 */
function frameType({ description, candidate }) {
  return description?.type.toUpperCase() ?? (candidate ? "CANDIDATE" : "MESSAGE");
}
