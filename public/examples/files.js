// Files for everyone in the room: offered, accepted, and sent device to device in pieces.
import { join } from "../beckon.js"; // on a page elsewhere: 'https://beckon.example/beckon.js'
import { addRow } from "./row.js"; // what is seen of a transfer; below

const PIECE = 128_000; // bytes; a message has at most 256,000
const AT_ONCE = 6; // pieces under way to one device: the line is busy, and little waits in memory
const OFFERS = 500; // of one device; what it offers beyond that is not shown
const LIMIT = 1e9; // bytes; what arrives is kept by this page until it is saved

/** @typedef {import('../beckon.js').Peer} Peer */
/** @typedef {{ peer: Peer, size: number, row: ReturnType<typeof addRow>, file?: File, given?: boolean, pieces?: Blob[], got: number }} Transfer */
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
  if (data instanceof ArrayBuffer) return keep(from, data);
  if (typeof data !== "string") return; // nothing of ours
  const { offer, yes, no, name, size } = read(data);
  if (transfers.get(yes)?.peer === from) give(yes);
  if (transfers.get(no)?.peer === from) end(no, "stopped there");
  if (!Number.isSafeInteger(offer) || typeof name !== "string" || typeof size !== "number" || !mayOffer(from)) return;
  if (size <= LIMIT && !transfers.has(offer)) consider(offer, from, name.slice(0, 255), size);
  else tell(from, { no: offer });
});

/** @param {string} text what another device wrote: it may be nonsense @returns {any} */
function read(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

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
  transfers.set(id, { peer, size, row, file, got: 0 });
  tell(peer, { offer: id, name, size });
}

/** @param {number} id @param {Peer} peer @param {string} name @param {number} size */
function consider(id, peer, name, size) {
  const yes = () => {
    transfers.set(id, { peer, size, row, pieces: [], got: 0 });
    tell(peer, { yes: id });
  };
  const row = addRow({ name, size, peer, yes, no: () => stop(id, "stopped") });
  transfers.set(id, { peer, size, row, got: 0 });
}

/** @param {number} id of what was accepted there */
async function give(id) {
  const { peer, row, file, given } = transfers.get(id) ?? {};
  if (!peer || !row || !file || given) return;
  transfers.set(id, { peer, row, file, given: true, size: file.size, got: 0 });
  const underWay = [];
  try {
    for (let at = 0; (at < file.size || at === 0) && transfers.has(id); at += PIECE) {
      const piece = await new Blob([Uint32Array.of(id), file.slice(at, at + PIECE)]).arrayBuffer();
      underWay.push(peer.send(piece));
      if (underWay.length === AT_ONCE) await underWay.shift(); // until the oldest has arrived
      row.progress(at + PIECE * (1 - underWay.length));
    }
    await Promise.all(underWay);
    end(id, "arrived");
  } catch {
    stop(id, "stopped: the file cannot be read any more, or they have left");
  }
}

/** @param {Peer} from @param {ArrayBuffer} data a piece: the number of its transfer, and bytes */
function keep(from, data) {
  const id = data.byteLength < 4 ? NaN : new DataView(data).getUint32(0, true);
  const transfer = transfers.get(id);
  if (!transfer?.pieces || transfer.peer !== from) return; // not accepted, or stopped
  const { pieces, row, size } = transfer;
  pieces.push(new Blob([data.slice(4)])); // which the browser may keep on its disk
  transfer.got += data.byteLength - 4;
  row.progress(transfer.got);
  if (transfer.got > size) stop(id, "stopped: it is longer than was said");
  else if (transfer.got === size) end(id, "arrived", new Blob(pieces, { type: "application/octet-stream" }));
}

/** @param {number} id @param {string} how */
function stop(id, how) {
  const { peer } = transfers.get(id) ?? {};
  if (peer) tell(peer, { no: id });
  end(id, how);
}

/** @param {number} id @param {string} how @param {Blob} [file] */
function end(id, how, file) {
  transfers.get(id)?.row.end(how, file);
  transfers.delete(id);
}

/** @param {Peer} peer @param {object} words */
function tell(peer, words) {
  peer.send(JSON.stringify(words));
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
