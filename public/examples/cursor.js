// A shared board: everybody's pointer, many times a second, and waves, which are sure to arrive.
import { join } from "../beckon.js"; // on a page elsewhere: 'https://beckon.example/beckon.js'

const EVERY_MS = 33; // about 30 positions a second look smooth
const REPEATS = 3; // any position may be lost on its way, the last one too
/** @type {Record<string, number[]>} in parts of the board */
const STEPS = { ArrowLeft: [-0.02, 0], ArrowRight: [0.02, 0], ArrowUp: [0, -0.02], ArrowDown: [0, 0.02] };

/** @type {(id: string) => HTMLElement} */
const $ = (id) => /** @type {any} */ (document.getElementById(id));

// The server that introduces people, and the secret of their room. No secret yet: a fresh room.
const room = join(new URL(`/${location.search}${location.hash}`, location.href));
history.replaceState(null, "", new URL(room.link).hash); // this page's address is what the others open

const me = { x: 0.5, y: 0.5, count: 0, due: 0, pointer: draw("you", "3c") };
me.pointer.classList.add("me");
setInterval(() => {
  if (me.due <= 0) return;
  me.due--;
  me.count++;
  for (const peer of room.peers) peer.send(`at ${me.x} ${me.y} ${me.count}`, { reliable: false });
}, EVERY_MS);

/** @param {number} x @param {number} y in parts of the board: screens differ in size */
function move(x, y) {
  me.x = Math.min(Math.max(x, 0), 1);
  me.y = Math.min(Math.max(y, 0), 1);
  me.due = REPEATS;
  place(me.pointer, me.x, me.y);
}

for (const type of /** @type {const} */ (["pointerdown", "pointermove"])) {
  $("board").addEventListener(type, ({ clientX, clientY }) => {
    const { left, top, width, height } = $("board").getBoundingClientRect();
    move((clientX - left) / width, (clientY - top) / height);
  });
}
$("board").addEventListener("keydown", (event) => {
  const [x, y] = STEPS[event.key] ?? [];
  if (x === undefined || y === undefined) return;
  event.preventDefault(); // the pointer moves, not the page
  move(me.x + x, me.y + y);
});
$("wave").addEventListener("click", () => {
  room.broadcast("wave"); // reliable: once, even if the connection has to be mended first
  wave(me.pointer, "You");
});

room.addEventListener("state", show);
room.addEventListener("left", show);
room.addEventListener("peer", ({ peer }) => {
  const pointer = draw(peer.name, peer.id);
  let latest = 0;
  peer.addEventListener("name", () => {
    pointer.textContent = peer.name; // as text: it comes from somebody else
    show();
  });
  peer.addEventListener("path", show);
  peer.addEventListener("state", () => {
    me.due = REPEATS; // to be seen where we are
    if (peer.state === "left") pointer.remove();
  });
  peer.addEventListener("message", ({ data }) => {
    if (data === "wave") return wave(pointer, peer.name);
    if (typeof data !== "string") return;
    const [x = NaN, y = NaN, count = NaN] = data.split(" ", 4).slice(1).map(Number);
    if (!(count > latest)) return; // what may be lost may also be late
    latest = count;
    place(pointer, x, y);
  });
  show();
});

function show() {
  const names = room.peers.map(({ name }) => name).join(", ");
  const alone = "Nobody else is here yet: open the link on another device.";
  $("status").textContent = room.error?.message ?? (names ? `With you: ${names}` : alone) + lack();
}

/** The server passes on what is small and rare: waves, and no positions. */
function lack() {
  if (!room.hasWebRTC) return " This browser makes no direct connections (WebRTC). Waves arrive all the same, pointers do not.";
  const names = room.peers.filter(({ path }) => path === "server").map(({ name }) => name);
  return names.length ? ` There is no direct connection to ${names.join(", ")}: waves arrive all the same, pointers do not.` : "";
}

/** @param {string} name @param {string} id is hexadecimal, and so a colour: the same one on every board */
function draw(name, id) {
  const pointer = document.createElement("div");
  pointer.className = "pointer";
  pointer.textContent = name;
  pointer.style.setProperty("--hue", String(parseInt(id, 16) % 360));
  $("board").append(pointer);
  return pointer;
}

/** @param {HTMLElement} pointer @param {number} x @param {number} y whatever was sent: CSS keeps it on the board */
function place({ style }, x, y) {
  style.setProperty("--x", String(x));
  style.setProperty("--y", String(y));
}

/** @param {HTMLElement} pointer @param {string} name */
function wave(pointer, name) {
  $("news").textContent = `${name} waved`;
  pointer.classList.add("waving");
  setTimeout(() => pointer.classList.remove("waving"), 1_000);
}
