// Nothing fails in silence: what cannot be sent throws at once, and a failure that nobody looks at is an unhandled rejection, unless somebody has left.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { openPeers } from "../../public/lib/peers.js";
import { connect, meet } from "./peers.mjs";

const turn = () => new Promise((resolve) => setImmediate(resolve));
const known = (name = "them") =>
  meet(
    name,
    () => true,
    () => {},
  );

/** The codes of what nobody has handled while something was done. */
async function unhandled(act) {
  const codes = [];
  const note = ({ code }) => codes.push(code);
  const before = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", note);
  await act();
  await turn();
  process.removeListener("unhandledRejection", note);
  for (const listener of before) process.on("unhandledRejection", listener);
  return codes;
}

test("a wrong type or size throws where it is sent, to one peer or to all, and even if nobody is here", (t) => {
  const { peer } = known();
  t.after(() => peer.close());
  const room = /** @type {Fake} */ (new EventTarget());
  const nobody = openPeers(room, { ice: /** @type {Fake} */ (() => {}), isOnline: () => true, load: () => import("../../public/lib/path-care.js") });
  for (const send of [(data, how) => peer.handle.send(data, how), nobody.broadcast]) {
    for (const wrong of [undefined, () => {}, Symbol("x"), 1n, NaN, new Map(), [undefined]]) assert.throws(() => send(wrong), TypeError);
    assert.throws(() => send(new Uint8Array(64 * 1024 * 1024 + 1)), { code: "too-long" });
    assert.throws(() => send("\u20ac".repeat(23_000_000)), { code: "too-long" }, "counted as UTF-8");
    assert.throws(() => send({ text: "x".repeat(256_000) }), { code: "too-long" });
    assert.throws(() => send(new Blob(["x"]), { reliable: false }), TypeError);
    assert.throws(() => send(Object.defineProperty(new Blob(), "size", { value: 4 * 1024 ** 3 + 1 })), { code: "too-long" });
    assert.throws(() => send("x".repeat(16_385), { reliable: false }), { code: "too-long" });
    const circle = {};
    circle.circle = circle;
    for (const wrong of [new Map(), new Uint8Array(1), NaN, () => {}, circle]) assert.throws(() => send("x", { metadata: wrong }), TypeError);
    assert.throws(() => send(new Blob(["x"]), { metadata: "x".repeat(20_000) }), { code: "too-long" });
    for (const how of /** @type {Fake[]} */ ([{ signal: {} }, { signal: 1 }, { onProgress: {} }])) assert.throws(() => send(new Blob(["x"]), how), TypeError);
  }
});

test("a failure that nobody looks at is an unhandled rejection; one who looks handles it; nobody is blamed that another has left", async () => {
  const { peer } = known();
  const much = new Uint8Array(250_000);
  const fill = () => Array.from({ length: 68 }, () => peer.handle.send(much));
  assert.deepEqual(await unhandled(fill), ["too-much"]);
  assert.deepEqual(await unhandled(() => peer.handle.send(much).catch(() => {})), []);
  const codes = await unhandled(() => {
    peer.leave();
    peer.handle.send("too late");
  });
  assert.deepEqual(codes, []);
  await assert.rejects(peer.handle.send("too late"), { code: "left" });
});

test("one message that is too long for the other browser fails alone, on a real order of events", async (t) => {
  const it = known();
  t.after(() => it.peer.close());
  const channel = await connect(it, "theirs");
  /** @type {Fake} */ (it.peer.handle.connection).sctp.maxMessageSize = 65_536;
  const frames = () => channel.sent.filter((data) => typeof data !== "string");
  const sent = ["one", "x".repeat(200_000), "two"].map((text) => it.peer.handle.send(text));
  assert.equal(frames().length, 1, "what comes after it waits for what was before it");
  channel.onmessage({ data: '{"type":"ack","seq":1}' });
  await assert.rejects(sent[1], { code: "too-long" });
  assert.equal(frames().length, 2);
  channel.onmessage({ data: '{"type":"ack","seq":3}' });
  await Promise.all([sent[0], sent[2]]);
});

test("another connection in place of the one that failed is an event, and what was sent meanwhile goes on it", async (t) => {
  const it = known();
  t.after(() => it.peer.close());
  const first = await connect(it, "theirs");
  const sent = it.peer.handle.send("while there is no path");
  first.onclose();
  await once(it.peer.handle, "connection");
  const second = await connect(it, "theirs");
  assert.notEqual(first, second);
  assert.ok(second.sent.some((data) => typeof data !== "string"));
  second.onmessage({ data: '{"type":"ack","seq":1}' });
  await sent;
});
