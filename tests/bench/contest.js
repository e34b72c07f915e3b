// Starts the servers that are compared, and has them take turns, so that what else the machine does harms all alike.
import { medians } from "./figures.js";
import { beckon, floor, peerServer, unread } from "./servers.js";

/**
 * What the command line has chosen.
 * @typedef {object} Options
 * @property {[name: string, dist: string][]} builds  of Beckon
 * @property {Record<string, string>} vars  of Beckon, beside a figure's own
 * @property {(server: string) => boolean} takesPart
 * @property {number} rounds
 * @property {number} seconds  of one round
 * @property {number} minutes  of idleness
 * @property {boolean} quick
 */

/** A server that is to be started. @typedef {{ name: string, start: () => Promise<import("./servers.js").Server> }} Contender */

/**
 * PeerServer, the floor and the builds of Beckon, as far as they take part.
 * @param {Options} options
 * @param {{ vars?: Record<string, string>, v8Flags?: string[], counted?: boolean }} [how]
 * @returns {Contender[]}
 */
export function contenders({ builds, vars, takesPart }, how = {}) {
  const all = [
    { name: "PeerServer", start: () => peerServer() },
    { name: "floor", start: () => floor("floor", how) },
    ...builds.map(([name, dist]) => ({ name, start: () => beckon(name, dist, { ...how, vars: { ...UNLIMITED, ...how.vars, ...vars } }) })),
  ];
  return all.filter(({ name }) => takesPart(name) || builds.some(([build]) => build === name));
}

/**
 * The same, and objects that read less than they must, by name and with their variables.
 * @param {Options} options
 * @param {Record<string, Record<string, string>>} less
 * @returns {Contender[]}
 */
export function contendersWithLess(options, less) {
  const [first, ...others] = contenders(options);
  const unreading = Object.entries(less).map(([name, vars]) => ({ name, start: () => unread(name, vars) }));
  return [...(first ? [first] : []), ...unreading, ...others];
}

/** The bench's peers send more than people's: without this it would measure refusals. */
const UNLIMITED = { FRAMES_PER_SECOND: "0", BYTES_PER_SECOND: "0", CONCURRENT_LIMIT: "100000" };

/**
 * Runs what needs servers, and stops them whatever happens.
 * @template T
 * @param {Contender[]} contenders
 * @param {(servers: import("./servers.js").Server[]) => Promise<T>} use
 */
export async function withServers(contenders, use) {
  /** @type {import("./servers.js").Server[]} */
  const servers = [];
  try {
    for (const { start } of contenders) servers.push(await start());
    return await use(servers);
  } finally {
    await Promise.all(servers.map((server) => server.close()));
  }
}

/**
 * Measures servers in turns: A B C A B C …, and gives the median of each figure of each server.
 * @template {string} K
 * @param {import("./servers.js").Server[]} servers
 * @param {number} rounds
 * @param {(server: import("./servers.js").Server, round: number) => Promise<Record<K, number>>} once
 * @returns {Promise<({ server: string } & Record<K, number>)[]>}
 */
export async function inTurns(servers, rounds, once) {
  const taken = servers.map(() => /** @type {Record<K, number>[]} */ ([]));
  for (let round = 0; round < rounds; round++) {
    for (const [at, server] of servers.entries()) {
      const result = await once(server, round);
      taken[at]?.push(result);
      const shown = Object.entries(result).map(([name, value]) => `${name} ${rounded(/** @type {number} */ (value))}`);
      console.error(`  ${server.name.padEnd(12)} ${shown.join("  ")}`);
    }
  }
  return servers.map((server, at) => ({ server: server.name, ...medians(taken[at] ?? []) }));
}

/** A number with three digits that tell something. @param {number} value */
export const rounded = (value) => (Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3))));
