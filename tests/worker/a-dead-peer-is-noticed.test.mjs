// In real time, with real sockets: a peer whose network is gone, without a close, loses its id when it has been silent for
// ALIVE_TIMEOUT_MS, and not before.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openPath } from "../clients/path.mjs";
import { startBeckon } from "./beckon.mjs";
import { open } from "./socket.mjs";
import { eventually } from "./time.mjs";

/** Longer than two heartbeats, and than it takes to fall asleep. */
const ALIVE_TIMEOUT_MS = 16_000;

const TAKEN = '{"type":"ID-TAKEN","payload":{"msg":"ID is taken"}}';

let beckon, path;
before(async () => {
  beckon = await startBeckon({ vars: { ALIVE_TIMEOUT_MS: String(ALIVE_TIMEOUT_MS) } });
  path = await openPath(beckon.url);
});
after(async () => {
  path.close();
  await beckon.close();
});

test("a peer whose network is gone loses its id, one who still beats keeps it, and who had dialled is told", async () => {
  const [lost, alive, asker] = [
    await open(path.url, { key: "k", id: "lost", token: "t" }),
    await open(beckon.url, { key: "k", id: "alive", token: "t" }),
    await open(beckon.url, { key: "k", id: "asker", token: "t" }),
  ];
  const beat = setInterval(() => [alive, asker].forEach((socket) => socket.send('{"type":"HEARTBEAT"}')), 5_000);
  try {
    const heard = Date.now();
    lost.send('{"type":"HEARTBEAT"}');
    assert.deepEqual([await lost.next(), await lost.next()], ['{"type":"OPEN"}', "pong"]);
    path.drop();
    await sleep(12_000); // as long as it takes to miss two heartbeats, and to fall asleep
    const first = (id) => open(beckon.url, { key: "k", id, token: "thief" }).then((socket) => socket.next());
    assert.equal(await first("alive"), TAKEN);
    asker.send({ type: "OFFER", dst: "lost" });
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
