// The network lab, inside its namespaces (lab.sh): builds the networks, starts Beckon, coturn and browsers in them, runs the scenarios
// one after the other. `short`: those that fit into `npm test`. `20x`: each so many times. Other words choose scenarios by name.
import { spawn } from "node:child_process";
import { after, test } from "node:test";
import { openBrowsers } from "./browsers.mjs";
import { openNames, webName } from "./certificates.mjs";
import { agentUrl, freshSecret, openDevice, until } from "./devices.mjs";
import { openNetwork, within } from "./network.mjs";
import { openTurn, SECRET } from "./turn.mjs";
import changes from "./a-network-may-change.mjs";
import relays from "./a-relay-carries-what-nothing-else-can.mjs";
import paths from "./every-path-is-found.mjs";
import busy from "./a-busy-path-is-not-a-lost-one.mjs";
import clicks from "./a-click-is-quick-on-a-bad-road.mjs";
import doctors from "./the-doctor-knows-the-network.mjs";

/** This is the first process of its namespace, which must not ignore Ctrl-C; everything else ends with it. */
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

const words = process.argv.slice(2);
const short = words.includes("short");
/** Two labs side by side share the scenarios. */
const SHARES = { "1/2": [paths, relays], "2/2": [changes, doctors, busy, clicks] };
const [share = [paths, relays, changes, doctors, busy, clicks]] = words.flatMap((word) => (word in SHARES ? [SHARES[word]] : []));
const TIMES = /^(\d+)x$/;
const times = Number(words.map((word) => TIMES.exec(word)?.[1]).find(Boolean) ?? 1);
const wanted = words.filter((word) => word !== "short" && !TIMES.test(word) && !(word in SHARES));
/** No scenario takes longer, in ms. */
const SCENARIO_MS = 240_000;

/**
 * @callback Scenario
 * @param {string} name
 * @param {(lab: Lab) => Promise<void>} body
 * @param {{ long?: boolean }} [options] long: not in `npm test`
 */
/** @typedef {typeof lab} Lab */

const network = await openNetwork();
openNames();
const turn = await openTurn();
const browsers = openBrowsers();

/** The process that serves the pages, in the lab's internet. */
const web = spawn(...within("wan", process.execPath, new URL("web.mjs", import.meta.url).pathname), { stdio: ["ignore", "ignore", "inherit", "ipc"] });
let servers = 0;
function serve(options) {
  const n = servers++;
  web.send({ n, options });
  return new Promise((resolve, reject) => {
    const hear = (answer) => {
      if (answer.n !== n) return;
      web.off("message", hear);
      if (answer.error) reject(new Error(answer.error));
      else resolve(webName(n));
    };
    web.on("message", hear);
  });
}
await serve(null); // the page from elsewhere is the first
/** @type {Map<string, Promise<string>>} */
const beckons = new Map();

const lab = {
  /** Whether this is `npm test`, which runs on any machine. */
  short,
  network,
  turn,
  browsers,

  /** The host name of a Beckon with these variables. */
  beckon(options) {
    const key = JSON.stringify(options);
    const host = beckons.get(key) ?? serve(options);
    beckons.set(key, host);
    return host;
  },

  /**
   * Lets devices meet in a fresh room, one on each machine.
   * @param {object} how
   * @param {string[]} [how.on] machines
   * @param {import('./network.mjs').Engine[]} [how.engines] one for each machine
   * @param {string} [how.stun] Beckon's STUN_URLS
   * @param {string[]} [how.turn] Beckon's TURN_URLS
   * @param {string} [how.secret] what Beckon signs the credentials for these with
   * @param {number} [how.ttl] for how long they are good, in seconds
   * @param {object} [how.credential] to be used in place of Beckon's
   * @param {boolean} [how.page] whether they open Beckon's own page, and not one that imports the library
   * @param {number} [how.rooms] how many rooms they share
   * @param {boolean} [how.relayOnly] whether they want no path but by a relay
   */
  async meet({
    on = ["a", "b"],
    engines = on.map(() => "chromium"),
    stun = "",
    turn = [],
    secret = SECRET,
    ttl = 3600,
    credential,
    rooms = 1,
    page = false,
    relayOnly = false,
  }) {
    const vars = { STUN_URLS: stun, TURN_URLS: turn.join(), TURN_TTL_S: String(ttl) };
    const host = await lab.beckon({ vars, secrets: turn.length ? { TURN_SECRET: secret } : {} });
    const secrets = Array.from({ length: rooms }, freshSecret);
    const url = page ? `https://${host}/#${secrets[0]}` : agentUrl(0, host, secrets, relayOnly);
    const devices = on.map(async (machine, n) =>
      openDevice(await browsers.get(engines[n], machine), machine, url, (page) => replaceCredential(page, credential)),
    );
    lab.devices.push(...(await Promise.all(devices)));
    if (page) return lab.devices;
    await until("the library is there", lab.devices, async () => {
      const there = await Promise.all(lab.devices.map((device) => device.ask(() => "lab" in globalThis)));
      return there.every(Boolean);
    });
    return lab.devices;
  },

  replaceCredential,

  /** What is open in this scenario. @type {import('./devices.mjs').Device[]} */
  devices: [],
};

/** Beckon would make no credential that has expired: a page that has slept for long may still hold one. */
async function replaceCredential(page, credential) {
  if (!credential) return;
  await page.evaluateOnNewDocument((credential) => {
    const Real = globalThis.RTCPeerConnection;
    const changed = ({ iceServers = [], ...rest } = {}) => ({
      ...rest,
      iceServers: iceServers.map((server) => (server.credential ? { ...server, ...credential } : server)),
    });
    globalThis.RTCPeerConnection = class extends Real {
      constructor(configuration) {
        super(changed(configuration));
      }
      setConfiguration(configuration) {
        super.setConfiguration(changed(configuration));
      }
    };
  }, credential);
}

/** @type {Scenario} */
function scenario(name, body, { long = false } = {}) {
  if (long && short) return;
  if (wanted.length && !wanted.some((word) => name.includes(word))) return;
  for (let round = 1; round <= times; round++) test(times > 1 ? `${name} (${round})` : name, { timeout: SCENARIO_MS }, () => play(body));
}

/** @param {(lab: Lab) => Promise<void>} body */
async function play(body) {
  network.road();
  network.route("ra");
  network.route("rb");
  await turn.start();
  try {
    await body(lab);
  } finally {
    await Promise.allSettled(lab.devices.splice(0).map((device) => device.close()));
  }
}

for (const register of share) register(scenario);

after(async () => {
  await browsers.close();
  web.disconnect();
  await turn.kill();
  network.close();
  process.exitCode ||= 0;
});
