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
class Strict extends EventTarget {
  signalingState = "stable";
  constructor(ice) {
    super();
    take(ice);
    given = ice.iceServers;
  }
  setConfiguration(ice) {
    take(ice);
    given = ice.iceServers;
  }
  createDataChannel() {
    return {};
  }
  setLocalDescription() {
    return new Promise(() => {});
  }
  close() {}
}

/** The URLs of what a connection has been given. */
const urls = () => given.flatMap((server) => server.urls);
/** What leaves a server out comes with path-care.js. @param {() => boolean} is */
const until = async (is) => {
  while (!is()) await new Promise((resolve) => setTimeout(resolve, 1));
};
const GOOD_URLS = GOOD.flatMap((server) => server.urls);

for (const [what, bad] of Object.entries(BAD)) {
  test(`${what} costs no other server`, async (t) => {
    const sockets = fakeSockets(t);
    t.mock.method(console, "debug", () => {});
    globalThis.RTCPeerConnection = /** @type {Fake} */ (Strict);
    const room = join("https://beckon.example/");
    t.after(() => room.close());
    while (!sockets.length) await new Promise((resolve) => setTimeout(resolve, 1));
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

test("where the browser makes no connections for a while, no server is to blame", async (t) => {
  const sockets = fakeSockets(t);
  t.mock.method(console, "debug", () => {});
  let isForbidden = true;
  globalThis.RTCPeerConnection = /** @type {Fake} */ (
    class extends Strict {
      constructor(ice) {
        if (isForbidden) throw new DOMException("not now", "NotSupportedError");
        super(ice);
      }
    }
  );
  const room = join("https://beckon.example/");
  t.after(() => room.close());
  while (!sockets.length) await new Promise((resolve) => setTimeout(resolve, 1));
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
