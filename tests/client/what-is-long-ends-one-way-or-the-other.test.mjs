// What goes in pieces arrives, or is given up, and both sides know: also where it is stopped, cannot be read, or somebody leaves, reloads or comes back.
import assert from "node:assert/strict";
import { test } from "node:test";
import "./node-webrtc.mjs";
import { BeckonError } from "../../public/beckon.js";
import { openBlobStore } from "../../public/lib/blob-store.js";
import { openDelivery } from "../../public/lib/delivery.js";
import { openDeliveryStates } from "../../public/lib/delivery-states.js";
import { BeckonEvent, messages } from "../../public/lib/events.js";
import { pack } from "../../public/lib/frame.js";
import { openMessaging } from "../../public/lib/messaging.js";
import * as pathCare from "../../public/lib/path-care.js";
import { packPiece } from "../../public/lib/transfer-format.js";
import { transfersFor } from "../../public/lib/transfers-later.js";
import { viaServer } from "../../public/lib/via-server.js";
import { bytesOf, connect, content, cut, end, until } from "./transfer-ends.mjs";

const left = () => new BeckonError("left", "They left");
const codeOf = ({ code }) => code;
const both = () => [end("one"), end("two")];
/** Something that waits, and what became of it. */
function long(/** @type {Blob | Uint8Array<ArrayBuffer>} */ data = new Blob(["x"]), how = {}) {
  const it = { data, how, was: "", done: () => (it.was = "arrived"), failed: (why) => (it.was = why instanceof BeckonError ? why.code : why.name) };
  return it;
}
const say = (it, control) => it.hear(JSON.stringify({ type: "transfer", ...control }));
const begin = (it, id, more = {}) => say(it, { what: "begin", id, size: 1e6, as: "blob", name: "", mime: "", ...more });

test("one that is stopped while there is no connection makes room for the next", async () => {
  const ends = both();
  const [one, two] = ends;
  two.hold = true;
  connect(ends);
  const over = new AbortController();
  const sent = [3e6, 3e6, 3e6, 3e6, 5].map((size, n) => one.send(new Blob([content(size)]), n ? {} : { signal: over.signal }).catch(({ name }) => name));
  await until(() => two.events.filter(({ type }) => type === "incoming").length === 4);
  cut(ends);
  over.abort();
  two.release();
  connect(ends);
  assert.deepEqual(await Promise.all(sent), ["AbortError", ...Array(4).fill("arrived")]);
});

test("files that cannot be read make room for one that can", async () => {
  const ends = both();
  connect(ends);
  const gone = () => Object.defineProperty(new Blob(["x"]), "slice", { value: () => assert.fail("it is gone") });
  const sent = [gone(), gone(), gone(), gone(), new Blob(["x"])].map((blob) => ends[0].send(blob).catch(codeOf));
  assert.deepEqual(await Promise.all(sent), [...Array(4).fill("unreadable"), "arrived"]);
});

test("a sender that was loaded again, and sends nothing more, has left what it sent before", async () => {
  const ends = both();
  const [one, two] = ends;
  connect(ends);
  one.send(new Blob([content(9e6)])).catch(() => {});
  await until(() => two.events[0]?.incoming.received > 0);
  cut(ends);
  connect([end("one, again"), two]);
  await assert.rejects(two.events[0].incoming.result, { code: "left" });
  one.transfers.end(left());
});

test("what an earlier page load has said, and waited, counts for nothing on a later one's connection", async () => {
  const ends = both();
  const [one, two] = ends;
  connect(ends);
  const sent = one.send(new Blob([content(9e6)]));
  await until(() => two.events[0]?.incoming.received > 0);
  for (const control of [
    { what: "running", ids: [] },
    { what: "begin", id: 1, size: 1, as: "blob", name: "", mime: "" },
  ])
    for (const epoch of ["before", ""]) two.transfers.attach(two.port, JSON.stringify({ type: "transfer", ...control }), epoch);
  assert.equal(await sent, "arrived");
  assert.equal(two.events.filter(({ type }) => type === "incoming").length, 1);
});

test("who was away for longer than the receiver waited begins again", async () => {
  const ends = both();
  const [one, two] = ends;
  connect(ends);
  const bytes = content(5e6);
  const sent = one.send(new Blob([bytes]));
  const beside = one.send(bytes);
  await until(() => two.events.length === 2 && two.events[0].incoming.received > 0);
  cut(ends);
  two.transfers.end(left());
  await assert.rejects(two.events[0].incoming.result, { code: "left" });
  connect(ends);
  assert.deepEqual(await Promise.all([sent, beside]), ["arrived", "arrived"]);
  const got = two.events.filter(({ type }) => type === "message").map(({ data }) => data);
  assert.deepEqual(await bytesOf(got.find((data) => data instanceof Blob)), bytes);
});

test("who was forgotten by the sender, and still knows its numbers, gets what it sends next", async () => {
  const [one, two] = both();
  connect([one, two]);
  await one.send(new Blob(["first"]));
  cut([one, two]);
  const forgetful = end("one");
  connect([forgetful, two]);
  assert.equal(await forgetful.send(new Blob(["second"])), "arrived");
  assert.equal(await two.events.at(-1).data.text(), "second");
});

test("a picture need not wait for a long message before it", async () => {
  const ends = both();
  const order = [];
  connect(ends);
  await Promise.all([ends[0].send(content(20e6)).then(() => order.push("long")), ends[0].send(new Blob([content(5e5)])).then(() => order.push("picture"))]);
  assert.deepEqual(order, ["picture", "long"]);
});

test("of what has arrived at a reader who is behind, no more waits than may come at a time, however small it is", async () => {
  const it = end("victim");
  it.connection = { remote: "liar.1", pieces: true, write: () => true };
  it.hold = true;
  begin(it, 1, { size: 0, metadata: "x".repeat(16_000) });
  begin(it, 2, { size: 0, metadata: "x".repeat(17_000) });
  assert.deepEqual([it.said.length, it.events.length], [1, 1], "metadata that no page of ours sends");
  for (let id = 3; id < 40; id++) {
    begin(it, id, { size: 0 });
    if (id < 6) await until(() => it.events.filter(({ type }) => type === "message").length === id - 1);
  }
  assert.equal(it.held.size, 1);
  assert.equal(it.said.filter(({ code }) => code === "too-much").length, 34);
  it.release();
  assert.deepEqual(
    it.said.filter(({ done }) => done).map(({ id }) => id),
    [1, 3, 4, 5],
  );
  begin(it, 50, { size: 0 });
  await until(() => it.said.at(-1).done);
});

test("a value is one frame, and a longer one that comes in pieces is not read", async () => {
  assert.throws(() => pack({ a: "x".repeat(256_000) }), { code: "too-long" });
  const ends = both();
  const [one, two] = ends;
  connect(ends);
  const value = `\uFEFF[${"[],".repeat(100_000)}0]`;
  const bytes = new TextEncoder().encode(value);
  await Promise.all([one.send(bytes), one.send(value), one.send("x".repeat(300_000))]);
  const got = two.events.filter(({ type }) => type === "message").map(({ data }) => data);
  assert.ok(got.includes(value), "text that only looks like one");
  assert.equal(got.length, 3);
  const frame = pack(bytes);
  frame[0] = 1; // as text
  const before = two.said.length;
  begin(two, 1e6, { size: frame.length, as: "message" });
  for (let at = 0; at < frame.length; at += 50_000) two.take(packPiece(1e6, at, frame.subarray(at, at + 50_000)).buffer);
  await until(() => two.said.slice(before).some(({ code }) => code === "failed"));
  assert.equal(two.events.filter(({ type }) => type === "message").length, 3);
});

test("what was sent while the rest was loaded fails when they do not come back", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const states = openDeliveryStates(() => false);
  const state = states.of("them");
  const delivery = openDelivery({ state, write: () => true, sendUnreliable() {}, onData() {} });
  delivery.receive("theirs", { data: "x", base: 1, seq: 1, loose: false }, () => {});
  const it = long();
  state.outgoing?.push(it);
  delivery.leave(left());
  states.tidy(left());
  t.mock.timers.tick(10_000);
  assert.equal(it.was, "left");
});

/** Messages with one peer by a connection that takes pieces, and what went that way. */
function meeting(state, got = []) {
  const said = [];
  const connection = { remote: "theirs.1", sendControl: (text) => said.push(JSON.parse(text)), sendUnreliable() {}, write: () => true };
  const messaging = openMessaging(
    /** @type {Fake} */ ({
      state,
      connection: () => connection,
      sendSealed() {},
      card: () => ({ name: "" }),
      onData: (_, type) => got.push(type),
      mayUseServer: () => true,
      onName() {},
      whenRead: (_, act) => act(),
      care: async () => pathCare,
      search: { polite: false, found() {}, may: () => false, restart() {}, silent() {} },
    }),
  );
  messaging.receive('{"type":"name","name":"","pieces":true}');
  return { messaging, said, got };
}

test("who leaves while the rest is loaded takes nothing; who is back by then gets what was sent", async () => {
  const state = { sent: 0 };
  const before = meeting(state);
  const sent = before.messaging.send(new Blob(["x"]));
  before.messaging.receive('{"type":"transfer","what":"begin","id":1,"size":9,"as":"blob","name":"","mime":""}');
  before.messaging.leave(left());
  const after = meeting(state);
  await until(() => after.said.some(({ what }) => what === "begin"));
  assert.deepEqual(
    [before.said, before.got, after.got].map((list) => list.filter((one) => one?.what || one === "incoming")),
    [[], [], []],
  );
  const { id } = after.said.find(({ what }) => what === "begin");
  after.messaging.receive(JSON.stringify({ type: "transfer", what: "got", id, at: 1, done: true }));
  await sent;
  after.messaging.leave(left());
});

test("what waits for the rest to load can be stopped, and has its bounds: the latest is refused", () => {
  const over = new AbortController();
  const waiting = [long(new Blob(["x"]), { signal: over.signal }), ...Array.from({ length: 1_000 }, () => long())];
  const state = { sent: 0, outgoing: [...waiting] };
  const later = transfersFor(state, /** @type {Fake} */ ({ connection: () => null, BeckonError }));
  later.told("", "");
  assert.deepEqual([waiting[0].was, waiting[999].was, waiting[1_000].was], ["", "", "too-much"]);
  over.abort();
  assert.equal(waiting[0].was, "AbortError");
  assert.equal(state.outgoing.length, 999);
  const much = [long(content(40e6)), long(content(30e6)), long(content(20e6))];
  state.outgoing.splice(0, 999, ...much);
  later.told("", "");
  assert.deepEqual(
    much.map(({ was }) => was),
    ["", "too-much", ""],
  );
  later.stop();
});

test("one message as long as may be does not end a reader that is not behind; a Blob that is not read slows its sender", async () => {
  const target = /** @type {Fake} */ (Object.assign(new EventTarget(), { state: "open" }));
  const come = (data) => target.dispatchEvent(new BeckonEvent("message", { from: "ann", data }));
  /** @type {import("../../public/lib/events.js").Reading} */
  const reading = {};
  const reader = messages(target, reading, async () => pathCare);
  let next = reader.next();
  await new Promise(setImmediate);
  for (let times = 0; times < 2; times++) {
    come(new ArrayBuffer(64 * 1024 * 1024));
    assert.equal((await next).value?.data.byteLength, 64 * 1024 * 1024);
    come("and while it is in hand");
    assert.equal((await reader.next()).value?.data.length, 23);
    next = reader.next();
  }
  let acts = 0;
  come(new Blob([content(2 * 1024 * 1024)]));
  come("next");
  reading.hold?.(target, () => acts++);
  assert.equal(acts, 0);
  await next;
  await reader.next();
  assert.equal(acts, 1);
  await reader.return();
});

test("who has a connection after all is sent Blobs, however silent it is", () => {
  const it = long();
  const state = { outgoing: [it] };
  const way = viaServer(
    () => [],
    state,
    () => {},
    /** @type {Fake} */ (() => true),
  );
  way.forget(new BeckonError("no-webrtc-there", "They have no WebRTC"));
  way.works();
  way.due();
  assert.equal(it.was, "");
});

test("what waited to be stored opens nothing once it is stopped", async (t) => {
  const open = t.mock.method(globalThis, "TransformStream", class extends TransformStream {});
  const store = openBlobStore();
  const waits = Promise.resolve().then(() => store.write(new Uint8Array(9)));
  store.abort();
  await waits;
  assert.equal(open.mock.callCount(), 0);
});
