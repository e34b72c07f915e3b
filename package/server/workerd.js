// Plain workerd, Cloudflare's own runtime without the helpers that `wrangler dev` puts around a Worker: writes its configuration
// (Cap'n Proto text), starts it, and knows when it listens.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/**
 * A Worker as workerd wants it. The first module is its entry.
 * @typedef {object} Worker
 * @property {{ name: string, kind: "esModule" | "wasm", file: string }[]} modules
 * @property {string} date  compatibility date
 * @property {string[]} flags  compatibility flags
 * @property {Record<string, string>} vars  variables and secrets
 * @property {{ binding: string, className: string }[]} objects  Durable Objects, with SQLite
 */

/**
 * Where a key and a certificate are, in PEM.
 * @typedef {{ key: string, cert: string }} Tls
 */

/** Cap'n Proto text has JSON's strings, but for escapes beyond ASCII's. @param {string} value */
const text = (value) => JSON.stringify(value);

/** How a socket speaks: over TLS with these files, or as it is. @param {Tls} [tls] */
const protocol = (tls) =>
  tls
    ? `https = (options = (), tlsOptions = (keypair = (privateKey = embed ${text(resolve(tls.key))}, certificateChain = embed ${text(resolve(tls.cert))})))`
    : "http = ()";

/** @param {string[]} items */
const list = (items) => `[${items.map((item) => `\n    ${item},`).join("")}\n  ]`;

/**
 * The configuration of one Worker on one port.
 * @param {Worker} worker
 * @param {{ address: string, data: string | null, tls?: Tls, services?: string[], sockets?: string[], bindings?: string[], v8Flags?: string[] }} where
 *   `data`: the folder for what objects store, or null for memory; `services`, `sockets`, `bindings`: further ones
 */
export function configuration(worker, { address, data, tls, services = [], sockets = [], bindings = [], v8Flags = [] }) {
  const modules = worker.modules.map(({ name, kind, file }) => `(name = ${text(name)}, ${kind} = embed ${text(resolve(file))})`);
  const all = [
    ...Object.entries(worker.vars).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)})`),
    ...worker.objects.map(({ binding, className }) => `(name = ${text(binding)}, durableObjectNamespace = ${text(className)})`),
    ...bindings,
  ];
  const objects = worker.objects.map(({ className }) => `(className = ${text(className)}, uniqueKey = ${text(className)}, enableSql = true)`);
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = ${list(['(name = "worker", worker = .worker)', ...(data === null ? [] : [`(name = "data", disk = (path = ${text(resolve(data))}, writable = true))`]), ...services])},
  sockets = ${list([`(name = "http", address = ${text(address)}, ${protocol(tls)}, service = "worker")`, ...sockets])},
  v8Flags = ${list(v8Flags.map(text))},
);

const worker :Workerd.Worker = (
  modules = ${list(modules)},
  compatibilityDate = ${text(worker.date)},
  compatibilityFlags = ${list(worker.flags.map(text))},
  bindings = ${list(all)},
  durableObjectNamespaces = ${list(objects)},
  durableObjectStorage = ${data === null ? "(inMemory = void)" : '(localDisk = "data")'},
);
`;
}

/**
 * What a configuration needs for counts: a service that stands in for a dataset of Workers Analytics Engine, its binding, and a socket
 * of its own where they are to be read (site/metrics.js).
 * @param {string} address @param {string} date  compatibility date
 */
export function countsAt(address, date) {
  const file = fileURLToPath(new URL("site/metrics.js", import.meta.url));
  return {
    services: [`(name = "metrics", worker = (modules = [(name = "metrics.js", esModule = embed ${text(file)})], compatibilityDate = ${text(date)}))`],
    sockets: [`(name = "metrics", address = ${text(address)}, http = (), service = "metrics")`],
    bindings: ['(name = "METRICS", service = "metrics")'],
  };
}

/** The runtime's own program, without the script of Node's that npm puts before it. */
export function program() {
  const require = createRequire(import.meta.url);
  return require(require.resolve("workerd")).default;
}

/** Those that run: none of them outlives this process, however it ends. @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/**
 * Ends a process when this one is gone, even if it was killed. A shell waits for the end of a pipe that only this process has; on Windows,
 * where there is none, Node.js does.
 * @param {number} pid
 */
function endWithUs(pid) {
  const [program = "", ...args] =
    process.platform === "win32"
      ? [process.execPath, "-e", `process.stdin.resume().on("end", () => process.kill(${pid}, "SIGKILL"))`]
      : ["/bin/sh", "-c", `trap '' HUP INT QUIT TERM; read -r _; kill -9 ${pid}`];
  const watcher = spawn(program, args, { stdio: ["pipe", "ignore", "ignore"] });
  watcher.on("error", () => {}); // then nobody watches
  watcher.unref();
  /** @type {import("node:net").Socket} */ (watcher.stdin).unref();
  return watcher;
}

/**
 * Starts workerd with a configuration, which is written to `file`.
 * @param {string} file
 * @param {string} configured
 * @param {{ log?: "inherit" | "ignore" | "pipe", sockets?: string[], env?: Record<string, string | undefined> }} [options]  where to its complaints go;
 *   `pipe`: `logged` has them; which sockets there are to wait for; what its bindings may read of the environment
 * @returns {Promise<{ port: number, ports: Record<string, number>, pid: number, ended: Promise<number | null>, close: () => Promise<unknown>, logged: () => string }>}
 */
export async function start(file, configured, { log = "inherit", sockets = ["http"], env = process.env } = {}) {
  writeFileSync(file, configured);
  const child = spawn(program(), ["serve", "--control-fd=3", "--import-path=/", file, "config"], { stdio: ["ignore", log, log, "pipe"], env });
  const watcher = child.pid ? endWithUs(child.pid) : null;
  for (const one of [child, watcher]) if (one) running.add(one);
  let logged = "";
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", (text) => (logged += text));
  child.on("exit", () => {
    watcher?.kill("SIGKILL"); // before another process has its number
    for (const one of [child, watcher]) if (one) running.delete(one);
  });
  const ended = new Promise((settle) => child.on("exit", settle).on("error", settle));
  /** @type {Record<string, number>} */
  const ports = {};
  /** @type {Promise<void>} */
  const listening = new Promise((settle, reject) => {
    createInterface({ input: /** @type {import("node:stream").Readable} */ (child.stdio[3]) }).on("line", (line) => {
      const { event, socket, port } = JSON.parse(line);
      if (event === "listen") ports[socket] = port;
      if (sockets.every((name) => ports[name])) settle();
    });
    ended.then((code) => reject(new Error(`workerd ended with ${code} before it listened`)));
  });
  await listening;
  // SQLite's files survive a kill; to be asked nicely, workerd would wait for all sockets to end.
  return { port: ports.http ?? 0, ports, pid: child.pid ?? 0, ended, close: () => (child.kill("SIGKILL"), ended), logged: () => logged };
}
