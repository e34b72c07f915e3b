// Shows what happens while the exercise is done. It looks over the shoulder of the browser's own WebSocket and RTCPeerConnection;
// the program and the client that use them are as they are, and know nothing of it.
import { make } from "../shared/element.js";
import { laidBare, plain } from "../shared/plain-text.js";
import { openLimit } from "../shared/rate-limit.js";
import { withoutAddresses } from "../shared/addresses.js";
import { readStatistics } from "../shared/statistics.js";
import { whyNoWebRtc } from "../shared/webrtc.js";

/** How often a connection is looked at, in ms. */
const LOOK_MS = 500;
/** How many notes are shown; older ones make room. */
const MAX_NOTES = 40;
/** How many frames are shown at once, and how many a second in the long run. */
const FRAMES = 100;
const FRAMES_PER_SECOND = 20;
/** How much of a frame is shown, in characters; up to how many lists and objects in it, it is laid out; and how much of each name. */
const MAX_TEXT_CHARS = 16_384;
const MAX_PARTS = 100;
const MAX_WORD_CHARS = 64;
/** How long three words may take to the other device and back, in ms. */
const PATIENCE_MS = 3_000;
/** What a stream's reader asks for, in bytes: as with every stream, less than what was written, or more, but hardly ever the same. */
const READ_BYTES = 4;
const WORDS = ["hello", "big", "world"];
/** How many words of others are sent back at once, how many a second in the long run, and how long each may be, in characters. */
const ANSWERS = 60;
const ANSWERS_PER_SECOND = 6;
const MAX_ANSWER_CHARS = 20;
/** The stream number of our own channel in every connection, agreed upon here: nothing has to be said about it, and PeerJS sees nothing. */
const CHANNEL = 1_000;

/** @type {Record<string, string>} RFC 8445 section 4 */
const CANDIDATES = {
  host: "an address of the device itself",
  srflx: "as it is seen from outside, told by STUN",
  prflx: "an address that showed when a packet came from it",
  relay: "an address at a relay, lent by TURN",
};

/** @param {string} id */
const at = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @type {{ pc: RTCPeerConnection, channel: RTCDataChannel, since: number } | null} */
let latest = null;
/** Notes since the latest connection came about, and those that only say that somebody is there. */
const passed = { notes: 0, heartbeats: 0 };
const may = openLimit(FRAMES, FRAMES_PER_SECOND);
const mayAnswer = openLimit(ANSWERS, ANSWERS_PER_SECOND);

window.WebSocket = class extends WebSocket {
  /** @param {ConstructorParameters<typeof WebSocket>} how */
  constructor(...how) {
    super(...how);
    this.addEventListener("open", () => note("A line to the server is open", ""));
    this.addEventListener("message", ({ data }) => frame("from", String(data)));
    this.addEventListener("close", () => note("The line to the server is closed", ""));
  }
  /** @param {Parameters<WebSocket['send']>[0]} data */
  send(data) {
    super.send(data);
    frame("to", String(data));
  }
};

const refusal = whyNoWebRtc();
if (refusal)
  at("status").textContent = "This browser makes no direct connections. It has no WebRTC, or a setting or an extension blocks it. Try another browser.";
if (!refusal)
  window.RTCPeerConnection = class extends RTCPeerConnection {
    /** @param {ConstructorParameters<typeof RTCPeerConnection>} how */
    constructor(...how) {
      super(...how);
      const channel = this.createDataChannel("three words", { negotiated: true, id: CHANNEL });
      channel.onmessage = ({ data }) => {
        const asks = typeof data === "string" && data.length <= MAX_ANSWER_CHARS && data.startsWith("?");
        if (asks && channel.readyState === "open" && mayAnswer()) channel.send(`!${data.slice(1)}`);
      };
      latest = { pc: this, channel, since: 0 };
      note("The browser opens a connection, and looks for its own addresses", "");
    }
  };

/** @param {'from' | 'to'} way @param {string} text */
function frame(way, text) {
  /** @type {any} */
  let message;
  try {
    message = JSON.parse(text);
  } catch {
    return;
  }
  const [type, src, dst] = [message?.type, message?.src, message?.dst].map((word) => (typeof word === "string" ? plain(word, MAX_WORD_CHARS) : ""));
  if (type === "HEARTBEAT") return void passed.heartbeats++;
  passed.notes++;
  if (!may()) return; // more than anybody can read
  const whom = way === "to" ? `to ${dst || "the server"}` : `from ${src || "the server"}`;
  // What is an address in them is left out line by line: a certificate's fingerprint looks like one.
  const safe = layOut(text, message).replace(/(candidate:|c=IN|o=)[^"\\]*/g, withoutAddresses);
  note(`${way === "to" ? "→" : "←"} ${type} ${whom}`, laidBare(safe).replaceAll("\\r\\n", "\n"), `${text.length} bytes`);
}

/** A message to be read. Others write it, and it may be long or deep: it is cut before anything else is done with it. @param {string} text @param {any} message */
function layOut(text, message) {
  if (text.length > MAX_TEXT_CHARS) return `${text.slice(0, MAX_TEXT_CHARS)}… and so on`;
  return text.split(/[[{]/, MAX_PARTS + 1).length > MAX_PARTS ? text : JSON.stringify(message, null, 2);
}

/**
 * @param {string} title
 * @param {string} text all of it, to be opened
 * @param {string} size
 */
function note(title, text, size = "") {
  const line = make("li");
  if (text) {
    const details = make("details");
    const summary = make("summary", "", title);
    summary.append(" ", make("span", "", size));
    details.append(summary, make("pre", "", text));
    line.append(details);
  } else line.append(make("p", "", title));
  at("notes").append(line);
  while (at("notes").childElementCount > MAX_NOTES) at("notes").firstElementChild?.remove();
  at("notes").scrollTop = at("notes").scrollHeight;
}

/** @param {string} id @param {[term: string, text: string, ...pieces: string[]][]} rows `pieces`: what is shown with its borders, after the text */
function tell(id, rows) {
  if (JSON.stringify(rows) === at(id).dataset.rows) return; // unchanged text is not read aloud again
  at(id).dataset.rows = JSON.stringify(rows);
  const parts = rows.flatMap(([term, text, ...pieces]) => {
    const says = make("dd", "", text);
    for (const piece of pieces) says.append(" ", make("span", "piece", piece));
    return [make("dt", "", term), says];
  });
  at(id).replaceChildren(...parts);
}

/** @param {any[]} candidates */
function listed(candidates) {
  const types = [...new Set(candidates.map(({ candidateType }) => String(candidateType)))];
  const count = (/** @type {string} */ type) => candidates.filter(({ candidateType }) => candidateType === type).length;
  return types.map((type) => `${count(type)} ${type}: ${CANDIDATES[type] ?? ""}`).join("; ") || "none yet";
}

async function look() {
  const waiting = refusal ? "none: this browser makes no direct connections" : "nothing yet: connect, and it shows here";
  if (!latest) return ["candidates", "pairs", "relaying", "traffic"].forEach((id) => tell(id, [["Your connection", waiting]]));
  const { pc } = latest;
  const { of, pair, local, remote } = await readStatistics(pc);
  const servers = (pc.getConfiguration().iceServers ?? []).flatMap(({ urls }) => urls);
  tell("candidates", [
    ["Asked for them", servers.filter((url) => url.startsWith("stun")).join(", ") || "no STUN server"],
    ["Here", listed(of("local-candidate"))],
    ["There", listed(of("remote-candidate"))],
  ]);

  const pairs = of("candidate-pair");
  const trip = typeof pair?.currentRoundTripTime === "number" ? `, ${Math.round(pair.currentRoundTripTime * 10_000) / 10} ms there and back` : "";
  tell("pairs", [
    ["Looking", `${pc.iceConnectionState}: ${pairs.length} pairs, ${pairs.filter(({ state }) => state === "succeeded").length} of them worked`],
    ["In use", local && remote ? `${local.candidateType} here, ${remote.candidateType} there, by ${local.protocol.toUpperCase()}${trip}` : "none yet"],
  ]);

  const relays = servers.filter((url) => url.startsWith("turn"));
  const relayed = [local, remote].some((end) => end?.candidateType === "relay");
  tell("relaying", [
    ["Relays to ask", relays.join(", ") || "none"],
    ["Is it used?", !pair ? "not known yet" : relayed ? "yes: this connection goes through a relay" : "no: this connection is direct"],
  ]);

  const open = latest.channel.readyState === "open";
  if (open && !latest.since) {
    latest.since = Date.now();
    passed.notes = passed.heartbeats = 0;
  }
  const own = of("data-channel").filter(({ dataChannelIdentifier }) => dataChannelIdentifier !== CHANNEL);
  const sum = (/** @type {string} */ field) => own.reduce((total, report) => total + (report[field] ?? 0), 0);
  tell("traffic", [
    ["From browser to browser", `${sum("messagesSent")} messages sent, ${sum("messagesReceived")} received`],
    ["Through the server since then", latest.since ? `${passed.notes} notes, and ${passed.heartbeats} times “I am still here”` : "you are not connected yet"],
  ]);
}

/**
 * The words on their way as messages: to the other device, whose page sends each back as it came.
 * @param {RTCDataChannel} channel
 * @returns {Promise<string[]>} what came back
 */
function asMessages(channel) {
  return new Promise((resolve) => {
    /** @type {string[]} */
    const back = [];
    const over = new AbortController();
    const done = () => {
      over.abort();
      resolve(back);
    };
    setTimeout(done, PATIENCE_MS);
    channel.addEventListener(
      "message",
      ({ data }) =>
        typeof data === "string" &&
        data.startsWith("!") &&
        back.length < WORDS.length &&
        back.push(plain(data.slice(1), MAX_ANSWER_CHARS)) === WORDS.length &&
        done(),
      over,
    );
    for (const word of WORDS) channel.send(`?${word}`);
  });
}

/** The same as bytes: they are written word by word, and read as a reader of a stream does, by so many bytes at a time. */
async function asStream() {
  const bytes = new ReadableStream({
    type: "bytes",
    start(controller) {
      for (const word of WORDS) controller.enqueue(new TextEncoder().encode(word));
      controller.close();
    },
  });
  const reader = bytes.getReader({ mode: "byob" });
  const pieces = [];
  for (;;) {
    const { value, done } = await reader.read(new Uint8Array(READ_BYTES));
    if (done) return pieces;
    pieces.push(new TextDecoder().decode(value));
  }
}

at("try").addEventListener("click", async () => {
  const pieces = await asStream().catch(() => []);
  const stream = pieces.length
    ? `Written as three words, read ${READ_BYTES} bytes at a time, it was ${pieces.length} pieces:`
    : "This browser has no byte streams to show it with.";
  const channel = latest?.channel;
  const back = channel?.readyState === "open" ? await asMessages(channel) : null;
  const messages = back?.length
    ? `Sent as three messages, there and back it was ${back.length} messages:`
    : back
      ? "The page over there does not answer."
      : "Connect to another device first.";
  tell("outcome", [
    ["As messages", messages, ...(back ?? [])],
    ["As a stream", stream, ...pieces],
  ]);
});

look();
setInterval(look, LOOK_MS);
