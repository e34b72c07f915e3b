// In real time, with real sockets: a peer whose network is gone, without a close, loses its id when it has been silent for
// ALIVE_TIMEOUT_MS, and not before.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openPath } from "../clients/path.mjs";
import { startBeckon } from "./beckon.mjs";
import { open } from "./socket.mjs";

/** Longer than two heartbeats, and than it takes to fall asleep. */
const ALIVE_TIMEOUT_MS = 16_000;

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
  const [lost, alive, asker] = [await open(path.url, { key: "k", id: "lost", token: "t" }), await open(beckon.url, { key: "k", id: "alive", token: "t" }), await open(beckon.url, { key: "k", id: "asker", token: "t" })];
  const beat = setInterval(() => [alive, asker].forEach((socket) => socket.send('{"type":"HEARTBEAT"}')), 5_000);
  try {
    lost.send('{"type":"HEARTBEAT"}');
    const heard = Date.now();
    await sleep(100);
    path.drop();
    await sleep(12_000); // as long as it takes to miss two heartbeats, and to fall asleep
    const first = (id) => open(beckon.url, { key: "k", id, token: "thief" }).then((socket) => socket.next());
    for (const id of ["lost", "alive"]) assert.equal(await first(id), '{"type":"ID-TAKEN","payload":{"msg":"ID is taken"}}');
    asker.send({ type: "OFFER", dst: "lost" });
    let answer;
    do {
      await sleep(500);
      answer = await first("lost");
    } while (answer !== '{"type":"OPEN"}' && Date.now() - heard < 2 * ALIVE_TIMEOUT_MS);
    assert.equal(answer, '{"type":"OPEN"}');
    assert.ok(Date.now() - heard >= ALIVE_TIMEOUT_MS, "not sooner than a slow one would be given up");
    assert.match(await first("alive"), /ID-TAKEN/);
    const told = asker.rest().filter((frame) => frame.includes("EXPIRE"));
    assert.deepEqual(told, ['{"type":"EXPIRE","src":"lost","dst":"asker"}']);
  } finally {
    clearInterval(beat);
  }
});
