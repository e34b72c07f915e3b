// The platform fails in the middle of things: objects are thrown out or redeployed in a burst, homes cannot reach each other,
// storage and alarms fail. What was accepted is delivered once or answered once, ids are one socket's, the log says it once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { homeOf } from "../bench/homes.js";
import { startFaulty } from "./faulty.mjs";
import { open } from "./socket.mjs";
import { eventually } from "./time.mjs";

const OPEN = '{"type":"OPEN"}';
const relayed = (kind, src, dst, payload) => JSON.stringify({ type: kind, src, dst, payload });
const EXPIRE = (src, dst) => JSON.stringify({ type: "EXPIRE", src, dst });

async function join(beckon, id, query = {}) {
  const socket = await open(beckon.url, { key: "k", id, token: "t", ...query });
  assert.equal(await socket.next(), OPEN);
  return socket;
}

/** What Beckon logged as faults, each with how often. */
function faults(beckon) {
  const lines = beckon
    .logs()
    .map(({ message }) => message)
    .filter((message) => message.startsWith('{"fault"'));
  return lines.reduce((counts, line) => ({ ...counts, [JSON.parse(line).fault]: (counts[JSON.parse(line).fault] ?? 0) + 1 }), {});
}

test("thrown out again and again in the middle of a burst, nothing is lost, doubled or overtaken", async (t) => {
  const beckon = await startFaulty(t, { vars: { STUN_URLS: "", EXPIRE_TIMEOUT_MS: "60000" } }); // however long the evictions take
  const [ann, bob] = [await join(beckon, "ann"), await join(beckon, "bob")];
  let [evicted, heard] = [0, 0];
  const hear = async (count) => {
    for (; heard < count; heard++) assert.equal(await bob.next(), relayed("CANDIDATE", "ann", "bob", heard));
  };
  for (let number = 0; number < 300; number++) {
    ann.send({ type: "CANDIDATE", dst: "bob", payload: number });
    ann.send({ type: "CANDIDATE", dst: "late", payload: number });
    if (number % 20 !== 19) continue;
    await hear(number - 10); // ten are still on their way
    evicted += Number(await beckon.evict("realm:k"));
  }
  await hear(300);
  const late = await join(beckon, "late");
  for (let number = 0; number < 300; number++) assert.equal(await late.next(), relayed("CANDIDATE", "ann", "late", number));
  assert.ok(evicted > 10, `${evicted} evictions`);
  assert.deepEqual([ann.rest(), bob.rest(), late.rest()], [[], [], []]);
});

test("a deploy in the middle of a burst: what arrived is a beginning of it, what waits goes on waiting, and each id is one socket's again", async (t) => {
  const beckon = await startFaulty(t, { vars: { STUN_URLS: "", EXPIRE_TIMEOUT_MS: "60000" } });
  const [ann, bob] = [await join(beckon, "ann"), await join(beckon, "bob")];
  ann.send({ type: "OFFER", dst: "late", payload: "kept" });
  for (let number = 0; number < 200; number++) ann.send({ type: "CANDIDATE", dst: "bob", payload: number });
  assert.equal(await bob.next(), relayed("CANDIDATE", "ann", "bob", 0));
  assert.equal(await beckon.evict("realm:k", "close"), true);
  await Promise.all([ann.closed(), bob.closed()]);
  bob.rest().forEach((frame, at) => assert.equal(frame, relayed("CANDIDATE", "ann", "bob", at + 1)));
  const claims = await Promise.all(Array.from({ length: 8 }, (_, n) => open(beckon.url, { key: "k", id: "ann", token: `t${n}` })));
  const answers = await Promise.all(claims.map((claim) => claim.next()));
  assert.equal(answers.filter((answer) => answer === OPEN).length, 1, `${answers}`);
  const late = await join(beckon, "late");
  assert.equal(await late.next(), relayed("OFFER", "ann", "late", "kept"));
  assert.deepEqual(await beckon.waiting("realm:k"), []);
});

/** One id for each of some homes. */
function oneOfEach(homes = 2) {
  const ids = ["ann", "bob", "cat", "dan", "eve", "fay"];
  return Array.from({ length: homes }, (_, wanted) => ids.find((id) => homeOf(id, homes) === wanted));
}

test("a home that fails once is asked again; one that goes on failing is told of, once to the sender and once in the log", async (t) => {
  const beckon = await startFaulty(t, { vars: { STUN_URLS: "", PUBLIC_HOMES: "2" } });
  const [here, there] = oneOfEach();
  const [ann, bob] = [await join(beckon, here, { key: "peerjs" }), await join(beckon, there, { key: "peerjs" })];
  await beckon.faults({ forward: "1" });
  ann.send({ type: "OFFER", dst: there, payload: "once" });
  assert.equal(await bob.next(), relayed("OFFER", here, there, "once"));
  assert.deepEqual([(await beckon.faults()).forward, faults(beckon)], [0, {}]);

  await beckon.faults({ answer: "1" });
  ann.send({ type: "OFFER", dst: there, payload: "heard, but who knows" });
  ann.send({ type: "CANDIDATE", dst: there, payload: 1 });
  assert.equal(await bob.next(), relayed("OFFER", here, there, "heard, but who knows"));
  assert.equal(await bob.next(), relayed("CANDIDATE", here, there, 1));
  assert.deepEqual([(await beckon.faults()).answer, faults(beckon)], [0, {}]);

  await beckon.faults({ forward: "2" });
  ann.send({ type: "OFFER", dst: there, payload: "lost" });
  assert.equal(await ann.next(), EXPIRE(there, here));
  assert.equal((await beckon.faults()).forward, 0);
  assert.deepEqual(faults(beckon), { "1 frames for home 1 are lost": 1 });
  ann.send({ type: "OFFER", dst: there, payload: "again" });
  assert.equal(await bob.next(), relayed("OFFER", here, there, "again"));
  assert.deepEqual([ann.rest(), bob.rest()], [[], []]);
});

test("a home that hangs holds up no other", async (t) => {
  const beckon = await startFaulty(t, { vars: { STUN_URLS: "", PUBLIC_HOMES: "3", EXPIRE_TIMEOUT_MS: "10000" } });
  const [here, ...others] = oneOfEach(3);
  const askers = await Promise.all(others.map((id) => join(beckon, id, { key: "peerjs" })));
  for (const asker of askers) asker.send({ type: "OFFER", dst: here, payload: 1 }); // both attempts end in the same object
  await eventually("both wait there", async () => (await beckon.waiting(`home:${homeOf(here, 3)}`)).length === 2);
  await beckon.faults({ hang: "1" });
  const told = await Promise.race(askers.map((asker) => asker.next()));
  assert.ok(
    others.some((id) => told === EXPIRE(here, id)),
    told,
  );
  assert.equal((await beckon.faults()).hang, 0);
});

test("homes that are thrown out in the middle of a burst between them lose and double nothing", async (t) => {
  const beckon = await startFaulty(t, { vars: { STUN_URLS: "", PUBLIC_HOMES: "2" } });
  const [here, there] = oneOfEach();
  const [ann, bob] = [await join(beckon, here, { key: "peerjs" }), await join(beckon, there, { key: "peerjs" })];
  let heard = 0;
  const hear = async (count) => {
    for (; heard < count; heard++) assert.equal(await bob.next(), relayed("CANDIDATE", here, there, heard));
  };
  for (let number = 0; number < 200; number++) {
    ann.send({ type: "CANDIDATE", dst: there, payload: number });
    if (number % 20 !== 19) continue;
    await hear(number - 10);
    await beckon.evict(`home:${(number >> 5) % 2}`);
  }
  await hear(200);
  assert.deepEqual(bob.rest(), []);
});

test("storage that cannot be written to costs what it would have kept over a sleep, and the log says so", async (t) => {
  const beckon = await startFaulty(t, { vars: { STUN_URLS: "", EXPIRE_TIMEOUT_MS: "1000" } });
  const [ann, bob] = [await join(beckon, "ann"), await join(beckon, "bob")];
  ann.send({ type: "OFFER", dst: "first", payload: 1 }); // the tables are made
  assert.equal(await ann.next(), EXPIRE("first", "ann"));
  await beckon.faults({ INSERT: "1" });
  ann.send({ type: "OFFER", dst: "late", payload: 1 });
  assert.equal(await ann.next(), EXPIRE("late", "ann"));
  ann.send({ type: "OFFER", dst: "bob", payload: 1 });
  assert.equal(await bob.next(), relayed("OFFER", "ann", "bob", 1));
  assert.equal(faults(beckon)["storing a waiting frame failed"], 1);
});

test("storage that cannot be read costs the event that it was needed for", async (t) => {
  const beckon = await startFaulty(t, { vars: { STUN_URLS: "" } });
  const [ann, bob] = [await join(beckon, "ann"), await join(beckon, "bob")];
  await beckon.evict("realm:k");
  await beckon.faults({ SELECT: "1" });
  ann.send({ type: "OFFER", dst: "bob", payload: "unheard" });
  while ((await beckon.faults()).SELECT) await sleep(20);
  ann.send({ type: "OFFER", dst: "bob", payload: "heard" });
  assert.equal(await bob.next(), relayed("OFFER", "ann", "bob", "heard"));
  await beckon.evict("realm:k");
  await beckon.faults({ SELECT: "1" });
  await assert.rejects(open(beckon.url, { key: "k", id: "cat", token: "t" }), /500/);
  // A page that hears of no socket would blame its network: a room's socket is let in, and closed.
  await beckon.faults({ SELECT: "1" });
  const room = await open(beckon.url, { key: "k", id: "cat", token: "t", roster: "1" });
  assert.deepEqual(await room.closed(), { code: 1013, reason: "" });
  await join(beckon, "cat");
});

test("an alarm that is slow to be set comes; one that could not be set is set again, or made up for", async (t) => {
  const beckon = await startFaulty(t, { vars: { STUN_URLS: "", EXPIRE_TIMEOUT_MS: "300" } });
  const ann = await join(beckon, "ann");
  await beckon.faults({ slowAlarm: "1" });
  ann.send({ type: "OFFER", dst: "slow", payload: 1 });
  assert.equal(await ann.next(), EXPIRE("slow", "ann"));
  await beckon.evict("realm:k");
  assert.deepEqual(await beckon.waiting("realm:k"), []); // nor is there anything that would bring an alarm
  await beckon.faults({ setAlarm: "1" });
  ann.send({ type: "OFFER", dst: "again", payload: 1 });
  assert.equal(await ann.next(), EXPIRE("again", "ann"));
  assert.deepEqual([(await beckon.faults()).setAlarm, faults(beckon)], [0, {}]);
  await beckon.evict("realm:k");
  assert.deepEqual(await beckon.waiting("realm:k"), []);
  await beckon.faults({ setAlarm: "2" });
  ann.send({ type: "OFFER", dst: "never", payload: 1 });
  while ((await beckon.faults()).setAlarm) await sleep(20);
  const patience = Date.now() + 20_000;
  let heard = [];
  for (; !heard.length && Date.now() < patience; heard = ann.rest()) {
    ann.send('{"type": "HEARTBEAT"}'); // whatever is said next brings it back
    await sleep(100);
  }
  assert.deepEqual(heard, [EXPIRE("never", "ann")]);
});
