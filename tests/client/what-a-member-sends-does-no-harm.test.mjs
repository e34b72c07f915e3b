// A member of a room has its key, and may send whatever it likes: over a data channel, and sealed through the server. A million frames,
// made by fast-check and then changed by chance, into the library as it is, with time of the test's own. Nothing is thrown, what is kept and
// what is answered stays bounded, and what somebody honest says meanwhile arrives.
import assert from "node:assert/strict";
import fc from "fast-check";
import { openSealedChannel } from "../../public/lib/sealed-channel.js";
import { pack, renumber } from "../../public/lib/frame.js";
import { openServerLimit } from "../../public/lib/rate-limit.js";
import { readFrame, readOpen, readIce, readRefusal, readMessage } from "../../public/lib/parse.js";
import { base64url, deriveKeys, freshEpoch, freshSecret } from "../../public/lib/seal.js";
import { chancy, TIMES } from "../seeds/seeds.mjs";
import { tellTime } from "./clock.mjs";
import { frameOf, member } from "./members.mjs";
import { connect, connections, meet } from "./peers.mjs";

const test = chancy("member");
/** How many frames of each kind, and how many samples they are made of. */
const [TEXTS, BINARIES, WORDS, FRAMES, SEALED] = [500_000, 200_000, 200_000, 98_000, 2_000].map((frames) => Math.ceil(frames * TIMES));
const SAMPLES = 2_000;
/** How many frames come in a second of the test's clock, and after how many somebody honest says something. */
const PER_SECOND = 1_000;
const HONEST = 500;

const thrown = [];
process.on("uncaughtException", (error) => thrown.push(error));
process.on("unhandledRejection", (error) => thrown.push(error));
console.debug = () => {};

const nasty = fc.constantFrom(
  { toString: 0, valueOf: 0 },
  ["1"],
  [],
  {},
  null,
  true,
  -1,
  0.5,
  2 ** 53,
  Infinity,
  NaN,
  "",
  "1",
  "__proto__",
  "constructor",
  "x".repeat(40_000),
  deep(60),
);
const value = fc.oneof({ weight: 2, arbitrary: nasty }, fc.jsonValue({ maxDepth: 2 }), fc.string(), fc.nat(), fc.double());
const object = (fields) => fc.record(fields, { requiredKeys: [] });
const kinds = fc.constantFrom("name", "ack", "relay", "ping", "pong", "path", "presence", "description", "__proto__");
const control = object({ type: fc.oneof({ weight: 5, arbitrary: kinds }, value), name: value, seq: value, protocol: value });
const epoch = fc.constantFrom("theirs", "older", "ours");
const connection = fc.oneof(
  fc.tuple(epoch, fc.nat(9)).map(([page, number]) => `${page}.${number}`),
  value,
);
const description = fc.oneof(
  value,
  object({
    type: fc.constantFrom("offer", "answer", "rollback", 7),
    sdp: fc.oneof(fc.constantFrom("a=fingerprint:sha-256 AA\r\n", ""), value),
    answers: value,
    lost: value,
  }),
);
const candidate = fc.oneof(value, object({ candidate: value, sdpMid: value, sdpMLineIndex: value, usernameFragment: value }));
const sealed = fc.oneof(
  object({ mail: value }),
  object({ ack: value, here: value }),
  object({ from: connection, to: connection, description, candidate }),
  value,
);
const served = object({
  type: fc.constantFrom("OPEN", "ICE", "ERROR", "ID-TAKEN", "OFFER", "LEAVE", "EXPIRE", 7),
  src: value,
  payload: fc.oneof(
    value,
    object({
      id: value,
      peers: fc.oneof(value, fc.array(value)),
      iceServers: fc.oneof(value, fc.array(fc.oneof(value, object({ urls: value, username: value, credential: value })))),
      ttl: value,
      degraded: value,
      code: value,
      msg: value,
    }),
  ),
});
const number = fc.oneof(fc.double(), fc.nat(), fc.constantFrom(1, 2, 64, 65, 2 ** 53 - 1, 2 ** 53, -1));
const binary = fc.tuple(fc.nat(255), number, number, fc.uint8Array({ maxLength: 40 })).map(([kind, base, seq, content]) => {
  const frame = new Uint8Array(17 + content.length);
  const view = new DataView(frame.buffer);
  frame[0] = kind < 128 ? 1 | (kind & 6) : kind;
  view.setFloat64(1, base);
  view.setFloat64(9, seq);
  frame.set(content, 17);
  return frame;
});

/** Lists in lists. */
function deep(levels) {
  return levels ? [deep(levels - 1)] : [];
}

const sample = (random, arbitrary) => fc.sample(arbitrary, { seed: random.below(2 ** 31), numRuns: SAMPLES });

/** The same with a piece cut out, doubled or taken from another. */
function changedText(random, texts) {
  const text = random.pick(texts);
  const [at, length] = [random.below(text.length + 1), random.below(8)];
  const kind = random.below(4);
  if (kind === 0) return text;
  if (kind === 1) return text.slice(0, at) + text.slice(at + length);
  if (kind === 2) return text.slice(0, at) + random.pick(texts).slice(0, length) + text.slice(at);
  return text.slice(0, at) + random.pick(['"', "{", "}", "[", "]", ":", ",", "1e400", "-", "\\u0000", "9".repeat(30)]) + text.slice(at);
}

/** The same with a field of another. */
function changedMessage(random, all) {
  const [message, other] = [random.pick(all), random.pick(all)];
  const field = random.pick(["mail", "ack", "here", "from", "to", "description", "candidate", "type"]);
  return other && typeof other === "object" && field in other ? { ...message, [field]: other[field] } : message;
}

/** A room with somebody who means harm and somebody honest, on a clock of its own. */
async function room(t) {
  let time = 0;
  t.after(tellTime(() => time));
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const mayUseServer = openServerLimit();
  const sent = [];
  const liar = meet("liar", mayUseServer, (message) => sent.push(message));
  const friend = meet("friend", mayUseServer, () => {});
  const [theirs, channel] = [await connect(liar, "theirs"), await connect(friend, "friends")];
  let said = 0;
  const made = connections.made;
  return {
    liar,
    theirs,
    sent,
    /** So many frames, one after the other. Most are refused by an error, whose stack nobody reads: to note it was a sixth of the test. */
    async send(count, frame) {
      const { stackTraceLimit } = Error;
      Error.stackTraceLimit = 0;
      try {
        for (let n = 0; n < count; n++) {
          frame(n);
          time += 1_000 / PER_SECOND;
          if (n % HONEST) continue;
          channel.onmessage({ data: renumber(pack(`${++said}`), said, said).buffer });
          t.mock.timers.tick((HONEST * 1_000) / PER_SECOND);
          await new Promise((resolve) => setImmediate(resolve));
        }
      } finally {
        Error.stackTraceLimit = stackTraceLimit;
      }
    },
    /** What holds afterwards, of so many seconds. */
    judge(seconds) {
      assert.deepEqual(thrown, []);
      assert.deepEqual(
        friend.heard,
        Array.from({ length: said }, (_, n) => `${n + 1}`),
        "what somebody honest said",
      );
      assert.ok(channel.sent.filter((text) => /"ack"/.test(text)).length >= said, "and it was acknowledged");
      const heard = [...(liar.seen.state.received?.values() ?? [])];
      assert.ok(heard.length <= 8 && heard.every(({ early }) => early.size <= 64), "what is kept is bounded");
      assert.ok(liar.seen.names <= 4 + 2 * seconds, `${liar.seen.names} events of names in ${seconds} s`);
      const answers = theirs.sent.filter((text) => typeof text === "string").length;
      assert.ok(answers <= 200 + 110 * seconds, `${answers} answers on the channel in ${seconds} s`);
      assert.ok(sent.length <= 130 + 10 * seconds, `${sent.length} frames through the server in ${seconds} s`);
      assert.ok(connections.made - made <= 20 + 2 * seconds, `${connections.made - made} connections in ${seconds} s`);
      assert.ok(!(liar.seen.state.sent > 0), "nothing was sent to whom nothing was said");
      console.log(
        `# in ${seconds} s: ${liar.heard.length} messages, ${liar.seen.names} names, ${answers} answers, ${sent.length} frames through the server, ${connections.made - made} connections`,
      );
      t.mock.timers.reset();
    },
  };
}

test(`${TEXTS + BINARIES} frames over a data channel`, async (t, random) => {
  const here = await room(t);
  const texts = sample(random, control).map((value) => JSON.stringify(value) ?? "");
  texts.push('{"type":"ping"}', '{"type":"name","name":"Ann"}', '{"type":"ack","seq":1}');
  const frames = sample(random, binary);
  await here.send(TEXTS, () => here.theirs.onmessage({ data: changedText(random, texts) }));
  await here.send(BINARIES, () => {
    const frame = random.pick(frames).slice(0, random.below(10) ? undefined : random.below(20));
    if (random.below(3) === 0 && frame.length) frame[random.below(frame.length)] = random.below(256);
    here.theirs.onmessage({ data: frame.buffer });
  });
  here.judge((TEXTS + BINARIES) / PER_SECOND);
});

test(`${WORDS} sealed frames, opened`, async (t, random) => {
  const here = await room(t);
  const all = sample(random, sealed);
  for (let n = 1; n <= 100; n++)
    all.push({}, { mail: base64url(renumber(pack(`${n}`), n, 1)) }, { from: `theirs.${n}`, to: null, description: { type: "offer", sdp: "" } });
  await here.send(WORDS, () => {
    const message = readMessage(changedMessage(random, all));
    if (message) here.liar.peer.receiveSealed(message, random.pick(["theirs", "theirs", "older", `${random.below(50)}`]), random.below(2) > 0);
  });
  here.judge(WORDS / PER_SECOND);
});

test(`${FRAMES} frames of a server`, (_, random) => {
  const texts = sample(random, served).map((frame) => JSON.stringify(frame));
  for (let n = 0; n < FRAMES; n++) {
    const { type, src, payload } = readFrame(changedText(random, texts));
    const { id, peers } = readOpen(payload);
    const { iceServers, ttl, degraded } = readIce(payload);
    const { code, message } = readRefusal(payload);
    assert.ok([type, src, id, code, message, ...peers, ...iceServers.flatMap(({ urls }) => urls)].every((text) => typeof text === "string"));
    assert.ok(ttl >= 0 && typeof degraded === "boolean" && Array.isArray(iceServers));
  }
});

test(`${SEALED} sealed frames of as many page loads of five hundred ids`, async (_, random) => {
  const keys = await deriveKeys(freshSecret());
  const mine = freshEpoch();
  const me = await member();
  const members = await Promise.all(Array.from({ length: 500 }, member));
  const answers = [];
  const began = performance.now();
  let opened = 0;
  const channel = openSealedChannel({
    keys,
    mine: me,
    epoch: mine,
    isHere: () => true,
    isConnected: () => true,
    onRefused: () => {},
    onMessage: () => opened++,
    transmit: (dst, type) => answers.push(`${type} ${dst}`),
  });
  const all = sample(random, fc.oneof(object({ mail: value, ack: value, description, candidate }), object({ ack: fc.nat(), here: fc.string() })));
  for (let n = 0; n < SEALED; n++) {
    const from = random.pick(members);
    const context = { to: me.id, epoch: freshEpoch(), toEpoch: random.pick([mine, "", freshEpoch()]), seq: 1 + random.below(9) };
    channel.receive(from.id, await frameOf(keys, from, context, random.pick(all)));
    if (random.below(9) === 0) channel.receive(from.id, random.pick(all));
  }
  await new Promise((resolve) => channel.after(members[0].id, () => resolve(undefined)));
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(thrown, []);
  assert.ok(opened > SEALED / 20, `${opened} were opened`);
  console.log(`# ${opened} opened, ${answers.length} answers`);
  const seconds = (performance.now() - began) / 1_000;
  assert.ok(answers.length > 0 && answers.length <= members.length * (4 + seconds), `${answers.length} answers`);
});

test("what acknowledges nothing that can be is no acknowledgement", async (t) => {
  const { liar, theirs } = await room(t);
  let arrived = false;
  liar.peer.handle.send("a message").then(() => (arrived = true));
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  for (const seq of [
    '["1"]',
    '"1"',
    "1e400",
    "-1",
    "0.5",
    "0",
    "null",
    "true",
    "[]",
    "{}",
    '{"valueOf":1}',
    `[${"1,".repeat(9_000)}1]`,
    "2",
    "9007199254740991",
  ]) {
    theirs.onmessage({ data: `{"type":"ack","seq":${seq}}` });
    const message = readMessage(JSON.parse(`{"ack":${seq}}`));
    if (message) liar.peer.receiveSealed(message, "theirs", true);
    await turn();
    assert.equal(arrived, false, seq);
  }
  theirs.onmessage({ data: '{"type":"ack","seq":1}' });
  await turn();
  assert.equal(arrived, true);
});
