// The client in Node, the real Worker, and between them a server that lies: one lie, one test.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach } from "node:test";
import { frameOf, member } from "../client/members.mjs";
import { deriveKeys, freshEpoch, freshSecret } from "../../public/lib/seal.js";
import { chancy } from "../seeds/seeds.mjs";
import { startBeckon } from "../worker/beckon.mjs";
import { assertSealed, device, introduces, startLiar, until } from "./liar.mjs";

const NAMES = ["Kitchen tablet", "Garden phone", "Attic laptop"];
const test = chancy("malicious");

let beckon;
let liar;
let devices;
before(async () => (beckon = await startBeckon()));
after(() => beckon.close());
beforeEach(async () => {
  liar = await startLiar(beckon.url);
  devices = [];
});
afterEach(async () => {
  for (const { room } of devices) room.close();
  await until("all have left", () => liar.clients.every(({ near }) => near.readyState === near.CLOSED));
  liar.close();
  assertSealed(liar.seen, NAMES);
});

/**
 * As long as something must not happen: two others, in a room of their own and with nobody between them and the server, come, meet and
 * greet. On a busy machine they take longer too.
 */
async function meanwhile() {
  const first = await device(beckon.url.href, "First");
  const second = await device(first.link, "Second");
  await until("an honest pair meets", () => greeted(first) && greeted(second));
  for (const { room } of [first, second]) room.close();
}

async function enter(link = liar.url) {
  const entered = await device(link, NAMES[devices.length]);
  devices.push(entered);
  return entered;
}

/** Two devices in a room whose server tells `lie` instead of the truth. */
async function two(lie) {
  if (lie) liar.lie = lie;
  const first = await enter();
  return [first, await enter(first.link)];
}

const introductions = (change) => (frame, client) => (introduces(frame) ? change(frame, client) : [frame]);
const connected = ({ room }) => room.peers.length > 0 && room.peers.every(({ state }) => state === "open");
const greeted = ({ heard }) => heard.length > 0;

/** Nobody got through to anybody, somebody noticed, and whoever looks is told. */
async function assertStopped(reasons = ["altered"]) {
  await until("it is refused", () => devices.some(({ refused }) => refused.length));
  await meanwhile();
  for (const { opened, heard } of devices) assert.deepEqual([opened, heard], [0, []]);
  const refused = new Set(devices.flatMap(({ refused }) => refused));
  assert.deepEqual(
    [...refused].filter((reason) => !reasons.includes(reason)),
    [],
  );
  const told = devices.flatMap(({ room }) => room.peers).filter(({ error }) => error?.code === "tampered");
  assert.ok(told.length, "the person is told");
}

/** Everyone got through to everyone, and each hello arrived once. */
async function assertUnharmed() {
  await until("all are connected", () => devices.every(connected));
  await until("all are greeted", () => devices.every(greeted));
  await meanwhile();
  for (const { room, heard, opened } of devices) {
    assert.equal(heard.length, devices.length - 1);
    assert.equal(opened > 0 && room.peers.every(({ error }) => !error), true);
  }
}

test("an honest server connects them, and learns nothing", async () => {
  await two();
  await assertUnharmed();
  assert.deepEqual(
    devices.map(({ refused }) => refused),
    [[], []],
  );
});

test("it alters what is sealed", async () => {
  await two(
    introductions((frame) => {
      const at = frame.payload.length >> 1;
      return [{ ...frame, payload: frame.payload.slice(0, at) + (frame.payload[at] === "A" ? "B" : "A") + frame.payload.slice(at + 1) }];
    }),
  );
  await assertStopped();
});

test("it cuts off the end", async () => {
  await two(introductions((frame) => [{ ...frame, payload: frame.payload.slice(0, -8) }]));
  await assertStopped(["altered", "unsealed"]); // by the bits that are left over at the end
});

test("it renumbers what is sealed", async () => {
  await two(
    introductions((frame) => {
      const bytes = Buffer.from(frame.payload, "base64url");
      bytes.writeUInt32BE(bytes.readUInt32BE(20) + 1_000, 20);
      return [{ ...frame, payload: bytes.toString("base64url") }];
    }),
  );
  await assertStopped();
});

test("it says each thing twice", async () => {
  await two(introductions((frame) => [frame, frame]));
  await assertUnharmed();
  for (const { refused } of devices) assert.deepEqual([...new Set(refused)], ["replayed"]);
});

test("it sends everything back to its sender, as if the other had said it", async () => {
  await two(introductions((frame) => (liar.say(frame.src, { ...frame, src: frame.dst, dst: frame.src }), [])));
  await assertStopped();
});

test("it puts the last thing first", async () => {
  const held = new Map();
  await two(
    introductions((frame) => {
      const [before] = held.get(frame.src) ?? [];
      held.set(frame.src, before ? [] : [frame]);
      return before ? [frame, before] : [];
    }),
  );
  await until("what comes too late is refused", () => devices.some(({ refused }) => refused.includes("replayed")));
  liar.lie = (frame) => [frame];
  for (const { room } of devices) room.retry();
  await assertUnharmed();
});

test("it keeps everything to itself for a while", async () => {
  await two(introductions(() => []));
  await meanwhile();
  for (const { opened, heard } of devices) assert.deepEqual([opened, heard], [0, []]);
  liar.lie = (frame) => [frame];
  for (const { room } of devices) room.retry();
  await assertUnharmed();
});

test("it gives one person what was for another", async () => {
  const first = await enter();
  const eve = await enter(first.link);
  await assertUnharmed();
  liar.lie = introductions((frame) => (frame.dst === eve.room.id ? [frame] : (liar.say(eve.room.id, { ...frame, dst: eve.room.id }), [])));
  await enter(first.link);
  await until("it is refused", () => eve.refused.includes("altered"));
  assert.equal(first.room.peers.find(({ id }) => id === eve.room.id)?.state, "open");
});

test("it says that somebody else said it", async () => {
  await two(introductions((frame) => [{ ...frame, src: "somebody-else" }]));
  await until("it is refused", () => devices.some(({ refused }) => refused.includes("altered")));
  await meanwhile();
  for (const { room, opened } of devices) assert.deepEqual([opened, room.peers.map(({ id }) => id).includes("somebody-else")], [0, false]);
});

test("it introduces itself instead, with its own fingerprint, in clear", async () => {
  const sdp = `v=0\r\na=fingerprint:sha-256 ${Array(32).fill("AB").join(":")}\r\n`;
  await two(introductions((frame) => [{ ...frame, payload: { from: "x.1", to: null, description: { type: "offer", sdp } } }]));
  await assertStopped(["unsealed"]);
});

test("it introduces itself instead, sealed with a key of its own", async () => {
  const [own, mine] = [await deriveKeys(freshSecret()), await member()];
  await two((frame, client) => {
    if (!introduces(frame)) return [frame];
    const context = { room: client.room, from: frame.src, to: frame.dst, epoch: freshEpoch() };
    frameOf(own, mine, context, { from: `${context.epoch}.1`, description: {} }).then((payload) => client.send({ ...frame, payload }));
    return [];
  });
  await assertStopped();
});

// What is left begins with random bytes, and must not be read as another version by chance: once it begins with none, once with ours.
for (const [version, reason] of /** @type {const} */ ([
  [0, "unsealed"],
  [2, "altered"],
])) {
  test(`it strips the seal and hopes that the rest is taken (${reason})`, async () => {
    await two(
      introductions((frame) => {
        const rest = Buffer.from(frame.payload, "base64url").subarray(36);
        rest.set([version, 0]);
        return [{ ...frame, payload: rest.toString("base64url") }];
      }),
    );
    await assertStopped([reason]);
  });
}

test("it plays an earlier visit again", async () => {
  const first = await enter();
  const visit = [];
  liar.lie = (frame, client) => (introduces(frame) && client.id === first.room.id && visit.push(frame), [frame]);
  const guest = await enter(first.link);
  await assertUnharmed();
  guest.room.close();
  await until("the guest has left", () => !first.room.peers.length);
  const heard = first.heard.length;
  liar.say(first.room.id, { type: "JOIN", src: guest.room.id });
  for (const frame of visit) liar.say(first.room.id, frame);
  await until("all is refused", () => first.refused.length === visit.length);
  assert.deepEqual([...new Set(first.refused)], ["replayed"]);
  await meanwhile();
  assert.deepEqual([first.heard.length, first.room.peers.filter(({ state }) => state === "open")], [heard, []]);
});

test("it mixes two rooms", async () => {
  const here = await enter();
  const there = await enter(liar.url);
  liar.lie = introductions((frame, client) => [
    frame,
    ...liar.clients.filter(({ room }) => room !== client.room).flatMap(({ id }) => (liar.say(id, { ...frame, dst: id }), [])),
  ]);
  await enter(here.link);
  await until("the other room refuses", () => there.refused.includes("altered"));
  assert.deepEqual([there.room.peers, there.heard], [[], []]);
});

test("it gives somebody another id", async () => {
  liar.lie = (frame) => [frame.type === "OPEN" ? { ...frame, payload: { ...frame.payload, id: "another" } } : frame];
  const { room } = await enter();
  assert.deepEqual([room.state, room.error?.code], ["closed", "tampered"]);
  liar.lie = (frame) => [frame];
  devices = [];
  await two();
  await assertUnharmed();
});

test("it invents people, and tells somebody of himself", async () => {
  liar.lie = (frame, client) => {
    if (frame.type !== "OPEN") return [frame];
    const peers = [...frame.payload.peers, "phantom", client.id, 7, null];
    return [
      { ...frame, payload: { ...frame.payload, peers } },
      { type: "JOIN", src: client.id },
      { type: "JOIN", src: "ghost" },
    ];
  };
  const [first, second] = await two();
  await until("the real ones meet", () => greeted(first) && greeted(second));
  await meanwhile();
  for (const { room } of devices) {
    const open = room.peers.filter(({ state }) => state === "open").map(({ id }) => id);
    assert.deepEqual(
      open,
      devices.map(({ room }) => room.id).filter((id) => id !== room.id),
    );
    assert.ok(room.peers.every(({ id }) => id !== room.id));
  }
});

test("it says again and again that those who are connected have left", async () => {
  const [first, second] = await two();
  await assertUnharmed();
  for (let round = 0; round < 5; round++) {
    for (const type of ["LEAVE", "EXPIRE"]) {
      liar.say(first.room.id, { type, src: second.room.id });
      liar.say(second.room.id, { type, src: first.room.id });
    }
  }
  await meanwhile();
  await first.room.broadcast("still here");
  assert.deepEqual(second.heard, [`${NAMES[0]}: hello world`, `${NAMES[0]}: still here`]);
});

test("it throws noise into a working connection, which goes on", async () => {
  const [first, second] = await two();
  await assertUnharmed();
  const payloads = [
    null,
    7,
    "",
    "noise",
    {},
    { description: { type: "offer", sdp: "" } },
    Buffer.concat([Buffer.of(2), Buffer.alloc(200)]).toString("base64url"),
  ];
  for (const payload of payloads) for (const type of ["OFFER", "MESSAGE"]) liar.say(first.room.id, { type, src: second.room.id, payload });
  await until("all is refused", () => first.refused.length === 2 * payloads.length);
  assert.deepEqual([...new Set(first.refused)].sort(), ["altered", "unsealed"]);
  assert.deepEqual((await second.room.broadcast("still here")).length, 1);
  assert.equal(first.heard.at(-1), `${NAMES[1]}: still here`);
  assert.equal(first.room.peers[0].error, null);
});

test("it calls offers answers and answers offers", async () => {
  const swapped = { OFFER: "ANSWER", ANSWER: "CANDIDATE", CANDIDATE: "OFFER", MESSAGE: "OFFER" };
  await two(introductions((frame) => [{ ...frame, type: swapped[frame.type] }]));
  await assertUnharmed();
});

test("it recommends nonsense as helpers", async () => {
  await two((frame) => {
    if (frame.type !== "OPEN") return [frame];
    return [{ ...frame, payload: { ...frame.payload, iceServers: [null, 7, { urls: "gopher://x" }, { urls: ["stun:"] }, {}] } }];
  });
  await assertUnharmed();
});
