// Writes what docs/performance.md says about speed and costs, from bench.json: `node tests/bench/report.mjs` prints it, `--write` puts it where it
// belongs.
import { readFileSync, writeFileSync } from "node:fs";
import { rounded } from "./contest.js";
import { costs } from "./cost.js";
import { read } from "./results.js";
import { judge } from "./targets.js";

const { machine, figures } = read();
const missing = [
  "relay",
  "floors",
  "limit",
  "relayHomes",
  "connection",
  "gentle",
  "homes",
  "idle",
  "rooms",
  "sockets",
  "joins",
  "bytes",
  "hello",
  "sizes",
].filter((name) => !(name in figures));
if (missing.length) {
  console.error(`bench.json lacks ${missing.join(", ")}: npm run bench -- ${missing.join(" ")}`);
  process.exit(1);
}

/** @param {string} figure @param {string} server @param {string} what */
const of = (figure, server, what) => figures[figure]?.rows.find((row) => row.server === server)?.[what];
/** @param {string | number | undefined} value @param {string} unit */
const shown = (value, unit) =>
  typeof value === "number" ? `${value >= 100 ? Math.round(value).toLocaleString("en-US") : rounded(value)} ${unit}`.trim() : "–";
/** @type {string[]} */
const text = [];
/** @param {string[]} cells */
const row = (...cells) => text.push(`| ${cells.join(" | ")} |`);
const say = (/** @type {string} */ line = "") => text.push(line);
/** @param {number} value */
const dollars = (value) => `$${value.toFixed(2)}`;
/** @param {number} value */
const about = (value) => Number(value.toPrecision(2)).toLocaleString("en-US");

const days = [...new Set(Object.values(figures).map(({ taken }) => taken))].sort();
say(`\`npm run bench\`, ${days.at(-1)}, ${machine}:`);
say();
row("", "PeerServer", "least object", "Beckon");
row("---", "---", "---", "---");
for (const [label, figure, what, unit] of /** @type {const} */ ([
  ["CPU per relayed message (2.5 kB), saturated", "relay", "us/message", "us"],
  ["messages a second", "relay", "messages/s", ""],
  ["half of them within", "relay", "p50 us", "us"],
  ["99 % of them within", "relay", "p99 us", "us"],
  ["CPU per message between two of 8 homes", "relayHomes", "us/message", "us"],
  ["CPU per connection (offer, answer, 8 + 8 candidates), saturated", "connection", "us/connection", "us"],
  ["the same, 20 a second", "gentle", "us/connection", "us"],
  ["the same, saturated, between two of 8 homes", "homes", "us/connection", "us"],
  ["CPU per heartbeat, 2,000 idle peers", "idle", "us/heartbeat", "us"],
  ["the object is woken by heartbeats", "idle", "wakes", "times"],
  ["memory per idle socket", "idle", "kB/socket", "kB"],
  ["CPU for one to join and leave, among 100", "joins", "100 sockets", "us"],
  ["the same, among 5,000", "joins", "5000 sockets", "us"],
])) {
  const alone = /homes/i.test(figure);
  row(label, shown(of(figure, "PeerServer", what), unit), alone ? "–" : shown(of(figure, "floor", what), unit), shown(of(figure, "Beckon", what), unit));
}
say();
say(
  `These sockets may send without limit. With \`FRAMES_PER_SECOND\` on, a message costs ${shown(of("limit", "with limit", "us/message"), "us")} instead of ` +
    `${shown(of("limit", "without limit", "us/message"), "us")}. ` +
    `An object that passes frames on unread takes ${shown(of("floors", "unread", "us/message"), "us")} for a message (${shown(of("floors", "unread", "x PeerServer"), "x")} PeerServer's). One that ` +
    `splices in the sender, and believes that the rest is JSON, takes ${shown(of("floors", "spliced, unchecked", "us/message"), "us")} (${shown(of("floors", "spliced, unchecked", "x PeerServer"), "x")}).`,
);
say();
row("figure", "Beckon", "aim", "what it means to you");
row("---", "---", "---", "---");
for (const { what, means, target, Beckon } of judge(figures)) row(what, String(Beckon), target.replace("<=", "≤").replace(">=", "≥"), means);

say();
row("from the tap on a link to the first hello", "two bare pages", "PeerJS on PeerServer", "PeerJS on Beckon", "Beckon's room page", "its first paint");
row("---", "---", "---", "---", "---", "---");
for (const { where, ...ms } of figures.hello?.rows ?? [])
  row(String(where), ...["bare pages", "PeerJS on PeerServer", "PeerJS on Beckon", "room", "room is painted"].map((name) => shown(ms[name], "ms")));

const { connections, woken, idle, plan } = costs(figures);
say();
row("two people connect once and stay for 20 minutes", "a million times", `times a month in the $${plan} plan`, "times a day in the free plan");
row("---", "---", "---", "---");
for (const each of connections) row(each.what, dollars(each["$ per million"]), about(each["a month in the paid plan"]), about(each["a day in the free plan"]));
row("if heartbeats woke the object", dollars(woken), "", "");
say();
row("1,000 peers are idle", "a month");
row("---", "---");
row("Beckon: heartbeats wake nothing", dollars(idle.Beckon));
row("an object that hears each heartbeat, and sleeps between them", dollars(idle.woken));
row("an object with sockets that do not let it sleep", dollars(idle.awake));
row("PeerServer on a small machine, however little it has to do", dollars(idle.machine));

const PAPER = new URL("../../docs/performance.md", import.meta.url);
if (process.argv.includes("--write")) {
  const old = readFileSync(PAPER, "utf8");
  const place = /(<!-- bench -->)[\s\S]*(<!-- \/bench -->)/;
  if (!place.test(old)) throw new Error("docs/performance.md has no place for it: <!-- bench --> and <!-- /bench -->");
  writeFileSync(
    PAPER,
    old.replace(place, (_, begin, end) => `${begin}\n${text.join("\n")}\n\n${end}`),
  );
} else console.log(text.join("\n"));
