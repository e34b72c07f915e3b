// Idle peers: two thousand stock clients who only send their heartbeats. How often the object wakes and what a socket holds in memory,
// for minutes and on all servers at once; then what a heartbeat costs, one server after the other, so that none disturbs another one.
import { setTimeout as pause } from "node:timers/promises";
import { contenders, inTurns, withServers } from "./contest.js";
import { HEARTBEAT, offer } from "./frames.js";
import { cpuOf, memoryOf } from "./process.js";
import { clientFrame, openAll } from "./socket.js";
import { withRatios } from "./table.js";

const PEERS = 2000;
/** Peers whose memory is not counted. */
const FIRST = 500;
/** The stock client's `pingInterval`, in ms. */
const BEAT_MS = 5000;
/** workerd puts an object to sleep that has had nothing to do for 10 s. */
export const ASLEEP_MS = 12_000;
/** How long one server's turn takes. The others' peers are silent meanwhile, which PeerServer bears for 90 s. */
const TURN_MS = 15_000;

export const title = `${PEERS} idle peers, stock heartbeat every 5 s`;

/** @param {import("./contest.js").Options} options */
export async function measure(options) {
  const rows = await withServers(contenders(options, { counted: true }), async (servers) => {
    await pause(2000); // they are up
    const crowds = await Promise.all(servers.map((server) => gather(server, PEERS)));
    for (const crowd of crowds) crowd.beat();
    await pause(ASLEEP_MS);
    const before = await Promise.all(servers.map(countsOf));
    await pause(options.minutes * 60_000);
    const after = await Promise.all(servers.map(countsOf));
    const rests = crowds.map((crowd, at) => ({ "kB/socket": crowd.held(), wakes: since(before[at], after[at]) }));
    for (const crowd of crowds) crowd.rest();
    const beats = await inTurns(servers, options.quick ? 2 : 5, async (server) => {
      const crowd = /** @type {Awaited<ReturnType<typeof gather>>} */ (crowds[servers.indexOf(server)]);
      crowd.beat();
      await pause(1000);
      const [cpu, from] = [cpuOf(server.pid), crowd.sent()];
      await pause(TURN_MS);
      const cost = (cpuOf(server.pid) - cpu) / (crowd.sent() - from);
      crowd.rest();
      return { "us/heartbeat": cost };
    });
    const asleep = await Promise.all(crowds.map((crowd) => crowd.leave()));
    return beats.map((row, at) => ({ ...row, .../** @type {typeof rests[0]} */ (rests[at]), asleep: asleep[at] ?? "–" }));
  });
  return {
    rows: withRatios(rows, "us/heartbeat"),
    notes: [
      `wakes in ${options.minutes} min: frames, closes and alarms that reached the object, and times it was made anew; asleep: whether an offer then found it so`,
    ],
  };
}

/**
 * What has happened to a server's objects so far; null for a server that has none.
 * @typedef {(Record<"constructed" | "message" | "close" | "alarm" | "fetch" | "take", number> & Partial<Record<"onConnect" | "onDisconnect" | "onMessage", number>>) | null} Counts
 * @param {import("./servers.js").Server} server
 * @returns {Promise<Counts>}
 */
export async function countsOf(server) {
  const response = await fetch(`http://127.0.0.1:${server.port}/counts`);
  return response.ok ? await response.json() : null;
}

/** @param {Counts | undefined} before @param {Counts | undefined} after */
export const since = (before, after) =>
  before && after ? /** @type {const} */ (["message", "close", "alarm", "constructed"]).reduce((sum, what) => sum + after[what] - before[what], 0) : "–";

/** Peers of one server. @param {import("./servers.js").Server} server @param {number} peers */
export async function gather(server, peers) {
  const who = Array.from({ length: peers }, (_, n) => ({ id: `idle-${n}` }));
  // What the first ones bring into memory, code and room to work in, is not theirs alone.
  const wires = await openAll(server.port, who.slice(0, FIRST));
  await pause(1000);
  const few = memoryOf(server.pid);
  wires.push(...(await openAll(server.port, who.slice(FIRST))));
  const frame = clientFrame(HEARTBEAT);
  let [beats, answers] = [0, 0];
  for (const wire of wires) wire.onText = () => void answers++;
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  return {
    sent: () => beats,
    /** What each of the peers takes of the server's memory, in kB. */
    held: () => (memoryOf(server.pid) - few) / (peers - FIRST) / 1000,
    /** From now on each sends its heartbeats, evenly spread. */
    beat: () => {
      const [began, first] = [performance.now(), beats];
      timer = setInterval(() => {
        for (const due = first + ((performance.now() - began) / BEAT_MS) * peers; beats < due; beats++) wires[beats % peers]?.send(frame);
      }, 1);
    },
    rest: () => clearInterval(timer),
    /** An offer to one of them, to see whether it wakes the object; then all leave. */
    leave: async () => {
      const before = await countsOf(server);
      await pause(1000); // the last answers
      if (before && answers !== beats) throw new Error(`${server.name} has answered ${answers} of ${beats} heartbeats`);
      const [caller, callee] = wires;
      if (!caller || !callee) return "–";
      const arrived = new Promise((settle) => (callee.onText = settle));
      caller.send(clientFrame(offer(callee.id, "dc_idle")));
      await arrived;
      const after = await countsOf(server);
      for (const wire of wires) wire.close();
      await Promise.all(wires.map((wire) => wire.closed));
      return before && after ? (after.constructed > before.constructed ? "yes" : "no") : "–";
    },
  };
}
