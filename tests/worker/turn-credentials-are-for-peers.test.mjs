// ICE servers as a service: who is told of TURN servers, with which credentials, and who is not.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { startBeckon } from "./beckon.mjs";
import { open } from "./socket.mjs";

const STUN = "stun:stun.example.org:3478";
const URLS = ["turn:turn.example.org:3478?transport=udp", "turn:turn.example.org:3478?transport=tcp", "turns:turn.example.org:443?transport=tcp"];
const SECRET = "north-by-northwest-1959";
const ICE = '{"type":"ICE"}';
const vars = { STUN_URLS: STUN, TURN_URLS: URLS.join(", "), TURN_TTL_S: "600" };

/** Whether credentials are what coturn computes from the same secret, and run out when they should. */
function assertSigned({ iceServers, ttl, degraded }) {
  assert.deepEqual([ttl, degraded, iceServers.length], [600, undefined, 2]);
  assert.deepEqual(iceServers[0], { urls: [STUN] });
  const { urls, username, credential } = iceServers[1];
  assert.deepEqual(urls, URLS);
  const [, expiry, tag] = /^(\d+):([0-9a-f]{16})$/.exec(username) ?? assert.fail(username);
  assert.ok(Math.abs(Number(expiry) - (Date.now() / 1000 + 600)) < 30, expiry);
  assert.equal(credential, createHmac("sha1", SECRET).update(username).digest("base64"));
  return tag;
}

for (const evicting of [false, true]) {
  describe(`with a shared secret${evicting ? ", evicted between any two steps" : ""}`, () => {
    let beckon;
    before(async () => (beckon = await startBeckon({ vars, secrets: { TURN_SECRET: SECRET } })));
    after(() => beckon.close());
    const step = async (name) => evicting && beckon.evict(name);

    test("members of a room get credentials of their own with OPEN, and fresh ones when they ask", async () => {
      const join = async (id) => {
        const socket = await open(beckon.url, { key: "room", id, token: "t", roster: "1" });
        const { type, payload } = JSON.parse(await socket.next());
        assert.equal(type, "OPEN");
        await step("realm:room");
        return [socket, assertSigned(payload)];
      };
      const [ann, hers] = await join("ann");
      const [bob, his] = await join("bob");
      await ann.next(); // JOIN
      const tags = [hers, his];
      if (evicting) {
        // What a socket has asked for lately is forgotten with everything else: it was asleep.
        ann.send(ICE);
        const { type, payload } = JSON.parse(await ann.next());
        assert.equal(type, "ICE");
        tags.push(assertSigned(payload));
      } else {
        ann.send(ICE);
        const { type, payload } = JSON.parse(await ann.next());
        assert.deepEqual([type, payload.code], ["ERROR", "ice-too-soon"]);
      }
      assert.equal(new Set(tags).size, tags.length, "nobody shares a name");
      assert.deepEqual(bob.rest(), [], "nobody else hears of it");
    });

    test("a stock client's socket is told nothing of it, and as PeerServer does not answer ICE", async () => {
      const stock = await open(beckon.url, { key: "peerjs", id: "stock", token: "t" });
      assert.equal(await stock.next(), '{"type":"OPEN"}');
      await step("home:0");
      stock.send(ICE);
      stock.send({ type: "ICE", dst: "stock", payload: 1 });
      stock.send({ type: "OFFER", dst: "stock", payload: 1 });
      assert.equal(await stock.next(), '{"type":"OFFER","src":"stock","dst":"stock","payload":1}');
      assert.deepEqual(stock.rest(), []);
    });
  });
}
