// What opening one whole PeerJS connection costs a server: at saturation, at a school's pace, and between the homes of a realm that
// is spread over eight objects.
import { setTimeout as pause } from "node:timers/promises";
import { contenders, contendersWithLess, inTurns, withServers } from "./contest.js";
import { Histogram } from "./figures.js";
import { namesOfPairs } from "./homes.js";
import { makePair } from "./pair.js";
import { cpuOf } from "./process.js";
import { openAll } from "./socket.js";
import { withRatios } from "./table.js";

const PAIRS = 32;

/** @param {string} what @param {{ pace?: number, vars?: Record<string, string>, acrossHomes?: number }} how  `pace`: connections a second */
const figure = (what, { pace, vars, acrossHomes }) => ({
  title: `One PeerJS connection (offer, answer, 8 + 8 candidates), ${what}`,
  /** @param {import("./contest.js").Options} options */
  measure: async (options) => {
    const rows = await withServers(contenders(options, { vars }), (servers) =>
      inTurns(servers, options.rounds, (server) =>
        pace ? paced(server, { pace, seconds: options.seconds * 2 }) : saturated(server, { seconds: options.seconds, acrossHomes }),
      ),
    );
    return { rows: withRatios(rows, "us/connection") };
  },
});

export const connection = figure("saturated", {});
export const gentle = figure("20 a second", { pace: 20 });
export const homes = figure("saturated, between two of Beckon's 8 homes", { vars: { PUBLIC_HOMES: "8" }, acrossHomes: 8 });

/** What of that is the platform's: objects that read less than they must, and send as Beckon does. */
export const connectionFloors = {
  title: "One PeerJS connection, saturated: what the platform takes by itself",
  /** @param {import("./contest.js").Options} options */
  measure: async (options) => {
    const less = { "unread, together": { TOGETHER: "1" }, "spliced, together": { TOGETHER: "1", SPLICED: "1" } };
    const rows = await withServers(contendersWithLess(options, less), (servers) => inTurns(servers, options.rounds, (server) => saturated(server, options)));
    return { rows: withRatios(rows, "us/connection") };
  },
};

let games = 0;

/** @param {import("./socket.js").Wire[]} wires @param {{ trickleMs?: number }} [options] */
const pairsOf = (wires, options) =>
  Array.from({ length: wires.length / 2 }, (_, n) => {
    const [caller, callee] = wires.slice(2 * n);
    if (!caller || !callee) throw new Error("a pair has two peers");
    return makePair(caller, callee, options);
  });

/** All pairs connect again and again. @param {import("./servers.js").Server} server @param {{ seconds: number, acrossHomes?: number }} options */
async function saturated(server, { seconds, acrossHomes }) {
  const wires = await openAll(
    server.port,
    namesOfPairs(`c${games++}`, PAIRS, acrossHomes).map((id) => ({ id })),
  );
  const histogram = new Histogram();
  let playing = true;
  const playingPairs = pairsOf(wires).map(async (pair) => {
    while (playing) {
      const began = performance.now();
      await pair.connect();
      histogram.add((performance.now() - began) * 1000);
    }
  });
  await pause(Math.min(1, seconds) * 1000); // until it is warm
  const result = await over(server, seconds, histogram);
  playing = false;
  await Promise.all(playingPairs);
  await hangUp(wires);
  return result;
}

/** Connections begin at a pace, each one's frames as a browser makes them. @param {import("./servers.js").Server} server @param {{ pace: number, seconds: number }} options */
async function paced(server, { pace, seconds }) {
  const wires = await openAll(
    server.port,
    namesOfPairs(`c${games++}`, PAIRS).map((id) => ({ id })),
  );
  const pairs = pairsOf(wires, { trickleMs: 2 });
  const histogram = new Histogram();
  let playing = true;
  /** @type {Promise<void>[]} */
  const under = [];
  const play = (async () => {
    const began = performance.now();
    for (let n = 0; playing; n++) {
      const pair = pairs[n % pairs.length];
      await under[n % pairs.length]; // long over
      const start = performance.now();
      if (pair) under[n % pairs.length] = pair.connect().then(() => histogram.add((performance.now() - start) * 1000));
      await pause(Math.max(0, began + ((n + 1) * 1000) / pace - performance.now()));
    }
  })();
  await pause(Math.min(2, seconds) * 1000);
  const result = await over(server, seconds, histogram);
  playing = false;
  await play;
  await Promise.all(under);
  await hangUp(wires);
  return result;
}

/** @param {import("./servers.js").Server} server @param {number} seconds @param {Histogram} histogram */
async function over(server, seconds, histogram) {
  histogram.clear();
  const [began, cpu] = [performance.now(), cpuOf(server.pid)];
  await pause(seconds * 1000);
  while (!histogram.total || cpuOf(server.pid) === cpu) await pause(10); // a very busy machine
  const [spent, took] = [cpuOf(server.pid) - cpu, (performance.now() - began) / 1000];
  return {
    "us/connection": spent / histogram.total,
    "connections/s": histogram.total / took,
    "p50 us": histogram.quantile(0.5),
    "p99 us": histogram.quantile(0.99),
  };
}

/** @param {import("./socket.js").Wire[]} wires */
async function hangUp(wires) {
  for (const wire of wires) wire.close();
  await Promise.all(wires.map((wire) => wire.closed));
}
