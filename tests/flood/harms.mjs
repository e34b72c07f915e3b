// What strangers and members may do to others a frame at a time, and what each may have of it (src/limits.rs). Victims are in the same
// object. Each is good when no victim is closed, none is 50 ms slower than before, memory is within 64 MB of what it was, and the
// attackers, who are all one network, have no more than a network may.
import { setTimeout as pause } from "node:timers/promises";

const [KIB, MIB, MB] = [1024, 1024 * 1024, 1e6];
/** What the 99th percentile of victims' delays may rise by, in ms. */
const RISE_MS = 50;
/** What the server's memory may grow by, in bytes. */
const GROWTH = 64 * MB;
/** For frames' envelopes and for the seconds that a fight takes longer than it is said to. */
const SLACK = 1.1;

/** What a network may send or be sent in so many seconds: `NETWORK_SHARE` times `BYTES_PER_SECOND`, at once and then each second. */
const network = (seconds) => 32 * MIB + 1 * MIB * seconds;
/** What a receiver may be sent: `RECEIVER_SHARE`. */
const receiver = (seconds) => 4 * MIB + 128 * KIB * seconds;

/**
 * `had` and `may`, in the same unit: what attackers had of what the harm is, and what they may.
 * @type {Record<string, { packs: boolean, victims: object, unit: string, may: (seconds: number) => number, had: (seen: any) => number }>}
 */
export const HARMS = {
  tunnel: { packs: true, victims: {}, unit: "MB through", may: (s) => (network(s) * SLACK) / MB, had: ({ fought }) => fought.got / MB },
  deaf: { packs: true, victims: {}, unit: "MB to one", may: (s) => (receiver(s) * SLACK) / MB, had: ({ fought }) => fought.got / MB },
  // Rows that one network may have stored in attempts, each of which costs eight (`STORED`, `ATTEMPT_COST`); the late ones' are theirs.
  rows: { packs: false, victims: {}, unit: "rows", may: (s) => ((640 * 16 + 4 * 16 * s) / 8) * SLACK, had: ({ rows }) => rows },
  queue: { packs: true, victims: { late: true }, unit: "late ones whose offer is lost", may: () => 0, had: ({ under }) => under.late - under.met },
  answers: { packs: false, victims: { room: true }, unit: "MB to one", may: (s) => (receiver(s) * SLACK) / MB, had: ({ under }) => under.strange / MB },
  comings: { packs: false, victims: { room: true }, unit: "comings", may: (s) => (120 + 2 * s) * SLACK, had: ({ joins }) => joins },
};

/** A counter of the server's; not a number when it is no more. */
async function counter(server, name) {
  try {
    const text = await (await fetch(server.metrics)).text();
    return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1] ?? 0);
  } catch {
    return NaN;
  }
}

/**
 * One of them, against a server of its own.
 * @param {{ kind: string, packed: boolean, seconds: number, start: () => Promise<any>, helper: (name: string) => any, memory: (server: any) => number }} how
 */
export async function harm({ kind, packed, seconds, start, helper, memory }) {
  const { victims: who, unit, may, had } = HARMS[kind];
  const server = await start();
  const [victims, attackers] = [helper("victims.js"), helper("harm.js")];
  try {
    await victims.ask({ port: server.port, ...who });
    await pause(2000);
    await victims.ask();
    await pause(seconds * 1000);
    const rest = await victims.ask();
    const quiet = memory(server);
    const [joins, rows] = [await counter(server, "beckon_joins_total"), await counter(server, "beckon_stored_rows_total")];
    const begun = performance.now();
    attackers.tell({ port: server.port, kind, packed });
    let most = 0;
    for (const end = Date.now() + seconds * 1000; Date.now() < end; await pause(250)) most = Math.max(most, memory(server));
    const under = await victims.ask();
    await attackers.ask({ listen: true });
    await pause(500); // what was held back for one who heard nothing
    const fought = await attackers.ask();
    const took = (performance.now() - begun) / 1000;
    const seen = { fought, under, joins: (await counter(server, "beckon_joins_total")) - joins, rows: (await counter(server, "beckon_stored_rows_total")) - rows };
    const [theirs, allowed, lives] = [had(seen), may(took), memory(server) > 0];
    const row = {
      harm: kind,
      compressed: packed ? (fought.compressed ? "yes" : "NOT TAKEN") : "",
      "sent, MB": fought.bytes / MB,
      frames: fought.frames,
      "thrown out": fought.thrownOut,
      "p99 at rest": rest.p99,
      "p99 under": under.p99,
      "honest closed": lives ? under.closed : "all: it ended",
      "honest heard": under.heard / under.sent,
      "memory grew, MB": (most - quiet) / MB,
      had: theirs,
      may: allowed,
      of: unit,
    };
    const bad = [
      ...(lives ? [] : ["the server ends"]),
      ...(under.closed ? ["victims are closed"] : []),
      ...(under.p99 - rest.p99 < RISE_MS ? [] : ["victims wait"]),
      ...(most - quiet < GROWTH ? [] : ["memory grows"]),
      ...(theirs <= allowed ? [] : ["attackers have more than they may"]),
    ];
    return { ...row, good: bad.length === 0, bad: bad.join(", ") };
  } finally {
    await Promise.all([victims.end(), attackers.end()]);
    await server.close();
  }
}
