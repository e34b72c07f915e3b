// npm run bench: what Beckon costs, side by side with the stock PeerServer and with the least that the platform allows.
// `node tests/bench/bench.mjs relay --rounds 5 --seconds 3` takes one figure alone; `--beckon before=DIR --beckon after=dist`
// compares builds.
import { parseArgs } from "node:util";
import { medians } from "./figures.js";
import { relayRound } from "./relay.js";
import { beckon, floor, peerServer } from "./servers.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    beckon: { type: "string", multiple: true },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "3" },
    pairs: { type: "string", default: "32" },
    only: { type: "string" }, // names, separated by commas
    vars: { type: "string", multiple: true }, // NAME=VALUE for Beckon
  },
});
/** @param {string} given */
const pair = (given) => /** @type {[string, string]} */ ([given.slice(0, given.indexOf("=")), given.slice(given.indexOf("=") + 1)]);
const vars = { FRAMES_PER_SECOND: "0", CONCURRENT_LIMIT: "100000", ...Object.fromEntries((values.vars ?? []).map(pair)) };
const builds = (values.beckon ?? ["Beckon=dist"]).map(pair);
const chosen = (name) => !values.only || values.only.split(",").includes(name);

const servers = [];
for (const begin of [
  chosen("PeerServer") && (() => peerServer()),
  chosen("floor") && (() => floor()),
  ...builds.map(([name, dist]) => () => beckon(name, dist, vars)),
]) {
  if (begin) servers.push(await begin());
}
try {
  const rounds = new Map(servers.map((server) => [server, []]));
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const server of servers) {
      const result = await relayRound(server, { pairs: Number(values.pairs), seconds: Number(values.seconds) });
      rounds.get(server).push(result);
      console.error(`${server.name.padEnd(12)} ${Object.entries(result).map(([name, value]) => `${name} ${value.toFixed(value < 10 ? 2 : 0)}`).join("  ")}`);
    }
  }
  const results = servers.map((server) => ({ name: server.name, ...medians(rounds.get(server)) }));
  const of = (name) => results.find((result) => result.name === name)?.cpu ?? NaN;
  console.table(
    results.map(({ name, cpu, perSecond, p50, p99 }) => ({
      server: name,
      "CPU us/message": cpu.toFixed(1),
      "x PeerServer": (cpu / of("PeerServer")).toFixed(2),
      "x floor": (cpu / of("floor")).toFixed(2),
      "messages/s": Math.round(perSecond),
      "p50 us": p50,
      "p99 us": p99,
    })),
  );
} finally {
  await Promise.all(servers.map((server) => server.close()));
}
