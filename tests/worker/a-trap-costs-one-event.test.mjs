// Should the Wasm instance trap after all (no code of ours panics, but there is code that is not ours), it costs the event in which
// it happens. Everybody else's sockets, ids and waiting frames are as they were, and nobody waits for an answer that will not come.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { open } from "./socket.mjs";
import { startFaulty } from "./faulty.mjs";
import { eventually } from "./time.mjs";

const OPEN = '{"type":"OPEN"}';
const offer = (src, dst, payload) => JSON.stringify({ type: "OFFER", src, dst, payload });

const traps = async (beckon) => (await beckon.faults()).traps;

/** Joins, and waits until that is done. */
async function join(beckon, query) {
  const socket = await open(beckon.url, { key: "k", token: "t", ...query });
  assert.match(await socket.next(), /^{"type":"OPEN"/);
  return socket;
}

test("sockets, ids, rosters and waiting frames outlive a trap, and the next frame passes", async (t) => {
  const beckon = await startFaulty(t, { vars: { STUN_URLS: "", EXPIRE_TIMEOUT_MS: "60000" } });
  const [ann, bob] = [await join(beckon, { id: "ann" }), await join(beckon, { id: "bob" })];
  const elsewhere = await join(beckon, { key: "other", id: "eve" });
  const [ruth, rob] = [await join(beckon, { id: "ruth", roster: "1" }), await join(beckon, { id: "rob", roster: "1" })];
  assert.equal(await ruth.next(), '{"type":"JOIN","src":"rob"}');
  ann.send({ type: "OFFER", dst: "late", payload: "kept" });
  for (let round = 0; round < 6; round++) {
    ann.send({ type: "OFFER", dst: "bob", payload: round % 2 ? "throw-here" : "trap-here" });
    await eventually("it has trapped", async () => (await traps(beckon)) > round);
    ann.send({ type: "OFFER", src: "forged", dst: "bob", payload: round });
    assert.equal(await bob.next(), offer("ann", "bob", round));
    elsewhere.send({ type: "OFFER", dst: "eve", payload: round });
    assert.equal(await elsewhere.next(), offer("eve", "eve", round));
    rob.send({ type: "MESSAGE", dst: "ruth", payload: round });
    assert.equal(await ruth.next(), `{"type":"MESSAGE","src":"rob","dst":"ruth","payload":${round}}`);
    const thief = await open(beckon.url, { key: "k", id: "ann", token: "other" });
    assert.match(await thief.next(), /ID-TAKEN/);
  }
  assert.equal(await traps(beckon), 6);
  const late = await join(beckon, { id: "late" });
  assert.equal(await late.next(), offer("ann", "late", "kept"));
});

test("who opens a socket or asks a question as it happens is refused at once, and may ask again", async (t) => {
  const beckon = await startFaulty(t, { vars: { STUN_URLS: "" } });
  const ann = await join(beckon, { id: "ann" });
  for (const trap of ["edge", "room", "edge", "room"]) {
    await assert.rejects(open(beckon.url, { key: "k", id: "bob", token: "t", trap }), /500/, trap);
    await (await join(beckon, { id: "bob" })).close();
    assert.equal((await beckon.fetch("/peerjs/id?trap=edge")).status, 500);
    assert.equal((await beckon.fetch("/peerjs/id")).status, 200);
  }
  assert.equal(await traps(beckon), 8);
  ann.send({ type: "OFFER", dst: "ann", payload: 1 });
  assert.equal(await ann.next(), offer("ann", "ann", 1));
});

test("who was waiting for something else is told as well, in whichever object", { timeout: 30_000 }, async (t) => {
  let [asked, answers] = [0, false];
  const api = createServer((request, response) => {
    asked++;
    request.resume();
    if (answers) response.writeHead(500).end();
  });
  await new Promise((resolve) => api.listen(0, "127.0.0.1", resolve));
  t.after(() => (api.closeAllConnections(), api.close()));
  const vars = { STUN_URLS: "", TURN_KEY_ID: "abc", TURN_API_URL: `http://127.0.0.1:${api.address().port}` };
  const beckon = await startFaulty(t, { vars, secrets: { TURN_KEY_API_TOKEN: "token" }, patient: true });
  const ann = await join(beckon, { id: "ann" });
  // They wait for Cloudflare's answer, which does not come.
  const waiting = ["here", "there"].map((key) => open(beckon.url, { key, id: "bob", token: "t", roster: "1" }));
  const opened = Promise.all(waiting);
  await eventually("both have asked", () => asked === waiting.length);
  ann.send({ type: "OFFER", dst: "ann", payload: "trap-here" });
  // A room's socket is let in and closed: to its page a handshake that fails would look as if its network let no socket through.
  for (const socket of await opened) assert.equal((await socket.closed()).code, 1013);
  answers = true;
  const again = await join(beckon, { key: "here", id: "bob", roster: "1" });
  again.send({ type: "OFFER", dst: "bob", payload: 1 });
  assert.equal(await again.next(), offer("bob", "bob", 1));
});

test("a socket that closes as it happens leaves its id free", async (t) => {
  const beckon = await startFaulty(t, { vars: { STUN_URLS: "" } });
  const ann = await join(beckon, { id: "ann" });
  const bob = await join(beckon, { id: "bob" });
  await ann.close(4999);
  bob.send({ type: "OFFER", dst: "bob", payload: 1 });
  assert.equal(await bob.next(), offer("bob", "bob", 1));
  assert.equal(await traps(beckon), 1);
  const next = await open(beckon.url, { key: "k", id: "ann", token: "other" });
  assert.equal(await next.next(), OPEN);
});

test("an alarm comes again, and what it was for is done", async (t) => {
  const beckon = await startFaulty(t, { vars: { STUN_URLS: "", EXPIRE_TIMEOUT_MS: "200" } });
  await beckon.faults({ alarmTrap: "1" });
  const ann = await join(beckon, { id: "ann" });
  ann.send({ type: "OFFER", dst: "nobody", payload: 1 });
  assert.equal(await ann.next(), '{"type":"EXPIRE","src":"nobody","dst":"ann"}');
  assert.equal(await traps(beckon), 1);
});
