// Twenty honest pairs, in a process of their own so that nobody's delays are measured but the server's: each one tells the other
// something ten times a second, a kilobyte at a time.
import { open } from "../bench/socket.js";
import { clientFrame } from "../bench/socket.js";
import { seeded } from "../seeds/chance.mjs";

/** When each one begins to speak. */
const random = seeded(1);

const PAIRS = 20;
/** How often each one speaks, in ms. */
const EVERY_MS = 100;

const FILLER = "x".repeat(1000);
/** The delays since they were last asked for, in ms. @type {number[]} */
let delays = [];
let [sent, closed] = [0, 0];

/** @param {number} port */
async function begin(port) {
  for (let pair = 0; pair < PAIRS; pair++) {
    const [one, other] = await Promise.all(["a", "b"].map((side) => open(port, { id: `pair-${pair}-${side}` })));
    if (!one || !other) throw new Error("nobody came");
    for (const [from, to] of /** @type {const} */ ([[one, other], [other, one]])) {
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
  }
}

/** What they have seen since they were last asked. */
function report() {
  const sorted = delays.sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
  const seen = { sent, heard: sorted.length, closed, p50: at(0.5), p99: at(0.99), most: at(1) };
  [delays, sent] = [[], 0];
  return seen;
}

process.on("message", async (/** @type {any} */ { port }) => {
  if (port) await begin(port).catch(() => (closed = 2 * PAIRS));
  process.send?.(report());
});
