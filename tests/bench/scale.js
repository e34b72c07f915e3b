// Whether size costs anything: a message among 1 to 1,000 rooms, a message and a joining among 2 to 5,000 sockets of one realm, always
// at the same pace.
import { setTimeout as pause } from "node:timers/promises";
import { answer, offer } from "./frames.js";
import { contenders, inTurns, withServers } from "./contest.js";
import { cpuOf } from "./process.js";
import { assertRelayed } from "./relay.js";
import { clientFrame, open, openAll } from "./socket.js";

/** Messages a second: half of what a core can do. */
const PACE = 2000;
const ROOMS = [1, 10, 100, 1000];
const SOCKETS = [2, 100, 1000, 5000];
/** How many join and leave again, some at a time, to see what that costs. */
const JOINS = 400;
const AT_ONCE = 4;

export const rooms = {
  title: `Rooms of two (PeerServer: pairs in its one realm): CPU us per message at ${PACE} messages a second`,
  /** @param {import("./contest.js").Options} options */
  measure: async (options) => {
    const rows = await withServers(contenders(options), (servers) =>
      inTurns(servers, options.rounds, async (server, round) => {
        /** @type {Record<string, number>} */
        const result = {};
        for (const count of ROOMS) {
          const who = Array.from({ length: count * 2 }, (_, n) => ({
            id: `r${round}-${n}`,
            // PeerServer has one key. It ignores that a socket asks for a roster; so does the floor.
            key: server.name === "PeerServer" ? "peerjs" : `room-${round}-${count}-${n >> 1}`,
            query: "&roster=1",
          }));
          const wires = await openAll(server.port, who);
          result[`${count} rooms`] = await costOfMessage(server, wires, options.seconds);
          await hangUp(wires);
        }
        return result;
      }),
    );
    return { rows: rows.map(withSpread) };
  },
};

export const sockets = {
  title: `Sockets in one realm: CPU us per message at ${PACE} messages a second`,
  /** @param {import("./contest.js").Options} options */
  measure: async (options) => {
    const rows = await withServers(contenders(options), (servers) =>
      inTurns(servers, options.rounds, (server, round) => whileGrowing(server, round, async (wires) => costOfMessage(server, wires, options.seconds))),
    );
    return { rows: rows.map(withSpread) };
  },
};

export const joins = {
  title: "Sockets in one realm: CPU us for one more to join, and to leave",
  /** @param {import("./contest.js").Options} options */
  measure: async (options) => {
    const rows = await withServers(contenders(options), (servers) =>
      inTurns(servers, options.rounds, (server, round) => whileGrowing(server, round, () => costOfJoining(server, `j${round}`))),
    );
    return { rows: rows.map(withSpread) };
  },
};

/**
 * Fills a realm step by step, and measures at each.
 * @param {import("./servers.js").Server} server
 * @param {number} round
 * @param {(wires: import("./socket.js").Wire[]) => Promise<number>} look
 */
async function whileGrowing(server, round, look) {
  /** @type {import("./socket.js").Wire[]} */
  const wires = [];
  /** @type {Record<string, number>} */
  const result = {};
  for (const count of SOCKETS) {
    const more = Array.from({ length: count - wires.length }, (_, n) => ({ id: `s${round}-${wires.length + n}` }));
    wires.push(...(await openAll(server.port, more)));
    result[`${count} sockets`] = await look(wires);
  }
  await hangUp(wires);
  return result;
}

/** Neighbours say something to each other, pair after pair. @param {import("./servers.js").Server} server @param {import("./socket.js").Wire[]} wires @param {number} seconds */
async function costOfMessage(server, wires, seconds) {
  let arrived = 0;
  const frames = wires.map((wire, n) => {
    const { id } = /** @type {import("./socket.js").Wire} */ (wires[n ^ 1]);
    wire.onText = (payload) => {
      // In a room peers are told who comes: that was before, but with many rooms the news may still be on its way.
      if (payload.includes('{"type":"JOIN"')) return;
      assertRelayed(payload);
      arrived++;
    };
    return clientFrame(n % 2 ? answer(id, "dc_scale") : offer(id, "dc_scale"));
  });
  let sent = 0;
  const began = performance.now();
  const timer = setInterval(() => {
    for (const due = ((performance.now() - began) / 1000) * PACE; sent < due; sent++) {
      // First all even ones, then all odd ones: everyone has a turn.
      const at = (sent * 2) % wires.length;
      const n = at + (Math.floor((sent * 2) / wires.length) % 2);
      wires[n]?.send(/** @type {Buffer} */ (frames[n]));
    }
  }, 1);
  await pause(1000);
  const [cpu, from] = [cpuOf(server.pid), arrived];
  await pause(seconds * 1000);
  const cost = (cpuOf(server.pid) - cpu) / (arrived - from);
  clearInterval(timer);
  for (let tries = 0; arrived < sent && tries < 300; tries++) await pause(100);
  if (arrived !== sent) throw new Error(`${server.name}: ${arrived} of ${sent} messages have arrived`);
  return cost;
}

/** Some come and go, again and again. @param {import("./servers.js").Server} server @param {string} name */
async function costOfJoining(server, name) {
  const cpu = cpuOf(server.pid);
  const come = async (/** @type {number} */ line) => {
    for (let n = line; n < JOINS; n += AT_ONCE) {
      const wire = await open(server.port, { id: `${name}-${n}` });
      wire.close();
      await wire.closed;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, (_, line) => come(line)));
  await pause(300); // the last one's leaving
  return (cpuOf(server.pid) - cpu) / JOINS;
}

/** @template {{ server: string }} R @param {R} row */
function withSpread(row) {
  const costs = Object.values(row).filter((value) => typeof value === "number");
  return { ...row, "most / least": Math.max(...costs) / Math.min(...costs) };
}

/** @param {import("./socket.js").Wire[]} wires */
async function hangUp(wires) {
  for (const wire of wires) wire.close();
  await Promise.all(wires.map((wire) => wire.closed));
}
