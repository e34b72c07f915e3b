// Beckon on plain workerd: pages and Worker as they would be deployed, data on disk. `npx beckon` and the repository's `npm run serve` are this.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { sweep } from "./sweep.js";
import { configuration, countsAt, start } from "./workerd.js";

/** How often files of objects that keep nothing are removed, in ms. */
const SWEEP_MS = 60_000;

/** What docs/configuration.md says may be secret. */
export const SECRETS = ["TOKEN_KEY", "ADMIN_KEY", "TURN_SECRET", "TURN_PASSWORD", "TURN_KEY_API_TOKEN"];

/**
 * What was built.
 * @typedef {object} Build
 * @property {string} version
 * @property {import("./workerd.js").Worker} worker
 * @property {string} site  the folder of what is served
 * @property {string} docs  the folder of the papers
 */

/**
 * How it is to be served.
 * @typedef {object} Serving
 * @property {number} port
 * @property {string} ip
 * @property {string} data  a folder, made if it is not there
 * @property {boolean} [proxied]  a proxy before it says in X-Forwarded-For who asks
 * @property {string} [metrics]  a port of this machine alone, or an address and a port, at which `/metrics` is
 * @property {import("./workerd.js").Tls} [tls]
 * @property {Record<string, string>} [vars]  what differs from wrangler.toml; the environment comes next
 * @property {"inherit" | "pipe"} [log]  as `start` has it
 */

/** An address and a port as workerd reads them. @param {string} ip @param {number} port */
export const addressOf = (ip, port) => `${ip.includes(":") ? `[${ip}]` : ip}:${port}`;

/** Every file of a site by its path there. @param {string} site @returns {Record<string, string>} */
function filesOf(site) {
  const names = readdirSync(site, { recursive: true, encoding: "utf8" }).map((name) => join(site, name));
  const files = names.filter((name) => statSync(name).isFile());
  return Object.fromEntries(files.map((file) => [`/${relative(site, file).replaceAll("\\", "/")}`, file]));
}

/**
 * The configuration of workerd. Variables are in it by their names alone: what an operator sets is written to no file.
 * @param {Build} build
 * @param {Omit<Serving, "data" | "log"> & { objects: string | null, set: string[] }} how  `objects`: the folder of their data, or null for memory;
 *   `set`: which variables and secrets the environment has
 */
export function configured({ worker, site }, { port, ip, proxied = false, metrics, tls, objects, set }) {
  const files = filesOf(site);
  const digest = (/** @type {string} */ name) => createHash("sha256").update(readFileSync(name)).digest("hex").slice(0, 32);
  const digests = Object.fromEntries(Object.entries(files).map(([path, file]) => [path, digest(file)]));
  const counts = metrics ? countsAt(/^\d+$/.test(metrics) ? `127.0.0.1:${metrics}` : metrics, worker.date) : null;
  const bindings = [
    ...set.map((name) => `(name = ${JSON.stringify(name)}, fromEnvironment = ${JSON.stringify(name)})`),
    ...Object.entries(files).map(([path, file]) => `(name = ${JSON.stringify(path)}, data = embed ${JSON.stringify(file)})`),
    `(name = "SITE", json = ${JSON.stringify(JSON.stringify(digests))})`,
    ...(proxied ? ['(name = "PROXIED", text = "1")'] : []),
    ...(counts?.bindings ?? []),
  ];
  const own = ["site.js", "headers.js", "redirects.js", "types.js"].map((name) => ({
    name,
    kind: /** @type {const} */ ("esModule"),
    file: fileURLToPath(new URL(`site/${name}`, import.meta.url)),
  }));
  const vars = Object.fromEntries(Object.entries(worker.vars).filter(([name]) => !set.includes(name)));
  return configuration(
    { ...worker, vars, modules: [...own, ...worker.modules] },
    { services: counts?.services, sockets: counts?.sockets, bindings, address: addressOf(ip, port), data: objects, tls },
  );
}

/**
 * Starts Beckon.
 * @param {Build} build
 * @param {Serving} serving
 */
export async function serve(build, { data, vars = {}, log, ...how }) {
  const env = { ...process.env, ...vars };
  const set = [...new Set([...Object.keys(build.worker.vars), ...SECRETS, ...Object.keys(vars)])].filter((name) => env[name] !== undefined);
  const objects = join(data, "objects");
  mkdirSync(objects, { recursive: true });
  const config = configured(build, { ...how, objects, set });
  sweep(objects, { alone: true });
  const server = await start(join(data, "workerd.capnp"), config, { log, env, sockets: how.metrics ? ["http", "metrics"] : ["http"] });
  const sweeping = setInterval(() => sweep(objects), SWEEP_MS).unref();
  void server.ended.then(() => clearInterval(sweeping));
  return server;
}
