// The client asks for fresh TURN credentials when most of their life is over, and for nothing when there is nothing to renew.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as reachability from "../../public/lib/reachability.js";
import { openSignalling } from "../../public/lib/signalling.js";
import { fakeSockets } from "./sockets.mjs";

const STUN = { urls: ["stun:stun.example.org"] };
const TURN = { urls: ["turn:turn.example.org"], username: "u", credential: "c" };
const ICE = '{"type":"ICE"}';

const HEARTBEAT = '{"type":"HEARTBEAT"}';
/** How often a client's heart beats (signalling.js), in s. */
const BEAT_S = 8;

/** A server that says OPEN with what it is given and answers heartbeats, and the client's side of it. Time passes only when a test says so. */
function connect(t, ice, load = async (/** @type {string | undefined} */ _again) => reachability) {
  const sockets = fakeSockets(t);
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  const news = [];
  /** @type {Fake} */
  let hello;
  const signal = openSignalling(new URL("wss://beckon.example/peerjs?id=ann"), load, {
    open: (said) => (hello = said),
    ice: (fresh) => news.push(fresh),
    join() {},
    leave() {},
    lost() {},
    expire() {},
    message() {},
    server() {},
    away: () => assert.fail("the server answers"),
    refused() {},
  });
  t.after(() => signal.close());
  const [socket] = sockets;
  socket.say({ type: "OPEN", payload: { id: "ann", peers: [], ...ice } });
  return {
    hello,
    news,
    /** Lets time pass, and says what the client has sent meanwhile beside heartbeats. */
    async pass(seconds) {
      const sent = [];
      for (let left = seconds; left > 0; left -= BEAT_S) {
        t.mock.timers.tick(Math.min(left, BEAT_S) * 1_000);
        await new Promise(setImmediate); // what asks has come
        const frames = socket.sent.splice(0);
        for (const frame of frames) if (frame === HEARTBEAT) socket.say("pong");
        sent.push(...frames.filter((frame) => frame !== HEARTBEAT));
      }
      assert.equal(sockets.length, 1);
      return sent;
    },
    answer: (frame) => socket.say(frame),
  };
}

test("at 80 % of their life, and again at 80 % of the next", async (t) => {
  const { hello, news, pass, answer } = connect(t, { iceServers: [STUN, TURN], ttl: 1000 });
  assert.deepEqual([hello.iceServers, hello.degraded], [[STUN, TURN], false]);
  assert.deepEqual(await pass(792), []);
  assert.deepEqual(await pass(8), [ICE]);
  assert.deepEqual(await pass(24), [], "it waits for the answer");
  assert.deepEqual(await pass(8), [ICE], "but not for ever");
  answer({ type: "ICE", payload: { iceServers: [TURN, null, {}], ttl: 100 } });
  assert.deepEqual(news, [{ iceServers: [TURN], degraded: false, refused: [], until: news[0].until, renewAt: news[0].renewAt }]);
  assert.ok(news[0].until > Date.now(), "and they are good for a while");
  assert.deepEqual(await pass(72), []);
  assert.deepEqual(await pass(8), [ICE]);
});

test("what asks for them may not have come at first, and a browser may keep that", async (t) => {
  const { pass } = connect(t, { iceServers: [TURN], ttl: 100 }, async (again) => (again ? reachability : Promise.reject(new TypeError("no module"))));
  assert.deepEqual(await pass(72), []);
  assert.deepEqual(await pass(8), [ICE]);
});

test("soon, when TURN servers are missing for now", async (t) => {
  const { hello, pass } = connect(t, { iceServers: [STUN], ttl: 60, degraded: true });
  assert.equal(hello.degraded, true);
  assert.deepEqual(await pass(40), []);
  assert.deepEqual(await pass(8), [ICE]);
});

for (const [what, ice] of Object.entries({
  "where there are no credentials": { iceServers: [STUN], ttl: 1000 },
  "of a server that does not say how long they live": { iceServers: [TURN] },
  "of a server that talks nonsense": { iceServers: [TURN], ttl: {} },
})) {
  test(`never ${what}`, async (t) => {
    const { pass } = connect(t, ice);
    assert.deepEqual(await pass(8), []);
    assert.deepEqual(await pass(80_000), []);
  });
}
