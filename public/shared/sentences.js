// The sentences of the page: what happened, why if known, what to do. No word here that only engineers know in a first line.

/** @typedef {{ title: string, text: string }} Sentence */
/** @typedef {import('../beckon.js').Peer} Peer */

export const alone = { title: "Waiting for another device", text: "Open the link or scan the code on it." };
/** Where the browser makes no direct connections. */
export const aloneByServer = {
  title: alone.title,
  text: `${alone.text} This browser has direct connections switched off: what you say will go through the server, sealed.`,
};
export const opening = { title: "Opening a room…", text: "" };
export const blocked = {
  title: "This network does not let the connection through",
  text: "It blocks what this page needs (WebSockets), as some companies' filters do. Try another network, or a phone hotspot. It is tried again by itself.",
};
export const helloWaits = { title: "Your hello is waiting", text: "The first device that comes will hear it." };
export const ready = { title: "Go on, press it", text: "" };

export const slower = { title: "Connected through a relay", text: "This network blocks the fast way; it works, a little slower." };

/** What the doctor is asked. */
export const why = "Find out why there is no direct path";
export const whyBlocked = "Find out what this network blocks";

/** Ready, but not as it should be. @param {Peer} peer @returns {Sentence} */
export const throughServer = ({ name, error }) => ({
  title: "Go on, press it",
  text: `${RELAYS[error?.code ?? ""] ?? ""}What you say to ${name} goes through the server, sealed.`,
});
/** Why there is nothing better. @type {Record<string, string>} */
const RELAYS = {
  "relay-refused": "The relay turned us away. ",
  "relay-missing": "The relay is out of order right now. ",
  "no-webrtc": "This browser has direct connections switched off. ",
  "no-webrtc-there": "The other browser has direct connections switched off. ",
};
const noWebRTC = {
  title: "This browser has direct connections switched off",
  text: "A privacy setting or extension blocks them (WebRTC).",
};

export const tampered = {
  title: "Stopped: someone changed the introduction",
  text: "The messages that connect you were altered on the way. Nothing was sent.",
};
/** The same, while the connections that matter are there. */
export const ignored = {
  title: "Something false was ignored",
  text: "Someone between you altered a message that connects you. It was thrown away; who is connected stays connected.",
};

/** @param {number} seconds until the next try */
export function away(seconds) {
  const when = seconds > 0 ? `Trying again in ${seconds} s.` : "Trying again…";
  return { title: "The meeting point is not answering", text: `Devices already connected stay connected. ${when}` };
}

/**
 * Why there is no room to show.
 * @param {{ code: string, message: string }} error
 * @returns {Sentence}
 */
export function stopped({ code, message }) {
  switch (code) {
    case "damaged-link":
      return { title: "This link is damaged", text: "Some characters at its end are missing. Ask for the link again." };
    case "insecure-context":
      return { title: "This page must be opened over https", text: "Device connections only work on secure pages." };
    case "no-webrtc":
      return noWebRTC;
    case "socket-blocked":
      return blocked;
    case "tampered":
      return tampered;
    case "room-full":
      return {
        title: /^This room is full \(\d+ devices\)/.exec(message)?.[0] ?? "This room is full",
        text: "Ask someone to leave, or start another room. This page joins as soon as there is a seat.",
      };
    case "realm-full":
    case "network-full":
    case "too-many-joins":
      return { title: "The meeting point turned us away", text: `${message}. It is asked again by itself.` };
    default:
      return { title: "The meeting point turned us away", text: message };
  }
}

/**
 * Why someone cannot be reached (yet).
 * @param {Peer} peer
 * @returns {Sentence}
 */
export function trouble(peer) {
  switch (peer.error?.code) {
    case "relay-refused":
      return {
        title: "The relay turned us away",
        text: "Its pass had expired or is wrong. Reload; if it stays, tell whoever runs this site.",
      };
    case "no-direct-path":
      return {
        title: `No direct path to ${peer.name}`,
        text: "Both networks block direct connections and this server has no relay. Try the same Wi-Fi, or a phone hotspot.",
      };
    case "relay-missing":
      return {
        title: `No direct path to ${peer.name}`,
        text: "Both networks block direct connections, and the relay for that is out of order right now. It is asked again by itself.",
      };
    case "tampered":
      return tampered;
    case "no-webrtc":
      return noWebRTC;
    case "no-path":
      return { title: `No path to ${peer.name}`, text: "Not even through the relay. Try another network." };
    default:
      return { title: `Still looking for a path to ${peer.name}…`, text: "Networks sometimes take a few seconds." };
  }
}

/** @type {Record<import('../beckon.js').Path, string>} */
const WAYS = {
  direct: "direct",
  stun: "direct between networks",
  "turn-udp": "relayed (still encrypted)",
  "turn-tcp": "relayed by TCP (still encrypted)",
  "turn-tls": "relayed by TLS (still encrypted)",
  server: "through the server (still sealed)",
};

/**
 * How someone is connected, in the list.
 * @param {Peer} peer
 */
export function standing({ state, path, latency, error }) {
  if (error?.code === "tampered") return "stopped: introduction changed";
  if (state === "unreachable") return "no path";
  if (state !== "open") return state;
  const ms = latency === null ? "" : `, ${latency < 1 ? "under 1" : Math.round(latency)} ms`;
  return `connected${path ? `, ${WAYS[path]}` : ""}${ms}`;
}

/**
 * What became of a hello.
 * @param {string[]} heard names of those who confirmed it
 * @param {Peer[]} waiting those who have not yet
 * @returns {Sentence}
 */
export function said(heard, waiting) {
  const stuck = waiting.find((peer) => peer.state === "unreachable");
  if (stuck) {
    const why = trouble(stuck);
    const text = `${why.text} Your hello is kept until there is one.`;
    return heard.length ? { title: `Said to ${list(heard)}`, text: `${why.title}. ${text}` } : { title: why.title, text };
  }
  const names = waiting.map((peer) => peer.name);
  if (!heard.length) return { title: `On its way to ${list(names)}…`, text: "It arrives as soon as there is a path." };
  return { title: `Said to ${list(heard)}`, text: names.length ? `On its way to ${list(names)}…` : "" };
}

/** In the log. @param {string[]} names of those who heard it */
export const saidTo = (names) => `You said hello world to ${list(names)}`;
/** @param {string} name of who said it */
export const saidBy = (name) => `${name} said hello world`;

/** @param {string[]} names */
function list(names) {
  return new Intl.ListFormat("en").format(names);
}
