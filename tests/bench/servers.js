// The servers that are measured, each started on a port of its own, all speaking PeerServer's protocol.
import { fork } from "node:child_process";
import { existsSync, mkdtempSync, mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { configuration, countsAt, start } from "../../package/server/workerd.js";
import { builtWorker as built } from "../../tools/built.mjs";

/** @param {string} name */
const file = (name) => new URL(`../../${name}`, import.meta.url).pathname;

/**
 * @typedef {object} Server
 * @property {string} name
 * @property {number} port
 * @property {number} pid
 * @property {string} [metrics]  where its counts are
 * @property {() => Promise<unknown>} close
 */

/**
 * How a Worker is to run.
 * @typedef {object} How
 * @property {Record<string, string>} [vars]  what differs from wrangler.toml
 * @property {string[]} [v8Flags]
 * @property {boolean} [counted]  behind counted.js, which counts what wakes its objects
 * @property {boolean} [limited]  behind the flood's limited.js, which has Cloudflare's limits by network address
 * @property {boolean} [metered]  with counts at /metrics of a port of its own
 */

/**
 * A Worker in plain workerd, its objects' data in a folder of its own that is gone when it is.
 * @param {string} name
 * @param {import("../../package/server/workerd.js").Worker} worker
 * @param {How} how
 * @returns {Promise<Server>}
 */
async function onWorkerd(name, worker, { vars = {}, v8Flags, counted = false, limited = false, metered = false }) {
  const folder = mkdtempSync(join(tmpdir(), "beckon-bench-"));
  const data = join(folder, "data");
  mkdirSync(data);
  const counter = { name: "counted.js", kind: /** @type {const} */ ("esModule"), file: file("tests/bench/counted.js") };
  const limiter = { name: "limited.js", kind: /** @type {const} */ ("esModule"), file: file("tests/flood/limited.js") };
  const modules = [...(counted ? [counter] : []), ...(limited ? [limiter] : []), ...worker.modules];
  const config = configuration(
    { ...worker, modules, vars: { ...worker.vars, ...vars } },
    { ...(metered ? countsAt("127.0.0.1:0", worker.date) : {}), address: "127.0.0.1:0", data, v8Flags },
  );
  const { port, ports, pid, close } = await start(join(folder, "config.capnp"), config, { sockets: metered ? ["http", "metrics"] : ["http"] });
  return {
    name,
    port,
    pid,
    metrics: metered ? `http://127.0.0.1:${ports.metrics}/metrics` : undefined,
    close: async () => {
      await close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Beckon as deployed, from a folder that `wrangler deploy --dry-run --outdir` has made.
 * @param {string} name
 * @param {string} dist
 * @param {How} how
 */
export async function beckon(name, dist, how) {
  return onWorkerd(name, await built(file("wrangler.toml"), dist), how);
}

/**
 * The least that a Durable Object can do: floor.js.
 * @param {string} name
 * @param {How} how
 */
export async function floor(name, how) {
  const { date, flags, objects } = await built(file("wrangler.toml"), file("dist"));
  // Its name is that of Beckon's entry, so that counted.js can stand before either.
  const modules = [{ name: "entry.js", kind: /** @type {const} */ ("esModule"), file: file("tests/bench/floor.js") }];
  return onWorkerd(name, { modules, date, flags, objects, vars: {} }, { ...how, vars: {} });
}

/**
 * Less than the least: unread.js.
 * @param {string} name
 * @param {Record<string, string>} vars
 */
export async function unread(name, vars) {
  const { date, flags, objects } = await built(file("wrangler.toml"), file("dist"));
  const modules = ["unread.js", "floor.js"].map((name) => ({ name, kind: /** @type {const} */ ("esModule"), file: file(`tests/bench/${name}`) }));
  return onWorkerd(name, { modules, date, flags, objects, vars }, {});
}

/**
 * The stock PeerServer (npm `peer`), as its README embeds it, on this Node.
 * @returns {Promise<Server>}
 */
export async function peerServer(name = "PeerServer", options = {}) {
  // The Node that set-up has installed, where the system's is older than wrangler wants.
  const installed = file("node_modules/.bin/node");
  const child = fork(file("tests/interop/peer-server.mjs"), { execPath: existsSync(installed) ? installed : process.execPath, execArgv: [] });
  const said = () => new Promise((settle, reject) => child.once("message", settle).once("exit", reject));
  await said();
  child.send({ call: 1, options: { limit: 100_000, ...options } });
  const { port } = await said();
  return { name, port, pid: child.pid ?? 0, close: () => (child.kill(), new Promise((settle) => child.once("exit", settle))) };
}
