// Tells whoever runs this site by what kind of path the devices here connect, if their person agrees: each kind once for each page load,
// and nothing else. Only where the server counts it.
import { PATHS, recall, remember } from "../shared/storage.js";

/** @typedef {import('../beckon.js').Room} Room */
/** @typedef {import('../beckon.js').Peer} Peer */

/** The kinds that were reported since the page was loaded. @type {Set<string>} */
const reported = new Set();
/** @type {Room | null} */
let watched = null;

/** @returns {boolean} whether the person has agreed */
export function agreed() {
  return recall(PATHS) === "yes";
}

/** @param {boolean} yes @param {Room} room */
export function agree(yes, room) {
  remember(PATHS, yes ? "yes" : null);
  if (yes) watch(room);
}

/** @returns {Promise<boolean>} whether the server counts what it is told */
export async function counted() {
  const answer = await fetch("health").catch(() => null);
  return answer?.ok ? (await answer.json().catch(() => ({}))).counts === true : false;
}

/** @param {Room} room whose paths are reported from now on, as long as its person agrees */
export function watch(room) {
  if (watched === room) return room.peers.forEach(report);
  watched = room;
  room.peers.forEach(listen);
  room.addEventListener("peer", ({ peer }) => listen(peer));
}

/** @param {Peer} peer */
function listen(peer) {
  report(peer);
  peer.addEventListener("path", () => report(peer));
}

/** @param {Peer} peer */
function report({ path }) {
  if (!path || reported.has(path) || !agreed()) return;
  reported.add(path);
  navigator.sendBeacon(`paths/${path}`);
}
