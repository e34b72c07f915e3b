// Two pages that exchange messages (messaging, delivery and sealed channel), and around them all that can change: connections come and go, on one side
// before the other; channels are full; pages are loaded anew; peers are given up and met again; and a server loses, doubles and
// reorders what goes through it. All by chance, of the seeds that are given.
//
// It is a thread of its own (what-was-said-survives-every-change.test.mjs starts it): in the thread of a test node follows every promise, which takes
// a third of the time.
import assert from "node:assert/strict";
import { mock } from "node:test";
import { parentPort, workerData } from "node:worker_threads";
import { pack } from "../../public/lib/frame.js";
import { isCarried, openMessaging } from "../../public/lib/messaging.js";
import * as pathCare from "../../public/lib/path-care.js";
import { openSealedChannel } from "../../public/lib/sealed-channel.js";
import { deriveKeys, freshEpoch } from "../../public/lib/seal.js";
import { seededBy } from "../seeds/seeds.mjs";
import { tellTime } from "./clock.mjs";
import { member } from "./members.mjs";
import { quiet } from "./sealing.mjs";

/** @type {{ seeds: number[] }} */
const { seeds } = workerData;
const STEPS = 120;
const keys = await deriveKeys("AAECAwQFBgcICQoLDA0ODw");
/** Who the two sides are. */
const members = [await member(), await member()];

/** What a side's connection does: what is written waits in `wire` and `loose` until the schedule delivers it. */
function openEnd(remote) {
  const end = {
    remote,
    wire: [],
    loose: [],
    open: false,
    dead: false,
    full: false,
    write: (frame) => !end.full && (end.dead || end.wire.push(frame.slice()) > 0),
    sendControl: (text) => end.dead || end.wire.push(text),
    probe() {},
    sendUnreliable: (data) => end.dead || end.loose.push(typeof data === "string" ? data : data.slice()),
  };
  return end;
}

async function run(seed, random) {
  const log = [];
  const clicks = [];
  /** What belongs to a page load is put in by `load`. @type {Record<string, any>[]} */
  const sides = [0, 1].map((me) => ({ me, loads: 0, connection: null, loaded: [] }));
  const other = (side) => sides[1 - side.me];
  let ends = [];
  let connections = 0;
  /** All that watch for a silence. */
  const met = [];
  /** What is under way through the server. */
  let mail = [];
  let time = 0;
  const endTime = tellTime(() => time);
  mock.timers.enable({ apis: ["setTimeout"] });
  const pass = (wait) => ((time += wait), mock.timers.tick(wait));

  function load(side) {
    const texts = [];
    side.name = `${side.me}.${++side.loads}`;
    side.loaded.push({ name: side.name, texts });
    side.state = { sent: 0 };
    side.epoch = freshEpoch();
    const { name } = side;
    side.hear = (data) => (log.push(`  ${side.name} hears ${data}`), texts.push(data));
    side.channel = openSealedChannel({
      keys,
      mine: members[side.me],
      epoch: side.epoch,
      transmit: (_dst, _type, payload) => name === side.name && mail.push({ from: side.me, payload }),
      isConnected: () => Boolean(side.connection?.open),
      onMessage: (_src, message, epoch, proven) => name === side.name && onMessage(side, message, epoch, proven),
      onRefused: () => {},
    });
    meet(side);
  }

  function meet(side) {
    side.connection = null;
    const { hear, channel } = side;
    const messaging = openMessaging({
      state: side.state,
      connection: () => (side.messaging === messaging ? side.connection : null),
      sendSealed: (message) => channel.send(members[1 - side.me].id, "MESSAGE", message),
      card: () => ({ name: side.name }),
      onData: (data, type) => type === undefined && hear(data),
      mayUseServer: () => random.below(8) > 0,
      onName: () => {},
      whenRead: (_, act) => act(),
      care: async () => pathCare,
      // As peer.js does, once the other side has been heard through the server.
      search: { polite: false, found: () => {}, may: () => false, restart: () => {}, silent: () => messaging.sendByServer() },
    });
    side.messaging = messaging;
    met.push(messaging);
  }

  /** As peer.js does. */
  function onMessage({ messaging, channel, me }, message, epoch, proven) {
    if (isCarried(message)) return proven && messaging.receiveByServer(message, epoch);
    channel.send(members[1 - me].id, "MESSAGE", { here: "" });
  }

  function connect() {
    for (const end of ends) end.dead = true;
    connections++;
    ends = sides.map((side) => openEnd(`${other(side).epoch}.${connections}`));
  }

  /** A side's channel opens; the other's may have opened before. */
  function open(side) {
    const end = ends[side.me];
    if (!end || end.dead || end.open) return;
    end.open = true;
    side.connection = end;
    side.messaging.start();
  }

  function cut(side) {
    for (const end of ends) end.dead = true;
    side.connection = null;
  }

  /** Brings a side what is on its wire: all of a reliable channel's in order, or something of the other's. */
  function bring(side, count) {
    const [from, to] = [ends[1 - side.me], ends[side.me]];
    if (!to || to.dead || side.connection !== to) return;
    for (const data of from.wire.splice(0, count)) side.messaging.receive(typeof data === "string" ? data : data.buffer);
    if (side.connection !== to || to.dead) return;
    for (const data of random.shuffled(from.loose.splice(0, random.below(from.loose.length + 1)))) {
      for (let copies = random.below(3); copies; copies--) side.messaging.receive(typeof data === "string" ? data : data.slice().buffer);
    }
  }

  async function serve(good) {
    await quiet();
    const due = mail.sort((a, b) => a.from - b.from); // each side's in its order
    mail = [];
    for (const frame of good ? due : random.shuffled(due)) {
      const fate = good ? 9 : random.below(12);
      if (fate < 2) continue;
      if (fate === 2) mail.push(frame);
      for (let copies = fate === 3 ? 2 : 1; copies; copies--) {
        sides[1 - frame.from].channel.receive(members[frame.from].id, frame.payload);
      }
    }
    await quiet();
  }

  function click(side) {
    const entry = { from: side.name, to: other(side).name, text: `${side.name}:${clicks.length}`, fate: "open" };
    clicks.push(entry);
    log.push(`  ${entry.text}`);
    side.messaging.send(pack(entry.text)).then(
      () => (log.push(`  ${entry.text} is acknowledged`), (entry.fate = "arrived")),
      () => (entry.fate = "left"),
    );
  }

  const steps = {
    click: [24, click],
    /** More than the receiver keeps while it waits for the first. */
    flurry: [1, (side) => Array.from({ length: 90 }, () => click(side))],
    bring: [24, (side) => bring(side, random.below(5))],
    bringAll: [6, (side) => bring(side, Infinity)],
    connect: [3, connect],
    open: [12, open],
    cut: [3, cut],
    full: [2, (side) => (side.connection && (side.connection.full = !side.connection.full) ? undefined : side.messaging.flush())],
    byServer: [6, (side) => side.messaging.sendByServer()],
    ask: [3, (side) => side.channel.send(members[1 - side.me].id, "MESSAGE", {})],
    serve: [8, () => serve(false)],
    wait: [8, () => pass(random.pick([10, 50, 200, 4_000]))],
    again: [1, (side) => (cut(side), side.messaging.leave(new Error("left")), meet(side))],
    reload: [1, (side) => (cut(side), load(side))],
  };
  const bag = Object.keys(steps).flatMap((name) => Array(steps[name][0]).fill(name));

  try {
    for (const side of sides) load(side);
    for (let step = 0; step < STEPS; step++) {
      const [name, side] = [random.pick(bag), random.pick(sides)];
      log.push(`${step} ${side.name} ${name}`);
      await steps[name][1](side);
    }
    const through = random.pick(["a connection", "the server"]);
    log.push(`now all is well: ${through}`);
    for (const side of sides) cut(side);
    if (through === "a connection") {
      connect();
      sides.forEach(open);
    } else for (const { me, channel } of sides) channel.send(members[1 - me].id, "MESSAGE", {});
    const unsettled = () => clicks.filter(({ from, fate }) => fate === "open" && sides.some(({ name }) => name === from));
    for (let round = 0; round < 300 && (round < 5 || unsettled().length); round++) {
      for (const side of sides) {
        bring(side, Infinity);
        if (through === "the server") side.messaging.sendByServer();
      }
      await serve(true);
      pass(1_000);
    }
    assert.deepEqual(unsettled(), [], "everything is acknowledged");
    judge();
  } catch (error) {
    throw new Error(`BECKON_SEED=${seed}: ${error.stack}\n${seeds.length === 1 ? log.join("\n") : ""}`);
  } finally {
    for (const messaging of met) {
      messaging.pause();
      messaging.leave(/** @type {Fake} */ (new Error("the test is over")));
    }
    mock.timers.reset();
    endTime();
  }

  /** At each page load once and in order, and nothing that was said to somebody who is still there is missing. */
  function judge() {
    for (const { name: at, texts } of sides.flatMap(({ loaded }) => loaded)) {
      for (const from of new Set(texts.map((text) => text.split(":")[0]))) {
        const numbers = texts.filter((text) => text.startsWith(`${from}:`)).map((text) => Number(text.split(":")[1]));
        assert.ok(
          numbers.every((number, i) => !i || number > numbers[i - 1]),
          `${at} heard from ${from}: ${numbers}`,
        );
      }
    }
    for (const { from, to, text, fate } of clicks) {
      const [sender, receiver] = [from, to].map((name) => sides.find((side) => side.name === name));
      if (sender && receiver) assert.ok(receiver.loaded.at(-1).texts.includes(text), `${text} is missing`);
      if (fate === "arrived")
        assert.ok(
          sides.some(({ loaded }) => loaded.some(({ texts }) => texts.includes(text))),
          `${text} was acknowledged`,
        );
    }
  }
  return clicks.length;
}

let clicks = 0;
for (const seed of seeds) {
  parentPort?.postMessage({ seed });
  clicks += await seededBy(seed, "resume", (random) => run(seed, random));
}
parentPort?.postMessage({ clicks });
