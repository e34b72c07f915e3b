// The doctor's sentences: what happened, why if known, what to do next. A first line has no word that only engineers know.
import { join, span, t } from "../shared/language.js";
import { say, stopped, trouble } from "../shared/sentences.js";

/** @typedef {import('../shared/sentences.js').Sentence} Sentence */
/** @typedef {import('./checks.js').Check} Check */
/** @typedef {import('./checks.js').Finding} Finding */

/** What may happen to every check. @type {[title: string, text: string]} */
const UNFINISHED = ["This check could not be finished", "Something went wrong in this browser, or took too long: the details may have more. Check again."];

/** How a relay is reached. @type {Record<string, string>} */
export const WAYS = { "turn-udp": "by UDP", "turn-tcp": "by TCP", "turn-tls": "by TLS" };

/** @type {Record<string, [title: string, text: string]>} */
const RELAY = {
  relayed: ["The relay carries messages", "Both ends of a test connection reached each other through it, {way}."],
  stuck: [
    "The relay let us in, but carried nothing",
    "It gave us an address, and nothing that was sent there arrived. To another device it may still work. Whoever runs it should check that it can reach its own address.",
  ],
  busy: ["The relay is full", "It has as many connections as it allows. Try again later; if it stays, tell whoever runs this site."],
  unreachable: ["The relay does not answer this way", "Either this network lets nothing through {way}, or the relay is down."],
  malformed: ["The relay has an address that makes no sense", "Whoever runs this site has mistyped it: see the details."],
  degraded: [
    "There is a relay, but no pass for it at the moment",
    "The service that hands out passes did not answer our server. Direct connections are not affected. Check again in a minute.",
  ],
  none: ["No relay is set up here", "That is no fault: most networks need none. Devices on strict ones will not reach each other."],
  "not-offered": ["This server has no relay of this kind", "Its relay is not offered {way}."],
};

/** Why a check was left out. @type {Record<string, [title: string, text: string]>} */
const SKIPPED = {
  "no-webrtc": ["Not checked", "This browser makes no direct connections."],
  "no-server": ["Not checked", "The meeting point did not say where to ask."],
};

/** @type {Record<string, Record<string, [title: string, text: string]>>} */
const SENTENCES = {
  secure: {
    secure: ["This page is secure", ""],
  },
  webrtc: {
    there: ["This browser can connect to other devices", ""],
    off: [
      "This browser has direct connections switched off",
      "It has none (WebRTC), or a privacy setting or an extension blocks them. Short messages still go through the server, sealed. Allow them for this site, or try another browser.",
    ],
  },
  server: {
    open: ["The meeting point answers", "It let us into a room, and named the servers that help to connect."],
    refused: ["The meeting point turned us away", "The details have its reason."],
    offline: ["You are offline", "This device has no network at the moment."],
    "no-socket": [
      "The site answers, but its meeting point does not",
      "Something between may not let lasting connections through (WebSockets): a proxy, a virus scanner, a company network. Try another network.",
    ],
    away: ["The meeting point is not answering", "It may be down, or this network does not let you reach it. Check again in a minute."],
  },
  loopback: {
    heard: ["A test connection within this page works", "A message went from one end to the other, and back."],
    stuck: [
      "This device does not reach itself",
      "Two ends in this very page found no way to each other: a firewall or a virus scanner on this device may be in between.",
    ],
    "no-candidates": [
      "This browser tells no address to connect to",
      "There is no network, or a privacy setting, an extension or a VPN keeps connections away from it.",
    ],
  },
  stun: {
    seen: ["Other networks can see where you are", "A server outside told this device the address that others can send to."],
    unchanged: ["Other networks can see where you are", "A server outside sees this device at the address that it has itself."],
    symmetric: [
      "You look different to everyone",
      "Your network gives you another door for each one you talk to, so that nobody can be told which. Direct connections to other networks often fail; a relay helps.",
    ],
    unanswered: [
      "Nobody outside could tell us your address",
      "This network seems to block the fast way (UDP). Devices in your own network can still connect directly; to others you need a relay.",
    ],
    malformed: ["A server outside has an address that makes no sense", "Whoever runs this site has mistyped it: see the details."],
    none: ["No server for this is set up here", "Without one, only devices in the same network connect directly."],
  },
  pair: {
    idle: ["Not tried yet", "It takes a second device, or a second browser."],
    joining: ["Opening a room for the two…", ""],
    waiting: ["Waiting for the other device", "Open the link or scan the code on it, and keep this page open."],
    connecting: ["The other device is here; looking for a path…", "Networks sometimes take a few seconds."],
    away: ["The meeting point is not answering", "It is tried again in a moment."],
    "no-webrtc-there": [
      "The other browser has direct connections switched off",
      "Short messages go through this server, sealed. For more, try another browser there.",
    ],
    left: ["The other device left", "The link still works: open it there again."],
    direct: ["The two devices are connected directly", "They are in one network, or have public addresses. Nothing is in between."],
    stun: ["The two devices are connected directly, from network to network", "The addresses that they were told from outside led them to each other."],
    "turn-udp": ["The two devices are connected through a relay", "No direct path was found, so the relay passes on what is sent, still encrypted."],
    "turn-tcp": ["The two devices are connected through a relay", "One of the networks blocks the fast way; it works, a little slower, and still encrypted."],
    "turn-tls": ["The two devices are connected through a relay", "One of the networks lets only https out; it works, a little slower, and still encrypted."],
    server: [
      "No path between the two devices",
      "Short messages go through this server, sealed. For more, try the same Wi-Fi or a phone hotspot; a relay would cure it.",
    ],
  },
};

/** What the room says of a peer that it cannot reach. */
const TROUBLES = ["no-direct-path", "no-path", "relay-refused", "relay-missing", "tampered"];
/** Here the peer is the other one of two. @type {Record<string, string>} */
const NO_PATH = {
  "no-direct-path": "No direct path to the other device",
  "relay-missing": "No direct path to the other device",
  "no-path": "No path to the other device",
};

/**
 * What a check found, in words.
 * @param {Check} check
 * @param {Finding} finding
 * @returns {Sentence}
 */
export function sentence(check, { code, verdict, roundTrip }) {
  const skipped = check !== "pair" && verdict === "none" && SKIPPED[code];
  if (skipped) return say(...skipped);
  if (code === "unfinished") return say(...UNFINISHED);
  const way = WAYS[check];
  if (way && code === "refused") return trouble(/** @type {any} */ ({ error: { code: "relay-refused" } }));
  if (way) return say(.../** @type {[string, string]} */ (RELAY[code] ?? RELAY.unreachable), { way: t(way) });
  if (check === "pair" && TROUBLES.includes(code)) {
    const said = trouble(/** @type {any} */ ({ error: { code } }));
    return { ...said, title: t(NO_PATH[code] ?? "") || said.title };
  }
  const known = SENTENCES[check]?.[code];
  const { title, text } = known ? say(...known) : stopped({ code: check === "secure" ? "insecure-context" : code, message: "" });
  return { title, text: roundTrip === undefined ? text : join([text, t("There and back takes {time}.", { time: span(roundTrip) })]) };
}
