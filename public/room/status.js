// What the page says of the room as it is.
import * as say from "../shared/sentences.js";

/** @typedef {import('../beckon.js').Peer} Peer */
/** @typedef {import('../beckon.js').Room} Room */

/**
 * The sentence that matters most now.
 * @param {Room} room
 * @param {object} page what it knows beside the room
 * @param {boolean} page.entered whether the server lets us in, or did so just now
 * @param {boolean} page.warned whether something false came just now
 * @param {number} page.unheardHellos hellos that nobody was there to hear
 * @param {{ heard: string[], waiting: Set<Peer> } | null} page.hello what became of the latest one
 * @param {(peer: Peer) => boolean} page.searching whether a path to somebody has been looked for long enough to say so
 */
export function status(room, { entered, warned, unheardHellos, hello, searching }) {
  if (isBlocked(room)) return say.blocked();
  if (warned) return room.peers.some(({ state }) => state === "open") ? say.ignored() : say.tampered();
  if (unheardHellos) return say.helloWaits();
  if (hello) return say.said(hello.heard, [...hello.waiting]);
  const lost = room.peers.find(
    (peer) => (peer.error && peer.path !== "server") || peer.error?.code === "tampered" || peer.state === "unreachable" || searching(peer),
  );
  if (lost) return say.trouble(lost);
  const relayed = room.peers.find(({ path }) => path === "server");
  if (relayed) return say.throughServer(relayed);
  if (room.peers.some(({ path }) => path === "turn-tcp" || path === "turn-tls")) return say.slower();
  if (room.peers.length) return say.ready();
  if (room.state !== "open" && !entered) return say.opening();
  return room.hasWebRTC ? say.alone() : say.aloneByServer();
}

/** Whether the network lets no socket through, and there is nobody to talk to meanwhile. @param {Room} room */
export function isBlocked(room) {
  return room.error?.code === "socket-blocked" && !room.peers.length;
}

/** Whether someone has no path of their own, for a reason that the doctor may find. @param {Peer} peer */
export function isIll({ path, error }) {
  return path === "server" || Boolean(error && error.code !== "tampered");
}
