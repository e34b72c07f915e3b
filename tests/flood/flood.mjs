// npm run flood: ten attackers against twenty honest pairs, all in one realm and so in one object; Beckon and the stock PeerServer,
// each under the same floods. Then what strangers and members may do to others a frame at a time (harms.mjs), against Beckon alone. Then
// ten thousand idle sockets. Options: --seconds (of each), --minutes (of idling, 0 for none), --sockets, --only (a kind), --server (beckon or
// PeerServer), --engine (of the pages in a room: chromium or firefox).
import { fork } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { unstable_readConfig } from "wrangler";
import { ASLEEP_MS, countsOf, gather, since } from "../bench/idle.js";
import { memoryOf } from "../bench/process.js";
import { beckon, peerServer } from "../bench/servers.js";
import { HARMS, harm } from "./harms.mjs";

const FLOODS = ["valid", "malformed", "oversized", "to absent ids", "join storm", "heartbeats", "everything"];
/** What the p99 of an honest frame's delay may rise by, in ms. */
const RISE_MS = 50;
/** What a server may have in memory: workerd holds some 95 kB for each socket, and a realm has at most 5,000 of them. */
const MEMORY_MB = 600;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "15" },
    minutes: { type: "string", default: "10" },
    sockets: { type: "string", default: "10000" },
    only: { type: "string" },
    server: { type: "string" },
    engine: { type: "string", default: "chromium" },
  },
});

// workerd waits for the disk whenever an object stores something; Cloudflare's storage does not hold up an object like that. What is
// measured here is Beckon, and not this machine's disk.
if (existsSync("/dev/shm")) process.env.TMPDIR = "/dev/shm";

const file = (name) => fileURLToPath(new URL(name, import.meta.url));
const { ratelimits } = unstable_readConfig({ config: file("../../wrangler.toml") });
const LIMITS = JSON.stringify(Object.fromEntries(ratelimits.map(({ name, simple }) => [name, simple])));
const servers = {
  beckon: () => beckon("Beckon", file("../../dist"), { vars: { LIMITS }, limited: true }),
  PeerServer: () => peerServer(),
};

/** A program of ours that is asked, and answers. */
function helper(name) {
  const child = fork(file(name));
  return {
    tell: (message) => child.send(message),
    pid: child.pid,
    ask: (message = {}) => new Promise((resolve) => (child.once("message", resolve), child.send(message))),
    end: () => (child.kill("SIGKILL"), new Promise((resolve) => child.once("exit", resolve))),
  };
}

/** One flood against one server. */
async function flood(start, kind) {
  const server = await start();
  const victims = helper("victims.js");
  const attackers = helper("attackers.js");
  try {
    await victims.ask({ port: server.port });
    await pause(2000);
    await victims.ask();
    await pause(Number(values.seconds) * 1000);
    const rest = await victims.ask();
    let most = 0;
    attackers.tell({ port: server.port, kind });
    for (const end = Date.now() + Number(values.seconds) * 1000; Date.now() < end; await pause(500)) most = Math.max(most, memory(server));
    const [under, fought] = [await victims.ask(), await attackers.ask()];
    const lives = memory(server) > 0;
    return {
      server: server.name,
      flood: kind,
      "frames/s": Math.round(fought.frames / Number(values.seconds)),
      joins: fought.joins,
      refused: fought.refused,
      "thrown out": fought.thrownOut,
      "p99 at rest": rest.p99,
      "p50 under": under.p50,
      "p99 under": under.p99,
      rise: under.p99 - rest.p99,
      "honest closed": lives ? under.closed : "all: it ended",
      "honest heard": under.heard / under.sent,
      "memory, MB": most / 1e6,
      good: lives && under.closed === 0 && under.p99 - rest.p99 < RISE_MS && most < MEMORY_MB * 1e6,
    };
  } finally {
    await Promise.all([victims.end(), attackers.end()]);
    await server.close();
  }
}

/** What a server has in memory, in bytes; 0 when it is no more. */
function memory(server) {
  try {
    return memoryOf(server.pid);
  } catch {
    return 0;
  }
}

/** Sockets that do nothing but send the stock client's heartbeats. */
async function idle(server, peers, ms) {
  await pause(2000); // it is up
  const crowd = await gather(server, peers);
  crowd.beat();
  await pause(ASLEEP_MS);
  const [before, from] = [await countsOf(server), crowd.sent()];
  await pause(ms);
  const [after, to] = [await countsOf(server), crowd.sent()];
  const held = crowd.held();
  crowd.rest();
  return { server: server.name, sockets: peers, heartbeats: to - from, wakes: since(before, after), "kB/socket": held, asleep: await crowd.leave() };
}

// Servers end with this process, if it ends itself.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

for (const [option, choices] of /** @type {[string, string[]][]} */ ([
  ["only", [...FLOODS, ...Object.keys(HARMS)]],
  ["server", Object.keys(servers)],
  ["engine", ["chromium", "firefox"]],
])) {
  if (values[option] === undefined || choices.includes(values[option])) continue;
  console.error(`There is no ${values[option]} for --${option}; there are: ${choices.join(", ")}.`);
  process.exit(2);
}

const show = (value) => (typeof value !== "number" ? value : Number.isInteger(value) ? value : Number(value.toFixed(2)));
const table = (rows) => console.table(rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, show(value)]))));

const rows = [];
for (const kind of FLOODS.filter((kind) => !values.only || kind === values.only)) {
  for (const [, start] of Object.entries(servers).filter(([name]) => !values.server || name === values.server)) {
    rows.push(await flood(start, kind));
    console.error(`${rows.length} done`);
  }
}
if (rows.length) console.log(`\nten attackers, twenty honest pairs, ${values.seconds} s at rest and ${values.seconds} s of each flood; delays in ms`);
if (rows.length) table(rows);

const harmed = [];
for (const kind of Object.keys(HARMS).filter((kind) => (!values.only || kind === values.only) && values.server !== "PeerServer")) {
  const { packs, wasteful } = HARMS[kind];
  const ways = (packs ? [false, true] : [false]).flatMap((packed) =>
    wasteful
      ? [
          { packed, tidy: false },
          { packed, tidy: true },
        ]
      : [{ packed, tidy: false }],
  );
  for (const { packed, tidy } of ways) {
    const v8Flags = tidy ? ["--gc-global"] : [];
    const start = () => beckon("Beckon", file("../../dist"), { vars: { LIMITS }, limited: true, metered: true, v8Flags });
    const engine = /** @type {"chromium" | "firefox"} */ (values.engine);
    harmed.push(await harm({ kind, packed, tidy, seconds: Number(values.seconds), engine, start, helper, memory }));
    console.error(`${harmed.length} done`);
  }
}
if (harmed.length)
  console.log(`\nattackers of one network, honest ones in the same object, ${values.seconds} s at rest and ${values.seconds} s of each; delays in ms`);
// One below the other: there is more to say of each than fits in a line.
for (const row of harmed) console.table(Object.fromEntries(Object.entries(row).map(([name, value]) => [name, show(value)])));

const idled = [];
if (Number(values.minutes) > 0) {
  const [peers, minutes] = [Number(values.sockets), Number(values.minutes)];
  // workerd has two open files for each socket, and each process may have so many.
  const files = Number(/^Max open files +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1] ?? 1024);
  const share = Math.ceil(peers / Math.ceil((2 * peers + 100) / files));
  const started = await Promise.all(
    Array.from({ length: Math.ceil(peers / share) }, () => beckon("Beckon", file("../../dist"), { vars: { CONCURRENT_LIMIT: String(peers) }, counted: true })),
  );
  try {
    idled.push(...(await Promise.all(started.map((server) => idle(server, share, minutes * 60_000)))));
  } finally {
    await Promise.all(started.map((server) => server.close()));
  }
  console.log(
    `\n${peers} idle sockets with the stock client's heartbeats for ${values.minutes} min, ${share} in each workerd, for it may have ${files} open files`,
  );
  table(idled);
}
const bad = [...rows.filter((row) => row.server === "Beckon" && !row.good), ...harmed.filter(({ good }) => !good), ...idled.filter(({ wakes }) => wakes !== 0)];
if (bad.length) console.log("not as it should be:", bad);
process.exit(bad.length ? 1 : 0);
