// What strangers and members may do to others a frame at a time, and what each may have of it (src/limits.rs). Victims are in the same
// object, and in a room two real pages. Each is good when no victim is closed, none is 50 ms slower than before, memory is within 64 MB of
// what it was, and the attackers, who are all one network, have no more than a network may, although they tried.
import { setTimeout as pause } from "node:timers/promises";
import { deriveKeys, freshSecret } from "../../public/lib/seal.js";
import { cpuOf, waitedOf } from "../bench/process.js";
import { openPages } from "./pages.mjs";

const [KIB, MIB, MB] = [1024, 1024 * 1024, 1e6];
/** What the 99th percentile of victims' delays may rise by, in ms. */
const RISE_MS = 50;
/** What the server's memory may grow by, in bytes. */
const GROWTH = 64 * MB;
/** How many times what they may attackers must have tried, so that something is proved. */
const TRIED = 1.25;
/** For frames' envelopes and for the seconds that a fight takes longer than it is said to. */
const SLACK = 1.1;

/** What a network may send or be sent in so many seconds: `NETWORK_SHARE` times `BYTES_PER_SECOND`, at once and then each second. */
const network = (seconds) => 32 * MIB + 1 * MIB * seconds;
/** What a receiver may be sent: `RECEIVER_SHARE`. */
const receiver = (seconds) => 4 * MIB + 128 * KIB * seconds;

/** What a page says to the server at most: `openFrameLimit` (public/lib/rate-limit.js), below what a socket may send. */
const said = (seconds) => 800 + 45 * seconds;

/**
 * `had` and `may`, in the same unit: what attackers had of what the harm is, and what they may. `tried`: what they would have had, if nobody
 * held them; what is hardly more than they may proves nothing. `wasteful`: there is much garbage, texts of 256 KiB or what the runtime has around
 * each socket that was refused (20 to 40 kB, of which V8 knows nothing, and so some 140 MB before it looks). It is done again with a V8 that
 * collects everything each time: that is slow, and shows what is kept.
 * @type {Record<string, { packs: boolean, wasteful?: boolean, victims?: object, pages?: boolean, unit: string, may: (seconds: number) => number, had: (seen: any) => number, tried?: (seen: any) => number }>}
 */
export const HARMS = {
  tunnel: {
    packs: true,
    wasteful: true,
    unit: "MB through",
    may: (s) => (network(s) * SLACK) / MB,
    had: ({ fought }) => fought.got / MB,
    tried: ({ fought }) => fought.bytes / MB,
  },
  deaf: {
    packs: true,
    unit: "MB to one",
    may: (s) => (receiver(s) * SLACK) / MB,
    had: ({ fought }) => fought.got / MB,
    tried: ({ fought }) => fought.bytes / MB,
  },
  // Rows that one network may have stored in attempts, each of which costs eight (`STORED`, `ATTEMPT_COST`).
  rows: { packs: false, unit: "rows", may: (s) => ((640 * 16 + 4 * 16 * s) / 8) * SLACK, had: ({ rows }) => rows, tried: ({ fought }) => fought.frames },
  // The smaller and the first offer of a sender go first: nobody late loses one. Attackers fill the 4 MiB that may wait many times.
  queue: {
    packs: true,
    victims: { late: true },
    unit: "late ones whose offer is lost",
    may: () => 0,
    had: ({ under }) => under.late - under.met,
    tried: ({ fought, under }) => (fought.bytes > 16 * MIB ? under.late : 0),
  },
  answers: { packs: false, pages: true, unit: "frames of the page", may: said, had: ({ paged }) => paged.said, tried: ({ fought }) => fought.frames },
  comings: {
    packs: false,
    wasteful: true,
    pages: true,
    unit: "comings",
    may: (s) => (120 + 2 * s) * SLACK,
    had: ({ joins }) => joins,
    tried: ({ fought }) => fought.joins,
  },
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
 * @param {{ kind: string, packed: boolean, tidy: boolean, seconds: number, engine: "chromium" | "firefox", start: () => Promise<any>, helper: (name: string) => any, memory: (server: any) => number }} how
 */
export async function harm({ kind, packed, tidy, seconds, engine, start, helper, memory }) {
  const { wasteful = false, victims: who = {}, pages: paged = false, unit, may, had, tried = had } = /** @type {(typeof HARMS)[string]} */ (HARMS[kind]);
  const server = await start();
  const [victims, attackers] = [helper("victims.js"), helper("harm.js")];
  const secret = freshSecret();
  const room = paged ? (await deriveKeys(secret)).realmKey : undefined;
  let pages;
  try {
    await victims.ask({ port: server.port, room, ...who });
    pages = paged ? await openPages(engine, `http://127.0.0.1:${server.port}/#${secret}`) : null;
    await pause(2000);
    const look = async () => ({ ...(await victims.ask()), page: (await pages?.look()) ?? null });
    await look();
    await pause(seconds * 1000);
    const rest = await look();
    const quiet = memory(server);
    const [joins, rows] = [await counter(server, "beckon_joins_total"), await counter(server, "beckon_stored_rows_total")];
    const began = { at: performance.now(), cpu: cpuOf(server.pid), waited: waitedOf(server.pid) + waitedOf(victims.pid) };
    attackers.tell({ port: server.port, kind, packed, secret, page: pages?.id });
    let most = 0;
    for (const end = Date.now() + seconds * 1000; Date.now() < end; await pause(250)) most = Math.max(most, memory(server));
    const under = await look();
    const fight = performance.now() - began.at;
    const lives = memory(server) > 0;
    const busy = lives ? (cpuOf(server.pid) - began.cpu) / 1000 / fight : NaN;
    const waited = (waitedOf(server.pid) + waitedOf(victims.pid) - began.waited) / fight;
    await attackers.ask({ listen: true });
    await pause(500); // what was held back for one who heard nothing
    const fought = await attackers.ask();
    const took = (performance.now() - began.at) / 1000;
    const seen = {
      fought,
      under,
      paged: under.page,
      joins: (await counter(server, "beckon_joins_total")) - joins,
      rows: (await counter(server, "beckon_stored_rows_total")) - rows,
    };
    const [theirs, allowed, attempted] = [had(seen), may(took), tried(seen)];
    const closed = under.closed + (under.page?.closed ?? 0);
    const row = {
      harm: kind,
      ...(wasteful && { "garbage is collected": tidy ? "at once" : "as usual" }),
      compressed: packed ? (fought.compressed ? "yes" : "NOT TAKEN") : "",
      "sent, MB": fought.bytes / MB,
      frames: fought.frames,
      joins: fought.joins,
      "thrown out": fought.thrownOut,
      "p99 at rest": rest.p99,
      "p99 under": under.p99,
      ...(pages && {
        "page's p99 at rest": rest.page.p99,
        "page's p99 under": under.page.p99,
        "page busy at rest": rest.page.busy,
        "page busy under": under.page.busy,
      }),
      "server busy": busy,
      "waited for a processor": waited,
      "honest closed": lives ? closed : "all: it ended",
      "honest heard": under.heard / under.sent,
      "memory grew, MB": (most - quiet) / MB,
      tried: attempted,
      had: theirs,
      may: allowed,
      of: unit,
    };
    const bad = [
      ...(lives ? [] : ["the server ends"]),
      ...(closed ? ["victims are closed"] : []),
      ...(tidy || under.p99 - rest.p99 < RISE_MS ? [] : ["victims wait"]),
      ...(tidy || !pages || (under.page.heard > 0 && under.page.p99 - rest.page.p99 < RISE_MS) ? [] : ["a page stands still"]),
      ...((wasteful && !tidy) || most - quiet < GROWTH ? [] : ["memory grows"]),
      ...(theirs <= allowed ? [] : ["attackers have more than they may"]),
      ...(attempted > TRIED * allowed ? [] : ["attackers did not try"]),
      ...(packed && !fought.compressed ? ["nothing was compressed"] : []),
    ];
    return { ...row, good: bad.length === 0, bad: bad.join(", ") };
  } finally {
    await Promise.all([victims.end(), attackers.end(), pages?.close()]);
    await server.close();
  }
}
