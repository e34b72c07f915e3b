// Idle peers: two thousand stock clients who only send their heartbeats. What a heartbeat costs, what a socket holds in memory, and
// how often the object wakes. All servers at the same time: they have little to do.
import { setTimeout as pause } from "node:timers/promises";
import { contenders, withServers } from "./contest.js";
import { HEARTBEAT, offer } from "./frames.js";
import { cpuOf, memoryOf } from "./process.js";
import { clientFrame, openAll } from "./socket.js";
import { withRatios } from "./table.js";

const PEERS = 2000;
/** The stock client's `pingInterval`, in ms. */
const BEAT_MS = 5000;
/** workerd puts an object to sleep that has had nothing to do for 10 s. */
const ASLEEP_MS = 12_000;

export const title = `${PEERS} idle peers, stock heartbeat every 5 s`;

/** @param {import("./contest.js").Options} options */
export async function measure(options) {
  const { minutes } = options;
  const rows = await withServers(contenders(options, { counted: true }), (servers) =>
    Promise.all(servers.map((server) => idle(server, { peers: PEERS, seconds: minutes * 60 }))),
  );
  return { rows: withRatios(rows, "us/heartbeat"), notes: [`over ${minutes} min; wakes: frames, closes and alarms that reached the object, and times it was made anew`] };
}

/** @param {import("./servers.js").Server} server @param {{ peers: number, seconds: number }} options */
export async function idle(server, { peers, seconds }) {
  await pause(2000); // it is up
  const before = memoryOf(server.pid);
  const wires = await openAll(server.port, Array.from({ length: peers }, (_, n) => ({ id: `idle-${n}` })));
  const beat = clientFrame(HEARTBEAT);
  let [beats, answers] = [0, 0];
  for (const wire of wires) wire.onText = () => void answers++;
  const began = performance.now();
  const timer = setInterval(() => {
    // As many as are due: each peer once in BEAT_MS, evenly spread.
    for (const due = ((performance.now() - began) / BEAT_MS) * peers; beats < due; beats++) wires[beats % peers]?.send(beat);
  }, 1);
  await pause(ASLEEP_MS);
  const [asleep, cpu, from] = [await countsOf(server), cpuOf(server.pid), beats];
  await pause(seconds * 1000);
  const [spent, sent] = [cpuOf(server.pid) - cpu, beats - from];
  clearInterval(timer);
  const held = memoryOf(server.pid) - before;
  const awake = await countsOf(server);
  await pause(1000);
  if (asleep && answers !== beats) throw new Error(`${server.name} has answered ${answers} of ${beats} heartbeats`);
  const woken = asleep && awake && (await wakes(server, wires));
  for (const wire of wires) wire.close();
  await Promise.all(wires.map((wire) => wire.closed));
  return {
    server: server.name,
    "us/heartbeat": spent / sent,
    "kB/socket": held / peers / 1000,
    heartbeats: sent,
    wakes: asleep && awake ? awake.message + awake.close + awake.alarm + awake.constructed - (asleep.message + asleep.close + asleep.alarm + asleep.constructed) : "–",
    asleep: woken ? (woken.constructed > (awake?.constructed ?? 0) ? "yes" : "no") : "–",
  };
}

/**
 * What has happened to a server's objects so far; null for a server that has none.
 * @param {import("./servers.js").Server} server
 * @returns {Promise<Record<"constructed" | "message" | "close" | "alarm" | "fetch", number> | null>}
 */
export async function countsOf(server) {
  const response = await fetch(`http://127.0.0.1:${server.port}/counts`);
  return response.ok ? await response.json() : null;
}

/** Sends one offer, which wakes the object if it sleeps, and counts again. @param {import("./servers.js").Server} server @param {import("./socket.js").Wire[]} wires */
async function wakes(server, [caller, callee]) {
  if (!caller || !callee) return null;
  const arrived = new Promise((settle) => (callee.onText = settle));
  caller.send(clientFrame(offer(callee.id, "dc_idle")));
  await arrived;
  return countsOf(server);
}
