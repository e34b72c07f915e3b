// Limits, on the real platform: how often one network may come, how long a frame may be, which pages may connect; and that a class of
// stock clients meets none of them.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBeckon } from "./beckon.mjs";
import { open } from "./socket.mjs";
import { inOneMinute } from "./time.mjs";

const OPEN = '{"type":"OPEN"}';
const error = (msg, code) => JSON.stringify({ type: "ERROR", payload: { msg, ...(code && { code }) } });

describe("how often one network may come", () => {
  let beckon;
  before(async () => (beckon = await startBeckon()));
  after(() => beckon.close());
  const from = (address) => ({ "CF-Connecting-IP": address });
  const ask = (path, address) => beckon.fetch(path, { headers: { Origin: "https://app.example", ...from(address) } });

  test("a class of forty behind one address, with calls of forty candidates, loads its page four times in a minute and hears of no limit", async () => {
    const school = "192.0.2.1";
    const teacher = await open(beckon.url, { key: "peerjs", id: "teacher", token: "t" }, "/peerjs", from(school));
    assert.equal(await teacher.next(), OPEN);
    for (let load = 0; load < 4; load++) {
      const pupils = await Promise.all(
        Array.from({ length: 40 }, async (_, n) => {
          const answer = await ask("/peerjs/id", school);
          assert.equal(answer.status, 200);
          const socket = await open(beckon.url, { key: "peerjs", id: await answer.text(), token: `token${n}` }, "/peerjs", from(school));
          assert.equal(await socket.next(), OPEN);
          return socket;
        }),
      );
      for (const pupil of pupils) {
        pupil.send({ type: "OFFER", dst: "teacher", payload: { type: "media", sdp: "x".repeat(6_000) } });
        for (let candidate = 0; candidate < 40; candidate++) pupil.send({ type: "CANDIDATE", dst: "teacher", payload: { candidate } });
        pupil.send('{"type":"HEARTBEAT"}');
      }
      for (let frame = 0; frame < 40 * 41; frame++) assert.match(await teacher.next(), /^\{"type":"(OFFER|CANDIDATE)"/);
      for (const pupil of pupils) {
        assert.deepEqual([await pupil.next(), pupil.rest()], ["pong", []]);
        await pupil.close();
      }
    }
  });

  test("a crowd from one address is told to wait, and nobody else is", async (t) => {
    // Fewer than a deploy allows: a busy machine must get through them, and through what follows, within one minute.
    const change = (config) => config.replace("limit = 1200, period = 60", "limit = 40, period = 60");
    const beckon = await startBeckon({ vars: { ALLOW_DISCOVERY: "true" }, change });
    t.after(() => beckon.close());
    const ask = (path, address) => beckon.fetch(path, { headers: { Origin: "https://app.example", ...from(address) } });
    await inOneMinute((again) => crowd(beckon, ask, `2001:db8:${again}`));
  });

  /** `network`: the beginning of IPv6 addresses that nobody has used. */
  async function crowd(beckon, ask, network) {
    for (let asked = 0; asked < 40; asked++) assert.equal((await ask("/peerjs/id", `${network}::1`)).status, 200);
    const answer = await ask("/peerjs/id", `${network}::1`);
    const sentence = "Too many connections from your network in a short time: wait 60 seconds and try again";
    assert.deepEqual([answer.status, answer.headers.get("retry-after"), await answer.text()], [429, "60", `${sentence}\n`]);
    assert.equal(answer.headers.get("access-control-allow-origin"), "https://app.example");
    assert.equal((await ask("/peerjs/peers", `${network}::2`)).status, 429, "the same /64");
    for (const path of ["/", "/health", "/peerjs/ice", "/paths/stun"]) assert.notEqual((await ask(path, `${network}::1`)).status, 429, path);

    const knock = (query, address) => open(beckon.url, { key: "k", token: "t", ...query }, "/peerjs", from(address));
    const stock = await knock({ id: "ann" }, `${network}::3`);
    assert.deepEqual([await stock.next(), (await stock.closed()).code], [error(sentence), 1005]);
    // A room's client takes a frame before OPEN for final, and anything else for a server that will be back.
    const room = await knock({ roster: "1" }, `${network}::4`);
    assert.deepEqual([(await room.closed()).code, room.rest()], [1013, []]);

    for (const address of [`${network}:1::1`, "192.0.2.9", "127.0.0.1"]) {
      const other = await knock({ id: address }, address);
      assert.equal(await other.next(), OPEN, address);
    }
  }

  test("whoever has no network to be limited by is not limited", async () => {
    const sockets = await Promise.all(Array.from({ length: 100 }, (_, n) => open(beckon.url, { key: "many", id: `n${n}`, token: "t" })));
    for (const socket of sockets) assert.equal(await socket.next(), OPEN);
  });
});

describe("how long a frame may be", () => {
  let beckon;
  before(async () => (beckon = await startBeckon({ vars: { STUN_URLS: "" } })));
  after(() => beckon.close());
  const MIB = 1024 * 1024;
  let keys = 0;

  for (const [who, limit, query] of /** @type {[string, number, { roster?: string }][]} */ ([
    ["stock clients", 272 * 1024, {}],
    ["rooms", 64 * 1024, { roster: "1" }],
  ])) {
    for (const kind of ["text", "binary"]) {
      test(`${kind}, of ${who}`, async () => {
        const key = `sizes${++keys}`;
        const join = (id) => open(beckon.url, { key, id, token: "t", ...query });
        const bob = await join("bob");
        await bob.next();
        for (const size of [0, 1, limit - 1, limit, limit + 1, MIB, 31 * MIB]) {
          const ann = await join("ann");
          await ann.next();
          if (query.roster) assert.match(await bob.next(), /JOIN/);
          const [head, tail] = ['{"type":"OFFER","dst":"bob","payload":"', '"}'];
          const frame = size < 50 ? "x".repeat(size) : head + "x".repeat(size - head.length - tail.length) + tail;
          ann.send(kind === "binary" ? Buffer.from(frame) : frame);
          if (size > limit) {
            assert.match(await ann.next(), new RegExp(`too long: one may have at most ${limit} bytes`), `${size}`);
            assert.deepEqual(await ann.closed(), { code: 1009, reason: "frame-too-long" }, `${size}`);
          } else {
            if (size < 50) assert.match(await ann.next(), /not a JSON object/, `${size}`);
            else assert.equal(JSON.parse(await bob.next()).payload.length, size - head.length - tail.length, `${size}`);
            await ann.close(1000);
          }
          if (query.roster) assert.match(await bob.next(), /LEAVE|LOST/);
          assert.deepEqual(bob.rest(), [], "nobody else hears of it");
        }
      });
    }
  }

  test("what counts is bytes, not letters", async () => {
    const ann = await open(beckon.url, { key: "bytes", token: "t", roster: "1" });
    await ann.next();
    ann.send(`{"type":"MESSAGE","dst":"x","payload":"${"é".repeat(32 * 1024)}"}`);
    assert.equal((await ann.closed()).code, 1009);
  });
});

describe("which pages may connect", () => {
  const LISTED = "https://app.example";
  const lists = { "no list": "", "a list": `https://first.example, ${LISTED}` };
  const running = {};
  before(async () => {
    for (const [name, ALLOWED_ORIGINS] of Object.entries(lists)) running[name] = await startBeckon({ vars: { ALLOWED_ORIGINS } });
  });
  after(() => Promise.all(Object.values(running).map((beckon) => beckon.close())));
  const refused = "Pages of this origin may not connect here: its operator can list it in ALLOWED_ORIGINS";

  for (const list of Object.keys(lists)) {
    for (const who of ["absent", "same", "listed", "other", "null"]) {
      test(`${list}, origin ${who}`, async () => {
        const beckon = running[list];
        const origin = { absent: undefined, same: beckon.url.origin, listed: LISTED, other: "https://other.example", null: "null" }[who];
        const headers = origin ? { Origin: origin } : {};
        const allowed = list === "no list" || ["absent", "same", "listed"].includes(who);

        const stock = await open(beckon.url, { key: "peerjs", id: who, token: "t" }, "/peerjs", headers);
        assert.equal(await stock.next(), allowed ? OPEN : error(refused));
        if (!allowed) assert.equal((await stock.closed()).code, 1005);
        const room = await open(beckon.url, { key: "room", token: "t", roster: "1" }, "/peerjs", headers);
        const first = JSON.parse(await room.next());
        assert.deepEqual([first.type, first.payload.code], allowed ? ["OPEN", undefined] : ["ERROR", "wrong-origin"]);
        if (!allowed) assert.deepEqual(JSON.parse(error(refused, "wrong-origin")), first);

        const answer = await beckon.fetch("/peerjs/id", { headers });
        assert.equal(answer.status, 200);
        // The page's own origin needs no leave to read.
        const readable = origin && (list === "no list" || who === "listed") ? origin : null;
        assert.deepEqual([answer.headers.get("access-control-allow-origin"), answer.headers.get("vary")], [readable, "Origin"]);
      });
    }
  }
});
