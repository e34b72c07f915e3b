// What comes from others and has to wait, for a check or for a reader, is bounded in bytes and so in number, and whoever goes over it is told.
import assert from "node:assert/strict";
import { subtle } from "node:crypto";
import { test } from "node:test";
import { BeckonEvent, messages } from "../../public/lib/events.js";
import { openConnection } from "../../public/lib/connection.js";
import { pack, unpack } from "../../public/lib/frame.js";
import { sizeOf } from "../../public/lib/memory.js";
import * as pathCare from "../../public/lib/path-care.js";

const MIB = 1024 * 1024;
const CERTIFICATE = Uint8Array.of(1);
const PRINT = Buffer.from(await subtle.digest("SHA-256", CERTIFICATE))
  .toString("hex")
  .toUpperCase()
  .match(/../g)
  .join(":");
const SDP = `a=fingerprint:sha-256 ${PRINT}\r\n`;

class FakeConnection {
  signalingState = "stable";
  connectionState = "connected";
  localDescription = { type: "offer", sdp: "" };
  sctp = { transport: { getRemoteCertificates: () => [CERTIFICATE] } };
  channels = [];
  createDataChannel() {
    return this.channels[this.channels.push({ readyState: "open", bufferedAmount: 0, send() {} }) - 1];
  }
  async setLocalDescription() {}
  async setRemoteDescription() {}
  close() {
    this.signalingState = "closed";
  }
}

/** A connection that is open, and whose other side is not checked yet. */
async function unchecked(t) {
  const real = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = /** @type {Fake} */ (FakeConnection);
  t.after(() => (globalThis.RTCPeerConnection = real));
  const [states, heard] = [[], []];
  const connection = openConnection({
    id: "epoch.1",
    care: async () => pathCare,
    polite: false,
    greeting: { ours: "ours", theirs: "theirs" },
    pc: new RTCPeerConnection(),
    sendSignal() {},
    onChange: (state) => states.push(state),
    onReceive: (data) => heard.push(data),
    onDrain() {},
  });
  t.after(() => connection.close());
  await connection.offer();
  const pc = /** @type {Fake} */ (connection.pc);
  pc.signalingState = "have-local-offer";
  connection.receiveSignal({ from: "theirs.1", description: { type: "answer", sdp: SDP } });
  await new Promise(setImmediate);
  const [channel, unreliable] = pc.channels;
  /** @param {{ onmessage: ((event: object) => void) | null }} on */
  const say = (on, data, times) => {
    for (let time = 0; time < times; time++) on.onmessage?.({ data });
  };
  say(channel, "theirs", 1);
  /** The check is over. */
  const checked = async () => {
    while (!states.length) await new Promise(setImmediate);
  };
  return { connection, states, heard, channel, unreliable, say, checked };
}

test("what comes before the other side is checked waits, as much as anybody of ours sends, and is heard in order", async (t) => {
  const { states, heard, channel, say, checked } = await unchecked(t);
  for (let number = 0; number < 66; number++) say(channel, new ArrayBuffer(250_000 + number), 1); // 16 MiB
  assert.deepEqual(heard, []);
  await checked();
  assert.deepEqual(states, ["open"]);
  assert.deepEqual(
    heard.map(({ byteLength }) => byteLength),
    Array.from({ length: 66 }, (_, number) => 250_000 + number),
  );
});

test("nothing is sent to who is not checked yet", async (t) => {
  const { connection, channel, unreliable, checked } = await unchecked(t);
  const sent = [];
  for (const each of [channel, unreliable]) Object.assign(each, { readyState: "open", bufferedAmount: 0, send: (data) => sent.push(data) });
  const say = () => {
    connection.sendControl("a name");
    connection.sendUnreliable("a copy");
    return connection.write(new Uint8Array(20));
  };
  assert.equal(say(), false);
  assert.deepEqual(sent, []);
  await checked();
  assert.equal(say(), true);
  assert.equal(sent.length, 3);
});

test("who says more before it is checked, large or small, loses the connection", async (t) => {
  for (const [size, times] of [
    [256_000, 1_000],
    [0, 1_000_000],
  ]) {
    const { states, heard, channel, say, connection } = await unchecked(t);
    say(channel, new ArrayBuffer(size), times);
    assert.deepEqual([states, heard, connection.pc.signalingState], [["failed"], [], "closed"], `${times} of ${size}`);
  }
});

test("what may be lost is dropped when it is too much, and takes no room from the rest", async (t) => {
  const { states, heard, channel, unreliable, say, checked } = await unchecked(t);
  say(unreliable, new ArrayBuffer(16_000), 100_000);
  for (let number = 0; number < 66; number++) say(channel, new ArrayBuffer(250_000), 1);
  await checked();
  assert.deepEqual([states, heard.length], [["open"], 4 + 66]);
});

/** A room to iterate. */
function room() {
  const target = /** @type {Fake} */ (Object.assign(new EventTarget(), { state: "open" }));
  const say = (data, times = 1) => {
    for (let time = 0; time < times; time++) target.dispatchEvent(new BeckonEvent("message", { from: "ann", data }));
  };
  return { target, say };
}

test("messages that nobody reads are kept up to a bound, and who reads is told that there were more", async () => {
  for (const [data, most] of /** @type {[ArrayBuffer | string, number][]} */ ([
    [new ArrayBuffer(MIB), 64],
    ["", 64 * 4096],
  ])) {
    const { target, say } = room();
    const reading = messages(target, {}, async () => pathCare);
    const first = reading.next();
    await new Promise(setImmediate); // the reader is there
    say(data, 300_000);
    assert.equal((await /** @type {Promise<Fake>} */ (first)).value.from, "ann");
    let read = 1;
    const rest = async () => {
      for await (const _ of reading) read++;
    };
    await assert.rejects(rest, { name: "BeckonError", code: "too-much" });
    assert.ok(read <= most && read > most * 0.9, `${read} were read`);
  }
});

test("what a value says of itself counts for nothing, and what is nested too deeply is no value", async () => {
  const value = (/** @type {string} */ json) => {
    const frame = pack(`x${json}`);
    const marked = new Uint8Array(frame.length + 2);
    marked.set(frame.subarray(0, 17));
    marked.set([0xef, 0xbb, 0xbf], 17);
    marked.set(frame.subarray(18), 20);
    return unpack(marked.buffer)?.data;
  };
  for (const lie of ['{"byteLength":1e9}', '{"byteLength":"x"}', '{"byteLength":-1e12}', '{"length":1e9}']) {
    assert.deepEqual(value(lie), JSON.parse(lie));
    const size = sizeOf(value(lie));
    assert.ok(size > 256 && size < 1_000, `${lie}: ${size}`);
  }
  const long = value(JSON.stringify(Array(20_000).fill([])));
  assert.ok(sizeOf(long) > 500_000, "it takes more than its JSON");
  for (const plain of ["1", "null", "true"]) assert.ok(sizeOf(value(plain)) < 300);
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  assert.equal(value(deep), deep);
});

test("who reads a room ends with it, though what reads never comes", async () => {
  const { target, say } = room();
  const heard = [];
  const reading = (async () => {
    for await (const { data } of messages(target, {}, () => new Promise(() => {}))) heard.push(data);
  })();
  await new Promise(setImmediate);
  say("early");
  target.state = "closed";
  target.dispatchEvent(new Event("state"));
  await reading;
  assert.deepEqual(heard, ["early"]);
});

test("who reads as fast as they come reads all, however many there are", async () => {
  const { target, say } = room();
  const reading = messages(target, {}, async () => pathCare);
  let read = 0;
  /** @type {Promise<Fake>} */
  let next = reading.next();
  for (; read < 200; read++) {
    say(new ArrayBuffer(MIB));
    assert.equal((await next).value.data.byteLength, MIB);
    next = reading.next();
  }
  target.state = "closed";
  target.dispatchEvent(new Event("state"));
  assert.equal((await next).done, true);
});

test("what a slow reader has not read is not acknowledged, once that is much: the sender is slowed", async () => {
  const { target, say } = room();
  /** @type {import('../../public/lib/events.js').Reading} */
  const reading = {};
  const messagesOfRoom = messages(target, reading, async () => pathCare);
  const first = messagesOfRoom.next();
  await new Promise(setImmediate);
  const acknowledged = [];
  const receive = (number) => {
    say(new ArrayBuffer(128_000));
    reading.hold?.(target, () => acknowledged.push(number));
  };
  for (let number = 1; number <= 20; number++) receive(number);
  assert.deepEqual(acknowledged, [1, 2, 3, 4, 5, 6, 7, 8], "1 MiB waits");
  await first;
  while (!acknowledged.includes(20)) await messagesOfRoom.next();
  assert.deepEqual(acknowledged.slice(8), [20], "one stands for those before it");
  for (let number = 21; number <= 40; number++) receive(number);
  await messagesOfRoom.return();
  assert.equal(acknowledged.at(-1), 40, "who reads no more slows nobody");
});
