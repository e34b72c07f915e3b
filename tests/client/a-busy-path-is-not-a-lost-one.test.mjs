// A path may be busy: the other page has no time to answer, or the line is narrow and full. It is not lost then, and nothing is to be repaired. A path
// that leads nowhere is doubted as soon as ever. The clock is the test's own.
import assert from "node:assert/strict";
import { test } from "node:test";
import { repairPath } from "../../public/lib/path-health.js";
import { watchSilence } from "../../public/lib/silence.js";
import { tellTime } from "./clock.mjs";

/** A clock of the test's own. @param {import('node:test').TestContext} t */
function clock(t) {
  let now = 0;
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  t.after(tellTime(() => now));
  return {
    now: () => now,
    async pass(ms) {
      for (let left = ms; left > 0; left -= 50) {
        now += 50;
        t.mock.timers.tick(50);
        for (let turns = 0; turns < 5; turns++) await null;
      }
    },
  };
}

/** Something waits to be acknowledged from the beginning on. `answers`: what the other browser does with a probe. */
function watch(t, { answers = (/** @type {any} */ _) => {}, received = 0, roundTrip = 0 }) {
  const time = clock(t);
  const world = { received, waiting: false, probes: 0, doubts: /** @type {number[]} */ ([]) };
  const silence = watchSilence({
    waiting: () => world.waiting,
    trip: () => roundTrip,
    received: async () => world.received,
    probe: () => (world.probes++, answers(world)),
    silent: () => world.doubts.push(time.now()),
  });
  silence.start();
  world.waiting = true;
  t.after(() => silence.stop());
  return { ...time, silence, world };
}

test("a page that is busy for minutes is not doubted, as long as its browser acknowledges packets", async (t) => {
  const { world, pass } = watch(t, { answers: (world) => (world.received += 40) });
  await pass(120_000);
  assert.deepEqual(world.doubts, []);
  assert.ok(world.probes < 200, `${world.probes} probes`);
});

test("a narrow line that is full is not doubted, as long as anything comes back", async (t) => {
  const { world, pass } = watch(t, {});
  for (let n = 0; n < 40; n++) {
    world.received += 60;
    await pass(700);
  }
  assert.deepEqual(world.doubts, []);
});

for (const [what, options] of /** @type {const} */ ([
  ["on which nothing comes", { received: 1_000 }],
  ["of which the browser tells nothing", { received: undefined }],
])) {
  test(`a path ${what} is doubted after 1.5 s, and again later each time`, async (t) => {
    const { world, pass } = watch(t, options);
    await pass(1_450);
    assert.deepEqual(world.doubts, []);
    await pass(20_000);
    assert.deepEqual(world.doubts, [1_500, 2_500, 4_500, 8_500, 16_500]);
  });
}

test("what came before the message was sent proves nothing", async (t) => {
  const { world, pass, silence } = watch(t, {});
  world.received = 5_000;
  silence.heard();
  world.waiting = false;
  await pass(60_000);
  world.received = 9_000;
  world.waiting = true;
  world.doubts = [];
  silence.start();
  await pass(3_000);
  assert.equal(world.doubts.length, 2, "as if it had never carried anything");
});

test("a path that is back is not doubted again", async (t) => {
  const { world, pass } = watch(t, {});
  await pass(2_000);
  assert.equal(world.doubts.length, 1);
  for (let n = 0; n < 40; n++) {
    world.received += 60;
    await pass(700);
  }
  assert.equal(world.doubts.length, 1);
});

test("who has stopped the watch while it looked hears nothing", async (t) => {
  const { world, pass, silence } = watch(t, {});
  await pass(700);
  t.mock.timers.tick(50);
  silence.stop();
  await pass(10_000);
  assert.deepEqual([world.doubts, world.probes], [[], 0]);
});

/** A connection that is open, and whose channel has this much to send. */
function health(t, waiting) {
  const time = clock(t);
  const world = { waiting, restarts: 0, failed: 0, said: /** @type {string[]} */ ([]), pings: 0 };
  let connection = "connected";
  const health = repairPath({
    state: () => connection,
    open: () => true,
    waiting: () => world.waiting,
    tell: () => world.pings++,
    restart: () => Boolean(++world.restarts),
    found: (now) => world.said.push(now),
    fail: () => world.failed++,
  });
  t.after(() => health.stop());
  const become = (state) => {
    connection = state;
    health.changed();
  };
  return { ...time, world, become };
}

test("a path on which what waits becomes less is not repaired, though the browser doubts it; when it becomes no less, it is", async (t) => {
  const { world, become, pass } = health(t, 1_000_000);
  become("disconnected");
  for (let n = 0; n < 100; n++) {
    world.waiting -= 5_000;
    await pass(100);
  }
  assert.deepEqual([world.restarts, world.failed], [0, 0]);
  await pass(8_000);
  assert.ok(world.restarts > 0);
});

test("an answer that waits behind much else is waited for", async (t) => {
  const { world, become, pass } = health(t, 1_000_000);
  become("disconnected");
  await pass(500);
  become("connected");
  for (let n = 0; n < 100; n++) {
    world.waiting -= 5_000;
    await pass(100);
  }
  assert.equal(world.failed, 0);
  await pass(5_000);
  assert.equal(world.failed, 1, "and no longer, when nothing moves");
});
