// Runs on this page, and is what this page shows.
const $ = (id) => document.getElementById(id);
const say = (text) => ($("status").textContent = plain(text));
// Others choose their ids and words: nothing in them hides, or turns the writing direction.
const plain = (text) =>
  String(text)
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, " ")
    .slice(0, 500);

// PeerJS takes port 443 unless told otherwise, even over http.
const secure = location.protocol === "https:";
const host = location.hostname;
const port = Number(location.port) || (secure ? 443 : 80);

let peer;
const connections = new Set();

$("start").onclick = () => {
  peer?.destroy();
  const id = $("my-id").value.trim();
  peer = new Peer(id, { host, port, path: "/", secure });
  peer.on("open", () => say(`You are ${peer.id}. Who is the other?`));
  peer.on("connection", ready); // the other one typed our id
  peer.on("error", (error) => say(error.message));
};

$("connect").onclick = () => {
  if (!peer?.open) return say("First type your own id and start.");
  say("Connecting…");
  const connection = peer.connect($("other-id").value.trim());
  if (connection) ready(connection);
};

function ready(connection) {
  connection.on("open", () => {
    connections.add(connection);
    say(`Connected to ${connection.peer}. Click!`);
  });
  connection.on("data", (text) => alert(plain(text)));
  connection.on("close", () => {
    connections.delete(connection);
    say(`${connection.peer} is gone.`);
  });
}

$("hello").onclick = () => {
  if (!connections.size) return say("Connect to another device first.");
  for (const connection of connections) connection.send("hello world");
  say("Said hello world.");
};

addEventListener("pagehide", () => peer?.destroy());

fetch("/classroom/classroom.js")
  .then((file) => file.text())
  .then((text) => ($("code").textContent = text));
