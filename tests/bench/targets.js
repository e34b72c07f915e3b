// What Beckon must show, whether it does, and what that means to a reader.

/**
 * @typedef {import("./table.js").Figure} Figure
 * @typedef {object} Target
 * @property {string} figure
 * @property {string} what
 * @property {string} means  to somebody who thinks of using Beckon
 * @property {{ most: number } | { least: number }} [must]
 * @property {number} [reach]  at most this would be better still
 * @property {(row: (server: string) => Record<string, any>, figure: Figure) => number} value
 */

/** A figure of Beckon's, as a multiple of another server's. @param {string} what @param {string} server @returns {Target["value"]} */
const ratio = (what, server) => (row) => row("Beckon")[what] / row(server)[what];

/** @type {Target[]} */
export const targets = [
  {
    figure: "relay",
    what: "CPU per relayed message, x PeerServer",
    means: "the price of limits and of objects that sleep: one core relays that much less than with PeerServer",
    must: { most: 1.15 },
    value: ratio("us/message", "PeerServer"),
  },
  {
    figure: "relay",
    what: "CPU per relayed message, x the floor",
    means: "below 1, Beckon costs less than the simplest JavaScript object on the same platform",
    must: { most: 1 },
    value: ratio("us/message", "floor"),
  },
  {
    figure: "relay",
    what: "messages a second, x PeerServer",
    means: "the throughput of one saturated object; each room is an object of its own",
    must: { least: 0.9 },
    value: ratio("messages/s", "PeerServer"),
  },
  {
    figure: "relay",
    what: "99th percentile, x the floor",
    means: "below 1, nobody waits longer at saturation than the platform itself makes them",
    must: { most: 1 },
    value: ratio("p99 us", "floor"),
  },
  {
    figure: "connection",
    what: "CPU per connection, saturated, x the floor",
    means: "below 1, frames that leave together save that share of the platform's work",
    must: { most: 1 },
    value: ratio("us/connection", "floor"),
  },
  {
    figure: "connection",
    what: "CPU per connection, saturated, x PeerServer",
    means: "how much more CPU a whole introduction costs than with PeerServer",
    must: { most: 1.4 },
    value: ratio("us/connection", "PeerServer"),
  },
  {
    figure: "gentle",
    what: "CPU per connection, 20 a second, x the floor",
    means: "the same in a quiet object, where fewer frames leave together",
    must: { most: 1 },
    value: ratio("us/connection", "floor"),
  },
  {
    figure: "homes",
    what: "CPU per connection, 8 homes, x PeerServer",
    means: "the price of spreading the public realm; only a service that outgrows one object pays it",
    must: { most: 2.5 },
    value: ratio("us/connection", "PeerServer"),
  },
  {
    figure: "idle",
    what: "CPU per heartbeat, x PeerServer",
    means: "the runtime's own CPU for an idle peer; Cloudflare does not bill it",
    must: { most: 0.55 },
    value: ratio("us/heartbeat", "PeerServer"),
  },
  {
    figure: "idle",
    what: "wakes of the object by heartbeats",
    means: "at 0, an idle peer costs nothing",
    must: { most: 0 },
    value: (row) => row("Beckon").wakes,
  },
  {
    figure: "idle",
    what: "memory per idle socket, x the floor",
    means: "at 1, Beckon adds nothing to the memory that the platform needs",
    must: { most: 1.05 },
    value: ratio("kB/socket", "floor"),
  },
  {
    figure: "rooms",
    what: "CPU per message, 1 to 1,000 rooms: most / least",
    means: "at 1, a message costs the same however many rooms there are",
    must: { most: 1.15 },
    value: (row) => row("Beckon")["most / least"],
  },
  {
    figure: "sockets",
    what: "CPU per message, 2 to 5,000 sockets: most / least",
    means: "at 1, a message costs the same however many peers are connected",
    must: { most: 1.15 },
    value: (row) => row("Beckon")["most / least"],
  },
  {
    figure: "joins",
    what: "CPU for one to join and leave, among 100, x the floor",
    means: "what letting somebody in costs beyond the platform's own work",
    must: { most: 1.25 },
    value: ratio("100 sockets", "floor"),
  },
  {
    figure: "joins",
    what: "CPU of joining, 5,000 sockets / 2 sockets",
    means: "at 1, joining a crowd costs no more than joining one peer",
    must: { most: 1.15 },
    value: (row) => row("Beckon")["5000 sockets"] / row("Beckon")["2 sockets"],
  },
  {
    figure: "bytes",
    what: "signalling round trips before a room's first offer",
    means: "how often a newcomer waits for the server before its first offer leaves",
    must: { most: 1 },
    value: (row) => row("room").roundTrips,
  },
  {
    figure: "hello",
    what: "from the tap on a link to hello, x two bare pages",
    means: "at 1, the room page costs a person no time at all; the slowest of all devices and ways counts",
    must: { most: 1.25 },
    value: (_, { rows }) => Math.max(...rows.map((row) => Number(row.room) / Number(row["bare pages"]))),
  },
  {
    figure: "hello",
    what: "the same, x stock PeerJS",
    means: "below 1, a room's page is sooner there than a page with PeerJS, on whichever server",
    must: { most: 1 },
    value: (_, { rows }) => Math.max(...rows.map((row) => Number(row.room) / Math.min(Number(row["PeerJS on PeerServer"]), Number(row["PeerJS on Beckon"])))),
  },
  {
    figure: "sizes",
    what: "Worker as uploaded, kB after gzip",
    means: "what a deploy uploads, and a cold start loads",
    must: { most: 150 },
    value: (_, { rows }) => sizeOf(rows, "Beckon: Worker", "kB gzip"),
  },
  {
    figure: "sizes",
    what: "start-up, ms of CPU",
    means: "what the first visitor after a quiet time waits for",
    must: { most: 10 },
    value: (_, { rows }) => sizeOf(rows, "Beckon: start", "CPU ms"),
  },
  {
    figure: "sizes",
    what: "page and library, kB after gzip",
    means: "what a phone downloads before the first hello",
    must: { most: 30 },
    value: (_, { rows }) => sizeOf(rows, "page and library", "kB gzip"),
  },
];

/** @param {Figure["rows"]} rows @param {string} begins @param {string} column */
const sizeOf = (rows, begins, column) => Number(rows.find(({ what }) => String(what).startsWith(begins))?.[column]);

/** Compared as they are printed, with two digits after the point. @param {number} value @param {NonNullable<Target["must"]>} must */
const met = (value, must) => ("most" in must ? Number(value.toFixed(2)) <= must.most : Number(value.toFixed(2)) >= must.least);

/**
 * The targets of the figures that there are.
 * @param {Record<string, Figure>} figures
 */
export function judge(figures) {
  return targets
    .filter(({ figure }) => figure in figures)
    .map(({ figure, what, means, must, reach, value }) => {
      const taken = /** @type {Figure} */ (figures[figure]);
      const found = value((server) => taken.rows.find((row) => row.server === server) ?? {}, taken);
      const wanted = must && ("most" in must ? `<= ${must.most}` : `>= ${must.least}`);
      const reached = reach !== undefined && met(found, { most: reach });
      return {
        what,
        means,
        target: [wanted, reach !== undefined && `reach ${reach}`].filter(Boolean).join(", "),
        Beckon: Number(found.toFixed(2)),
        met: must && !met(found, must) ? "NO" : reached ? "yes, reached" : must ? "yes" : "not reached",
      };
    });
}
