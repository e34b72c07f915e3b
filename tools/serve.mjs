// npm run serve: Beckon on plain workerd, for machines of your own. Pages and Worker as they would be deployed, data on disk.
//   npm run serve -- --port 8787 --ip 127.0.0.1 --data .beckon --metrics 9090
// Variables of wrangler.toml and secrets may be set in the environment or in .dev.vars.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { sweep } from "./sweep.mjs";
import { built, configuration, countsAt, start } from "./workerd.mjs";

/** How often files of objects that keep nothing are removed, in ms. */
const SWEEP_MS = 60_000;

/** What docs/configuration.md says may be secret. */
const SECRETS = ["TOKEN_KEY", "TURN_SECRET", "TURN_PASSWORD", "TURN_KEY_API_TOKEN"];

const root = resolve(import.meta.dirname, "..");

/**
 * Starts Beckon.
 * @param {{ port: number, ip: string, data: string, proxied?: boolean, metrics?: string, vars?: Record<string, string>, log?: "inherit" | "pipe" }} options
 *   `data`: a folder, made if it is not there; `metrics`: a port of this machine alone, or an address and a port, at which `/metrics`
 *   is; `vars`: what differs from wrangler.toml; `log`: as `start` has it
 */
export async function serve({ port, ip, data, proxied = false, metrics, vars = {}, log }) {
  const worker = await built(join(root, "wrangler.toml"), join(root, "dist"));
  const site = join(root, "build/site");
  const files = readdirSync(site, { recursive: true, encoding: "utf8" })
    .map((name) => join(site, name))
    .filter((name) => statSync(name).isFile());
  const paths = files.map((name) => `/${relative(site, name).replaceAll("\\", "/")}`);
  const digest = (/** @type {string} */ name) => createHash("sha256").update(readFileSync(name)).digest("hex").slice(0, 32);
  const digests = Object.fromEntries(paths.map((path, at) => [path, digest(files[at] ?? "")]));
  const counts = metrics ? countsAt(/^\d+$/.test(metrics) ? `127.0.0.1:${metrics}` : metrics, worker.date) : null;
  // By name: what is in the environment must not be written to a file.
  const set = [...Object.keys(worker.vars), ...SECRETS].filter((name) => process.env[name] !== undefined);
  const bindings = [
    ...set.map((name) => `(name = ${JSON.stringify(name)}, fromEnvironment = ${JSON.stringify(name)})`),
    ...paths.map((path, at) => `(name = ${JSON.stringify(path)}, data = embed ${JSON.stringify(files[at])})`),
    `(name = "SITE", json = ${JSON.stringify(JSON.stringify(digests))})`,
    ...(proxied ? ['(name = "PROXIED", text = "1")'] : []),
    ...(counts?.bindings ?? []),
  ];
  const own = ["site.js", "headers.js", "redirects.js", "types.js"].map((name) => ({
    name,
    kind: /** @type {const} */ ("esModule"),
    file: join(root, "tools/site", name),
  }));
  const known = Object.entries({ ...worker.vars, ...vars }).filter(([name]) => !set.includes(name));
  const objects = join(data, "objects");
  mkdirSync(objects, { recursive: true });
  const address = `${ip.includes(":") ? `[${ip}]` : ip}:${port}`;
  const config = configuration(
    { ...worker, vars: Object.fromEntries(known), modules: [...own, ...worker.modules] },
    { ...counts, address, data: objects, bindings },
  );
  sweep(objects, { alone: true });
  const server = await start(join(data, "workerd.capnp"), config, { log, sockets: counts ? ["http", "metrics"] : ["http"] });
  const sweeping = setInterval(() => sweep(objects), SWEEP_MS).unref();
  void server.ended.then(() => clearInterval(sweeping));
  return server;
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "8787" },
      ip: { type: "string", default: "127.0.0.1" },
      data: { type: "string", default: join(root, ".beckon") },
      proxied: { type: "boolean", default: false }, // a proxy before it says in X-Forwarded-For who asks
      metrics: { type: "string" }, // where counts are to be had: a port of this machine alone, or an address and a port
    },
  });
  if (existsSync(join(root, ".dev.vars"))) process.loadEnvFile(join(root, ".dev.vars"));
  const { ip, data, proxied, metrics } = values;
  const server = await serve({ port: Number(values.port), ip, data: resolve(data), proxied, metrics });
  const folder = relative(process.cwd(), resolve(data)) || ".";
  console.log(
    `Beckon is at http://${ip.includes(":") ? `[${ip}]` : ip}:${server.port}/, its data in ${folder.startsWith("..") ? resolve(data) : folder}. Ctrl-C ends it.`,
  );
  if (metrics) console.log(`Its counts are at http://${/^\d+$/.test(metrics) ? `127.0.0.1:${server.ports.metrics}` : metrics}/metrics.`);
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.on(signal, () => void server.close());
  const code = await server.ended;
  process.exit(code ?? 0);
}
