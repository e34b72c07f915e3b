// The doctor's sentences: what happened, why if known, what to do next. A first line has no word that only engineers know.
import { span } from "./checks.js";
import { stopped, trouble } from "../shared/sentences.js";

/** @typedef {import('../shared/sentences.js').Sentence} Sentence */
/** @typedef {import('./checks.js').Check} Check */
/** @typedef {import('./checks.js').Finding} Finding */

const RELAY = /** @type {Record<string, (way: string) => Sentence> & { unreachable: (way: string) => Sentence }} */ ({
  relayed: (way) => ({ title: "The relay carries messages", text: `Both ends of a test connection reached each other through it, ${way}.` }),
  stuck: () => ({
    title: "The relay let us in, but carried nothing",
    text: "It gave us an address, and nothing that was sent there arrived. To another device it may still work. Whoever runs it should check that it can reach its own address.",
  }),
  refused: () => trouble(/** @type {any} */ ({ error: { code: "relay-refused" } })),
  busy: () => ({ title: "The relay is full", text: "It has as many connections as it allows. Try again later; if it stays, tell whoever runs this site." }),
  unreachable: (way) => ({ title: "The relay does not answer this way", text: `Either this network lets nothing through ${way}, or the relay is down.` }),
  malformed: () => ({ title: "The relay has an address that makes no sense", text: "Whoever runs this site has mistyped it: see the details." }),
  degraded: () => ({
    title: "There is a relay, but no pass for it at the moment",
    text: "The service that hands out passes did not answer our server. Direct connections are not affected. Check again in a minute.",
  }),
  none: () => ({ title: "No relay is set up here", text: "That is no fault: most networks need none. Devices on strict ones will not reach each other." }),
  "not-offered": (way) => ({ title: "This server has no relay of this kind", text: `Its relay is not offered ${way}.` }),
});

/** Why a check was left out. @type {Record<string, Sentence>} */
const SKIPPED = {
  "no-webrtc": { title: "Not checked", text: "This browser makes no direct connections." },
  "no-server": { title: "Not checked", text: "The meeting point did not say where to ask." },
};

/** @type {Record<string, Record<string, Sentence>>} */
const SENTENCES = {
  secure: {
    secure: { title: "This page is secure", text: "" },
    insecure: stopped({ code: "insecure-context", message: "" }),
  },
  webrtc: {
    there: { title: "This browser can connect to other devices", text: "" },
    off: {
      title: stopped({ code: "no-webrtc", message: "" }).title,
      text: "It has none (WebRTC), or a privacy setting or an extension blocks them. Short messages still go through the server, sealed. Allow them for this site, or try another browser.",
    },
  },
  server: {
    open: { title: "The meeting point answers", text: "It let us into a room, and named the servers that help to connect." },
    refused: { title: "The meeting point turned us away", text: "The details have its reason." },
    offline: { title: "You are offline", text: "This device has no network at the moment." },
    "no-socket": {
      title: "The site answers, but its meeting point does not",
      text: "Something between may not let lasting connections through (WebSockets): a proxy, a virus scanner, a company network. Try another network.",
    },
    away: { title: "The meeting point is not answering", text: "It may be down, or this network does not let you reach it. Check again in a minute." },
  },
  loopback: {
    heard: { title: "A test connection within this page works", text: "A message went from one end to the other, and back." },
    stuck: {
      title: "This device does not reach itself",
      text: "Two ends in this very page found no way to each other: a firewall or a virus scanner on this device may be in between.",
    },
    "no-candidates": {
      title: "This browser tells no address to connect to",
      text: "There is no network, or a privacy setting, an extension or a VPN keeps connections away from it.",
    },
  },
  stun: {
    seen: { title: "Other networks can see where you are", text: "A server outside told this device the address that others can send to." },
    unchanged: { title: "Other networks can see where you are", text: "A server outside sees this device at the address that it has itself." },
    symmetric: {
      title: "You look different to everyone",
      text: "Your network gives you another door for each one you talk to, so that nobody can be told which. Direct connections to other networks often fail; a relay helps.",
    },
    unanswered: {
      title: "Nobody outside could tell us your address",
      text: "This network seems to block the fast way (UDP). Devices in your own network can still connect directly; to others you need a relay.",
    },
    malformed: { title: "A server outside has an address that makes no sense", text: "Whoever runs this site has mistyped it: see the details." },
    none: { title: "No server for this is set up here", text: "Without one, only devices in the same network connect directly." },
  },
  pair: {
    idle: { title: "Not tried yet", text: "It takes a second device, or a second browser." },
    joining: { title: "Opening a room for the two…", text: "" },
    waiting: { title: "Waiting for the other device", text: "Open the link or scan the code on it, and keep this page open." },
    connecting: { title: "The other device is here; looking for a path…", text: "Networks sometimes take a few seconds." },
    away: { title: "The meeting point is not answering", text: "It is tried again in a moment." },
    "no-webrtc-there": {
      title: "The other browser has direct connections switched off",
      text: "Short messages go through this server, sealed. For more, try another browser there.",
    },
    left: { title: "The other device left", text: "The link still works: open it there again." },
    direct: { title: "The two devices are connected directly", text: "They are in one network, or have public addresses. Nothing is in between." },
    stun: {
      title: "The two devices are connected directly, from network to network",
      text: "The addresses that they were told from outside led them to each other.",
    },
    "turn-udp": {
      title: "The two devices are connected through a relay",
      text: "No direct path was found, so the relay passes on what is sent, still encrypted.",
    },
    "turn-tcp": {
      title: "The two devices are connected through a relay",
      text: "One of the networks blocks the fast way; it works, a little slower, and still encrypted.",
    },
    "turn-tls": {
      title: "The two devices are connected through a relay",
      text: "One of the networks lets only https out; it works, a little slower, and still encrypted.",
    },
    server: {
      title: "No path between the two devices",
      text: "Short messages go through this server, sealed. For more, try the same Wi-Fi or a phone hotspot; a relay would cure it.",
    },
  },
};

/** What may happen to every check. @type {Sentence} */
const UNFINISHED = {
  title: "This check could not be finished",
  text: "Something went wrong in this browser, or took too long: the details may have more. Check again.",
};

/** How a relay is reached. @type {Record<string, string>} */
export const WAYS = { "turn-udp": "by UDP", "turn-tcp": "by TCP", "turn-tls": "by TLS" };

/** What the room says of a peer that it cannot reach. */
const TROUBLES = ["no-direct-path", "no-path", "relay-refused", "relay-missing", "tampered"];

/**
 * What a check found, in words.
 * @param {Check} check
 * @param {Finding} finding
 * @returns {Sentence}
 */
export function sentence(check, { code, verdict, roundTrip }) {
  const skipped = check !== "pair" && verdict === "none" && SKIPPED[code];
  if (skipped) return skipped;
  if (code === "unfinished") return UNFINISHED;
  const way = WAYS[check];
  if (way) return (RELAY[code] ?? RELAY.unreachable)(way);
  if (check === "pair" && TROUBLES.includes(code)) return trouble(/** @type {any} */ ({ name: "the other device", error: { code } }));
  const { title, text } = SENTENCES[check]?.[code] ?? stopped({ code, message: "" });
  return { title, text: roundTrip === undefined ? text : `${text} There and back takes ${span(roundTrip)}.` };
}
