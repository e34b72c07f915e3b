// Bytes on the wire as no well-behaved client sends them, against plain workerd: what RFC 6455 wants comes of them, or what the
// runtime makes of them instead, and whatever it is, two others go on talking and the id is free when the socket is gone.
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";
import { beckon } from "../bench/servers.js";
import { BINARY, CLOSE, close, frame, openRaw, PING, PONG } from "./raw.mjs";
import { open } from "./socket.mjs";
import { eventually } from "./time.mjs";

const SELF = Buffer.from('{"type":"OFFER","dst":"eve","payload":"é"}');
const RELAYED = { opcode: 1, payload: '{"type":"OFFER","src":"eve","dst":"eve","payload":"é"}' };
const NOT_A_MESSAGE = { opcode: 1, payload: '{"type":"ERROR","payload":{"msg":"That frame is not a JSON object and was ignored"}}' };
const part = (from, to, shape) => frame(SELF.subarray(from, to), shape);
const MiB = 1024 * 1024;

/** What is sent, and what is heard: frames, or the code with which the socket is closed. @type {Record<string, [Buffer[], number | object[]]>} */
const CASES = {
  "a whole frame": [[frame(SELF)], [RELAYED]],
  "a frame in pieces, one of them inside a letter": [
    [part(0, 5, { fin: false }), part(5, 40, { fin: false, opcode: 0 }), part(40, 99, { opcode: 0 })],
    [RELAYED],
  ],
  "a ping between the pieces": [
    [part(0, 5, { fin: false }), frame("hey", { opcode: PING }), part(5, 99, { opcode: 0 })],
    [{ opcode: PONG, payload: "hey" }, RELAYED],
  ],
  "pieces of zero bytes": [
    [part(0, 0, { fin: false }), part(0, 0, { fin: false, opcode: 0 }), part(0, 99, { fin: false, opcode: 0 }), part(0, 0, { opcode: 0 })],
    [RELAYED],
  ],
  "a thousand pieces": [[part(0, 1, { fin: false }), ...Array(1000).fill(part(0, 0, { fin: false, opcode: 0 })), part(1, 99, { opcode: 0 })], [RELAYED]],
  "an empty frame": [[frame("")], [NOT_A_MESSAGE]],
  "zero bytes": [[frame("\0\0\0")], [NOT_A_MESSAGE]],
  "a binary frame, taken for text": [[frame(SELF, { opcode: BINARY })], [RELAYED]],
  "a pong that nobody asked for": [[frame("x", { opcode: PONG }), frame(SELF)], [RELAYED]],
  "a ping": [[frame("x".repeat(125), { opcode: PING })], [{ opcode: PONG, payload: "x".repeat(125) }]],
  "a frame one byte at a time": [[...frame(SELF)].map((byte) => Buffer.from([byte])), [RELAYED]],
  "reserved bit 1": [[frame(SELF, { rsv: 4 })], 1002],
  "reserved bit 2": [[frame(SELF, { rsv: 2 })], 1002],
  "reserved bit 3": [[frame(SELF, { rsv: 1 })], 1002],
  "an unknown type of data": [[frame(SELF, { opcode: 3 })], 1002],
  "an unknown type of control": [[frame("", { opcode: 11 })], 1002],
  "a close in pieces": [[frame(Buffer.from([3, 232]), { opcode: CLOSE, fin: false })], 1002],
  "a ping in pieces": [[frame("x", { opcode: PING, fin: false })], 1002],
  "a piece of nothing": [[frame(SELF, { opcode: 0 })], 1002],
  "a frame within a frame": [[part(0, 5, { fin: false }), frame(SELF)], 1002],
  "a frame that claims 2^63 - 1 bytes": [[frame("x", { length: 2n ** 63n - 1n })], 1009],
  "a frame that claims 2^63 bytes": [[frame("x", { length: 2n ** 63n })], 1009],
  "33 MiB": [[frame(Buffer.alloc(33 * MiB, "x"))], 1009],
  // The RFC would have these closed, too (5.1: unmasked, 5.5: 125 bytes, 8.1: UTF-8); the runtime reads on, and so nobody is harmed.
  "a frame without a mask": [[frame(SELF, { masked: false })], [RELAYED]],
  "text that is no UTF-8": [[frame(Buffer.from([0xff, 0xfe, 0x7b]))], [NOT_A_MESSAGE]],
  "a ping that is too long": [[frame("x".repeat(126), { opcode: PING })], [{ opcode: PONG, payload: "x".repeat(126) }]],
};

let server, url, ann, bob;
before(async () => {
  server = await beckon("Beckon", fileURLToPath(new URL("../../dist", import.meta.url)), {
    vars: { STUN_URLS: "", BYTES_PER_SECOND: "10000000" }, // who does not read is sent 16 MB at once
  });
  url = new URL(`http://127.0.0.1:${server.port}`);
  [ann, bob] = await Promise.all(["ann", "bob"].map((id) => open(url, { key: "k", id, token: "t" })));
  for (const socket of [ann, bob]) assert.equal(await socket.next(), '{"type":"OPEN"}');
});
after(() => server.close());

async function eve(token = "t") {
  const socket = await openRaw(url, { key: "k", id: "eve", token });
  assert.deepEqual(await socket.next(), { opcode: 1, payload: '{"type":"OPEN"}' });
  return socket;
}

/** Two others talk, and nobody else's frame is among theirs. */
let talked = 0;
async function othersTalk() {
  for (const [from, to, src, dst] of [
    [ann, bob, "ann", "bob"],
    [bob, ann, "bob", "ann"],
  ]) {
    from.send({ type: "OFFER", dst, payload: ++talked });
    assert.equal(await to.next(), `{"type":"OFFER","src":"${src}","dst":"${dst}","payload":${talked}}`);
  }
}

/** The id is anybody's, at once or a moment later. */
const idIsFree = () =>
  eventually("the id is free", async () => {
    const next = await open(url, { key: "k", id: "eve", token: "other" });
    const answer = await next.next();
    await next.close();
    return answer === '{"type":"OPEN"}';
  });

test("frames of every shape", { timeout: 120_000 }, async (t) => {
  for (const [what, [sent, expected]] of Object.entries(CASES)) {
    await t.test(what, async () => {
      const { socket, write, next } = await eve();
      socket.on("error", () => {}); // it may be cut off while it is still sending
      write(...sent);
      if (typeof expected === "number") assert.equal((await next()).code, expected);
      else for (const frame of expected) assert.deepEqual(await next(), frame);
      await othersTalk();
      socket.destroy();
      await idIsFree();
    });
  }
});

test("every code of a close is answered in kind, and what is none is answered without one", { timeout: 120_000 }, async () => {
  const said = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1016, 1999, 2000, 2999, 3000, 3999, 4000, 4001, 4999];
  const unsaid = [0, 1, 999, 1004, 1005, 1006, 1015, 5000, 65535]; // RFC 6455, 7.4: not to be sent, or not defined
  /** @type {[Buffer, number, string][]} */
  const closes = [];
  for (const code of said) closes.push([close(code, "bye"), code, "bye"]);
  for (const code of unsaid) closes.push([close(code, "bye"), 1005, ""]);
  closes.push([close(), 1005, ""], [frame(Buffer.from([3]), { opcode: CLOSE }), 1005, ""], [close(1000, "x".repeat(123)), 1000, "x".repeat(123)]);
  closes.push([close(1000, Buffer.from([0xff])), 1000, "\ufffd"]);
  for (const [sent, code, reason] of closes) {
    const { write, next, socket } = await eve();
    write(sent);
    assert.deepEqual(await next(), { opcode: CLOSE, code, reason }, sent.toString("hex"));
    assert.equal(await next(), "ended");
    socket.destroy();
    await idIsFree();
  }
  await othersTalk();
});

test("a connection that ends without a close frame, in whatever way, frees its id", { timeout: 120_000 }, async () => {
  const ways = {
    "half closed": ({ socket }) => socket.end(),
    reset: ({ socket }) => socket.resetAndDestroy(),
    "half closed inside a frame": ({ socket, write }) => (write(frame(SELF).subarray(0, 20)), socket.end()),
    "reset inside a frame that claims much": ({ socket, write }) => (write(frame("x".repeat(1000), { length: 30 * MiB })), socket.resetAndDestroy()),
    "half closed before what it asked for has come": ({ socket, write }) => (write(frame(SELF), frame(SELF)), socket.end()),
  };
  for (const [what, end] of Object.entries(ways)) {
    const socket = await eve();
    end(socket);
    await othersTalk();
    await idIsFree().catch((cause) => assert.fail(new Error(what, { cause })));
    socket.socket.destroy();
  }
});

test("who stops in the middle of a frame, or never answers a close, holds up nobody", { timeout: 60_000 }, async () => {
  const stalled = await eve();
  stalled.write(frame("x".repeat(100), { length: 200_000 }));
  await othersTalk();
  // The same peer comes again: the stalled socket is told to go, does not, and has lost its id all the same.
  const again = await eve();
  assert.equal((await stalled.next()).code, 4001);
  again.write(frame(SELF));
  assert.deepEqual(await again.next(), RELAYED);
  stalled.write(frame("x")); // what it still says means nothing
  await othersTalk();
  assert.deepEqual(again.rest(), []);
  stalled.socket.destroy();
  again.socket.destroy();
  await idIsFree();
});

test("who does not read is waited for by nobody, and finds everything in order", { timeout: 60_000 }, async () => {
  const slow = await eve();
  slow.socket.pause();
  const payload = "x".repeat(20_000);
  for (let number = 0; number < 800; number++) bob.send({ type: "CANDIDATE", dst: "eve", payload: [number, payload] });
  for (let round = 0; round < 10; round++) await othersTalk();
  slow.socket.resume();
  for (let number = 0; number < 800; number++) {
    const { payload } = await slow.next();
    assert.ok(payload.startsWith(`{"type":"CANDIDATE","src":"bob","dst":"eve","payload":[${number},`), payload.slice(0, 80));
  }
  slow.socket.destroy();
  await idIsFree();
});
