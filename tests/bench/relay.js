// Figure 1: relaying at saturation. Pairs of peers in one realm play ping-pong with offers and answers, one frame of each pair on its
// way at any time; every frame that arrives is a message.
import { setTimeout as pause } from "node:timers/promises";
import { answer, connectionId, offer } from "./frames.js";
import { Histogram } from "./figures.js";
import { contenders, contendersWithLess, inTurns, withServers } from "./contest.js";
import { namesOfPairs } from "./homes.js";
import { cpuOf } from "./process.js";
import { clientFrame, openAll } from "./socket.js";
import { withRatios } from "./table.js";

const PAIRS = 32;

/** @param {string} where @param {{ vars?: Record<string, string>, acrossHomes?: number }} [how] */
const figure = (where, { vars, acrossHomes } = {}) => ({
  title: `Relaying, saturated: ${PAIRS} pairs ${where}, 2.5 kB offers and answers`,
  /** @param {import("./contest.js").Options} options */
  measure: async (options) => {
    const rows = await withServers(contenders(options, { vars }), (servers) =>
      inTurns(servers, options.rounds, (server) => relayRound(server, { pairs: PAIRS, seconds: options.seconds, acrossHomes })),
    );
    return { rows: withRatios(rows, "us/message") };
  },
});

export const relay = figure("in one realm");
export const relayHomes = figure("between two of Beckon's 8 homes", { vars: { PUBLIC_HOMES: "8" }, acrossHomes: 8 });

/** Beckon with a limit on what a socket may send, but one that nobody reaches, beside Beckon without one. */
export const limit = {
  title: "Relaying, saturated: what FRAMES_PER_SECOND costs",
  /** @param {import("./contest.js").Options} options */
  measure: async (options) => {
    const alone = { ...options, takesPart: () => false };
    const both = [
      ["without", "0"],
      ["with", "1000000"],
    ].map(([name, FRAMES_PER_SECOND = ""]) => {
      const [contender] = contenders(alone, { vars: { FRAMES_PER_SECOND } });
      return { ...contender, start: async () => ({ .../** @type {import("./servers.js").Server} */ (await contender?.start()), name: `${name} limit` }) };
    });
    const rows = await withServers(/** @type {import("./contest.js").Contender[]} */ (both), (servers) =>
      inTurns(servers, options.rounds, (server) => relayRound(server, { pairs: PAIRS, seconds: options.seconds })),
    );
    return { rows };
  },
};

/** What of that is the platform's: objects that read less than they must. */
export const floors = {
  title: `Relaying, saturated: what the platform takes by itself`,
  /** @param {import("./contest.js").Options} options */
  measure: async (options) => {
    const less = { unread: {}, "spliced, unchecked": { SPLICED: "1" } };
    const rows = await withServers(contendersWithLess(options, less), (servers) =>
      inTurns(servers, options.rounds, (server) => relayRound(server, { pairs: PAIRS, seconds: options.seconds })),
    );
    return { rows: withRatios(rows, "us/message") };
  },
};

/** What a relayed frame begins with; anything else, such as an error, would end the game without a word. */
const RELAYED = /^\{"type":"(?:OFFER|ANSWER|CANDIDATE)"/;
const COMMON = '{"type":"'.length;

/** @param {Buffer} payload */
export function assertRelayed(payload) {
  const kind = payload[COMMON];
  const next = payload[COMMON + 1];
  // OF(FER), AN(SWER), CA(NDIDATE): two bytes tell, at the price of none decoded.
  if ((kind === 0x4f && next === 0x46) || (kind === 0x41 && next === 0x4e) || (kind === 0x43 && next === 0x41)) return;
  if (!RELAYED.test(payload.toString())) throw new Error(`not relayed: ${payload.toString().slice(0, 200)}`);
}

let games = 0;

/**
 * One round on one server.
 * @param {import("./servers.js").Server} server
 * @param {{ pairs: number, seconds: number, warmUp?: number, acrossHomes?: number }} options
 */
export async function relayRound(server, { pairs, seconds, warmUp = 1, acrossHomes }) {
  const game = `g${games++}`;
  const wires = await openAll(
    server.port,
    namesOfPairs(game, pairs, acrossHomes).map((id) => ({ id })),
  );
  const histogram = new Histogram();
  let playing = true;
  const serve = wires.map((_wire, n) => {
    const other = /** @type {import("./socket.js").Wire} */ (wires[n ^ 1]);
    const named = connectionId(`${game}${n >> 1}`);
    return clientFrame(n % 2 ? answer(other.id, named) : offer(other.id, named));
  });
  const sent = new Float64Array(wires.length);
  wires.forEach((wire, n) => {
    const frame = /** @type {Buffer} */ (serve[n]);
    wire.onText = (payload) => {
      assertRelayed(payload);
      const now = performance.now();
      histogram.add((now - /** @type {number} */ (sent[n ^ 1])) * 1000);
      if (!playing) return;
      sent[n] = now;
      wire.send(frame);
    };
  });
  wires.forEach((wire, n) => {
    if (n % 2) return;
    sent[n] = performance.now();
    wire.send(/** @type {Buffer} */ (serve[n]));
  });
  await pause(warmUp * 1000);
  histogram.clear();
  const [began, cpu] = [performance.now(), cpuOf(server.pid)];
  const mine = process.cpuUsage();
  await pause(seconds * 1000);
  while (!histogram.total || cpuOf(server.pid) === cpu) await pause(10); // a very busy machine
  const [spent, took] = [cpuOf(server.pid) - cpu, (performance.now() - began) / 1000];
  const ours = process.cpuUsage(mine);
  const messages = histogram.total;
  playing = false;
  await pause(100); // the last frames arrive
  for (const wire of wires) wire.close();
  await Promise.all(wires.map((wire) => wire.closed));
  return {
    "us/message": spent / messages,
    "messages/s": messages / took,
    "p50 us": histogram.quantile(0.5),
    "p99 us": histogram.quantile(0.99),
    "server's cores": spent / took / 1e6,
    "bench's cores": (ours.user + ours.system) / took / 1e6,
  };
}
