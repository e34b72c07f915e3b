// Prints what README.md says about speed and costs, from bench.json: `node tests/bench/report.mjs`.
import { rounded } from "./contest.js";
import { costs } from "./cost.js";
import { read } from "./results.js";
import { judge } from "./targets.js";

const { machine, figures } = read();
const missing = ["relay", "connection", "gentle", "homes", "idle", "rooms", "sockets", "joins", "bytes", "page", "sizes"].filter((name) => !(name in figures));
if (missing.length) {
  console.error(`bench.json lacks ${missing.join(", ")}: npm run bench -- ${missing.join(" ")}`);
  process.exit(1);
}

/** @param {string} figure @param {string} server @param {string} what */
const of = (figure, server, what) => figures[figure]?.rows.find((row) => row.server === server)?.[what];
/** @param {string | number | undefined} value @param {string} unit */
const shown = (value, unit) => (typeof value === "number" ? `${value >= 100 ? Math.round(value).toLocaleString("en-US") : rounded(value)} ${unit}`.trim() : "–");
/** @param {string[]} cells */
const row = (...cells) => console.log(`| ${cells.join(" | ")} |`);
/** @param {number} value */
const dollars = (value) => `$${value.toFixed(2)}`;
/** @param {number} value */
const about = (value) => Number(value.toPrecision(2)).toLocaleString("en-US");

const days = [...new Set(Object.values(figures).map(({ taken }) => taken))].sort();
console.log(`\`npm run bench\`, ${days.at(-1)}, ${machine}:\n`);
row("", "PeerServer", "least object", "Beckon");
row("---", "---", "---", "---");
for (const [label, figure, what, unit] of /** @type {const} */ ([
  ["CPU per relayed message (2.5 kB), saturated", "relay", "us/message", "us"],
  ["messages a second", "relay", "messages/s", ""],
  ["half of them within", "relay", "p50 us", "us"],
  ["99 % of them within", "relay", "p99 us", "us"],
  ["CPU per connection (offer, answer, 8 + 8 candidates), saturated", "connection", "us/connection", "us"],
  ["the same, 20 a second", "gentle", "us/connection", "us"],
  ["the same, saturated, between two of 8 homes", "homes", "us/connection", "us"],
  ["CPU per heartbeat, 2,000 idle peers", "idle", "us/heartbeat", "us"],
  ["object woken by heartbeats", "idle", "wakes", ""],
  ["memory per idle socket", "idle", "kB/socket", "kB"],
  ["CPU for one to join and leave, among 100", "joins", "100 sockets", "us"],
  ["the same, among 5,000", "joins", "5000 sockets", "us"],
])) {
  row(label, shown(of(figure, "PeerServer", what), unit), figure === "homes" ? "–" : shown(of(figure, "floor", what), unit), shown(of(figure, "Beckon", what), unit));
}

console.log("");
row("what we want", "target", "Beckon", "met");
row("---", "---", "---", "---");
for (const { what, target, Beckon, met } of judge(figures)) row(what, target.replace("<=", "≤").replace(">=", "≥"), String(Beckon), met);

const { connections, awake, idle, plan } = costs(figures);
console.log("\n### In dollars\n");
row("a million connections (two pages opened, 20 minutes)", "marginal price", `in the ${dollars(plan)} plan, a month`, "in the free plan, a day");
row("---", "---", "---", "---");
for (const each of connections) row(each.what, dollars(each["$ per million"]), about(each["a month in the paid plan"]), about(each["a day in the free plan"]));
row("if heartbeats woke the object", dollars(awake), "–", "–");
console.log("");
row("1,000 peers idle for a month", "dollars");
row("---", "---");
row("Beckon: heartbeats cost nothing", dollars(idle.Beckon));
row("an object that they wake", dollars(idle.awake));
row("PeerServer on a small machine that is always on, whatever it does", dollars(idle.machine));
