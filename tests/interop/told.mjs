/**
 * What listeners are told: PeerServer's of `connection`, `disconnect` and `message`, and Beckon's hooks. Each peer has its own order; whose
 * turn it was among several peers is chance, on either server. So logs are compared peer by peer.
 */

/**
 * Something that a listener was told.
 * @typedef {object} Told
 * @property {"connect" | "disconnect" | "message"} what
 * @property {string} id
 * @property {number} [client]  PeerServer's own object: who has left is another one than whoever comes next with its id
 * @property {unknown} [type]
 * @property {string} [src]
 * @property {unknown} [dst]
 * @property {string} [payload]
 */

/** What a log has of a payload, in characters: some rules send megabytes. */
const MOST_SHOWN = 200;

/** A text, of which the end may be missing. */
const shown = (text) => (text?.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}… (${text.length} characters)` : text);

function brief(value) {
  try {
    return shown(JSON.stringify(value));
  } catch (error) {
    return String(error); // nested too deep, say
  }
}

/**
 * A line of the log.
 * @param {Told["what"]} what
 * @param {string} id
 * @param {{ type?: unknown, src?: string, dst?: unknown, payload?: unknown }} [frame]
 * @returns {Told}
 */
export const noted = (what, id, frame) => ({
  what,
  id,
  ...(frame && { type: frame.type, src: frame.src, dst: frame.dst, payload: brief(frame.payload) }),
});

/** Beckon as it is deployed, but that its objects have hooks, and that it tells what they were told. */
export const LISTENING = `
import Beckon, { Room as Base } from "beckon/worker";
import { noted } from "./tests/interop/told.mjs";
const told = []; // it outlives the objects
export class Room extends Base {
  onConnect({ id }) { told.push(noted("connect", id)); }
  onDisconnect({ id }) { told.push(noted("disconnect", id)); }
  onMessage(frame) { told.push(noted("message", frame.peer.id, frame)); }
}
export default class extends Beckon {
  fetch(request) { return request.url.endsWith("/told-to-hooks") ? Response.json(told.splice(0)) : super.fetch(request); }
}`;

const DISCONNECT = { what: "disconnect" };

/**
 * The differences that are meant and that any rule may show: what is made of all that PeerServer says of one client.
 * @type {{ id: string, peerServer: string, beckon: string, why: string, apply: (log: any[]) => any[] }[]}
 */
export const differences = [
  {
    id: "another-socket-is-no-other-peer",
    peerServer: "emits connection again when a client has another socket",
    beckon: "tells of a peer once",
    why: "A list of who is here would have it twice, and a greeting would be said twice.",
    apply: (log) => log.filter(({ what }, at) => what !== "connect" || at === 0),
  },
  {
    id: "heartbeats-are-not-told",
    peerServer: "emits message for heartbeats too",
    beckon: "tells nobody of them",
    why: "Telling would wake a sleeping object every 5 s for each of its peers.",
    apply: (log) => log.filter(({ type }) => type !== "HEARTBEAT"),
  },
  {
    id: "a-message-has-a-type",
    peerServer: "emits message for any JSON that can have a property, arrays too",
    beckon: "tells of objects whose type is a text",
    why: "Nothing else is a frame of this protocol, and types in TypeScript can promise a text.",
    apply: (log) => log.filter(({ what, type }) => what !== "message" || typeof type === "string"),
  },
  {
    id: "who-has-left-is-gone",
    peerServer: "emits disconnect only when the socket ends, and what it sends after LEAVE as messages",
    beckon: "tells that it has gone at LEAVE, and nothing after that",
    why: "LEAVE gives the id up and ends the socket.",
    apply: (log) => {
      const leaves = log.findIndex(({ type, dst }) => type === "LEAVE" && !dst);
      return leaves < 0 ? log : [...log.slice(0, leaves + 1), DISCONNECT];
    },
  },
];

const CONNECT = { what: "connect" };
/** What a rule sends to see whether somebody hears. */
const mark = (src, dst = src) => ({ what: "message", type: "CANDIDATE", src, dst, payload: '"mark"' });
const sent = (/** @type {unknown} */ payload) => ({ what: "message", type: "OFFER", src: "alice", dst: "bob", payload: JSON.stringify(payload) });

const nobody = () => ({});
/** Alice has come and gone, and nobody else. */
const comeAndGone = () => ({ alice: [CONNECT, DISCONNECT] });
/** What is too long is no message, and ends alice's socket. Bob is still there, and the rule sees to that. */
const cutOff = () => ({ alice: [CONNECT, DISCONNECT], bob: [CONNECT, mark("bob"), DISCONNECT] });
/** A text that PeerServer cannot write: it has read it, and told of it. */
const nested = (depth) => () => ({
  alice: [CONNECT, { ...sent(""), payload: shown("[".repeat(depth) + "]".repeat(depth)) }, mark("alice"), mark("alice", "bob"), DISCONNECT],
  bob: [CONNECT, DISCONNECT],
});

/**
 * Those that follow from a difference on the wire (intended.mjs, of the same name), by rule: what is made of PeerServer's log then.
 * @type {Record<string, Record<string, (log: Record<string, any[]>) => Record<string, any[]>>>}
 */
export const onTheWire = {
  "superseded-socket-is-closed": {
    "after re-attaching, the old socket may still send": (log) => ({
      ...log,
      alice: log.alice.filter(({ payload }) => payload !== '"from the old socket"'),
    }),
  },
  "frames-are-bounded": {
    "a payload of 300 kB": cutOff,
    "a payload of 1 MiB": cutOff,
  },
  "deep-payloads-harm-nobody": { "a payload nested 5,000 deep": nested(5_000), "a payload nested 100,000 deep": nested(100_000) },
  "each-key-a-realm": {
    "another key where none is named": comeAndGone,
    "another key does not reach the peers of the first": (log) => ({ ...log, alice: [CONNECT, sent("hello"), DISCONNECT] }),
    "an id is taken in one realm only": () => ({ alice: [CONNECT, CONNECT, DISCONNECT, DISCONNECT] }),
  },
  // The Worker has opened the socket when the runtime refuses the handshake.
  "the-runtime's-handshake": {
    "a handshake of version 12 is refused": comeAndGone,
    "a handshake without a version is refused": comeAndGone,
    "a handshake with a malformed key is refused": comeAndGone,
    "a handshake by POST is refused": comeAndGone,
  },
  "the-runtime's-text": {
    "a good message whose payload is not UTF-8": (log) => ({ ...log, alice: [CONNECT, sent("\ufffd"), DISCONNECT] }),
  },
  "names-are-bounded": { "an id may be 1,000 characters long": nobody, "an id may be 8,000 characters long": nobody },
  "a-list-of-origins-is-for-sockets-too": { "a CORS list does not apply to the socket either": nobody },
};

/** Rules whose frames depend on the clock: how many are sent, and how many witnesses it takes, is chance. */
const byTheClock = ({ theme, name }) => theme === "liveness" || name === "after LEAVE, closing the old socket and the id's next owner";

/** As much of what was told in a rule as is the same each time. @param {{ theme: string, name: string }} rule @param {Told[]} log */
export const certain = (rule, log) => (byTheClock(rule) ? log.filter(({ what, id }) => what !== "message" && !id.startsWith("witness")) : log);

/** What was said of each peer. */
function byPeer(log) {
  /** @type {Record<string, any[]>} */
  const peers = {};
  for (const { id, client, ...rest } of log) (peers[id] ??= []).push(rest);
  return peers;
}

/**
 * What hooks have to be told where PeerServer's listeners were told this.
 * @param {string} name  of the rule
 * @param {Told[]} log
 * @param {(difference: string) => void} [seen]
 */
export function expected(name, log, seen = () => {}) {
  const clients = Map.groupBy(log, ({ client }) => client);
  const known = [...clients.values()].flatMap((all) => {
    const [{ id }] = all;
    for (const difference of differences) {
      const applied = difference.apply(all);
      if (applied.length !== all.length) seen(difference.id);
      all = applied;
    }
    return all.map((entry) => ({ ...entry, id }));
  });
  let peers = byPeer(known);
  for (const [id, rules] of Object.entries(onTheWire)) {
    if (!(name in rules)) continue;
    peers = rules[name](peers);
    seen(id);
  }
  return peers;
}

/** What hooks were told. @param {Told[]} log */
export const heard = (log) => byPeer(log);

/** Whether all who came have gone. @param {Told[]} log */
export function allGone(log) {
  const here = new Set();
  for (const { what, id } of log) {
    if (what === "connect") here.add(id);
    if (what === "disconnect") here.delete(id);
  }
  return here.size === 0;
}
