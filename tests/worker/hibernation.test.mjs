// Hibernation is the normal case: every scenario runs once as it is and once with the object thrown out of memory between
// any two steps, and nobody can tell the difference.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startBeckon } from "./beckon.mjs";
import { heardBy, open } from "./socket.mjs";
import { eventually, soonAfter } from "./time.mjs";

const OPEN = '{"type":"OPEN"}';
const HEARTBEAT = '{"type":"HEARTBEAT"}';
/** For how long what is for an absent peer waits here. */
const EXPIRE_MS = 1_000;
let beckon;
before(async () => (beckon = await startBeckon({ vars: { EXPIRE_TIMEOUT_MS: `${EXPIRE_MS}`, ROOM_CAPACITY: "3", STUN_URLS: "" } })));
after(() => beckon.close());

let keys = 0;
for (const evicting of [false, true]) {
  describe(evicting ? "evicted between any two steps" : "awake", () => {
    /** A realm of its own for each scenario; `step` stands between two steps. */
    const scenario = (name, run) =>
      test(name, async () => {
        const key = `realm${++keys}`;
        const step = async () => {
          await sleep(20); // what is on its way arrives
          if (evicting) for (const kind of ["realm", "room"]) await beckon.evict(`${kind}:${key}`);
        };
        const join = async (query) => {
          const socket = await open(beckon.url, { key, token: "t", ...query });
          await step();
          return { ...socket, send: async (frame) => (socket.send(frame), step()), close: async (code) => (await socket.close(code), step()) };
        };
        await run({ join, step, key });
      });

    scenario("frames pass between peers with the true sender", async ({ join }) => {
      const [ann, bob] = [await join({ id: "ann" }), await join({ id: "bob" })];
      assert.deepEqual([await ann.next(), await bob.next()], [OPEN, OPEN]);
      await ann.send({ type: "OFFER", src: "eve", dst: "bob", payload: { sdp: "é" } });
      assert.equal(await bob.next(), '{"type":"OFFER","src":"ann","dst":"bob","payload":{"sdp":"é"}}');
      await bob.send(Buffer.from('{"type":"ANSWER","dst":"ann","payload":null}'));
      assert.equal(await ann.next(), '{"type":"ANSWER","src":"bob","dst":"ann","payload":null}');
    });

    scenario("an id is taken while its socket lives and free once it is closed", async ({ join }) => {
      const ann = await join({ id: "ann", token: "hers" });
      const thief = await join({ id: "ann", token: "other" });
      assert.equal(await thief.next(), '{"type":"ID-TAKEN","payload":{"msg":"ID is taken"}}');
      assert.equal((await thief.closed()).code, 1005);
      await ann.close();
      assert.equal(await (await join({ id: "ann", token: "other" })).next(), OPEN);
    });

    scenario("a peer who comes back takes over, and the old socket's end changes nothing", async ({ join }) => {
      const [old, bob] = [await join({ id: "ann" }), await join({ id: "bob" })];
      const again = await join({ id: "ann" });
      assert.deepEqual(await old.closed(), { code: 4001, reason: "another socket took this id" });
      await bob.send({ type: "OFFER", dst: "ann", payload: 1 });
      assert.deepEqual([await again.next(), await again.next()], [OPEN, '{"type":"OFFER","src":"bob","dst":"ann","payload":1}']);
    });

    scenario("a frame for an absent peer waits for it", async ({ join, key }) => {
      const ann = await join({ id: "ann" });
      const late = Array.from({ length: 100 }, (_, n) => `late${n}`).values();
      let dst = "";
      const frames = await soonAfter(
        EXPIRE_MS,
        async () => {
          dst = late.next().value ?? "";
          return async () => {
            await ann.send({ type: "OFFER", dst, payload: 1 });
            await ann.send({ type: "CANDIDATE", dst, payload: 2 });
            await heardBy(ann, "ann");
          };
        },
        async () => heardBy(await join({ id: dst }), dst),
        (frames) => frames.length === 3,
      );
      assert.deepEqual(frames, [
        OPEN,
        `{"type":"OFFER","src":"ann","dst":"${dst}","payload":1}`,
        `{"type":"CANDIDATE","src":"ann","dst":"${dst}","payload":2}`,
      ]);
      await eventually("nothing waits any more", async () => !(await beckon.waiting(`realm:${key}`)).length); // what came too late goes with the alarm
    });

    scenario("a frame that waited in vain is answered with one EXPIRE", async ({ join, step }) => {
      const ann = await join({ id: "ann" });
      await ann.send({ type: "OFFER", dst: "bob", payload: 1 });
      await ann.send({ type: "CANDIDATE", dst: "bob", payload: 2 });
      assert.deepEqual([await ann.next(), await ann.next()], [OPEN, '{"type":"EXPIRE","src":"bob","dst":"ann"}']);
      await ann.send({ type: "CANDIDATE", dst: "bob", payload: 3 });
      await sleep(1.5 * EXPIRE_MS);
      await step();
      assert.deepEqual(ann.rest(), []);
    });

    scenario("a room's peers learn of each other", async ({ join }) => {
      const ann = await join({ roster: "1" });
      const opened = JSON.parse(await ann.next());
      assert.match(opened.payload.id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      assert.deepEqual(opened, { type: "OPEN", payload: { id: opened.payload.id, peers: [], iceServers: [], ttl: 3600 } });
      const stock = await join({ id: "stock" });
      const bob = await join({ roster: "1", id: "bob" });
      assert.deepEqual(JSON.parse(await bob.next()).payload.peers, [opened.payload.id]);
      assert.equal(await ann.next(), '{"type":"JOIN","src":"bob"}');
      await bob.send({ type: "LEAVE" });
      assert.equal(await ann.next(), '{"type":"LEAVE","src":"bob"}');
      assert.deepEqual([await stock.next(), stock.rest()], [OPEN, []]);
    });

    scenario("a peer who is cut off is seen to be lost, not to leave", async ({ join }) => {
      const [ann, bob] = [await join({ roster: "1", id: "ann" }), await join({ roster: "1", id: "bob" })];
      await ann.next();
      await ann.next();
      bob.cut();
      assert.equal(await ann.next(), '{"type":"LOST","src":"bob"}');
      const again = await join({ roster: "1", id: "bob" });
      await again.close(1001); // what a browser says for a page that is left
      assert.deepEqual([await ann.next(), await ann.next()], ['{"type":"JOIN","src":"bob"}', '{"type":"LEAVE","src":"bob"}']);
    });

    scenario("a full room says so to the one too many", async ({ join }) => {
      for (const id of ["a", "b", "c"]) await join({ roster: "1", id });
      const late = await join({ roster: "1", id: "d" });
      assert.equal(JSON.parse(await late.next()).payload.code, "room-full");
      assert.equal((await late.closed()).code, 1005);
    });

    scenario("who said LEAVE is gone", async ({ join }) => {
      const ann = await join({ id: "ann" });
      await ann.send({ type: "LEAVE" });
      assert.deepEqual(await ann.closed(), { code: 1000, reason: "left" });
      assert.equal(await (await join({ id: "ann", token: "other" })).next(), OPEN);
    });

    scenario("nonsense is refused and costs nobody else anything", async ({ join }) => {
      const [ann, bob] = [await join({ id: "ann" }), await join({ id: "bob" })];
      assert.deepEqual([await ann.next(), await bob.next()], [OPEN, OPEN]);
      for (const nonsense of ["{", "null", "", "\u0000", new Uint8Array([0xff, 0xfe])]) {
        await ann.send(nonsense);
        assert.equal(JSON.parse(await ann.next()).type, "ERROR");
      }
      await ann.send({ type: "OFFER", dst: "bob", payload: "x".repeat(280_000) });
      assert.equal(JSON.parse(await ann.next()).type, "ERROR");
      assert.equal((await ann.closed()).code, 1009);
      assert.deepEqual(bob.rest(), []);
      await bob.send({ type: "OFFER", dst: "bob" });
      assert.equal(await bob.next(), '{"type":"OFFER","src":"bob","dst":"bob"}');
    });
  });
}

test("a heartbeat is answered without waking the object", async () => {
  const ann = await open(beckon.url, { key: "sleepy", id: "ann", token: "t" });
  assert.equal(await ann.next(), OPEN);
  await beckon.evict("realm:sleepy");
  for (let beat = 0; beat < 3; beat++) {
    ann.send(HEARTBEAT);
    assert.equal(await ann.next(), "pong");
  }
  assert.equal(await beckon.isAwake("realm:sleepy"), false);
  ann.send('{"type": "HEARTBEAT"}'); // other clients write it with a space: that one does
  ann.send({ type: "OFFER", dst: "ann" });
  assert.equal(await ann.next(), '{"type":"OFFER","src":"ann","dst":"ann"}');
  assert.equal(await beckon.isAwake("realm:sleepy"), true);
});

test("what needs no waiting is never stored", async () => {
  const [ann, bob] = [await open(beckon.url, { key: "dry", id: "ann", token: "t" }), await open(beckon.url, { key: "dry", id: "bob", token: "t" })];
  await bob.next();
  ann.send({ type: "OFFER", dst: "bob" });
  await bob.next();
  assert.deepEqual(await beckon.sql("realm:dry", "SELECT name FROM sqlite_master WHERE name = 'waiting'"), []);
});

test("a deploy closes the sockets, and everybody can come back", async () => {
  const ann = await open(beckon.url, { key: "deployed", id: "ann", token: "t" });
  await beckon.evict("realm:deployed", "close");
  await ann.closed();
  const again = await open(beckon.url, { key: "deployed", id: "ann", token: "other" });
  assert.equal(await again.next(), OPEN);
});

test("nothing that identifies a peer is logged", async () => {
  const ann = await open(beckon.url, { key: "quiet-key", id: "quiet-id", token: "quiet-token" });
  ann.send("nonsense");
  ann.send({ type: "OFFER", dst: "nobody", payload: { sdp: "quiet-sdp" } });
  await ann.close();
  assert.doesNotMatch(JSON.stringify(beckon.logs()), /quiet/);
  // On Cloudflare requests are logged with their addresses, unless told not to.
  const config = readFileSync(new URL("../../wrangler.toml", import.meta.url), "utf8");
  assert.match(config, /^\[observability\]\nenabled = true\nredact_query_string = true\b/m);
  // Wrangler leaves out, with no more than a warning, what is not where its schema has it.
  const schema = JSON.parse(readFileSync(new URL("../../node_modules/wrangler/config-schema.json", import.meta.url), "utf8"));
  assert.ok(schema.definitions.Observability.properties.redact_query_string, "the name that this wrangler has for it");
});
