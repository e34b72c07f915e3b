// The socket's schedule, on a clock of the test's own and with sockets of its own: when it tries again, and when it does not.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import "./node-webrtc.mjs";
import { join } from "../../public/beckon.js";
import * as reachability from "../../public/lib/reachability.js";
import { openSignalling } from "../../public/lib/signalling.js";
import { chancy } from "../seeds/seeds.mjs";
import { fakeSockets } from "./sockets.mjs";

const test = chancy("socket");

const HEARTBEAT = '{"type":"HEARTBEAT"}';

/** From now on the test opens and closes every socket, and time passes when it says so. */
function stage(t, { files = true } = {}) {
  const sockets = fakeSockets(t);
  const world = { sockets, files, asked: 0, status: 426 };
  t.mock.method(globalThis, "fetch", async (address) => {
    assert.equal(String(address), "https://beckon.example/peerjs?roster=1", "where the socket is, and with nothing of ours");
    world.asked++;
    if (!world.files) throw new TypeError("no server");
    return { status: world.status };
  });
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  world.open = (id) => {
    const news = [];
    const note = (what) => (detail, why) => news.push(why ? [what, detail, why.code] : [what, detail]);
    const events = ["open", "ice", "join", "leave", "lost", "expire", "message", "server", "away", "refused"];
    const signal = openSignalling(
      new URL(`wss://beckon.example/peerjs?id=${id}&token=secret`),
      async () => reachability,
      /** @type {Fake} */ (Object.fromEntries(events.map((what) => [what, note(what)]))),
    );
    t.after(() => signal.close());
    return { signal, news, heard: (what) => news.filter(([kind]) => kind === what).length };
  };
  /** Lets time pass in small steps, with what promises have to do in between. */
  world.pass = async (ms) => {
    for (let left = ms; left > 0; left -= 50) {
      t.mock.timers.tick(Math.min(left, 50));
      for (let turns = 0; turns < 5; turns++) await null;
    }
  };
  return world;
}

test("when a deploy closes a thousand sockets at once they come back spread, each as who it was", async (t) => {
  const { sockets, open, pass } = stage(t);
  for (let n = 0; n < 1_000; n++) open(`peer${n}`);
  const before = [...sockets];
  for (const socket of before) socket.welcome();
  await pass(6_000);
  const deploy = Date.now();
  for (const socket of before) socket.cut(1001);
  assert.equal(sockets.length, 1_000, "nobody comes back in the same moment");
  for (let ms = 0; ms < 1_000; ms++) t.mock.timers.tick(1);
  const after = sockets.slice(1_000);
  assert.deepEqual(after.map(({ url }) => url).sort(), before.map(({ url }) => url).sort());
  const waits = after.map(({ at }) => at - deploy);
  assert.ok(Math.min(...waits) >= 150 && Math.max(...waits) <= 450, `between ${Math.min(...waits)} and ${Math.max(...waits)} ms`);
  // In each tenth of that time some tenth of them, were it even; never as many as a quarter.
  for (let from = 150; from < 450; from += 30) {
    const share = waits.filter((wait) => wait >= from && wait < from + 30).length;
    assert.ok(share > 20 && share < 250, `${share} within 30 ms`);
  }
});

test("what the server says is told with what it is, and by nobody else's name", async (t) => {
  const { sockets, open } = stage(t);
  const { news } = open("ann");
  sockets[0].welcome();
  sockets[0].say({ type: "SERVER", payload: { bot: "hello" } });
  assert.deepEqual(news.at(-1), ["server", { bot: "hello" }]);
});

test("who fails waits longer each time, and quickly again only after a socket has lived", async (t) => {
  const { sockets, open, pass } = stage(t);
  t.mock.method(Math, "random", () => 0.5); // no chance: each wait is as it is written
  const { news } = open("ann");
  const waits = [];
  const cut = async () => {
    const [socket, count] = [sockets.at(-1), sockets.length];
    socket.cut();
    const began = Date.now();
    assert.deepEqual(news.at(-1)[0], "away");
    const announced = news.at(-1)[1];
    while (sockets.length === count) await pass(50);
    assert.ok(Math.abs(announced - Date.now()) < 100, "when it said it would");
    waits.push(Date.now() - began);
  };
  for (let n = 0; n < 6; n++) await cut();
  sockets.at(-1).welcome();
  await pass(1_000);
  await cut(); // a server that lets one in and falls over is as good as none
  sockets.at(-1).welcome();
  await pass(6_000);
  await cut();
  assert.deepEqual(waits, [300, 1_200, 2_000, 3_000, 4_000, 4_000, 4_000, 300]);
});

test("nobody waits so long for the next try that the others give them up", async (t) => {
  const { sockets, open, pass } = stage(t);
  t.mock.method(Math, "random", () => 0.999);
  const [, grace] = /GRACE_MS = ([\d_]+)/.exec(readFileSync(new URL("../../public/lib/presence.js", import.meta.url), "utf8")) ?? [];
  const { news } = open("ann");
  for (let n = 0; n < 8; n++) {
    const count = sockets.length;
    sockets.at(-1).cut();
    const wait = news.at(-1)[1] - Date.now();
    assert.ok(wait <= 0.75 * Number(grace?.replace("_", "")), `waits ${wait} ms the ${n + 1}. time`);
    while (sockets.length === count) await pass(50);
  }
});

test("a server that is gone is asked by a request first, and has its socket as soon as it answers", async (t) => {
  const world = stage(t);
  const { sockets, open, pass } = world;
  open("ann");
  sockets[0].welcome();
  await pass(9_000); // the first heartbeat: now it knows that it may ask
  assert.equal(world.asked, 1);
  sockets[0].say("pong");
  world.files = false;
  sockets[0].cut();
  await pass(60_000);
  assert.equal(sockets.length, 1, "no socket for a minute: browsers would delay the next for each that fails");
  assert.ok(world.asked > 20 && world.asked < 70, `${world.asked} times asked`);
  world.files = true;
  await pass(3_000);
  assert.equal(sockets.length, 2);
  sockets[1].welcome();
  await pass(6_000);
  const { asked } = world;
  sockets[1].cut(1001);
  await pass(600);
  assert.deepEqual([sockets.length, world.asked], [3, asked], "where the server itself has closed it, nobody need ask");
});

test("a refusal is final, whether it comes first or after a cut; an error of a socket that was open is not", async (t) => {
  const { sockets, open, pass } = stage(t);
  const first = open("ann");
  sockets[0].say({ type: "ID-TAKEN", payload: { msg: "taken" } });
  sockets[0].cut(1000);
  assert.deepEqual(first.news, [["refused", { code: "id-taken", message: "taken" }]]);
  await pass(60_000);
  assert.equal(sockets.length, 1);

  const second = open("bob");
  sockets[1].welcome();
  sockets[1].say({ type: "ERROR", payload: { code: "too-many-frames", msg: "slow down" } });
  sockets[1].cut(4002);
  await pass(1_000);
  assert.equal(sockets.length, 3, "it comes back");
  sockets[2].say({ type: "ERROR", payload: { code: "invalid-key", msg: "not here" } });
  sockets[2].cut(4003);
  await pass(60_000);
  assert.equal(sockets.length, 3, "and now it does not");
  assert.deepEqual(second.news.at(-1), ["refused", { code: "invalid-key", message: "not here" }]);

  const third = open("carl");
  sockets[3].welcome();
  await pass(6_000);
  sockets[3].cut(4001); // another socket took its id
  await pass(60_000);
  assert.deepEqual([sockets.length, third.news.at(-1)[1].code], [4, "superseded"]);
});

for (const code of ["room-full", "realm-full", "network-full", "too-many-joins"]) {
  test(`who is refused because of ${code} tries again until it is let in, and says why meanwhile`, async (t) => {
    const { sockets, open, pass } = stage(t);
    const { news, heard } = open("ann");
    for (let n = 0; n < 4; n++) {
      sockets[n].say({ type: "ERROR", payload: { code, msg: "later" } });
      sockets[n].cut(1000);
      assert.deepEqual([news.at(-1)[0], news.at(-1)[2]], ["away", code]);
      const at = Date.now();
      while (sockets.length < n + 2) await pass(50);
      assert.ok(Date.now() - at >= 1_000 && Date.now() - at <= 12_000, `once in a while: after ${Date.now() - at} ms`);
    }
    sockets[4].welcome();
    assert.deepEqual([heard("open"), heard("refused")], [1, 0]);
    await pass(6_000);
    sockets[4].cut();
    assert.deepEqual(news.at(-1).slice(2), [], "that was before");
  });
}

/** What a network does to a socket, while its requests get through. @type {Record<string, (socket: Fake) => void>} */
const BLOCKED = {
  "refuses sockets (302, 403, a reset)": (socket) => setTimeout(() => socket.cut(), 100),
  "swallows them": () => {},
  "refuses them late": (socket) => setTimeout(() => socket.cut(), 6_000),
};
for (const [how, block] of Object.entries(BLOCKED)) {
  test(`a network that lets requests through and ${how} is told from a server that is away, in 15 s`, async (t) => {
    const world = stage(t);
    const { sockets, open, pass } = world;
    const { news } = open("ann");
    let blocked = 0;
    const through = async (ms) => {
      for (let left = ms; left > 0; left -= 50) {
        for (; blocked < sockets.length; blocked++) block(sockets[blocked]);
        await pass(50);
      }
    };
    await through(15_000);
    assert.deepEqual(news.at(-1).slice(2), ["socket-blocked"]);
    const tried = sockets.length;
    await through(30_000);
    assert.ok(sockets.length > tried, "it goes on trying");
    assert.deepEqual(news.at(-1).slice(2), ["socket-blocked"]);
    for (const late = sockets.length; sockets.length === late; ) await pass(50);
    sockets.at(-1).welcome();
    await pass(6_000);
    world.files = false;
    sockets.at(-1).cut();
    assert.deepEqual([news.at(-1)[0], ...news.at(-1).slice(2)], ["away"], "that was before");
  });
  for (const [what, change] of /** @type {const} */ ([
    ["does not answer", { files: false }],
    ["is out of order", { status: 500 }],
    ["is out of reach behind a gateway", { status: 502 }],
    ["has too much to do", { status: 429 }],
    ["is none of ours", { status: 200 }],
    ["has nothing there", { status: 404 }],
  ])) {
    test(`where the network ${how}, and the server ${what}, the server is away`, async (t) => {
      const world = Object.assign(stage(t), change);
      const { news } = world.open("ann");
      let blocked = 0;
      for (let left = 40_000; left > 0; left -= 50) {
        for (; blocked < world.sockets.length; blocked++) block(world.sockets[blocked]);
        await world.pass(50);
      }
      assert.deepEqual([...new Set(news.map(([kind, , why]) => `${kind} ${why}`))], ["away undefined"]);
    });
  }
}

test("what was the reason need not be it any more: blocked, gone, blocked again; full, gone, full again", async (t) => {
  const world = stage(t);
  const { sockets, open, pass } = world;
  const { news } = open("ann");
  /** What the server, or the network, does to sockets from now on, and the reason that is given then. */
  const later = async (/** @type {(socket: Fake) => void} */ meet, files = true) => {
    world.files = files;
    let met = sockets.length - 1;
    for (let left = 30_000; left > 0; left -= 50) {
      for (; met < sockets.length; met++) if (!sockets[met].closed) meet(sockets[met]);
      await pass(50);
    }
    return news.at(-1)[2];
  };
  const cut = (socket) => socket.cut();
  const full = (socket) => {
    socket.say({ type: "ERROR", payload: { code: "room-full", msg: "later" } });
    socket.cut(1000);
  };
  assert.equal(await later(cut), "socket-blocked");
  assert.equal(await later(cut, false), undefined);
  assert.equal(await later(cut), "socket-blocked");
  assert.equal(await later(full), "room-full");
  assert.equal(await later(cut, false), undefined);
  assert.equal(await later(full), "room-full");
  assert.equal(await later(cut), "socket-blocked");
});

for (const code of [1013, 1011, 1000, 4003]) {
  test(`a server that lets a socket in and closes it without a word (${code}) is away: no network is to blame`, async (t) => {
    const { sockets, open, pass } = stage(t);
    const { news } = open("ann");
    let closed = 0;
    for (let left = 40_000; left > 0; left -= 50) {
      for (; closed < sockets.length; closed++) sockets[closed].cut(code);
      await pass(50);
    }
    assert.ok(closed > 3, "it is tried again");
    assert.deepEqual([...new Set(news.map(([kind, , why]) => `${kind} ${why}`))], ["away undefined"]);
  });
}

test("who leaves while the network is being examined hears no more of it", async (t) => {
  const world = stage(t);
  let answer = (/** @type {Fake} */ _) => {};
  t.mock.method(globalThis, "fetch", () => new Promise((resolve) => (answer = resolve)));
  const { news, signal } = world.open("ann");
  await world.pass(11_000);
  signal.close();
  const before = news.length;
  answer({ status: 426 });
  await world.pass(1_000);
  assert.equal(news.length, before);
});

test("a socket that does not answer is given up, and what it says later is not heard", async (t) => {
  const { sockets, open, pass } = stage(t);
  const { heard } = open("ann");
  sockets[0].welcome();
  await pass(8_000);
  assert.deepEqual(sockets[0].sent, [HEARTBEAT]);
  await pass(4_900);
  assert.equal(heard("away"), 0);
  await pass(600);
  assert.deepEqual([sockets.length, heard("away"), sockets[0].closed], [2, 1, true]);
  sockets[0].say({ type: "JOIN", src: "ghost" });
  sockets[0].cut();
  assert.deepEqual([heard("join"), heard("away")], [0, 1]);
  sockets[1].welcome(["bob"]);
  assert.equal(heard("open"), 2);
});

test("a room that asks for a sign of life has one at once: a hidden page's timers sleep, but its messages do not", async (t) => {
  const { sockets, open, pass } = stage(t);
  const { heard } = open("ann");
  sockets[0].say(HEARTBEAT);
  assert.deepEqual(sockets[0].sent, [], "not before it is let in");
  sockets[0].welcome();
  sockets[0].say(HEARTBEAT);
  assert.deepEqual(sockets[0].sent, [HEARTBEAT]);
  sockets[0].say("pong");
  await pass(6_000);
  assert.deepEqual([sockets.length, heard("away")], [1, 0]);
});

test("who leaves says so and stays away, even in the middle of a try", async (t) => {
  const { sockets, open, pass } = stage(t);
  const { signal } = open("ann");
  sockets[0].welcome();
  signal.close();
  assert.deepEqual([sockets[0].sent, sockets[0].closed], [['{"type":"LEAVE"}'], true]);
  const other = open("bob");
  sockets[1].cut();
  other.signal.close();
  await pass(60_000);
  assert.equal(sockets.length, 2);
});

test("a peer to whom there is no connection is called as soon as the socket is back", async (t) => {
  const { sockets, pass } = stage(t);
  const room = join("https://beckon.example/");
  t.after(() => room.close());
  const turn = () => new Promise((done) => setImmediate(done));
  while (!sockets.length) await turn();
  sockets[0].welcome();
  sockets[0].say({ type: "JOIN", src: "bob" });
  while (!room.peers.length) await turn(); // its offer is on its way, and lost:
  sockets[0].cut();
  await pass(450);
  sockets[1].welcome(["bob"]);
  const called = () => sockets[1].sent.some((text) => JSON.parse(text).type === "OFFER");
  for (const end = performance.now() + 10_000; !called() && performance.now() < end; ) await turn(); // no time passes for the library
  assert.ok(called());
});
