// The sentences of the page: what happened, why if known, what to do. No word here that only engineers know in a first line.
import { join, span, t } from "./language.js";

/** @typedef {{ title: string, text: string }} Sentence */
/** @typedef {import('../beckon.js').Peer} Peer */

/** @param {string} title @param {string} [text] @param {import('./language.js').Values} [values] @returns {Sentence} */
export const say = (title, text = "", values) => ({ title: t(title, values), text: t(text, values) });

export const alone = () => say("Waiting for another device", "Open the link or scan the code on it.");
/** Where the browser makes no direct connections. */
export const aloneByServer = () => ({
  ...alone(),
  text: join([alone().text, t("This browser has direct connections switched off: what you say will go through the server, sealed.")]),
});
export const opening = () => say("Opening a room…");
export const blocked = () =>
  say(
    "This network does not let the connection through",
    "It blocks what this page needs (WebSockets), as some companies' filters do. Try another network, or a phone hotspot. It is tried again by itself.",
  );
export const helloWaits = () => say("Your hello is waiting", "The first device that comes will hear it.");
export const ready = () => say("Go on, press it");

export const slower = () => say("Connected through a relay", "This network blocks the fast way; it works, a little slower.");

/** What the doctor is asked. */
export const why = () => t("Find out why there is no direct path");
export const whyBlocked = () => t("Find out what this network blocks");

/** Ready, but not as it should be. @param {Peer} peer @returns {Sentence} */
export const throughServer = ({ name, error }) => ({
  ...ready(),
  text: join([t(UNHELPFUL[error?.code ?? ""] ?? ""), t("What you say to {name} goes through the server, sealed.", { name })]),
});
/** Why there is nothing better. @type {Record<string, string>} */
const UNHELPFUL = {
  "relay-refused": "The relay turned us away.",
  "relay-missing": "The relay is out of order right now.",
  "no-webrtc": "This browser has direct connections switched off.",
  "no-webrtc-there": "The other browser has direct connections switched off.",
};
const noWebRTC = () => say("This browser has direct connections switched off", "A privacy setting or extension blocks them (WebRTC).");

export const tampered = () => say("Stopped: someone changed the introduction", "The messages that connect you were altered on the way. Nothing was sent.");
/** The same, while the connections that matter are there. */
export const ignored = () =>
  say("Something false was ignored", "Someone between you altered a message that connects you. It was thrown away; who is connected stays connected.");

/**
 * @param {number} seconds until the next try
 * @param {{ code: string, message: string } | null} error why, as far as it is known
 */
export function away(seconds, error) {
  const when = seconds > 0 ? t("Trying again in {n} s.", { n: seconds }) : t("Trying again…");
  return { ...(error ? stopped(error) : say("The meeting point is not answering")), text: join([t("Devices already connected stay connected."), when]) };
}

/**
 * Why there is no room to show.
 * @param {{ code: string, message: string }} error
 * @returns {Sentence}
 */
export function stopped({ code, message }) {
  switch (code) {
    case "damaged-link":
      return say("This link is damaged", "Some characters at its end are missing. Ask for the link again.");
    case "insecure-context":
      return say("This page must be opened over https", "Device connections only work on secure pages.");
    case "no-webrtc":
      return noWebRTC();
    case "socket-blocked":
      return blocked();
    case "tampered":
      return tampered();
    case "room-full": {
      const n = Number(/\d+/.exec(message)?.[0]);
      return say(
        n > 0 ? "This room is full ({n} devices)" : "This room is full",
        "Ask someone to leave, or start another room. This page joins as soon as there is a seat.",
        { n },
      );
    }
    case "realm-full":
    case "network-full":
    case "too-many-joins": {
      const why = reason(code, message);
      return { ...say("The meeting point turned us away"), text: join([why === message ? `${why}.` : why, t("It is asked again by itself.")]) };
    }
    default:
      return { ...say("The meeting point turned us away"), text: reason(code, message) };
  }
}

/** Why a server or the library says no. Its own words are English, and others are found by its code. @param {string} code @param {string} message */
function reason(code, message) {
  const text = t(code, { n: Number(/\d+/.exec(message)?.[0]) });
  return text === code ? message : text;
}

/**
 * Why someone cannot be reached (yet).
 * @param {Pick<Peer, 'name' | 'error'>} peer
 * @returns {Sentence}
 */
export function trouble({ name, error }) {
  switch (error?.code) {
    case "relay-refused":
      return say("The relay turned us away", "Its pass had expired or is wrong. Reload; if it stays, tell whoever runs this site.");
    case "no-direct-path":
      return say("No direct path to {name}", "Both networks block direct connections and this server has no relay. Try the same Wi-Fi, or a phone hotspot.", {
        name,
      });
    case "relay-missing":
      return say(
        "No direct path to {name}",
        "Both networks block direct connections, and the relay for that is out of order right now. It is asked again by itself.",
        { name },
      );
    case "tampered":
      return tampered();
    case "outdated":
      return say("Reload this page: {name} has a newer one", "", { name });
    case "outdated-there":
      return say("{name} has to reload: the page there is older than this one", "", { name });
    case "no-webrtc":
      return noWebRTC();
    case "no-path":
      return say("No path to {name}", "Not even through the relay. Try another network.", { name });
    default:
      return say("Still looking for a path to {name}…", "Networks sometimes take a few seconds.", { name });
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
/** @type {Record<string, string>} */
const STATES = { connecting: "connecting", reconnecting: "reconnecting", unreachable: "no path", left: "left" };

/**
 * How someone is connected, in the list.
 * @param {Pick<Peer, 'state' | 'path' | 'latency' | 'error'>} peer
 * @param {number} [hellos] how many they have said
 */
export function standing({ state, path, latency, error }, hellos = 0) {
  const parts = [];
  if (error?.code === "tampered") parts.push(t("stopped: introduction changed"));
  else if (state !== "open") parts.push(t(STATES[state] ?? state));
  else parts.push(t("connected"), t(path ? WAYS[path] : ""), latency === null ? "" : span(latency));
  if (hellos) parts.push(hellos > 1 ? t("said hello {n} times", { n: hellos }) : t("said hello"));
  return join(parts, t(", "));
}

/**
 * What became of a hello.
 * @param {string[]} heard names of those who confirmed it
 * @param {Peer[]} waiting those who have not yet
 * @returns {Sentence}
 */
export function said(heard, waiting) {
  const stuck = waiting.find((peer) => peer.state === "unreachable");
  const title = t("Said to {names}", { names: heard });
  if (stuck) {
    const why = trouble(stuck);
    const text = join([why.text, t("Your hello is kept until there is one.")]);
    return heard.length ? { title, text: join([t("{title}.", { title: why.title }), text]) } : { title: why.title, text };
  }
  const names = waiting.map((peer) => peer.name);
  const onItsWay = names.length ? t("On its way to {names}…", { names }) : "";
  if (!heard.length) return { title: onItsWay, text: t("It arrives as soon as there is a path.") };
  return { title, text: onItsWay };
}

/** In the log. @param {string[]} names of those who heard it */
export const saidTo = (names) => t("You said hello world to {names}", { names });
/** @param {string} name of who said it */
export const saidBy = (name) => t("{name} said hello world", { name });
