// A chat: names, who is here, messages, and what of them has arrived.
import { join } from "../beckon.js"; // on a page elsewhere: 'https://beckon.example/beckon.js'

const LINES = 500; // older ones make room: others may write as much as they like,
const LONGEST = 10_000; // and as long, in characters
const UNFIT = /[^\P{C}\u200c-\u200d]|[\u2028\u2029]/gu; // what hides, or turns the writing direction: evil\u202Egpj.exe would read evilexe.jpg

/** @type {(id: string) => HTMLElement & Record<string, any>} */
const $ = (id) => /** @type {any} */ (document.getElementById(id));

// The server that introduces people, and the secret of their room. No secret yet: a fresh room.
const room = join(new URL(`/${location.search}${location.hash}`, location.href));
history.replaceState(null, "", new URL(room.link).hash); // this page's address is what the others open

room.addEventListener("state", show);
room.addEventListener("left", show);
room.addEventListener("peer", ({ peer }) => {
  peer.addEventListener("name", show);
  peer.addEventListener("state", show);
  show();
});

function show() {
  if (document.activeElement !== $("name")) $("name").value = room.name;
  $("people").replaceChildren(...room.peers.map(({ name, state }) => make("li", name, state)));
  const alone = "Nobody else is here yet: open the link on another device.";
  const away = "The server is not answering. Who is connected stays connected.";
  $("status").textContent = room.error?.message ?? (room.state === "away" ? away : room.peers.length ? "" : alone);
}

$("name").addEventListener("change", () => {
  room.name = $("name").value; // everyone is told
  $("name").value = room.name; // what became of it: names are short, and never empty
});

$("compose").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!text) return;
  $("text").value = "";
  const receipt = write(room.name, text, "mine");
  receipt.textContent = "on its way…";
  const readers = await room.broadcast(text); // over as many lost connections as it takes
  receipt.textContent = readers.length ? `✓ ${readers.map(({ name }) => name).join(", ")}` : "nobody was here";
});

/** @param {string} name @param {string} text @param {string} kind */
function write(name, text, kind) {
  const receipt = make("small", "");
  const line = make("p", "", kind);
  line.append(make("b", name), make("span", text), receipt);
  $("log").append(line);
  while ($("log").childElementCount > LINES) $("log").firstElementChild?.remove();
  $("log").scrollTop = $("log").scrollHeight;
  return receipt;
}

/** @param {string} tag @param {string} text @param {string} [kind] */
function make(tag, text, kind = "") {
  const element = document.createElement(tag);
  element.textContent = text; // never as markup: it comes from somebody else
  element.className = kind;
  return element;
}

for await (const { from, data } of room) {
  // Somebody else's page may send anything.
  if (typeof data === "string") write(from.name, data.slice(0, LONGEST).replace(UNFIT, " "), "theirs");
}
