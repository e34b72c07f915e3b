// Tells whoever runs this site by what kind of path the devices here connect, if their person agrees: each kind once for each page load,
// and nothing else. Only where the server counts it.

/** @typedef {import('../beckon.js').Room} Room */
/** @typedef {import('../beckon.js').Peer} Peer */

/** Where the browser remembers that its person agreed. */
const KEY = 'beckonPaths';

/** What has been told since the page was loaded. @type {Set<string>} */
const told = new Set();
/** @type {Room | null} */
let watched = null;

/** @returns {boolean} whether the person has agreed */
export function agreed() {
  try {
    return localStorage.getItem(KEY) === 'yes';
  } catch {
    return false; // no storage, no memory
  }
}

/** @param {boolean} yes @param {Room} room */
export function agree(yes, room) {
  try {
    yes ? localStorage.setItem(KEY, 'yes') : localStorage.removeItem(KEY);
  } catch {}
  if (yes) watch(room);
}

/** @returns {Promise<boolean>} whether the server counts what it is told */
export async function counted() {
  const answer = await fetch('health').catch(() => null);
  return answer?.ok ? (await answer.json().catch(() => ({}))).counts === true : false;
}

/** @param {Room} room whose paths are told from now on, as long as its person agrees */
export function watch(room) {
  if (watched === room) return room.peers.forEach(tell);
  watched = room;
  room.peers.forEach(listen);
  room.addEventListener('peer', ({ peer }) => listen(peer));
}

/** @param {Peer} peer */
function listen(peer) {
  tell(peer);
  peer.addEventListener('path', () => tell(peer));
}

/** @param {Peer} peer */
function tell({ path }) {
  if (!path || told.has(path) || !agreed()) return;
  told.add(path);
  navigator.sendBeacon(`paths/${path}`);
}
