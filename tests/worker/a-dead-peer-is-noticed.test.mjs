// In real time, with real sockets: a peer whose network is gone, without a close, loses its id when it has been silent for
// ALIVE_TIMEOUT_MS, and not before. In a full room it loses its seat sooner, if it does not answer.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openPath } from "../clients/path.mjs";
import { startBeckon } from "./beckon.mjs";
import { open } from "./socket.mjs";
import { eventually } from "./time.mjs";

/** A heartbeat, and how a room asks for one. */
const HEARTBEAT = '{"type":"HEARTBEAT"}';

/** Longer than two heartbeats, and than it takes to fall asleep. */
const ALIVE_TIMEOUT_MS = 30_000;

const TAKEN = '{"type":"ID-TAKEN","payload":{"msg":"ID is taken"}}';

let beckon, path;
before(async () => {
  beckon = await startBeckon({ vars: { ALIVE_TIMEOUT_MS: String(ALIVE_TIMEOUT_MS), ROOM_CAPACITY: "2", STUN_URLS: "" } });
  path = await openPath(beckon.url);
});
after(async () => {
  path.close();
  await beckon.close();
});

test("a peer whose network is gone loses its id, one who still beats keeps it, and who had dialled is told", async () => {
  const [lost, alive, asker, slow] = [
    await open(path.url, { key: "k", id: "lost", token: "t" }),
    await open(beckon.url, { key: "k", id: "alive", token: "t" }),
    await open(beckon.url, { key: "k", id: "asker", token: "t" }),
    await open(beckon.url, { key: "k", id: "slow", token: "t" }),
  ];
  const enter = (url, id) => open(url, { key: "full", id, token: "a-token-that-nobody-can-guess", roster: "1" });
  await enter(path.url, "gone");
  const hidden = await enter(beckon.url, "hidden");
  const beat = setInterval(() => [alive, asker].forEach((socket) => socket.send(HEARTBEAT)), 5_000);
  try {
    const heard = Date.now();
    lost.send(HEARTBEAT);
    assert.deepEqual([await lost.next(), await lost.next()], ['{"type":"OPEN"}', "pong"]);
    path.drop();
    await sleep(10_500); // as long as it takes to miss two heartbeats, and to fall asleep
    await beckon.evict("room:full");
    assert.match(await (await enter(beckon.url, "newcomer")).next(), /"code":"room-full"/);
    assert.match(await hidden.next(), /"OPEN"/);
    assert.equal(await hidden.next(), HEARTBEAT, "somebody wants a seat: is it still taken?");
    hidden.send(HEARTBEAT);
    assert.equal(await hidden.next(), "pong");
    await beckon.evict("room:full");
    await sleep(1_500);
    const first = (id) => open(beckon.url, { key: "k", id, token: "thief" }).then((socket) => socket.next());
    assert.equal(await first("alive"), TAKEN);
    asker.send({ type: "OFFER", dst: "lost" });
    // A hidden tab, in which it rings: its next heartbeat comes after the offer, and the person hangs up.
    asker.send({ type: "OFFER", dst: "slow" });
    assert.equal(await slow.next(), '{"type":"OPEN"}');
    assert.match(await slow.next(), /OFFER/);
    slow.send(HEARTBEAT);
    assert.equal(await slow.next(), "pong");
    await slow.close();
    await sleep(2_600);
    assert.match(await (await enter(beckon.url, "newcomer")).next(), /"OPEN".*"peers":\["hidden"\]/);
    assert.deepEqual([await hidden.next(), await hidden.next()], ['{"type":"LOST","src":"gone"}', '{"type":"JOIN","src":"newcomer"}']);
    // Without looking at the time it would be asked for ever, and a default of 90 s is not what was set.
    await eventually("the id is free", async () => {
      await sleep(500);
      const answer = await first("lost");
      if (answer !== '{"type":"OPEN"}') assert.equal(answer, TAKEN);
      return answer !== TAKEN;
    });
    assert.ok(Date.now() - heard >= ALIVE_TIMEOUT_MS, "not sooner than a slow one would be given up");
    assert.equal(await first("alive"), TAKEN);
    let told;
    do told = await asker.next();
    while (!told.includes("EXPIRE"));
    assert.equal(told, '{"type":"EXPIRE","src":"lost","dst":"asker"}');
    assert.deepEqual(
      asker.rest().filter((frame) => frame.includes("EXPIRE")),
      [],
    );
  } finally {
    clearInterval(beat);
  }
});
