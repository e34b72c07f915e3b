import { rules } from "./rules.mjs";

/**
 * The differences from PeerServer that are meant, each with the rules that show it and what Beckon must do there, to the letter.
 * `contract.test.mjs` fails on a difference that is not here, on one that is here and not (or no longer) there, and on a third behaviour.
 *
 * @typedef {object} Difference
 * @property {string} id
 * @property {string} peerServer  what PeerServer does
 * @property {string} beckon      what Beckon does
 * @property {string} why         in one sentence
 * @property {string[]} [modes]   the modes in which it holds; all, if absent
 * @property {Record<string, { beckon: unknown }>} rules  by name
 */

const OPEN = '{"type":"OPEN"}';
const NOT_A_MESSAGE = '{"type":"ERROR","payload":{"msg":"That frame is not a JSON object and was ignored"}}';
const EXPIRED = '{"type":"EXPIRE","src":"nobody","dst":"alice"}';
const TOO_LONG = '{"type":"ERROR","payload":{"msg":"That frame is too long: one may have at most 278528 bytes; send data through a data channel"}}';
const ID_TOO_LONG = '{"type":"ERROR","payload":{"msg":"The id is too long: it may have at most 512 bytes"}}';
const LEFT = { code: 1000, reason: "left" };
const relayed = (src, dst, payload, type = "OFFER") => JSON.stringify({ type, src, dst, payload });

/** The same outcome for every rule whose name starts so. */
const every = (start, beckon) => Object.fromEntries(rules.filter(({ name }) => name.startsWith(start)).map(({ name }) => [name, { beckon }]));

/** @type {Difference[]} */
export const differences = [
  {
    id: "open-on-re-attach",
    peerServer: "sends nothing to a second socket with the same id and token",
    beckon: "sends OPEN",
    why: "The stock client's reconnect() waits for OPEN; without it `open` never fires although the peer can be reached (peerjs#1289).",
    rules: {
      "a second socket with the same id and token: what it hears first": { beckon: { second: [OPEN, relayed("bob", "alice", "hello")] } },
    },
  },
  {
    id: "superseded-socket-is-closed",
    peerServer: "leaves the first socket open, and lets it go on sending as the id",
    beckon: "closes it with 4001, and what it still sends is dropped",
    why: "One id is one socket: two that speak as one peer cannot be told apart by those they talk to.",
    rules: {
      "a second socket with the same id and token: what becomes of the first": {
        beckon: { frames: [], state: { code: 4001, reason: "another socket took this id" } },
      },
      "after re-attaching, the old socket may still send": { beckon: { bob: [] } },
    },
  },
  {
    id: "heartbeat-is-answered",
    peerServer: "does not answer a heartbeat",
    beckon: "answers the stock client's exact heartbeat with the text pong",
    why: "The runtime answers it while the object sleeps, which is what makes an idle peer free; a text that is not JSON is silently ignored by the stock client.",
    rules: {
      "the stock heartbeat": { beckon: { alice: ["pong"] } },
      "five stock heartbeats": { beckon: { alice: Array(5).fill("pong") } },
    },
  },
  {
    id: "malformed-is-answered",
    peerServer: "as a library without an error listener it exits; as a command that socket goes deaf; with an error listener (as here) it ignores the frame",
    beckon: "tells the sender with an ERROR frame, and carries on",
    why: "Whoever writes a client learns of the mistake, and nobody else pays for it.",
    rules: {
      ...every("a text that is not JSON: ", { bob: [], alice: [NOT_A_MESSAGE], state: "open" }),
      "a text that is JSON but no object: null": { beckon: { bob: [], alice: [NOT_A_MESSAGE], state: "open" } },
      "a text that is JSON but no object: a number": { beckon: { bob: [], alice: [NOT_A_MESSAGE], state: "open" } },
      "a text that is JSON but no object: a string": { beckon: { bob: [], alice: [NOT_A_MESSAGE], state: "open" } },
      "a text that is JSON but no object: true": { beckon: { bob: [], alice: [NOT_A_MESSAGE], state: "open" } },
      "a hundred texts that are not JSON": { beckon: { bob: relayed("alice", "bob", "still here", "CANDIDATE"), state: "open", heard: 100 } },
      "a text that is not JSON, before OPEN has arrived": { beckon: { alice: [OPEN, NOT_A_MESSAGE] } },
      ...every("a binary frame that is", { bob: [], alice: [NOT_A_MESSAGE], state: "open" }),
      "a binary frame of JSON that is no object": { beckon: { bob: [], alice: [NOT_A_MESSAGE], state: "open" } },
      "a binary frame with a byte order mark": { beckon: { bob: [], alice: [NOT_A_MESSAGE], state: "open" } },
    },
  },
  {
    id: "expire-is-the-server's",
    peerServer: "relays an EXPIRE that a client sends",
    beckon: "drops it",
    why: "Anybody could tell anybody that a peer is not there.",
    rules: {
      "a client's EXPIRE for a peer that is there": { beckon: { bob: [], alice: [] } },
      "an EXPIRE with a forged src": { beckon: { bob: [], alice: [] } },
    },
  },
  {
    id: "leave-ends-the-socket",
    peerServer: "gives the id up on LEAVE without a dst, but the socket goes on sending as it, and its end takes the id from the next owner",
    beckon: "closes the socket with 1000",
    why: "Who has left an id cannot speak for it, nor take it from who holds it now.",
    rules: {
      "LEAVE without a dst gets no answer, and the socket stays open": { beckon: { frames: [], state: LEFT } },
      "LEAVE without a dst, twice": { beckon: { other: OPEN, frames: [], state: LEFT } },
      "after LEAVE, the old socket still sends as that id": { beckon: { bob: [], alice: [], state: LEFT } },
      "after LEAVE, the old socket still sends while the id has a new owner": { beckon: { next: OPEN, bob: [], alice: [], state: LEFT } },
      "after LEAVE, closing the old socket and the id's next owner": { beckon: { next: OPEN, bob: [] } },
    },
  },
  {
    id: "each-attempt-its-own-time",
    peerServer: "times all that waits for an id by its first message, so that a retry dies with the attempt before it",
    beckon: "gives each OFFER its own time and its own EXPIRE",
    why: "A retry is worth as much as a first attempt.",
    rules: {
      "a second attempt before the first has expired": {
        beckon: { first: { frame: EXPIRED, at: "in its window" }, more: [{ frame: EXPIRED, at: "in its window" }] },
      },
      "two attempts at once": { beckon: { alice: [EXPIRED, EXPIRED] } },
      "a retry in the last moment, and the peer soon after": { beckon: { bob: [OPEN, relayed("alice", "bob", 2)] } },
    },
  },
  {
    id: "one-expire-per-attempt",
    peerServer: "sends another EXPIRE for a candidate that comes after the first",
    beckon: "counts it to the attempt that has failed",
    why: "Candidates trickle for seconds: an app that retries on peer-unavailable would be told twice.",
    rules: { "a candidate after EXPIRE": { beckon: { first: EXPIRED, more: [] } } },
  },
  {
    id: "everybody-is-told",
    peerServer: "takes x_y calling z and x calling y_z for one pair, and tells only one of them",
    beckon: "tells both",
    why: "Ids may hold an underscore.",
    rules: { "two pairs whose names read alike when joined by _": { beckon: { everybodyIsTold: true } } },
  },
  {
    id: "queues-are-bounded",
    peerServer: "lets any number of frames and bytes wait",
    beckon: "gives an attempt up at once when 512 frames or 1 MiB wait for one absent peer: the sender gets its EXPIRE then",
    why: "Six frames of 24 MiB to ids that do not exist cost PeerServer 270 MB.",
    rules: {
      "600 messages for one absent peer": {
        beckon: { open: OPEN, delivered: 0, inOrder: true, told: ['{"type":"EXPIRE","src":"bob","dst":"alice"}'] },
      },
      "2 MiB in pieces for one absent peer": { beckon: { open: OPEN, delivered: [], told: ['{"type":"EXPIRE","src":"bob","dst":"alice"}'] } },
    },
  },
  {
    id: "frames-are-bounded",
    peerServer: "relays up to 100 MiB",
    beckon: "refuses a frame over 272 KiB: ERROR, then close 1009",
    why: "A payload of 256 KiB and its envelope fit; a media offer has 6 kB.",
    rules: {
      "a payload of 300 kB": { beckon: { bob: [], bobs: "open", alice: [TOO_LONG], alices: { code: 1009, reason: "frame-too-long" } } },
      "a payload of 1 MiB": { beckon: { bob: [], bobs: "open", alice: [TOO_LONG], alices: { code: 1009, reason: "frame-too-long" } } },
    },
  },
  {
    id: "names-are-bounded",
    peerServer: "takes an id as long as an HTTP header may be",
    beckon: "refuses an id of more than 512 bytes with an ERROR frame",
    why: "An id has to fit into what a sleeping socket remembers.",
    rules: {
      "an id may be 1,000 characters long": { beckon: { first: ID_TOO_LONG } },
      "an id may be 8,000 characters long": { beckon: { first: ID_TOO_LONG } },
    },
  },
  {
    id: "payloads-are-not-touched",
    peerServer: "writes a payload anew: 1e5 as 100000, 1e400 as null, no white space, a name given twice once",
    beckon: "passes its bytes on as they came",
    why: "The server has no business in a payload; for all that JSON.stringify writes the two are the same.",
    rules: {
      "a payload's spelling": {
        beckon: [
          '{"type":"OFFER","src":"alice","dst":"bob","payload":{ "n" : [ 1e5 , -0 , 1.50 ] , "s" : "\\u0061\\/" , "a" : 1 , "a" : 2 , "2" : 0 , "1" : 0 }}',
        ],
      },
      "a payload with a number too large for a double": { beckon: ['{"type":"OFFER","src":"alice","dst":"bob","payload":[1e400,-1e400]}'] },
    },
  },
  {
    id: "deep-payloads-harm-nobody",
    peerServer: "closes the socket of the *recipient* of a payload nested a few thousand deep",
    beckon: "relays it",
    why: "PeerServer's JSON.stringify overflows the stack, and it takes that for a dead socket: one small frame throws anybody off.",
    rules: {
      "a payload nested 5,000 deep": { beckon: { bob: ["10053 characters"], bobs: "open", alice: [], alices: "open" } },
      "a payload nested 100,000 deep": { beckon: { bob: ["200053 characters"], bobs: "open", alice: [], alices: "open" } },
    },
  },
  {
    id: "each-key-a-realm",
    peerServer: "knows one key, and refuses any other",
    beckon: "makes each key a realm of its own; with ALLOWED_KEYS it refuses others as PeerServer does",
    why: "An app, or a room, of its own is one word in the client's options.",
    rules: {
      "another key where none is named": { beckon: { first: OPEN } },
      "an id is taken in one realm only": { beckon: { first: OPEN } },
      "with discovery, another key in the path lists the same ids": { beckon: [] },
    },
  },
  {
    id: "a-list-of-origins-is-for-sockets-too",
    peerServer: "opens a socket for the pages of any origin, whatever corsOptions say",
    beckon: "with ALLOWED_ORIGINS refuses the pages of other origins with an ERROR frame",
    why: "Whoever lists the pages that may use a server means its sockets: HTTP gives a page no more than an id.",
    rules: {
      "a CORS list does not apply to the socket either": {
        beckon: { first: '{"type":"ERROR","payload":{"msg":"Pages of this origin may not connect here: its operator can list it in ALLOWED_ORIGINS"}}' },
      },
    },
  },
  {
    id: "the-root-is-the-room-page",
    peerServer: "describes itself in JSON at the base path",
    beckon: "shows the room page at /; with another BASE_PATH it describes itself there in the same words",
    why: "A person who opens the address should find something to use.",
    rules: {
      "GET of the base path describes the server": { beckon: { status: 200, type: "text/html; charset=utf-8", body: "a page" } },
      "outside the base path, the root is not there": { beckon: { status: 200 } },
      "a socket at / is not let in": { beckon: { status: 200 } },
    },
  },
  {
    id: "liveness-by-any-frame",
    peerServer: "counts heartbeats only: a client that talks all the time is given up without them",
    beckon: "counts any frame as a sign of life",
    why: "Who is talking is alive.",
    rules: { "messages without heartbeats": { beckon: "open" } },
  },
  {
    id: "silent-clients-are-given-up-when-it-matters",
    peerServer: "looks every 300 ms for clients without a heartbeat, and closes their sockets",
    beckon: "gives a silent client up when somebody asks for its id (or for room), and otherwise lets it be",
    why: "Looking would wake every sleeping object for ever; a dead socket is in nobody's way until its id is wanted.",
    rules: {
      "a client that sends nothing is given up: closed without a code": { beckon: { state: "open", frames: [OPEN], at: "not at all" } },
      "protocol pings without heartbeats": { beckon: "open" },
      "re-attaching without heartbeats": { beckon: { state: "open", soonerThanAFreshClient: false } },
    },
  },
  {
    id: "the-refusal-of-a-path-explains-itself",
    peerServer: "answers Bad Request",
    beckon: "says where the WebSocket is",
    why: "A wrong path is a mistake in the options, and this is where its author looks.",
    rules: {
      "the refusal of a path is plain 400": {
        beckon: { status: 400, body: "Bad Request: WebSockets are served at /peerjs only\n", type: "text/plain; charset=utf-8" },
      },
    },
  },
  {
    id: "the-runtime's-handshake",
    peerServer: "declines compression, accepts version 8 too, refuses others and malformed keys with 400, other methods with 405",
    beckon:
      "leaves the handshake to the runtime: compression on offer, version 13 only, else 426; keys are not checked; another method is 400, another protocol no upgrade",
    why: "The Worker sees a request after workerd has looked at these headers; no browser sends anything but what both accept.",
    rules: {
      "compression is declined": { beckon: { status: 101, extensions: "permessage-deflate; client_max_window_bits=15" } },
      "a handshake of version 8 is accepted": { beckon: { status: 426 } },
      "a handshake of version 12 is refused": { beckon: { status: 426 } },
      "a handshake without a version is refused": { beckon: { status: 426 } },
      "a handshake with a malformed key is refused": { beckon: { status: 101 } },
      "a handshake by POST is refused": { beckon: { status: 400 } },
      "an upgrade to another protocol is refused": { beckon: { status: 404 } },
    },
  },
  {
    id: "the-runtime's-text",
    peerServer: "closes with 1007 on a text that is not UTF-8",
    beckon: "is handed the text with U+FFFD in place of what is wrong: no JSON then, or a payload with that character",
    why: "workerd decodes text frames before the Worker sees them; no browser can send such a frame.",
    rules: {
      ...every("a text frame ", { alice: [NOT_A_MESSAGE], end: "open", bob: [] }),
      "a good message whose payload is not UTF-8": { beckon: { alice: [], end: "open", bob: [relayed("alice", "bob", "\ufffd")] } },
    },
  },
  {
    id: "the-runtime's-frames",
    peerServer: "closes with 1002 on a frame that breaks WebSocket's own rules",
    beckon:
      "loses the socket (its id is free at once) while workerd, run locally, leaves the client's connection as it is, or to the client after a close frame that has a reason; a malformed close is answered without a code",
    why: "Frames are the runtime's; no browser can send one of these.",
    rules: {
      ...every("a frame ", { alice: [], end: "open", bob: [] }),
      "a frame of a reserved kind": { beckon: { alice: [], end: { code: 1002, reason: "Unknown opcode 3" }, bob: [] } },
      "a continuation of nothing": { beckon: { alice: [], end: { code: 1002, reason: "Unexpected continuation frame" }, bob: [] } },
      "a ping in pieces": { beckon: { alice: [], end: { code: 1002, reason: "Received fragmented control frame" }, bob: [] } },
      ...every("a close with ", { alice: [], end: { code: 1005, reason: "" }, bob: [] }),
    },
  },
];
