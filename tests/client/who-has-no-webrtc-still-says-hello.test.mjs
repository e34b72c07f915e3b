// Browsers without direct connections (a privacy setting, an extension, an engine that has none): whoever has one joins all the same, and what is
// small goes through the server. Each device here has a WebRTC of its own; who has none meets one of its kind, and one that lacks nothing.
import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { once } from "node:events";
import { test } from "node:test";
import "./node-webrtc.mjs";
import { join } from "../../public/beckon.js";
import { fakeServer } from "./sockets.mjs";

/** What each device has for WebRTC: the real one if nothing is said. */
const device = new AsyncLocalStorage();
const Real = /** @type {Fake} */ (globalThis.RTCPeerConnection);
Reflect.defineProperty(globalThis, "RTCPeerConnection", { get: () => (device.getStore() ?? { has: Real }).has });

const no = () => {
  throw new DOMException("not here", "NotSupportedError");
};
/** A browser that lacks one thing. @param {object} lacks */
const lacking = (lacks) =>
  class extends Real {
    constructor(...given) {
      super(...given);
      Object.assign(this, lacks);
    }
  };

/** Each way to have none. */
const NONE = {
  "is missing": undefined,
  "is null": null,
  "is no function": {},
  "cannot be constructed": no,
  "is an arrow function": () => ({}),
  "is a stand-in without methods": class {},
  "is a stand-in that gives nothing": class {
    createDataChannel() {}
    setLocalDescription() {}
  },
  "makes no channels": lacking({ createDataChannel: no }),
  "describes nothing": lacking({ setLocalDescription: () => Promise.reject(new DOMException("not here", "OperationError")) }),
  "describes nothing, and throws": lacking({ setLocalDescription: no }),
};

/** A device in a room. */
function enter(t, link, has) {
  const room = device.run({ has }, () => join(link));
  t.after(() => room.close());
  const heard = [];
  room.addEventListener("message", ({ data }) => heard.push(data));
  /** The connections that the room has had, as they are told: new, and with nothing that anybody could have missed. */
  const had = [];
  room.addEventListener("peer", ({ peer }) => {
    peer.addEventListener("connection", () => had.push([peer.connection, peer.connection?.signalingState]));
  });
  return { room, heard, had };
}

/** The one other device in a room. */
async function other(room) {
  if (!room.peers.length) await once(room, "peer");
  return room.peers[0];
}

/** @param {EventTarget} target @param {string} event @param {() => unknown} is */
async function until(target, event, is) {
  while (!is()) await once(target, event);
}

test("who has no WebRTC", { concurrency: true }, async (t) => {
  fakeServer(t);
  t.mock.method(console, "debug", () => {}); // it says what it has not got
  const secrets = (function* () {
    for (let n = 10; ; n++) yield `AAAAAAAAAAAAAAAAAAA${n}A`;
  })();
  const cases = Object.entries(NONE).flatMap(([how, none]) => [
    { how: `it ${how}, and comes first`, first: none, second: Real },
    { how: `it ${how}, and comes second`, first: Real, second: none },
    { how: `it ${how} for both`, first: none, second: none },
  ]);
  await Promise.all(
    cases.map(({ how, first, second }) =>
      t.test(how, async (t) => {
        const link = `https://beckon.example/#${secrets.next().value}`;
        const one = enter(t, link, first);
        await one.room.ready;
        const two = enter(t, link, second);
        for (const [{ room }, { heard }, has] of [/** @type {const} */ ([one, two, first]), /** @type {const} */ ([two, one, second])]) {
          const peer = await other(room);
          await peer.send("hello");
          await until(peer, "path", () => peer.path === "server");
          // Where both have none, who hears of the other's first need not try.
          const codes = has === Real ? ["no-webrtc-there"] : first === second ? ["no-webrtc", "no-webrtc-there"] : ["no-webrtc"];
          await until(peer, "state", () => codes.includes(peer.error?.code ?? ""));
          assert.deepEqual([heard, peer.state, peer.connection && peer.state], [["hello"], "open", null]);
          assert.equal(
            device.run({ has }, () => room.hasWebRTC),
            typeof has === "function",
          );
        }
      }),
    ),
  );
});

test("who cannot make a connection once", { concurrency: true }, async (t) => {
  fakeServer(t);
  t.mock.method(console, "debug", () => {}); // it says what it has not got
  /** A constructor that throws so many times. */
  const hesitant = (times) =>
    class extends Real {
      constructor(...given) {
        if (times-- > 0) no();
        super(...given);
      }
    };
  // The first attempt of each connection is made twice, the second time without ICE servers.
  await Promise.all(
    [1, 2, 4].map((times) =>
      t.test(`it throws ${times} times`, async (t) => {
        const link = `https://beckon.example/#AAAAAAAAAAAAAAAAAAAA${times}A`;
        const one = enter(t, link, Real);
        const two = enter(t, link, hesitant(times));
        await two.room.ready;
        for (const { room, had } of [one, two]) {
          const peer = await other(room);
          await until(peer, "path", () => peer.path === "direct");
          assert.deepEqual([peer.state, peer.error], ["open", null]);
          assert.ok(had.every(([connection, state]) => connection && state === "stable"));
          assert.equal(had.at(-1)?.[0], peer.connection, "each connection is told, the last one too");
        }
      }),
    ),
  );
});
