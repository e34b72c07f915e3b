// An object that keeps nothing has an empty storage, whatever it kept before, and on a machine of your own no file either.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { serve } from "../../tools/serve.mjs";
import { sweep } from "../../package/server/sweep.js";
import { startBeckon } from "./beckon.mjs";
import { startFaulty } from "./faulty.mjs";
import { heardBy, open } from "./socket.mjs";
import { eventually, soonAfter } from "./time.mjs";

const OPEN = '{"type":"OPEN"}';
/** For how long what is for an absent peer waits here. */
const EXPIRE_MS = 300;
const EXPIRE = (absent, asker) => `{"type":"EXPIRE","src":"${absent}","dst":"${asker}"}`;
/** What waits is delivered, if its receiver comes in time: on a machine that is too slow, somebody else comes. */
async function assertDelivered({ url, key, ann, to }, step = async () => {}) {
  let id = to;
  /** @type {string[][]} */
  let [told, heard] = [[], []];
  await soonAfter(
    EXPIRE_MS,
    async (again) => {
      if (again && heard.length === 1 && !told.length) assert.equal(await ann.next(), EXPIRE(id, "ann"));
      if (again) id += "x";
      return async () => {
        ann.send({ type: "OFFER", dst: id, payload: 1 });
        told = await heardBy(ann, "ann");
        await step();
      };
    },
    async () => {
      const late = await open(url, { key, id, token: "t" });
      heard = await heardBy(late, id);
      late.close().catch(() => {}); // nobody waits for it
    },
    () => heard.length === 2,
  );
  assert.deepEqual(heard, [OPEN, `{"type":"OFFER","src":"ann","dst":"${id}","payload":1}`]);
}

for (const evicting of [false, true]) {
  describe(evicting ? "evicted between any two steps" : "awake", () => {
    let beckon;
    before(async () => (beckon = await startBeckon({ vars: { EXPIRE_TIMEOUT_MS: `${EXPIRE_MS}`, OWNER_GRACE_MS: "500" } })));
    after(() => beckon.close());
    const tables = async (name) => (await beckon.sql(name, "SELECT name FROM sqlite_master WHERE name IN ('waiting', 'reserved', 'named')")).length;
    const emptied = (name) => eventually(`${name} is empty`, async () => (await tables(name)) === 0);
    const step = async (key) => evicting && beckon.evict(`realm:${key}`);

    test("what waited and what was kept is gone with its tables, again and again", async () => {
      const key = "again";
      const ann = await open(beckon.url, { key, id: "ann", token: "t" });
      assert.equal(await ann.next(), OPEN);
      assert.equal(await tables(`realm:${key}`), 0, "nothing was stored");
      for (let round = 0; round < 3; round++) {
        await step(key);
        ann.send({ type: "OFFER", dst: "nobody", payload: round });
        await step(key);
        assert.equal(await ann.next(), EXPIRE("nobody", "ann"));
        await emptied(`realm:${key}`);
        await step(key);
        const owner = await open(beckon.url, { key, id: `owner${round}`, token: "a-token-of-22-characters-or-more" });
        assert.equal(await owner.next(), OPEN);
        await owner.close();
        await step(key);
        await emptied(`realm:${key}`);
      }
    });

    test("what is delivered before its time, too; and what still waits is not given up for what is done", async () => {
      const key = "delivered";
      const ann = await open(beckon.url, { key, id: "ann", token: "t" });
      await ann.next();
      await assertDelivered({ url: beckon.url, key, ann, to: "bob" }, () => step(key));
      const begun = Date.now();
      // One after the other, so that at the alarm of each another one waits.
      let sent = 0;
      while (Date.now() - begun < 1_500) {
        ann.send({ type: "OFFER", dst: `nobody${sent++}`, payload: 1 });
        await new Promise((settle) => setTimeout(settle, 100));
        await step(key);
      }
      for (let heard = 0; heard < sent; heard++) assert.equal(await ann.next(), EXPIRE(`nobody${heard}`, "ann"));
      await emptied(`realm:${key}`);
    });
  });
}

test("a trap in the alarm, or a storage that fails, costs nothing of it", async (t) => {
  const beckon = await startFaulty(t, { vars: { EXPIRE_TIMEOUT_MS: `${EXPIRE_MS}` } });
  const ann = await open(beckon.url, { key: "k", id: "ann", token: "t" });
  await ann.next();
  for (const fault of ["alarmTrap", "CREATE", "INSERT", "DELETE", "setAlarm"]) {
    await beckon.faults({ [fault]: "1" });
    ann.send({ type: "OFFER", dst: `nobody-${fault}`, payload: 1 });
    assert.equal(await ann.next(), EXPIRE(`nobody-${fault}`, "ann"));
    await eventually(
      `all is deleted after ${fault}`,
      async () => (await beckon.sql("realm:k", "SELECT name FROM sqlite_master WHERE name = 'waiting'")).length === 0,
    );
    // And it is made again.
    await assertDelivered({ url: beckon.url, key: "k", ann, to: `late-${fault}` });
  }
});

test("two hundred keys that somebody thought of leave no file", async (t) => {
  const data = mkdtempSync(join(tmpdir(), "beckon-files-"));
  let server = await serve({ port: 0, ip: "127.0.0.1", data, vars: { EXPIRE_TIMEOUT_MS: `${EXPIRE_MS}`, ALLOW_DISCOVERY: "true" } });
  t.after(async () => {
    await server.close();
    rmSync(data, { recursive: true, force: true });
  });
  const url = new URL(`http://127.0.0.1:${server.port}/`);
  const objects = join(data, "objects");
  const files = () => readdirSync(objects, { recursive: true, encoding: "utf8" }).filter((name) => /[0-9a-f]{64}\.sqlite/.test(name));
  for (let key = 0; key < 200; key += 20) {
    await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        const ann = await open(url, { key: `key${key + n}`, id: "ann", token: "t" });
        assert.equal(await ann.next(), OPEN);
        ann.send({ type: "OFFER", dst: "nobody", payload: 1 });
        assert.equal(await ann.next(), EXPIRE("nobody", "ann"));
        await ann.close();
        await (await fetch(new URL(`/other${key + n}/peers`, url))).text();
      }),
    );
  }
  assert.ok(files().length >= 400);
  // One that is awake keeps its file, and what it stores in it.
  const keeper = await open(url, { key: "keeper", id: "ann", token: "t" });
  await keeper.next();
  await eventually("all others are asleep, and swept away", () => (sweep(objects), files().filter((name) => name.endsWith(".sqlite")).length <= 1));
  keeper.send({ type: "OFFER", dst: "nobody", payload: 1 });
  assert.equal(await keeper.next(), EXPIRE("nobody", "ann"));
  // A key comes again.
  const again = await open(url, { key: "key7", id: "ann", token: "t" });
  assert.equal(await again.next(), OPEN);
  await assertDelivered({ url, key: "key7", ann: again, to: "bob" });

  // After a kill whatever is empty goes at the start; what holds something stays, and what is no database is not looked at.
  await server.close();
  server = await serve({ port: 0, ip: "127.0.0.1", data, vars: { EXPIRE_TIMEOUT_MS: "10000" } });
  const last = await open(new URL(`http://127.0.0.1:${server.port}/`), { key: "keeper", id: "ann", token: "t" });
  assert.equal(await last.next(), OPEN);
  last.send({ type: "OFFER", dst: "late", payload: "kept" });
  last.send({ type: "OFFER", dst: "ann", payload: "done" });
  assert.match(await last.next(), /done/);
  await server.close();
  const strange = join(objects, "Room", `${"0".repeat(64)}.sqlite`);
  writeFileSync(strange, "x".repeat(4096));
  sweep(objects, { alone: true });
  assert.ok(existsSync(strange));
  rmSync(strange);
  assert.ok(files().length > 0, "what waits for somebody");
  server = await serve({ port: 0, ip: "127.0.0.1", data, vars: { EXPIRE_TIMEOUT_MS: `${EXPIRE_MS}` } });
  await eventually("its alarm has come, and then nothing is left", () => (sweep(objects), files().length === 0));
});
