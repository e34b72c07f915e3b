// What the page says of the room as it is.
import { t } from "../shared/language.js";
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
  const lost = room.peers.find((peer) => (peer.error && peer.path !== "server") || isStopped(peer) || peer.state === "unreachable" || searching(peer));
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
  return path === "server" || Boolean(error && !isStopped({ error }));
}

/** Whether no path is missing, but trust, or a page of the same version. @param {Pick<Peer, 'error'>} peer */
const isStopped = ({ error }) => /^(tampered|outdated)/.test(error?.code ?? "");

/** What of a name is seen at a glance. @param {string} name */
const look = (name) =>
  name
    .normalize("NFKD")
    .replace(/[^\p{L}\p{N}]/gu, "")
    .toLowerCase() || name;

/**
 * What somebody is called. A name is a claim: of several who have the same, only the first is called that.
 * @param {Peer} peer
 * @param {{ name: string }[]} all who are here, in the order in which they took their names
 */
export function called(peer, all) {
  const { name } = peer;
  const first = all.find((other) => look(other.name) === look(name)) ?? peer;
  return first === peer ? name : t("another {name}", { name });
}
