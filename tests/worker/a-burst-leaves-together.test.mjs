// Of a burst of frames the first leave at once and the rest together, a moment later. Nobody may notice: what comes of each sender's
// frames is whole and in order, also for a socket that is closed or superseded in the middle of it, and beside an event that traps.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startFaulty } from "./faulty.mjs";
import { open } from "./socket.mjs";

const OPEN = '{"type":"OPEN"}';
const COUNT = 100;
const numbers = Array.from({ length: COUNT }, (_, number) => number);
const relayed = (src, dst, payload) => JSON.stringify({ type: "CANDIDATE", src, dst, payload });

async function join(beckon, id) {
  const socket = await open(beckon.url, { key: "k", id, token: "t" });
  assert.equal(await socket.next(), OPEN);
  return socket;
}
const say = (socket, dst, payload) => socket.send({ type: "CANDIDATE", dst, payload });
const hear = async (socket, count) => {
  const heard = [];
  while (heard.length < count) heard.push(await socket.next());
  return heard;
};

test("many talk to one at the same time: everything comes, each one's in order", async (t) => {
  const beckon = await startFaulty(t, { vars: { STUN_URLS: "" } });
  const ids = Array.from({ length: 8 }, (_, n) => `p${n}`);
  const [one, ...many] = await Promise.all(["one", ...ids].map((id) => join(beckon, id)));
  for (const number of numbers) for (const socket of many) say(socket, "one", number);
  const heard = await hear(one, COUNT * ids.length);
  for (const id of ids) {
    assert.deepEqual(
      heard.filter((frame) => JSON.parse(frame).src === id),
      numbers.map((number) => relayed(id, "one", number)),
    );
  }
  assert.deepEqual(one.rest(), []);
});

test("who is closed in the middle of a burst has heard all that was sent before", async (t) => {
  const beckon = await startFaulty(t, { vars: { STUN_URLS: "" } });
  const eve = await join(beckon, "eve");
  for (const number of numbers) say(eve, "eve", number);
  eve.send("x".repeat(300_000));
  assert.deepEqual(
    await hear(eve, COUNT),
    numbers.map((number) => relayed("eve", "eve", number)),
  );
  assert.match(await eve.next(), /too long/);
  assert.equal((await eve.closed()).code, 1009);
});

test("who closes by itself in the middle of a burst has heard all that was sent before", async (t) => {
  const beckon = await startFaulty(t, { vars: { STUN_URLS: "" } });
  const eve = await join(beckon, "eve");
  for (const number of numbers) say(eve, "eve", number);
  await eve.close(1000);
  assert.deepEqual(
    eve.rest(),
    numbers.map((number) => relayed("eve", "eve", number)),
  );
});

test("who is superseded in the middle of a burst has heard a beginning of it, and the other socket the rest", async (t) => {
  const beckon = await startFaulty(t, { vars: { STUN_URLS: "" } });
  const [ann, old] = [await join(beckon, "ann"), await join(beckon, "bob")];
  for (const number of numbers) say(ann, "bob", number);
  const fresh = await join(beckon, "bob");
  say(ann, "bob", COUNT);
  assert.equal((await old.closed()).code, 4001);
  const before = old.rest();
  const heard = [...before, ...(await hear(fresh, COUNT + 1 - before.length))];
  assert.deepEqual(
    heard,
    [...numbers, COUNT].map((number) => relayed("ann", "bob", number)),
  );
});

test("who says goodbye in the middle of a burst has heard all that was sent before", async (t) => {
  const beckon = await startFaulty(t, { vars: { STUN_URLS: "" } });
  const eve = await join(beckon, "eve");
  for (const number of numbers) say(eve, "eve", number);
  eve.send({ type: "LEAVE" });
  assert.deepEqual(
    await hear(eve, COUNT),
    numbers.map((number) => relayed("eve", "eve", number)),
  );
  await eve.closed();
});

test("a trap in the middle of a burst costs one frame of it", async (t) => {
  const beckon = await startFaulty(t, { vars: { STUN_URLS: "" } });
  const [ann, bob] = [await join(beckon, "ann"), await join(beckon, "bob")];
  for (const number of numbers) {
    say(ann, "bob", number);
    if (number % 10 === 5) say(ann, "bob", "trap-here");
  }
  assert.deepEqual(
    await hear(bob, COUNT),
    numbers.map((number) => relayed("ann", "bob", number)),
  );
  assert.deepEqual([(await beckon.faults()).traps, bob.rest()], [COUNT / 10, []]);
});
