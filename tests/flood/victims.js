// Twenty honest pairs, in a process of their own so that nobody's delays are measured but the server's: each one tells the other
// something ten times a second, a kilobyte at a time.
import { open } from "../bench/socket.js";
import { clientFrame } from "../bench/socket.js";
import { seeded } from "../seeds/chance.mjs";

/** When each one begins to speak. */
const random = seeded(1);

const PAIRS = 20;
/** In a room, which holds sixteen: there are two pages in it as well, and attackers. */
const ROOM_PAIRS = 3;
/** How many of them dial those who come late, how often each, when these come, and how long what waited may take then, in ms. */
const [LATE_DIALLERS, LATE_EVERY_MS, LATE_MS, PATIENCE_MS] = [10, 2_000, 800, 2_000];
/** Each of those who come late has a name of its own. */
let lates = 0;
/** How often each one speaks, in ms. */
const EVERY_MS = 100;

const FILLER = "x".repeat(1000);
/** The delays since they were last asked for, in ms. @type {number[]} */
let delays = [];
let [sent, closed] = [0, 0];

/** Those who come late, and find what waits for them. */
let [late, met] = [0, 0];

/** @param {number} port @param {{ room?: string, late?: boolean }} how  `room`: in the room of this key, and fewer; `late`: some of them dial those who are not here yet */
async function begin(port, how) {
  const pairs = how.room ? ROOM_PAIRS : PAIRS;
  const where = how.room ? { key: how.room, query: "&roster=1" } : {};
  for (let pair = 0; pair < pairs; pair++) {
    const [one, other] = await Promise.all(["a", "b"].map((side) => open(port, { id: `pair-${pair}-${side}`, ...where })));
    if (!one || !other) throw new Error("nobody came");
    for (const [from, to] of /** @type {const} */ ([
      [one, other],
      [other, one],
    ])) {
      to.onText = (payload) => {
        const at = payload.indexOf('"sent":');
        if (at >= 0) delays.push(performance.now() - Number.parseFloat(payload.toString("latin1", at + 7, at + 27)));
      };
      to.closed.then(() => closed++);
      setTimeout(() => setInterval(speak, EVERY_MS), random.next() * EVERY_MS);
      function speak() {
        sent++;
        const said = `{"sent":${performance.now()},"candidate":"${FILLER}"}`;
        from.send(clientFrame(`{"type":"CANDIDATE","payload":${said},"dst":"${to.id}"}`));
      }
    }
    if (how.late && pair < LATE_DIALLERS) setTimeout(() => setInterval(() => void meet(port, one), LATE_EVERY_MS), (pair * LATE_EVERY_MS) / LATE_DIALLERS);
  }
}

/** Dials somebody who comes only then. @param {number} port @param {import("../bench/socket.js").Wire} student */
async function meet(port, student) {
  const id = `late-${student.id}-${++lates}`;
  student.send(clientFrame(`{"type":"OFFER","payload":{"sdp":"${FILLER}"},"dst":"${id}"}`));
  await new Promise((settle) => setTimeout(settle, LATE_MS));
  let heard = (/** @type {Buffer} */ _) => {};
  const found = new Promise((settle) => (heard = settle)).then(() => true);
  const teacher = await open(port, { id, heard }); // what waits comes together with OPEN
  const answer = await Promise.race([found, new Promise((settle) => setTimeout(settle, PATIENCE_MS, false))]);
  late++;
  if (answer) met++;
  teacher.close();
}

/** What they have seen since they were last asked. */
function report() {
  const sorted = delays.sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
  const seen = { sent, heard: sorted.length, closed, p50: at(0.5), p99: at(0.99), most: at(1), late, met };
  [delays, sent, late, met] = [[], 0, 0, 0];
  return seen;
}

process.on("message", async (/** @type {any} */ { port, ...how }) => {
  if (port) await begin(port, how).catch(() => (closed = 2 * PAIRS));
  process.send?.(report());
});
// Whoever asks is gone.
process.on("disconnect", () => process.exit());
