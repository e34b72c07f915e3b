// The sealed channel alone, with a server between two of them that does whatever chance tells it to.
import assert from "node:assert/strict";
import { openSealedChannel } from "../../public/lib/sealed-channel.js";
import { deriveKeys, freshEpoch, freshSecret } from "../../public/lib/seal.js";
import { chancy } from "../seeds/seeds.mjs";
import { member } from "./members.mjs";
import { quiet } from "./sealing.mjs";

const test = chancy("sealed");
const keys = await deriveKeys("AAECAwQFBgcICQoLDA0ODw");
const members = { ann: await member(), bob: await member(), eve: await member() };
/** The id of one of them, and who has an id. */
const id = (name) => members[name].id;
const nameOf = (id) => Object.keys(members).find((name) => members[name].id === id) ?? id;

/** One page load of `me`; `post` gets what it transmits. */
function load(me, post, { in: room = keys, isConnected = /** @returns {boolean} */ () => false, epoch = freshEpoch() } = {}) {
  const messages = [];
  const refused = [];
  const channel = openSealedChannel({
    keys: room,
    mine: members[me],
    epoch,
    transmit: (dst, type, payload) => post({ src: me, dst: nameOf(dst), type, payload }),
    read: (message) => message, // whatever it is: here it matters which arrive
    isConnected,
    onMessage: (src, message, epoch, proven) => messages.push({ src: nameOf(src), message, epoch, proven }),
    onRefused: (src, reason) => refused.push(`${nameOf(src)} ${reason}`),
  });
  return {
    epoch,
    messages,
    refused,
    said: undefined,
    send: (dst, type, message, toEpoch) => channel.send(id(dst), type, message, toEpoch),
    receive: (src, payload) => channel.receive(id(src), payload),
  };
}

test("of a thousand frames, dropped, doubled, held back, swapped and altered by chance, each arrives at most once, in order and unchanged", async (_, random) => {
  for (let round = 0; round < 20; round++) {
    const wire = [];
    const ann = load("ann", (frame) => wire.push(frame));
    const bob = load("bob", (frame) => wire.push(frame));
    for (let n = 1; n <= 50; n++) {
      ann.send("bob", "CANDIDATE", { n });
      bob.send("ann", "CANDIDATE", { n: -n });
    }
    await quiet();
    assert.equal(wire.length, 100);
    const tampered = [];
    for (const frame of wire) {
      const harm = random.below(10);
      if (harm === 0) continue;
      if (harm === 1) tampered.push(frame, { ...frame });
      else if (harm === 2) tampered.splice(Math.max(0, tampered.length - random.below(5)), 0, frame);
      else if (harm === 3) tampered.push({ ...frame, src: frame.dst, dst: frame.src });
      else if (harm === 4) tampered.push({ ...frame, src: "eve" });
      else if (harm === 5) tampered.push({ ...frame, payload: frame.payload.slice(0, random.below(frame.payload.length)) });
      else tampered.push(frame);
    }
    for (const { src, dst, payload } of tampered) (dst === "bob" ? bob : ann).receive(src, payload);
    const due = (who) => tampered.filter(({ dst }) => (dst === "bob" ? bob : ann) === who).length;
    await quiet();
    for (const [who, from, sign] of /** @type {[typeof ann, string, number][]} */ ([
      [bob, "ann", 1],
      [ann, "bob", -1],
    ])) {
      const numbers = who.messages.map(({ src, message }) => (assert.equal(src, from), message.n * sign));
      assert.ok(numbers.length > 10);
      assert.deepEqual(
        numbers,
        [...new Set(numbers)].sort((a, b) => a - b),
      );
      assert.equal(who.messages.length + who.refused.length, due(who));
    }
  }
});

test("what was said to an earlier page load, or by one, is refused", async () => {
  const wire = [];
  let working = false;
  const bob = load("bob", (frame) => ann.receive("bob", frame.payload), { isConnected: () => working });
  const record = (frame) => (wire.push(frame), bob.receive("ann", frame.payload));
  let ann = load("ann", record);
  ann.send("bob", "OFFER", { first: 1 });
  await quiet();
  bob.send("ann", "ANSWER", {});
  await quiet();
  ann.send("bob", "CANDIDATE", { first: 2 });
  await quiet();
  assert.deepEqual(
    bob.messages.map(({ proven }) => proven),
    [false, true],
  );
  const [old, ...proven] = wire.splice(0);

  working = true;
  ann = load("ann", record); // reloads
  ann.send("bob", "OFFER", { second: 1 });
  await quiet();
  assert.equal(bob.messages.length, 2, "a stranger displaces no working connection");
  assert.deepEqual(
    ann.messages.map(({ message }) => message),
    [{}],
    "but is asked who it is",
  );
  ann.send("bob", "OFFER", { second: 2 });
  await quiet();
  assert.deepEqual(
    bob.messages.slice(2).map(({ message, proven }) => [message, proven]),
    [[{ second: 2 }, true]],
  );

  for (const { payload } of [old, ...proven]) bob.receive("ann", payload);
  await quiet();
  assert.deepEqual(bob.refused, ["ann replayed", "ann replayed"]);

  const reloaded = load("bob", () => {}); // has seen nothing of all this
  for (const { payload } of proven) reloaded.receive("ann", payload);
  await quiet();
  assert.deepEqual([reloaded.messages, reloaded.refused], [[], ["ann stale"]]);
});

test("a frame of a retired page load is refused even if it is new", async () => {
  const bob = load("bob", () => {});
  const say = (epoch, seqs) => {
    const ann = load("ann", ({ payload }) => bob.receive("ann", payload), { epoch });
    ann.receive("bob", seqs);
    return ann;
  };
  let hello = "";
  load("bob", ({ payload }) => (hello = payload), { epoch: bob.epoch }).send("ann", "MESSAGE", {});
  await quiet();
  const first = say(freshEpoch(), hello);
  await quiet();
  first.send("bob", "MESSAGE", { from: "first" });
  await quiet();
  const second = say(freshEpoch(), hello);
  await quiet();
  second.send("bob", "MESSAGE", { from: "second" });
  await quiet();
  first.send("bob", "MESSAGE", { from: "first, late" });
  await quiet();
  assert.deepEqual(
    bob.messages.map(({ message }) => message.from),
    ["first", "second"],
  );
  assert.deepEqual(bob.refused, ["ann stale"]);
});

test("what answers one page load is never sent to the next", async () => {
  const frames = [];
  const bob = load("bob", (frame) => frames.push(frame));
  const [first, second] = await Promise.all(
    [1, 2].map(async () => {
      const ann = load("ann", ({ payload }) => (ann.said = payload));
      load("bob", ({ payload }) => ann.receive("bob", payload), { epoch: bob.epoch }).send("ann", "MESSAGE", {});
      await quiet();
      ann.send("bob", "MESSAGE", {});
      await quiet();
      return ann;
    }),
  );
  second.messages.length = 0;
  bob.receive("ann", first.said);
  while (!bob.messages.length) await new Promise((resolve) => setImmediate(resolve));
  bob.receive("ann", second.said); // is opened while what answers the first is being sealed
  for (let n = 1; n <= 50; n++) bob.send("ann", "MESSAGE", { n });
  await quiet();
  assert.equal(frames.length, 50);
  assert.equal(bob.messages.length, 2);
  for (const { payload } of frames) second.receive("bob", payload);
  await quiet();
  assert.deepEqual(second.messages, []);
});

test("rooms do not mix", async () => {
  const other = await deriveKeys(freshSecret());
  const bob = load("bob", () => {}, { in: other });
  const ann = load("ann", ({ payload }) => bob.receive("ann", payload));
  ann.send("bob", "OFFER", {});
  await quiet();
  assert.deepEqual([bob.messages, bob.refused], [[], ["ann altered"]]);
});
