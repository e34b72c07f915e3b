// What the operator sees: faults, each one line of JSON, once; counts, where there is something to count into; and in all of it not
// one secret, name or word of a peer, whatever happens.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { startBeckon } from "./beckon.mjs";
import { startFaulty } from "./faulty.mjs";
import { open } from "./socket.mjs";
import { eventually } from "./time.mjs";

const OPEN = '{"type":"OPEN"}';
/** The faults among what was logged. */
const faults = (beckon) =>
  beckon.logs().flatMap(({ message }) => {
    try {
      const line = JSON.parse(message);
      return line.fault ? [line] : [];
    } catch {
      return [];
    }
  });

describe("faults", () => {
  test("a variable that is wrong is a line of JSON for each request", async (t) => {
    const beckon = await startBeckon({ vars: { TURN_TTL_S: "1" } });
    t.after(() => beckon.close());
    await beckon.fetch("/health");
    await eventually("it is logged", () => faults(beckon).length);
    assert.deepEqual(faults(beckon), [
      {
        fault: "a variable is wrong",
        error: "The variable TURN_TTL_S must be a number of seconds from 60 to 86400. Change it where it is set, then deploy or start again.",
      },
    ]);
  });

  test("an object that fails is a line too, and who asked is answered", async (t) => {
    const beckon = await startBeckon({ vars: { ALLOW_DISCOVERY: "true" } });
    t.after(() => beckon.close());
    await beckon.fetch("/k/peers");
    await beckon.sql("realm:k", "CREATE TABLE named (other TEXT)"); // not as we make it
    await beckon.sql("realm:k", "INSERT INTO named VALUES ('x')");
    await beckon.evict("realm:k");
    const answer = await beckon.fetch("/k/peers");
    assert.deepEqual([answer.status, await answer.text()], [500, "Something is broken here, and has been noted for its operator: try again in a minute.\n"]);
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
    await eventually("it is logged", () => faults(beckon).length);
    const [line, ...more] = faults(beckon);
    assert.deepEqual([line.fault, more], ["a request could not be answered", []]);
    assert.match(line.error, /no such table|no such column/);
  });
});

describe("a life in which everything goes wrong leaves no name in the log", () => {
  // Everything that identifies somebody, or opens something, has this in it; and so would any part of it that were shown.
  const mark = (what) => `xyzzy-${what}`;
  const secrets = { TURN_KEY_API_TOKEN: mark("api-token") };
  let beckon, api, end;
  before(async () => {
    api = createServer((_request, response) => response.writeHead(500).end(mark("answer"))).listen(0, "127.0.0.1");
    await new Promise((ready) => api.on("listening", ready));
    const vars = {
      TURN_KEY_ID: "xyzzy",
      TURN_API_URL: `http://127.0.0.1:${api.address().port}`,
      ALLOW_DISCOVERY: "true",
      PUBLIC_HOMES: "3",
      ROOM_CAPACITY: "2",
    };
    const more = { EXPIRE_TIMEOUT_MS: "500", OWNER_GRACE_MS: "500", ALLOWED_ORIGINS: "https://app.example" };
    beckon = await startFaulty({ after: (close) => (end = close) }, { vars: { ...vars, ...more }, secrets, patient: true });
  });
  after(async () => {
    await end();
    api.closeAllConnections();
    api.close();
  });

  test("and what must be there, is", async () => {
    const headers = { "CF-Connecting-IP": "192.0.2.77" };
    const join = (query, more = {}) => open(beckon.url, { key: "peerjs", token: mark("token"), ...query }, "/peerjs", { ...headers, ...more });
    for (const key of ["peerjs", mark("key")]) {
      const [ann, bob] = [await join({ key, id: mark("ann") }), await join({ key, id: mark("bob"), token: mark("long-token-of-an-owner") })];
      assert.deepEqual([await ann.next(), await bob.next()], [OPEN, OPEN]);
      for (const type of ["OFFER", "ANSWER", "CANDIDATE", "LEAVE", "OPEN", "NONSENSE"]) ann.send({ type, dst: mark("bob"), payload: { sdp: mark("sdp") } });
      await bob.next();
      ann.send({ type: "OFFER", dst: mark("nobody"), payload: mark("payload") });
      ann.send(`{"broken": "${mark("json")}`);
      ann.send(Buffer.from([0xff, 0xfe]));
      assert.match(await (await join({ key, id: mark("ann"), token: mark("guess") })).next(), /ID-TAKEN/);
      await beckon.evict(`realm:${mark("key")}`);
      await beckon.evictAll();
      ann.send({ type: "OFFER", dst: mark("bob"), payload: "x".repeat(300_000) });
      assert.equal((await ann.closed()).code, 1009);
      bob.cut();
      await beckon.fetch(`/${key}/peers?${mark("query")}`);
      await beckon.fetch(`/${key}/ice?id=${mark("bob")}&token=${mark("guess")}`, { headers });
    }
    for (const query of [{ id: "" }, { id: mark("x").repeat(100) }, { token: mark("x").repeat(1_000) }, { roster: "1" }])
      await (await join({ id: mark("id"), ...query })).closed();
    await (await join({ id: mark("id") }, { Origin: `https://${mark("origin")}.example` })).closed();
    const rooms = [];
    for (let member = 0; member < 3; member++) rooms.push(await join({ key: mark("room"), id: mark(`member${member}`), roster: "1" }));
    assert.equal(JSON.parse(await rooms[0].next()).payload.degraded, true);
    rooms[0].send({ type: "MESSAGE", dst: mark("member1"), payload: mark("sealed") });
    await rooms[2].closed();
    await beckon.evict(`room:${mark("room")}`, "close");
    await beckon.fetch(`/${mark("path")}/${mark("more")}?${mark("query")}`, { headers: { Authorization: mark("authorization"), Cookie: mark("cookie") } });
    await assert.rejects(open(beckon.url, { key: "peerjs", id: mark("id"), token: mark("token") }, `/${mark("elsewhere")}`));
    // What waits, expires: what waits for the same peer in the same object, and came later, has.
    for (const key of ["peerjs", mark("key")]) {
      const last = await join({ key, id: mark("last") }, { Origin: "https://app.example" });
      assert.equal(await last.next(), OPEN);
      last.send({ type: "OFFER", dst: mark("nobody") });
      assert.match(await last.next(), /EXPIRE/);
    }
    const lines = faults(beckon);
    assert.deepEqual([...new Set(lines.map(({ fault }) => fault))], ["no TURN servers from Cloudflare, peers are told of STUN alone"]);
    assert.deepEqual([...new Set(lines.map(({ error }) => error))], ["it answers 500"]);
    const logged = JSON.stringify(beckon.logs());
    assert.doesNotMatch(logged, /xyzzy/);
    assert.doesNotMatch(logged, /192\.0\.2\.77/);
  });
});

describe("counts", () => {
  test("joins, relayed frames and refusals are counted where there is a dataset, and say nothing else", async (t) => {
    const beckon = await startBeckon({ counting: true, vars: { ROOM_CAPACITY: "1", ALLOWED_ORIGINS: "https://app.example" } });
    t.after(() => beckon.close());
    const [ann, bob] = [await open(beckon.url, { key: "peerjs", id: "ann", token: "t" }), await open(beckon.url, { key: "peerjs", id: "bob", token: "t" })];
    for (let frame = 0; frame < 64; frame++) ann.send({ type: "CANDIDATE", dst: "bob", payload: frame });
    for (let frame = 0; frame < 65; frame++) await bob.next();
    for (let member = 0; member < 2; member++) await (await open(beckon.url, { key: "room", token: "t", roster: "1" })).next();
    await (await open(beckon.url, { key: "peerjs", id: "ann", token: "other" })).closed();
    await (await open(beckon.url, { key: "peerjs", id: "x", token: "t" }, "/peerjs", { Origin: "https://evil.example" })).closed();
    await (await open(beckon.url, { key: "peerjs", id: "x" })).closed();
    ann.send("x".repeat(300_000));
    await ann.closed();
    for (const [path, status] of /** @type {[string, number][]} */ ([
      ["/paths/turn-tls", 204],
      ["/paths/turn-tls", 204],
      ["/paths/direct", 204],
      ["/paths/elsewhere", 404],
      ["/paths/", 404],
    ])) {
      assert.equal((await beckon.fetch(path, { method: "POST" })).status, status, path);
    }
    assert.equal((await (await beckon.fetch("/health")).json()).counts, true);
    const points = await eventually("all are counted", async () => {
      const points = await beckon.points();
      return points.some(({ blobs }) => blobs[0] === "frame-too-long") && points.length >= 15 && points;
    });
    const [sums, bytes] = [{}, {}];
    for (const { indexes, blobs, doubles, ...more } of points) {
      assert.deepEqual([indexes, blobs.length, doubles.length, more], [blobs, 1, 2, {}]);
      sums[blobs[0]] = (sums[blobs[0]] ?? 0) + doubles[0];
      bytes[blobs[0]] = (bytes[blobs[0]] ?? 0) + doubles[1];
    }
    assert.deepEqual(
      Object.entries(bytes).filter(([, number]) => number > 0),
      [["frame-too-long", 278_532]],
      "as much as was read of it",
    );
    assert.deepEqual(sums, {
      join: 3,
      relay: 64,
      "room-full": 1,
      "id-taken": 1,
      "wrong-origin": 1,
      incomplete: 1,
      "frame-too-long": 1,
      "path-turn-tls": 2,
      "path-direct": 1,
    });
    assert.deepEqual(faults(beckon), []);
  });

  test("who floods is a point a second and a line a minute, and a row that waits is counted", async (t) => {
    const beckon = await startBeckon({ counting: true, vars: { EXPIRE_TIMEOUT_MS: "200" } });
    t.after(() => beckon.close());
    const ann = await open(beckon.url, { key: "xyzzy-key", id: "xyzzy-ann", token: "xyzzy-token" });
    await ann.next();
    const began = Date.now();
    for (let frame = 0; frame < 500; frame++) ann.send("{ xyzzy");
    for (let frame = 0; frame < 500; frame++) assert.match(await ann.next(), /not a JSON object/);
    const sum = (points, at) => points.filter(({ blobs }) => blobs[0] === "not-a-message").reduce((all, { doubles }) => all + doubles[at], 0);
    // What is not told yet is told with the next event.
    const points = await eventually("all of it is counted", async () => {
      ann.send({ type: "OFFER", dst: "xyzzy-nobody" });
      const points = await beckon.points();
      return sum(points, 0) >= 500 && points.some(({ blobs }) => blobs[0] === "row") && points;
    });
    const written = points.filter(({ blobs }) => blobs[0] === "not-a-message").length;
    assert.deepEqual([sum(points, 0), sum(points, 1)], [500, 500 * "{ xyzzy".length]);
    assert.ok(written <= 2 + (Date.now() - began) / 1_000, `${written} points`);
    const lines = beckon
      .logs()
      .map(({ message }) => message)
      .filter((message) => message.includes("refused"));
    assert.deepEqual(lines, ['{"refused":{"not-a-message":{"times":1,"bytes":7}}}'], "the others when the minute is over");
    assert.doesNotMatch(JSON.stringify(beckon.logs()) + JSON.stringify(points), /xyzzy/);
  });

  test("a deploy needs no dataset", async (t) => {
    const beckon = await startBeckon();
    t.after(() => beckon.close());
    const ann = await open(beckon.url, { key: "peerjs", id: "ann", token: "t" });
    assert.equal(await ann.next(), OPEN);
    assert.equal((await (await beckon.fetch("/health")).json()).counts, false);
    assert.equal((await beckon.fetch("/paths/direct", { method: "POST" })).status, 404, "who is not counted is not asked either");
    for (let frame = 0; frame < 64; frame++) ann.send({ type: "CANDIDATE", dst: "ann", payload: frame });
    for (let frame = 0; frame < 64; frame++) await ann.next();
    assert.deepEqual(
      beckon.logs().filter(({ level }) => level === "error" || level === "warn"),
      [],
    );
  });
});
