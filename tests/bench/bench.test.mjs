// What the bench says can be trusted, and what of it is not a matter of a machine's mood holds: run with every `npm test`.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { connection, gentle, homes } from "./connection.js";
import { withServers } from "./contest.js";
import { perConnection, perMonthIdle } from "./cost.js";
import { Histogram, median, medians, quantile } from "./figures.js";
import { answer, candidate, HEARTBEAT, offer, OFFER_BYTES } from "./frames.js";
import { homeOf } from "./homes.js";
import { countsOf } from "./idle.js";
import { relayRound } from "./relay.js";
import { beckon, floor, peerServer } from "./servers.js";
import { upload } from "./sizes.js";
import { clientFrame, open, openAll, serverFrames } from "./socket.js";
import { judge, targets } from "./targets.js";

const DIST = new URL("../../dist", import.meta.url).pathname;
/** Long enough for a busy machine. */
const DEADLINE_MS = 30_000;

const servers = await Promise.all([
  beckon("Beckon", DIST, { counted: true, vars: { FRAMES_PER_SECOND: "0", BYTES_PER_SECOND: "0" } }),
  floor("floor", { counted: true }),
  peerServer(),
  beckon("Beckon with hooks", DIST, { counted: true, vars: { HOOKED: "yes" } }),
]);
const [hooked] = servers.splice(3);
after(() => Promise.all([...servers, hooked].map((server) => server.close())));
const [ours, least] = servers;
/** Who beats, and how often: a thousand heartbeats. */
const [IDLE, BEATS] = [200, 5];

/** Waits for something that happens elsewhere. */
async function until(what, check) {
  for (const end = Date.now() + DEADLINE_MS; !(await check()); await new Promise((settle) => setTimeout(settle, 10))) {
    assert.ok(Date.now() < end, `never came true: ${what}`);
  }
}

test("its arithmetic is right", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.ok(Number.isNaN(median([])));
  assert.deepEqual(
    medians([
      { a: 1, b: 9 },
      { a: 5, b: 7 },
      { a: 2, b: 8 },
    ]),
    { a: 2, b: 8 },
  );
  const hundred = Array.from({ length: 100 }, (_, n) => 100 - n);
  const histogram = new Histogram();
  for (const us of hundred) histogram.add(us + 0.5);
  for (const part of [0.01, 0.5, 0.99, 1]) {
    assert.equal(histogram.quantile(part), part * 100);
    assert.equal(quantile(hundred, part), part * 100);
  }
  histogram.add(1e9);
  assert.deepEqual([histogram.total, histogram.quantile(1)], [101, 200_000]);
});

test("a bill is what a pocket calculator says", () => {
  const counted = { requests: 2, frames: 20, joinUs: 1000, connectUs: 2000, wakesPerHeartbeat: 0 };
  // 4 requests, 2 ms of CPU, 2 + 20 / 20 requests of the object, 4 ms of it at 128 MB.
  assert.ok(Math.abs(perConnection(counted).dollarsPerMillion - (4 * 0.3 + 2 * 0.02 + 3 * 0.15 + 0.004 * 0.128 * 12.5)) < 1e-9);
  // And 480 heartbeats more.
  assert.ok(Math.abs(perConnection({ ...counted, wakesPerHeartbeat: 1 }).objectRequests - (3 + 24)) < 1e-9);
  // 518.4 million heartbeats of 100 us each, or a month of 2.592 million seconds.
  const idle = (wakesPerHeartbeat, neverRests) => perMonthIdle(1000, { wakesPerHeartbeat, wakeUs: 100, neverRests });
  assert.equal(idle(0, false), 0);
  assert.ok(Math.abs(idle(1, false) - (518.4 / 20) * 0.15 - 0.128 * 0.05184 * 12.5) < 1e-9);
  assert.ok(Math.abs(idle(1, true) - (518.4 / 20) * 0.15 - 0.128 * 2.592 * 12.5) < 1e-9);
});

test("a target is met or not by what is printed", () => {
  const figures = (room) => ({ hello: { rows: [{ "bare pages": 100, "PeerJS on PeerServer": 200, "PeerJS on Beckon": 125, room }] } });
  const verdict = (room) => judge(figures(room)).map(({ Beckon, met }) => [Beckon, met]);
  assert.deepEqual(verdict(125.4), [
    [1.25, "yes"],
    [1, "yes"],
  ]);
  assert.deepEqual(verdict(126), [
    [1.26, "NO"],
    [1.01, "NO"],
  ]);
  assert.deepEqual(verdict(NaN), [
    [NaN, "NO"],
    [NaN, "NO"],
  ]);
});

test("each target says what it means, and docs/performance.md has it", () => {
  const paper = readFileSync(new URL("../../docs/performance.md", import.meta.url), "utf8");
  for (const { what, means } of targets) assert.match(paper, new RegExp(`^\\| ${what} \\| [\\d.]+ \\| [^|]+ \\| ${means} \\|$`, "m"), what);
});

test("what it sends is what the stock client sends", () => {
  for (const frame of [offer("bob", "dc_1"), answer("bob", "dc_1")]) assert.equal(Buffer.byteLength(frame), OFFER_BYTES);
  const keys = (text) => Object.keys(JSON.parse(text).payload).join();
  assert.equal(keys(offer("bob", "dc_1")), "sdp,type,connectionId,label,reliable,serialization");
  assert.equal(keys(answer("bob", "dc_1")), "sdp,type,connectionId");
  assert.equal(keys(candidate("bob", "dc_1", 1)), "candidate,type,connectionId");
});

test("it cuts what comes into frames, wherever it is cut in two", () => {
  const head = (size) => (size < 126 ? [0x81, size] : [0x81, 126, size >> 8, size & 255]);
  const texts = ["", "pong", "x".repeat(125), "y".repeat(126), "z".repeat(3000)];
  const bytes = Buffer.concat(texts.flatMap((text) => [Buffer.from(head(text.length)), Buffer.from(text)]));
  for (let cut = 0; cut <= bytes.length; cut++) {
    const found = [];
    const take = (opcode, payload) => found.push([opcode, payload.toString()]);
    const eaten = serverFrames(bytes.subarray(0, cut), take);
    serverFrames(bytes.subarray(eaten), take);
    assert.deepEqual(
      found,
      texts.map((text) => [1, text]),
    );
  }
  assert.throws(() => serverFrames(Buffer.from([0x01, 0]), () => {}), /in pieces/);
});

test("the floor and Beckon relay the same frames, and they are PeerServer's", async () => {
  const relayed = [];
  for (const server of servers) {
    const [ann, bob] = await openAll(server.port, [{ id: "ann" }, { id: "bob" }]);
    const heard = [];
    bob.onText = (payload) => heard.push(payload.toString());
    const frames = [offer("bob", "dc_1"), ...Array.from({ length: 8 }, (_, n) => candidate("bob", "dc_1", n)), answer("bob", "dc_1")];
    for (const frame of frames) ann.send(clientFrame(frame));
    await until(`${server.name} relays`, () => heard.length === frames.length);
    relayed.push(heard);
    for (const wire of [ann, bob]) wire.close();
  }
  const [theirs] = relayed.splice(2);
  assert.match(theirs[0], /^\{"type":"OFFER","src":"ann","dst":"bob","payload":\{"sdp":/);
  assert.deepEqual(relayed, [theirs, theirs]);
});

test("stock heartbeats wake no object, with hooks or without; anything else would be counted", async () => {
  for (const server of [ours, least, hooked]) {
    await until(`${server.name}: those who came before have gone`, async () => {
      const { fetch, close } = await countsOf(server);
      return fetch === close;
    });
    const wires = await openAll(
      server.port,
      Array.from({ length: IDLE }, (_, n) => ({ id: `idle-${n}` })),
    );
    let pongs = 0;
    for (const wire of wires) wire.onText = (payload) => (pongs += Number(payload.toString() === "pong"));
    const before = await countsOf(server);
    const beat = clientFrame(HEARTBEAT);
    for (let n = 0; n < BEATS; n++) for (const wire of wires) wire.send(beat);
    await until("a thousand heartbeats are answered", () => pongs === IDLE * BEATS);
    assert.deepEqual(await countsOf(server), before, server.name);
    const { onConnect, onMessage } = before;
    assert.deepEqual([onConnect, onMessage], server === hooked ? [IDLE, undefined] : [undefined, undefined], "each who came was told of");
    wires[0].send(clientFrame('{"type":"HEARTBEAT" }')); // one that the runtime does not know
    await until(`${server.name}: it is woken`, async () => (await countsOf(server)).message === before.message + 1);
    for (const wire of wires) wire.close();
  }
});

test("a round at saturation gives figures, and a server that refuses is no fast one", async () => {
  const round = await relayRound(ours, { pairs: 2, seconds: 0.2, warmUp: 0.1 });
  for (const [what, value] of Object.entries(round)) assert.ok(value > 0 && Number.isFinite(value), `${what}: ${value}`);
  await open(ours.port, { id: "taken", key: "taken" });
  await assert.rejects(open(ours.port, { id: "taken", key: "taken", query: "&token=another" }), /ID-TAKEN/);
});

test("a round of connections gives figures: at saturation, at a pace, and across homes", async () => {
  const options = {
    builds: /** @type {[string, string][]} */ ([["Beckon", DIST]]),
    vars: {},
    takesPart: () => false,
    rounds: 1,
    seconds: 0.3,
    minutes: 0,
    quick: true,
  };
  for (const { rows } of await Promise.all([connection, gentle, homes].map(({ measure }) => measure(options)))) {
    assert.deepEqual(
      rows.map(({ server }) => server),
      ["Beckon"],
    );
    for (const what of ["us/connection", "connections/s", "p50 us", "p99 us"])
      assert.ok(rows[0][what] > 0 && Number.isFinite(rows[0][what]), `${what}: ${rows[0][what]}`);
  }
});

test("pairs across homes are across homes", async () => {
  await withServers([{ name: "homes", start: () => beckon("homes", DIST, { counted: true, vars: { PUBLIC_HOMES: "8" } }) }], async ([server]) => {
    const home = homeOf("ann", 8);
    const names = (same) => Array.from({ length: 100 }, (_, n) => `bob${n}`).find((name) => (homeOf(name, 8) === home) === same);
    const calls = async (name) => {
      const [ann, bob] = await openAll(server.port, [{ id: "ann" }, { id: name }]);
      const { take } = await countsOf(server);
      const arrived = new Promise((settle) => (bob.onText = settle));
      ann.send(clientFrame(offer(name, "dc_1")));
      await arrived;
      for (const wire of [ann, bob]) wire.close();
      await Promise.all([ann.closed, bob.closed]);
      return (await countsOf(server)).take - take;
    };
    assert.equal(await calls(names(true)), 0);
    assert.equal(await calls(names(false)), 1);
  });
});

test("the Worker's upload is at most 150 kB after gzip", async () => {
  const bytes = await upload(DIST);
  console.log(`# ${bytes} bytes`);
  assert.ok(bytes <= 150_000, `${bytes} bytes`);
});
