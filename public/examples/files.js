// Files for everyone in the room: offered, accepted, and sent device to device.
import { join } from "../beckon.js"; // on a page elsewhere: 'https://beckon.example/beckon.js'
import { addRow } from "./row.js"; // what is seen of a transfer; below

const OFFERS = 500; // of one device; what it offers beyond that is not shown
const LIMIT = 1e9; // bytes; what arrives is kept by the browser until it is saved

/** @typedef {import('../beckon.js').Peer} Peer */
/** @typedef {{ peer: Peer, size: number, row: ReturnType<typeof addRow>, over: AbortController, file?: File, isWanted?: boolean }} Transfer */
/** @type {(id: string) => HTMLElement & Record<string, any>} */
const $ = (id) => /** @type {any} */ (document.getElementById(id));

// The server that introduces people, and the secret of their room. No secret yet: a fresh room.
const room = join(new URL(`/${location.search}${location.hash}`, location.href));
history.replaceState(null, "", new URL(room.link).hash); // this page's address is what the others open

/** What this page offers, to whoever is here or comes. @type {File[]} */
const files = [];
/** What has not ended, both ways. @type {Map<number, Transfer>} */
const transfers = new Map();

$("choose").addEventListener("change", () => add([...$("choose").files]));
addEventListener("dragover", (event) => event.preventDefault()); // or else the browser opens what is dropped
addEventListener("drop", (event) => {
  event.preventDefault();
  add([...(event.dataTransfer?.files ?? [])]);
});

/** @param {File[]} more */
function add(more) {
  files.push(...more);
  for (const peer of room.peers) for (const file of more) offer(file, peer);
  show();
}

room.addEventListener("state", show);
room.addEventListener("peer", ({ peer }) => {
  for (const file of files) offer(file, peer);
  peer.addEventListener("name", show);
  peer.addEventListener("path", show);
  show();
});
room.addEventListener("left", ({ peer }) => {
  for (const [id, transfer] of transfers) if (transfer.peer === peer) end(id, "left");
  show();
});
room.addEventListener("message", ({ from, data }) => {
  const { offer, yes, no, name, size } = Object(data); // what another device says: it may be nonsense
  if (transfers.get(yes)?.peer === from) give(yes);
  if (transfers.get(no)?.peer === from) end(no, "stopped there");
  if (!Number.isSafeInteger(offer) || typeof name !== "string" || typeof size !== "number" || !mayOffer(from)) return;
  if (size <= LIMIT && !transfers.has(offer)) consider(offer, from, name.slice(0, 255), size);
  else from.send({ no: offer });
});
room.addEventListener("incoming", async ({ from, incoming }) => {
  const id = incoming.metadata;
  const { peer, size, row, over, isWanted } = transfers.get(id) ?? {};
  if (!row || !isWanted || peer !== from || size !== incoming.size) return incoming.cancel(); // nobody has asked for it
  over?.signal.addEventListener("abort", () => incoming.cancel());
  incoming.addEventListener("progress", () => row.progress(incoming.received));
  try {
    end(id, "arrived", new Blob([await incoming.result], { type: "application/octet-stream" })); // to be saved, and never to be opened here
  } catch {
    stop(id, "stopped");
  }
});

/** @type {WeakMap<Peer, number>} */
const offers = new WeakMap();
/** @param {Peer} peer */
function mayOffer(peer) {
  offers.set(peer, (offers.get(peer) ?? 0) + 1);
  return (offers.get(peer) ?? 0) <= OFFERS;
}

/** @param {File} file @param {Peer} peer */
function offer(file, peer) {
  const { name, size } = file;
  const [id = 0] = crypto.getRandomValues(new Uint32Array(1));
  const row = addRow({ name, size, peer, no: () => stop(id, "withdrawn") });
  transfers.set(id, { peer, size, row, over: new AbortController(), file });
  peer.send({ offer: id, name, size });
}

/** @param {number} id @param {Peer} peer @param {string} name @param {number} size */
function consider(id, peer, name, size) {
  const yes = () => {
    transfer.isWanted = true;
    peer.send({ yes: id });
  };
  const row = addRow({ name, size, peer, yes, no: () => stop(id, "stopped") });
  /** @type {Transfer} */
  const transfer = { peer, size, row, over: new AbortController() };
  transfers.set(id, transfer);
}

/** @param {number} id of what was accepted there */
async function give(id) {
  const transfer = transfers.get(id);
  if (!transfer?.file || transfer.isWanted) return;
  transfer.isWanted = true;
  const { peer, row, file, over } = transfer;
  try {
    await peer.send(file, { metadata: id, signal: over.signal, onProgress: row.progress });
    end(id, "arrived");
  } catch (/** @type {any} */ { message }) {
    stop(id, `stopped: ${message}`);
  }
}

/** @param {number} id @param {string} how */
function stop(id, how) {
  transfers.get(id)?.peer.send({ no: id });
  end(id, how);
}

/** @param {number} id @param {string} how @param {Blob} [file] */
function end(id, how, file) {
  const { row, over } = transfers.get(id) ?? {};
  transfers.delete(id);
  row?.end(how, file);
  over?.abort();
}

function show() {
  const names = room.peers.map(({ name }) => name).join(", ");
  const alone = "Nobody else is here yet: open the link on another device. Files can wait for it.";
  $("status").textContent = room.error?.message ?? (names ? `With you: ${names}` : alone) + lack();
}

/** Files are too much for the server. */
function lack() {
  if (!room.hasWebRTC) return " This browser makes no direct connections (WebRTC), and files need one: they do not leave or reach this page.";
  const names = room.peers.filter(({ path }) => path === "server").map(({ name }) => name);
  return names.length ? ` There is no direct connection to ${names.join(", ")} now. Files wait for one.` : "";
}
