// After a slow path has been taken, a better one is looked for: when it is quiet, a few times, and not for ever. On a clock of the test's.
import assert from "node:assert/strict";
import { test } from "node:test";
import { orderCandidates } from "../../public/lib/candidate-order.js";
import { openCare } from "../../public/lib/late.js";
import { findPath } from "../../public/lib/path.js";
import { upgradePath } from "../../public/lib/path-upgrade.js";
import { tellTime } from "./clock.mjs";

const TLS = { slow: true, relayed: true };
const UDP = { slow: false, relayed: true };
const GOOD = { slow: false, relayed: false };
const MINUTE_S = 60;

/** A search on a clock that stands; `chance` is what is drawn each time. */
function open(t, chance = 0.5) {
  let now = 0;
  t.mock.timers.enable({ apis: ["setTimeout"] });
  t.after(tellTime(() => now));
  t.mock.method(Math, "random", () => chance);
  /** @type {Record<string, any>} */
  const world = { way: TLS, bytes: 0, each: 0, may: true, asked: 0, looks: 0, tries: [] };
  const search = upgradePath({
    polite: false,
    path: async () => (world.looks++, world.way && { ...world.way, bytes: world.bytes }),
    ask: () => (world.asked++, world.answer?.()),
    may: () => world.may,
    restart: () => (world.tries.push(now / 1_000), world.found?.()),
  });
  return {
    ...search,
    world,
    /** Lets time pass, in which `each` bytes move in every second. */
    async pass(seconds) {
      for (let n = 0; n < seconds * 2; n++) {
        now += 500;
        world.bytes += world.each / 2;
        t.mock.timers.tick(500);
        for (let turn = 0; turn < 4; turn++) await Promise.resolve();
      }
    },
  };
}

test("a path by TCP or TLS is tried three times to be bettered, each time later, and then no more", async (t) => {
  for (const chance of [0, 0.5, 0.999]) {
    await t.test(`chance ${chance}`, async (t) => {
      const { start, pass, world } = open(t, chance);
      start();
      await pass(10 * MINUTE_S);
      assert.equal(world.tries.length, 3, String(world.tries));
      const [first, second, third] = world.tries;
      assert.ok(first >= 3 && first <= 8, `the first after ${first} s`);
      assert.ok(second - first > first && third - second > 2 * (second - first), `no later each time: ${world.tries}`);
      assert.ok(world.looks <= 12, `${world.looks} looks`);
      assert.equal(world.asked, 3, "the other side was not asked each time");
      const { looks } = world;
      await pass(5 * MINUTE_S);
      assert.deepEqual([world.tries.length, world.looks], [3, looks], "it goes on without end");
    });
  }
});

test("a path by a relay over UDP is tried twice to be bettered, and one that nothing betters not at all", async (t) => {
  for (const [what, way, count] of /** @type {[string, typeof UDP, number][]} */ ([
    ["a relay", UDP, 2],
    ["none", GOOD, 0],
  ])) {
    await t.test(what, async (t) => {
      const { start, pass, world } = open(t);
      world.way = way;
      start();
      await pass(10 * MINUTE_S);
      assert.equal(world.tries.length, count);
      const { looks } = world;
      await pass(10 * MINUTE_S);
      assert.equal(world.looks, looks, "it is looked at for ever");
    });
  }
});

test("when a better one has been found, nothing more is tried", async (t) => {
  const { start, pass, world } = open(t);
  world.found = () => (world.way = GOOD);
  start();
  await pass(10 * MINUTE_S);
  assert.equal(world.tries.length, 1);
});

test("when the other side, asked, says that it has left the relay, nothing is tried", async (t) => {
  const { start, pass, world } = open(t);
  world.answer = () => (world.way = GOOD);
  start();
  await pass(10 * MINUTE_S);
  assert.deepEqual([world.asked, world.tries.length], [1, 0]);
});

test("nothing is tried while bytes move or something waits; it is as soon as it is quiet", async (t) => {
  const { start, pass, world } = open(t);
  world.each = 1_000;
  start();
  await pass(2 * MINUTE_S);
  assert.deepEqual(world.tries, [], "bytes moved");
  world.each = 0;
  world.may = false;
  await pass(2 * MINUTE_S);
  assert.deepEqual(world.tries, [], "something waited");
  world.may = true;
  await pass(3);
  assert.equal(world.tries.length, 1);
});

test("a path that is lost is not tried; one that comes after it has what was left of the tries, and all of them long after the last", async (t) => {
  const { start, stop, pass, world } = open(t);
  start();
  await pass(8);
  assert.equal(world.tries.length, 1);
  stop();
  await pass(5 * MINUTE_S);
  assert.equal(world.tries.length, 1, "it was tried while there was none");
  for (let n = 0; n < 20; n++) {
    start();
    await pass(10);
    stop();
  }
  assert.ok(world.tries.length <= 3, `${world.tries.length} tries on paths that come and go`);
  await pass(11 * MINUTE_S);
  const before = world.tries.length;
  start();
  await pass(10 * MINUTE_S);
  assert.equal(world.tries.length, before + 3);
});

/** What browsers say of a pair. @type {(local: object, remote: object, policy?: string) => Fake} */
const pc = (local, remote, policy = "all") => ({
  getConfiguration: () => ({ iceTransportPolicy: policy }),
  getStats: async () =>
    new Map(
      [
        { id: "T", selectedCandidatePairId: "P" },
        { id: "P", localCandidateId: "L", remoteCandidateId: "R", bytesSent: 3, bytesReceived: 4 },
        { id: "L", ...local },
        { id: "R", ...remote },
      ].map((report) => [report.id, report]),
    ),
});

test("what may be bettered is what both sides say is no path without a relay", async () => {
  const [host, udp, tls] = [{ candidateType: "host" }, { candidateType: "relay", relayProtocol: "udp" }, { candidateType: "relay", relayProtocol: "tls" }];
  for (const [local, remote, theirRelay, theirPath, path, slow, relayed] of /** @type {[Fake, Fake, string, string, string, boolean, boolean][]} */ ([
    [host, host, "", "direct", "direct", false, false],
    [host, host, "", "turn-tcp", "direct", false, false], // they take another pair than we
    [udp, udp, "udp", "stun", "turn-udp", false, false],
    [tls, udp, "", "direct", "turn-tls", false, false],
    [udp, udp, "udp", "turn-udp", "turn-udp", false, true],
    [udp, udp, "tls", "turn-tls", "turn-udp", true, true],
    [tls, udp, "udp", "turn-udp", "turn-tls", true, true],
    [host, udp, "tcp", "turn-tcp", "turn-tcp", true, true],
    [udp, host, "undefined", "undefined", "turn-udp", false, true], // an older page, or nonsense
  ])) {
    const way = await findPath(pc(local, remote), theirRelay, theirPath);
    assert.deepEqual([way.path, way.slow, way.relayed, way.bytes], [path, slow, relayed, 7], `${local.candidateType} ${theirRelay} ${theirPath}`);
  }
  assert.equal((await findPath(pc(udp, udp, "relay"), "udp", "turn-udp")).relayed, false, "who wants a relay keeps it");
  assert.equal((await findPath(pc(tls, udp, "relay"), "udp", "turn-udp")).slow, true);
});

test("meanwhile candidates wait for the best of them, and a relay's until two NATs have had time to open", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const order = orderCandidates();
  /** @type {string[]} */
  const used = [];
  const add = (/** @type {string} */ name, /** @type {string} */ type, /** @type {number} */ priority) =>
    order.add({ candidate: `candidate:1 1 udp ${priority} 192.0.2.1 5000 typ ${type}` }, () => used.push(name));
  add("before", "relay", 1);
  order.hold();
  add("relayed", "relay", 30);
  add("seen", "srflx", 20);
  add("own", "host", 40);
  assert.deepEqual(used, ["before"]);
  order.release();
  assert.deepEqual(used, ["before", "own", "seen"]);
  add("late", "srflx", 20); // the other side has held it back already
  order.release(); // gathering ends more than once
  t.mock.timers.tick(1_000);
  assert.deepEqual(used.splice(0), ["before", "own", "seen", "late"]);
  t.mock.timers.tick(5_000);
  assert.deepEqual(used.splice(0), ["relayed"]);

  // Where gathering takes too long, what is known is used.
  order.hold();
  add("relayed", "relay", 30);
  add("own", "host", 40);
  t.mock.timers.tick(1_500);
  assert.deepEqual(used, ["own"]);
  order.stop(); // the connection is closed
  t.mock.timers.tick(10_000);
  assert.deepEqual(used, ["own"]);
});

test("what cares for paths is asked for again until it comes, every other time by an address that is new, as long as anybody is there", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const asked = [];
  let come = false;
  let wanted = true;
  const care = openCare(
    async (again) => {
      asked.push(again);
      if (!come) throw new Error("the server is away");
      return /** @type {any} */ ("it");
    },
    () => wanted,
  );
  const pass = async () => {
    t.mock.timers.tick(3_000);
    for (let n = 0; n < 9; n++) await Promise.resolve();
  };
  let got;
  for (let n = 0; n < 2; n++) care().then((it) => (got = it));
  for (let n = 0; n < 3; n++) await pass();
  assert.deepEqual([asked, got], [[undefined, "./lib/path-care.js?2", undefined], undefined]);
  wanted = false;
  for (let n = 0; n < 3; n++) await pass();
  assert.equal(asked.length, 3, "nobody is there");
  [wanted, come] = [true, true];
  assert.deepEqual([await care(), await care(), asked.slice(3)], ["it", "it", ["./lib/path-care.js?4"]]);
});
