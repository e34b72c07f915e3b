// Two ends of a delivery, and between them a reliable channel that is cut now and then, an unreliable one that loses, doubles and reorders,
// and a server that does it too: all by chance, on a clock of the test's own.
import assert from "node:assert/strict";
import { BeckonError } from "../../public/lib/events.js";
import { pack, renumber, unpack } from "../../public/lib/frame.js";
import { MAX_WAITING_BYTES, openDelivery } from "../../public/lib/delivery.js";
import { bytes } from "../../public/lib/seal.js";
import { MAX_SERVER_BYTES, viaServer } from "../../public/lib/via-server.js";
import { chancy } from "../seeds/seeds.mjs";
import { tellTime } from "./clock.mjs";

const test = chancy("delivery");

/** From now on time passes when the test says so. @returns {(ms: number) => void} */
function clock(t) {
  let time = 0;
  t.after(tellTime(() => time));
  t.mock.timers.enable({ apis: ["setTimeout"] });
  return (ms) => ((time += ms), t.mock.timers.tick(ms));
}

/** Two ends. On the wires are copies, as on a real one; `width` is how many a wire takes before it is full. */
function pair({ width = Infinity } = {}) {
  const wires = [[], []];
  const loose = [[], []];
  const sides = [0, 1].map((me) => {
    const heard = [];
    const write = (frame) => wires[me].length < width && wires[me].push(frame.slice()) > 0;
    const sendUnreliable = (frame) => loose[me].push(frame.slice());
    const delivery = openDelivery({ state: { sent: 0 }, write, sendUnreliable, onData: (data) => heard.push(data) });
    /** Takes what is due through the server. */
    let carry = (/** @type {Uint8Array} */ _frame) => {};
    const byServer = viaServer(
      delivery.frames,
      {},
      ({ mail = "" }) => carry(bytes(mail)),
      () => true,
    );
    const due = (/** @type {(frame: Uint8Array) => void} */ taken) => {
      carry = taken;
      byServer.due();
    };
    return { heard, delivery, viaServer: { ...byServer, due } };
  });
  const give = (from, item) => {
    if (typeof item === "number") return sides[1 - from].delivery.acknowledge(item);
    sides[1 - from].delivery.receive(`epoch${from}`, unpack(item.buffer), (seq) => {
      wires[1 - from].push(seq);
      loose[1 - from].push(seq);
    });
  };
  return { sides, wires, loose, give };
}

test("each message arrives once and in order, whatever is lost, doubled, late or cut", async (t, random) => {
  const pass = clock(t);
  for (let round = 0; round < 60; round++) {
    const { sides, wires, loose, give } = pair();
    const receipts = [];
    for (let n = 1; n <= 40; n++) {
      for (const side of sides) if (random.below(2)) receipts.push(side.delivery.send(pack(String(n))));
      for (const from of [0, 1]) {
        const byServer = [];
        if (random.below(8) === 0) sides[from].viaServer.due((frame) => byServer.push(frame.slice()));
        for (const text of random.shuffled([...loose[from].splice(0), ...byServer])) {
          for (let copies = random.below(3); copies > 0; copies--) give(from, text);
        }
        if (random.below(6) === 0) {
          wires[from].length = 0; // cut, and made anew
          sides[from].delivery.resend();
        } else for (const text of wires[from].splice(0, random.below(4))) give(from, text);
      }
      if (n % 10 === 0) pass(random.below(60));
      await null;
    }
    for (const from of [0, 1]) sides[from].delivery.resend();
    while (wires.some((wire) => wire.length)) for (const from of [0, 1]) for (const text of wires[from].splice(0)) give(from, text);
    await Promise.all(receipts);
    for (const { heard } of sides)
      assert.deepEqual(
        heard,
        [...new Set(heard)].sort((a, b) => a - b),
      );
    assert.equal(sides[0].heard.length + sides[1].heard.length, receipts.length);
  }
});

test("copies of a small message go ahead until it is acknowledged, those of a large one never", (t) => {
  const pass = clock(t);
  const { sides, wires, loose, give } = pair();
  sides[0].delivery.send(pack("small"));
  sides[0].delivery.send(pack("x".repeat(2_000)));
  assert.deepEqual([wires[0].length, loose[0].length], [2, 1]);
  pass(29);
  assert.equal(loose[0].length, 1);
  pass(1);
  assert.equal(loose[0].length, 2);
  give(0, loose[0][1]);
  assert.deepEqual(sides[1].heard, ["small"]);
  give(1, loose[1][0]);
  const copies = loose[0].length;
  pass(10_000);
  assert.equal(loose[0].length, copies, "no copy after it was acknowledged");
});

test("someone who comes back begins where what is acknowledged ends", () => {
  const { sides, wires, give } = pair();
  for (const text of ["one", "two"]) sides[0].delivery.send(pack(text));
  for (const text of wires[0].splice(0)) give(0, text);
  for (const text of wires[1].splice(0)) give(1, text);
  sides[0].delivery.send(pack("three"));
  const late = [];
  const reloaded = openDelivery({ state: { sent: 0 }, write: () => false, sendUnreliable() {}, onData: (data) => late.push(data) });
  for (let copies = 2; copies; copies--) reloaded.receive("epoch0", unpack(wires[0][0].buffer), () => {});
  assert.deepEqual(late, ["three"]);
});

test("what goes through the server is bounded in size and rate, and keeps its order", (t) => {
  const pass = clock(t);
  const {
    sides: [{ delivery, viaServer }],
  } = pair();
  const sent = [];
  const send = () => (viaServer.due((frame) => sent.push(unpack(frame.slice().buffer).seq)), sent.splice(0));
  for (let n = 0; n < 12; n++) delivery.send(pack("click"));
  delivery.send(pack("\u20ac".repeat(MAX_SERVER_BYTES / 3)));
  delivery.send(pack("after the big one"));
  assert.deepEqual(send(), [1, 2, 3, 4, 5, 6, 7, 8]);
  assert.deepEqual(send(), [], "so many a second");
  pass(999);
  assert.deepEqual(send(), []);
  pass(1);
  assert.deepEqual(send(), [9, 10, 11, 12], "and not 14, which would overtake 13");
  assert.deepEqual(send(), [], "what was just sent is given time");
});

test("a full channel is not written to, and goes on where it was", async () => {
  const { sides, wires, give } = pair({ width: 3 });
  const receipts = Array.from({ length: 10 }, (_, n) => sides[0].delivery.send(pack(`${n} ${"x".repeat(2_000)}`)));
  assert.equal(wires[0].length, 3);
  while (wires[0].length) {
    give(0, wires[0].shift());
    wires[1].splice(0).forEach((ack) => give(1, ack));
    sides[0].delivery.flush();
  }
  await Promise.all(receipts);
  assert.deepEqual(
    sides[1].heard.map((text) => Number.parseInt(text, 10)),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
});

test("what waits for one peer is bounded, and what was refused costs no number", async () => {
  const {
    sides: [{ delivery }, { heard }],
    wires,
    give,
  } = pair();
  const big = new Uint8Array(255_000);
  const receipts = Array.from({ length: Math.ceil(MAX_WAITING_BYTES / big.length) }, () =>
    delivery.send(pack(big)).then(
      () => "arrived",
      ({ code }) => code,
    ),
  );
  assert.throws(() => pack("x".repeat(64 * 1024 * 1024 + 1)), { code: "too-long" });
  await assert.rejects(delivery.send(pack(big)), { code: "too-much" });
  for (const item of wires[0].splice(0)) give(0, item);
  for (const ack of wires[1].splice(0)) give(1, ack);
  assert.deepEqual([...new Set(await Promise.all(receipts))], ["arrived", "too-much"]);
  delivery.send(pack("small"));
  give(0, wires[0].shift());
  assert.equal(heard.at(-1), "small");
});

test("text and bytes arrive as what they were", () => {
  const {
    sides: [{ delivery }, { heard }],
    wires,
    give,
  } = pair();
  const view = new Uint8Array([9, 1, 2, 255, 9]).subarray(1, 4);
  for (const data of ["", "\u20ac \ud83e\udd8a \u0000", new ArrayBuffer(0), view, new Float64Array([1.5]).buffer]) delivery.send(pack(data));
  view.fill(0); // it was copied
  for (const item of wires[0].splice(0)) give(0, item);
  assert.deepEqual(heard, ["", "\u20ac \ud83e\udd8a \u0000", new ArrayBuffer(0), new Uint8Array([1, 2, 255]).buffer, new Float64Array([1.5]).buffer]);
  assert.throws(() => pack("x".repeat(16_385), true), { code: "too-long" });
  assert.deepEqual(unpack(pack("lossy", true).buffer), { data: "lossy", base: 0, seq: 0, loose: true });
});

test("a value arrives as it was, an older page reads its JSON as text, and no text is taken for a value", () => {
  const values = [{ a: [1, { b: null }], "": "\ufeff" }, [], 0, -1.5, true, false, null, { left: undefined }];
  const arrived = values.map((value) => JSON.parse(JSON.stringify(value)));
  for (const [at, value] of values.entries()) assert.deepEqual(unpack(pack(value).buffer)?.data, arrived[at]);
  const {
    sides: [{ delivery }, { heard }],
    wires,
    give,
  } = pair();
  for (const value of values) delivery.send(pack(value));
  for (const item of wires[0].splice(0)) give(0, item);
  assert.deepEqual(heard, arrived);
  for (const text of ["\ufeff", "\ufeff{}", "\ufeff\ufeffx", "\ufeff1", "{}", "1"]) assert.equal(unpack(pack(text).buffer)?.data, text);
  // What pages did before there were values.
  const older = (/** @type {Uint8Array} */ frame) => new TextDecoder().decode(frame.slice(17));
  assert.equal(older(pack({ a: 1 })), '{"a":1}');
  assert.equal(older(pack("\ufeffx")), "\ufeffx");
  const fromOlder = pack(new TextEncoder().encode("\ufeffx"));
  fromOlder[0] = 1; // text
  assert.equal(unpack(fromOlder.buffer)?.data, "x");
});

test("what JSON would leave out or change is refused at once", () => {
  const loop = /** @type {any} */ ({});
  loop.loop = loop;
  const bare = [undefined, () => {}, Symbol("x"), 1n, NaN, Infinity, new Map(), new Set(), Promise.resolve(), /x/, new Error("x")];
  for (const wrong of [...bare, loop]) {
    assert.throws(() => pack(wrong), TypeError);
    assert.throws(() => pack([wrong]), TypeError);
    if (wrong !== undefined) assert.throws(() => pack({ deep: [{ wrong }] }), TypeError);
  }
  const blob = new Blob(["x"]);
  assert.equal(pack(blob), blob, "a Blob goes by itself");
  assert.throws(() => pack({ blob }), TypeError);
  assert.throws(() => pack(blob, true), TypeError, "it may not be lost");
});

test("one message that cannot go fails alone: what was sent before it and after it arrives", async () => {
  const heard = [];
  const wire = [];
  const theirs = openDelivery({ state: { sent: 0 }, write: () => false, sendUnreliable() {}, onData: (data) => heard.push(data) });
  const write = (/** @type {Uint8Array} */ frame) => {
    if (frame.length > 65_536) throw new BeckonError("too-long", "Too long");
    return wire.push(frame.slice()) > 0;
  };
  const ours = openDelivery({ state: { sent: 0 }, write, sendUnreliable() {}, onData() {} });
  const said = ["one", "x".repeat(200_000), "two", "y".repeat(65_520), "three"].map((text) =>
    ours.send(pack(text)).then(
      () => "arrived",
      ({ code }) => code,
    ),
  );
  while (wire.length) theirs.receive("epoch", unpack(wire.shift().buffer), (seq) => ours.acknowledge(seq));
  assert.deepEqual(heard, ["one", "two", "three"]);
  assert.deepEqual(await Promise.all(said), ["arrived", "too-long", "arrived", "too-long", "arrived"]);
});

test("frames that are nonsense are none", () => {
  const good = renumber(pack("x"), 3, 2);
  assert.deepEqual(unpack(good.slice().buffer), { data: "x", base: 2, seq: 3, loose: false });
  for (let length = 0; length < 17; length++) assert.equal(unpack(good.slice(0, length).buffer), null);
  for (const kind of [0, 2, 4, 8, 9, 255]) assert.equal(unpack(Uint8Array.from([kind, ...good.slice(1)]).buffer), null);
  for (const wrong of [Infinity, 1.5, -2.5, 2 ** 60]) assert.equal(unpack(renumber(pack("x"), wrong, 1).buffer), null);
  const {
    sides: [{ delivery, heard }],
  } = pair();
  for (const seq of /** @type {Fake[]} */ (["x", null, NaN, {}])) delivery.acknowledge(seq);
  assert.deepEqual(heard, []);
});
