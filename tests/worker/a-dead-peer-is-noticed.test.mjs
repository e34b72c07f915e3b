// In real time, with real sockets: a peer whose network is gone, without a close, loses its id within 30 s of being asked for.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openPath } from "../clients/path.mjs";
import { startBeckon } from "./beckon.mjs";
import { open } from "./socket.mjs";

let beckon, path;
before(async () => {
  beckon = await startBeckon();
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
    await sleep(100);
    path.drop();
    await sleep(12_000); // as long as it takes to miss two heartbeats, and to fall asleep
    const asked = Date.now();
    const first = (id) => open(beckon.url, { key: "k", id, token: "thief" }).then((socket) => socket.next());
    for (const id of ["lost", "alive"]) assert.equal(await first(id), '{"type":"ID-TAKEN","payload":{"msg":"ID is taken"}}');
    asker.send({ type: "OFFER", dst: "lost" });
    let answer;
    do {
      await sleep(1_000);
      answer = await first("lost");
    } while (answer !== '{"type":"OPEN"}' && Date.now() - asked < 30_000);
    assert.equal(answer, '{"type":"OPEN"}');
    assert.match(await first("alive"), /ID-TAKEN/);
    const told = asker.rest().filter((frame) => frame.includes("EXPIRE"));
    assert.deepEqual(told, ['{"type":"EXPIRE","src":"lost","dst":"asker"}']);
  } finally {
    clearInterval(beat);
  }
});
