// A server may name ICE servers that a browser does not take: a misspelt URL, a relay without a password. Such a one costs itself, and is named; the
// others are used, by the first connection and by those that are configured anew.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { join } from "../../public/beckon.js";
import { fakeSockets } from "./sockets.mjs";

const GOOD = [{ urls: ["stun:one.example:3478"] }, { urls: ["turns:two.example?transport=tcp"], username: "u", credential: "c" }];
/** @type {Record<string, object>} */
const BAD = {
  "a STUN URL with a transport": { urls: ["stun:h:3478?transport=udp"] },
  "a relay without a password": { urls: ["turn:h:3478"], username: "u" },
  "another scheme": { urls: ["https://h/"] },
  "no scheme": { urls: "h:3478" },
  nothing: { urls: [""] },
  "a port out of range": { urls: ["stun:h:99999"] },
};
/** No server at all: the library leaves these out before a browser sees them. */
const NONE = [{ urls: [] }, { urls: [7] }, { urls: { toString: 0 } }, {}, null, "stun:h", [["stun:h"]]];

/** As strict as a browser, as far as it goes here. */
function take({ iceServers }) {
  for (const { urls, username, credential } of iceServers) {
    for (const url of [urls].flat()) {
      const [, scheme, port = 0] = /^(stuns?|turns?):[\w.]+(?::(\d+))?(?:\?transport=(?:udp|tcp))?$/.exec(url) ?? [];
      if (!scheme || Number(port) > 65_535 || (scheme.startsWith("stun") && url.includes("?"))) throw new SyntaxError(url);
      if (scheme.startsWith("turn") && !(username && credential)) throw new DOMException(url, "InvalidAccessError");
    }
  }
}
/** What the connections of the room have been given last. */
let given = [];
/** Of them, those that are not closed. */
const alive = new Set();
class Strict extends EventTarget {
  signalingState = "stable";
  constructor(ice) {
    super();
    this.setConfiguration(ice);
    alive.add(this);
  }
  setConfiguration(ice) {
    if (this.signalingState === "closed") throw new DOMException("closed", "InvalidStateError");
    take(ice);
    given = ice.iceServers;
  }
  createDataChannel() {
    return {};
  }
  setLocalDescription() {
    return new Promise(() => {});
  }
  close() {
    this.signalingState = "closed";
    alive.delete(this);
  }
}

/** A page makes its first connection while the socket opens. What has no page does not: whose servers count then is up to its stack. */
const PLACES = { "on a page": {}, "without a page": undefined };

/** The URLs of what a connection has been given. */
const urls = () => given.flatMap((server) => server.urls);
/** What leaves a server out comes with path-care.js. @param {() => boolean} is */
const until = async (is) => {
  while (!is()) await new Promise((resolve) => setTimeout(resolve, 1));
};
const GOOD_URLS = GOOD.flatMap((server) => server.urls);

/** @param {import("node:test").TestContext} t @param {keyof typeof PLACES} place @param {typeof Strict} [Kind] of its connections */
function goTo(t, place, Kind = Strict) {
  globalThis.document = /** @type {Fake} */ (PLACES[place]);
  t.after(() => delete (/** @type {Fake} */ (globalThis).document));
  t.mock.method(console, "debug", () => {});
  globalThis.RTCPeerConnection = /** @type {Fake} */ (Kind);
  alive.clear();
}

/** A room whose socket is open. @param {Parameters<typeof goTo>} where */
async function enter(...where) {
  const [t] = where;
  goTo(...where);
  const sockets = fakeSockets(t);
  const room = join("https://beckon.example/");
  t.after(() => room.close());
  while (!sockets.length) await new Promise((resolve) => setTimeout(resolve, 1));
  return { room, sockets };
}

for (const place of /** @type {(keyof typeof PLACES)[]} */ (Object.keys(PLACES))) {
  for (const [what, bad] of Object.entries(BAD)) {
    test(`${what} costs no other server, ${place}`, async (t) => {
      const { room, sockets } = await enter(t, place);
      const iceServers = [GOOD[0], bad, ...NONE, GOOD[1]];
      const welcome = { type: "OPEN", payload: { id: room.id, peers: ["somebody"], iceServers, ttl: 60 } };
      const came = once(room, "peer");
      sockets[0].say(welcome);
      const [{ peer }] = await came;
      await until(() => peer.connection);
      assert.deepEqual(urls(), GOOD_URLS);
      assert.equal(given.at(-1).credential, "c");
      assert.deepEqual(room.refusedServers, [bad.urls].flat());
      // Fresh credentials, with the same fault.
      given = [];
      sockets[0].say({ type: "ICE", payload: { iceServers: [bad, GOOD[1]], ttl: 60 } });
      await until(() => given.length === 1);
      assert.deepEqual(urls(), GOOD[1]?.urls);
      assert.deepEqual(room.refusedServers, [bad.urls].flat());
      // And none.
      sockets[0].say({ type: "ICE", payload: { iceServers: GOOD, ttl: 60 } });
      await until(() => urls().length === GOOD_URLS.length);
      assert.deepEqual([urls(), room.refusedServers], [GOOD_URLS, []]);
    });
  }
}

test("a page's first connection is there before anybody else, is the first one's, and goes with the room", async (t) => {
  const { room, sockets } = await enter(t, "on a page");
  await until(() => alive.size === 1);
  const [first] = alive;
  const came = once(room, "peer");
  sockets[0].say({ type: "OPEN", payload: { id: room.id, peers: ["somebody", "another"], iceServers: GOOD, ttl: 60 } });
  const [{ peer }] = await came;
  await until(() => alive.size === 2);
  assert.equal(peer.connection, first);
  assert.deepEqual(urls(), GOOD_URLS);
  room.close();
  assert.equal(alive.size, 0);

  const alone = await enter(t, "on a page");
  await until(() => alive.size === 1);
  alone.room.close();
  assert.equal(alive.size, 0, "nobody came");
});

test("a page's first connection that has not outlived a sleep is replaced by another", async (t) => {
  const { room, sockets } = await enter(t, "on a page");
  await until(() => alive.size === 1);
  const [first] = alive;
  first.close(); // as Chromium does when the machine is suspended
  const came = once(room, "peer");
  sockets[0].say({ type: "OPEN", payload: { id: room.id, peers: ["somebody", "another"], iceServers: GOOD, ttl: 60 } });
  const [{ peer }] = await came;
  assert.ok(alive.has(peer.connection), "at once");
  assert.deepEqual(urls(), GOOD_URLS);
});

test("who closes a room at once makes no connection, nor does who has no page", async (t) => {
  const rung = () => new Promise((resolve) => setTimeout(resolve, 1)); // the timer of 0 ms that makes it
  goTo(t, "on a page");
  join("https://beckon.example/", { signal: AbortSignal.abort() });
  await rung();
  assert.equal(alive.size, 0);
  await enter(t, "without a page");
  await rung();
  assert.equal(alive.size, 0);
});

test("where the browser makes no connections for a while, no server is to blame", async (t) => {
  let isForbidden = true;
  class Forbidden extends Strict {
    constructor(ice) {
      if (isForbidden) throw new DOMException("not now", "NotSupportedError");
      super(ice);
    }
  }
  const { room, sockets } = await enter(t, "without a page", Forbidden);
  const came = once(room, "peer");
  sockets[0].say({ type: "OPEN", payload: { id: room.id, peers: ["somebody"], iceServers: GOOD, ttl: 60 } });
  const [{ peer }] = await came;
  assert.equal(peer.connection, null);
  assert.deepEqual(room.refusedServers, []);
  isForbidden = false;
  given = [];
  await once(peer, "connection"); // the next attempt
  assert.deepEqual(urls(), GOOD_URLS);
});
