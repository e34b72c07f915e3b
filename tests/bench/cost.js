// What a bill would say: Cloudflare's list prices times what the bench has counted, and a small machine that runs PeerServer.

/** Dollars beyond what a plan includes, per million (developers.cloudflare.com/workers/platform/pricing, …/durable-objects/platform/pricing). */
const PRICES = { workerRequest: 0.3, workerCpuMs: 0.02, objectRequest: 0.15, objectGBs: 12.5 };
/** Incoming frames that count as one request of an object. Heartbeats that the runtime answers count as none. */
const FRAMES_PER_REQUEST = 20;
/** What an object is billed to hold while it runs, in GB. */
const OBJECT_GB = 0.128;
/** What the paid plan includes in a month, for its price; and what the free one does, in a day. */
const PAID = { dollars: 5, workerRequests: 10e6, objectRequests: 1e6 };
const FREE = { workerRequests: 100_000, objectRequests: 100_000 };
/** A small virtual machine with one core, in dollars a month. */
const MACHINE = 5;
const MONTH_S = 30 * 86_400;
const BEAT_S = 5;

/**
 * Two people open a page each, connect once, and stay for twenty minutes.
 * @typedef {object} Counted
 * @property {number} requests  to the Worker, by each of the two: the id and the socket, or the socket alone
 * @property {number} frames  by both, that reach the object
 * @property {number} joinUs  CPU for one to join and leave
 * @property {number} connectUs  CPU for the frames of a connection, one at a time
 * @property {number} wakesPerHeartbeat
 */

/** @param {Counted} counted */
export function perConnection({ requests, frames, joinUs, connectUs, wakesPerHeartbeat }) {
  const heartbeats = 2 * ((20 * 60) / BEAT_S) * wakesPerHeartbeat;
  const workerRequests = 2 * requests;
  const objectRequests = 2 + (frames + heartbeats) / FRAMES_PER_REQUEST;
  // What runs in the object is billed as long as it runs, and it waits for nobody. Idle, it may sleep, and is not billed.
  const cpuMs = (2 * joinUs) / 1000;
  const gigabyteSeconds = ((2 * joinUs + connectUs) / 1e6) * OBJECT_GB;
  const dollars =
    workerRequests * PRICES.workerRequest + cpuMs * PRICES.workerCpuMs + objectRequests * PRICES.objectRequest + gigabyteSeconds * PRICES.objectGBs;
  return { workerRequests, objectRequests, dollarsPerMillion: dollars };
}

/**
 * Peers who do nothing but send heartbeats for a month, in one object.
 * @param {number} peers
 * @param {{ wakesPerHeartbeat: number, wakeUs: number, neverRests?: boolean }} how  0 wakes: the runtime answers; `neverRests`: the
 *   object has plain sockets, and is billed as long as there is one
 */
export function perMonthIdle(peers, { wakesPerHeartbeat, wakeUs, neverRests = false }) {
  const wakes = ((peers * MONTH_S) / BEAT_S) * wakesPerHeartbeat;
  const runningS = neverRests ? MONTH_S : (wakes * wakeUs) / 1e6;
  return ((wakes / FRAMES_PER_REQUEST) * PRICES.objectRequest + runningS * OBJECT_GB * PRICES.objectGBs) / 1e6;
}

/**
 * The page about costs, from what has been measured.
 * @param {Record<string, import("./table.js").Figure>} figures
 */
export function costs(figures) {
  const beckon = (/** @type {string} */ figure) => figures[figure]?.rows.find(({ server }) => server === "Beckon") ?? {};
  const trips = (/** @type {string} */ server) => Number(figures.bytes?.rows.find((row) => row.server === server)?.roundTrips);
  const idle = beckon("idle");
  const counted = {
    frames: 18,
    joinUs: Number(beckon("joins")["100 sockets"]),
    connectUs: Number(beckon("gentle")["us/connection"]),
    // None; a single one would be taken for all.
    wakesPerHeartbeat: idle.wakes === 0 ? 0 : 1,
  };
  const kinds = {
    "PeerJS, the server makes the id": perConnection({ ...counted, requests: trips("stock PeerJS") }),
    "PeerJS with ids of one's own": perConnection({ ...counted, requests: trips("stock PeerJS") - 1 }),
    "a room of two": perConnection({ ...counted, requests: trips("room") }),
  };
  const wakeUs = counted.connectUs / counted.frames;
  const woken = perConnection({ ...counted, requests: trips("stock PeerJS"), wakesPerHeartbeat: 1 });
  return {
    connections: Object.entries(kinds).map(([what, { dollarsPerMillion, workerRequests, objectRequests }]) => ({
      what,
      "$ per million": dollarsPerMillion,
      "a month in the paid plan": Math.min(PAID.workerRequests / workerRequests, PAID.objectRequests / objectRequests),
      "a day in the free plan": Math.min(FREE.workerRequests / workerRequests, FREE.objectRequests / objectRequests),
    })),
    woken: woken.dollarsPerMillion,
    idle: {
      Beckon: perMonthIdle(1000, { wakesPerHeartbeat: counted.wakesPerHeartbeat, wakeUs }),
      woken: perMonthIdle(1000, { wakesPerHeartbeat: 1, wakeUs }),
      awake: perMonthIdle(1000, { wakesPerHeartbeat: 1, wakeUs, neverRests: true }),
      machine: MACHINE,
    },
    plan: PAID.dollars,
  };
}
