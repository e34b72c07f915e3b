// Shows what happens while the exercise is done. It looks over the shoulder of the browser's own WebSocket and RTCPeerConnection;
// the program and the client that use them are as they are, and know nothing of it.
import { make, tell as tellOf } from "../shared/element.js";
import { isolate, join, offerLanguages, t } from "../shared/language.js";
import { laidBare, plain } from "../shared/plain-text.js";
import { openLimit } from "../shared/rate-limit.js";
import { withoutAddresses } from "../shared/addresses.js";
import { readStatistics } from "../shared/statistics.js";
import { whyNoWebRtc } from "../shared/webrtc.js";
import { asMessages, asStream, READ_BYTES } from "./borders.js";
import { followProgram, retellProgram } from "./program.js";

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
    this.addEventListener("open", () => note(() => t("A line to the server is open")));
    this.addEventListener("message", ({ data }) => frame("from", String(data)));
    this.addEventListener("close", () => note(() => t("The line to the server is closed")));
  }
  /** @param {Parameters<WebSocket['send']>[0]} data */
  send(data) {
    super.send(data);
    frame("to", String(data));
  }
};

const refusal = whyNoWebRtc();
if (refusal)
  tellOf(at("status"), () => t("This browser makes no direct connections. It has no WebRTC, or a setting or an extension blocks it. Try another browser."));
else
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
      note(() => t("The browser opens a connection, and looks for its own addresses"));
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
  const [type = "", src, dst] = [message?.type, message?.src, message?.dst].map((word) => (typeof word === "string" ? plain(word, MAX_WORD_CHARS) : ""));
  if (type === "HEARTBEAT") return void passed.heartbeats++;
  passed.notes++;
  if (!may()) return; // more than anybody can read
  const whom = () =>
    way === "to" ? t("→ {type} to {whom}", { type, whom: dst || t("the server") }) : t("← {type} from {whom}", { type, whom: src || t("the server") });
  // What is an address in them is left out line by line: a certificate's fingerprint looks like one.
  const safe = layOut(text, message).replace(/(candidate:|c=IN|o=)[^"\\]*/g, withoutAddresses);
  note(whom, laidBare(safe).replaceAll("\\r\\n", "\n"), text.length);
}

/** A message to be read. Others write it, and it may be long or deep: it is cut before anything else is done with it. @param {string} text @param {any} message */
function layOut(text, message) {
  if (text.length > MAX_TEXT_CHARS) return `${text.slice(0, MAX_TEXT_CHARS)}${t("… and so on")}`;
  return text.split(/[[{]/, MAX_PARTS + 1).length > MAX_PARTS ? text : JSON.stringify(message, null, 2);
}

/**
 * @param {() => string} title
 * @param {string} [text] all of it, to be opened
 * @param {number} [size] of it, in bytes
 */
function note(title, text, size = 0) {
  const line = make("li");
  if (text) {
    const details = make("details");
    const summary = make("summary");
    summary.append(
      tellOf(make("b"), title),
      " ",
      tellOf(make("span"), () => t("{n} bytes", { n: size }, "{n} byte")),
    );
    details.append(summary, make("pre", "", text));
    line.append(details);
  } else line.append(tellOf(make("p"), title));
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
    for (const piece of pieces) says.append(" ", make("bdi", "piece", piece));
    return [make("dt", "", term), says];
  });
  at(id).replaceChildren(...parts);
}

/** @param {any[]} candidates */
function listed(candidates) {
  const types = [...new Set(candidates.map(({ candidateType }) => String(candidateType)))];
  const count = (/** @type {string} */ type) => candidates.filter(({ candidateType }) => candidateType === type).length;
  return (
    join(
      types.map((type) => t("{n} {type}: {meaning}", { n: count(type), type, meaning: t(CANDIDATES[type] ?? "") })),
      "; ",
    ) || t("none yet")
  );
}

async function look() {
  const waiting = refusal ? t("none: this browser makes no direct connections") : t("nothing yet: connect, and it shows here");
  if (!latest) return ["candidates", "pairs", "relaying", "traffic"].forEach((id) => tell(id, [[t("Your connection"), waiting]]));
  const { pc } = latest;
  const { of, pair, local, remote } = await readStatistics(pc);
  const servers = (pc.getConfiguration().iceServers ?? []).flatMap(({ urls }) => urls);
  tell("candidates", [
    [t("Asked for them"), isolate(servers.filter((url) => url.startsWith("stun")).join(", ")) || t("no STUN server")],
    [t("Here"), listed(of("local-candidate"))],
    [t("There"), listed(of("remote-candidate"))],
  ]);

  const pairs = of("candidate-pair");
  const trip = typeof pair?.currentRoundTripTime === "number" ? t("{n} ms there and back", { n: Math.round(pair.currentRoundTripTime * 10_000) / 10 }) : "";
  const worked = pairs.filter(({ state }) => state === "succeeded").length;
  const ends = { here: local?.candidateType ?? "", there: remote?.candidateType ?? "", protocol: local?.protocol.toUpperCase() ?? "" };
  tell("pairs", [
    [
      t("Looking"),
      t("{state}: {n} pairs, {worked} of them worked", { state: pc.iceConnectionState, n: pairs.length, worked }, "{state}: {n} pair, {worked} of them worked"),
    ],
    [t("In use"), local && remote ? join([t("{here} here, {there} there, by {protocol}", ends), trip], t(", ")) : t("none yet")],
  ]);

  const relays = servers.filter((url) => url.startsWith("turn"));
  const relayed = [local, remote].some((end) => end?.candidateType === "relay");
  tell("relaying", [
    [t("Relays to ask"), isolate(relays.join(", ")) || t("none")],
    [t("Is it used?"), !pair ? t("not known yet") : relayed ? t("yes: this connection goes through a relay") : t("no: this connection is direct")],
  ]);

  const open = latest.channel.readyState === "open";
  if (open && !latest.since) {
    latest.since = Date.now();
    passed.notes = passed.heartbeats = 0;
  }
  const own = of("data-channel").filter(({ dataChannelIdentifier }) => dataChannelIdentifier !== CHANNEL);
  const sum = (/** @type {string} */ field) => own.reduce((total, report) => total + (report[field] ?? 0), 0);
  tell("traffic", [
    [
      t("From browser to browser"),
      join([t("{n} messages sent", { n: sum("messagesSent") }, "{n} message sent"), t("{n} received", { n: sum("messagesReceived") })], t(", ")),
    ],
    [
      t("Through the server since then"),
      latest.since
        ? join(
            [t("{n} notes", { n: passed.notes }, "{n} note"), t("and {n} times “I am still here”", { n: passed.heartbeats }, "and {n} time “I am still here”")],
            t(", "),
          )
        : t("you are not connected yet"),
    ],
  ]);
}

let showOutcome = () => {};
at("try").addEventListener("click", async () => {
  const pieces = await asStream().catch(() => []);
  const stream = () =>
    pieces.length
      ? t("Written as three words, read {bytes} bytes at a time, it was {n} pieces:", { bytes: READ_BYTES, n: pieces.length })
      : t("This browser has no byte streams to show it with.");
  const channel = latest?.channel;
  const back = channel?.readyState === "open" ? await asMessages(channel) : null;
  const messages = () => {
    if (back?.length) return t("Sent as three messages, there and back it was {n} messages:", { n: back.length });
    return back ? t("The page over there does not answer.") : t("Connect to another device first.");
  };
  showOutcome = () =>
    tell("outcome", [
      [t("As messages"), messages(), ...(back ?? [])],
      [t("As a stream"), stream(), ...pieces],
    ]);
  showOutcome();
});

look();
setInterval(look, LOOK_MS);
followProgram(at("status"));
offerLanguages("classroom", () => {
  look();
  showOutcome();
  retellProgram();
});
// The page has begun, unless the client or the program did not come.
if ("Peer" in globalThis && at("start").onclick) at("late").remove();
