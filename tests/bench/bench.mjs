// npm run bench: what Beckon costs, side by side with the stock PeerServer and with the least that the platform allows. Names of
// figures take only those, and options make it shorter:
//   node tests/bench/bench.mjs relay --rounds 5 --seconds 3
//   node tests/bench/bench.mjs relay --beckon before=/tmp/before/dist --beckon after=dist --only floor
//   node tests/bench/bench.mjs profile --only floor
import { parseArgs } from "node:util";
import { connection, connectionFloors, gentle, homes } from "./connection.js";
import * as hello from "./hello.js";
import * as idle from "./idle.js";
import * as bytes from "./bytes.js";
import * as sizes from "./sizes.js";
import { joins, rooms, sockets } from "./scale.js";
import { floors, limit, relay, relayHomes } from "./relay.js";
import * as profile from "./profile.js";
import { keep, read } from "./results.js";
import { print } from "./table.js";
import { judge } from "./targets.js";

/** @typedef {{ title: string, measure: (options: import("./contest.js").Options) => Promise<import("./table.js").Figure | void> }} Measured */
/** @type {Record<string, Measured>} */
const figures = { relay, floors, limit, relayHomes, connection, gentle, homes, idle, rooms, sockets, joins, bytes, hello, sizes };
/** @type {Record<string, Measured>} */
const all = { ...figures, connectionFloors, profile };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    beckon: { type: "string", multiple: true, default: ["Beckon=dist"] }, // NAME=FOLDER
    only: { type: "string", default: "PeerServer,floor" }, // whom to compare it with; "" for nobody
    vars: { type: "string", multiple: true, default: [] }, // NAME=VALUE, for Beckon
    rounds: { type: "string" },
    seconds: { type: "string" },
    minutes: { type: "string" }, // of idleness
    quick: { type: "boolean", default: false },
  },
});
/** @param {string} given @returns {[string, string]} */
const pair = (given) => [given.slice(0, given.indexOf("=")), given.slice(given.indexOf("=") + 1)];
/** @type {import("./contest.js").Options} */
const options = {
  builds: values.beckon.map(pair),
  vars: Object.fromEntries(values.vars.map(pair)),
  takesPart: (name) => values.only.split(",").includes(name),
  rounds: Number(values.rounds ?? (values.quick ? 3 : 7)),
  seconds: Number(values.seconds ?? (values.quick ? 2 : 4)),
  minutes: Number(values.minutes ?? (values.quick ? 1 : 10)),
  quick: values.quick,
};

const wanted = positionals.length ? positionals : Object.keys(figures);
const unknown = wanted.filter((name) => !(name in all));
if (unknown.length) {
  console.error(`There is no figure ${unknown.join(", ")}; there are ${Object.keys(all).join(", ")}.`);
  process.exit(2);
}
// What compares builds is not what docs/performance.md quotes.
const official = values.beckon.join() === "Beckon=dist" && values.only === "PeerServer,floor" && !values.vars.length;
for (const name of wanted) {
  const { title, measure } = /** @type {Measured} */ (all[name]);
  console.error(`\n${title}`);
  const figure = await measure(options);
  if (!figure) continue;
  print(title, figure);
  const command = `npm run bench -- ${process.argv.slice(2).join(" ")}`.replace(/ -- $/, "");
  if (official) keep(name, { title, taken: new Date().toISOString().slice(0, 10), command, ...figure });
}
if (official) print("Targets", { rows: judge(read().figures) });
