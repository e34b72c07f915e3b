// The built Worker in a real workerd, with the helpers that `wrangler dev` puts around a Worker: what wrangler.toml says is read by wrangler, so
// bindings, migrations and assets are those of a deploy. `npm test` has built it into dist/ before. Not by wrangler's own harness: that begins
// a second workerd before the first one, through which all goes, and loads all of wrangler, which takes a second of each test file.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** An npm package that was unpacked or installed, whose Worker and pages are to be tested instead of what was built here. */
const PACKAGE = process.env.BECKON_PACKAGE && resolve(process.env.BECKON_PACKAGE);
/** Where wrangler.toml is, and the built Worker. */
const HOME = PACKAGE ?? ROOT;
const DIST = join(HOME, PACKAGE ? "worker" : "dist");
const require = createRequire(import.meta.url);
/** That of wrangler. @type {typeof import("miniflare")} */
const { Miniflare, convertV4MiniflareOptions } = createRequire(require.resolve("wrangler"))("miniflare");
const { version: WRANGLER } = require("wrangler/package.json");

const countInto = (text) => text.replace("[observability]", '[[services]]\nbinding = "METRICS"\nservice = "counter"\n\n[observability]');

/**
 * What miniflare makes of wrangler.toml, or of a copy in which something is different: asked of wrangler once, and then kept.
 * @param {(text: string) => string} [change]
 * @returns {Promise<{ name: string, options: import("miniflare").LegacyWorkerOptions }>}
 */
async function configured(change) {
  const text = readFileSync(join(HOME, "wrangler.toml"), "utf8");
  const changed = change ? change(text) : text;
  if (change) assert.notEqual(changed, text);
  const folder = join(ROOT, "tests/output", `config-${createHash("sha256").update(`${WRANGLER} ${HOME} ${changed}`).digest("hex").slice(0, 16)}`);
  const kept = join(folder, "options.json");
  if (!existsSync(kept)) {
    const { unstable_getMiniflareWorkerOptions: optionsOf, unstable_readConfig: read } = await import("wrangler");
    mkdirSync(folder, { recursive: true });
    // Its paths still lead where they led.
    const config = join(folder, `${process.pid}.toml`);
    writeFileSync(
      config,
      changed.replace(/^(main|base_dir|directory) = "(.*)"/gm, (_, key, path) => `${key} = ${JSON.stringify(join(HOME, path))}`),
    );
    const { name } = read({ config });
    // (envFiles: what a person has in .dev.vars is none of the tests' business.)
    const { workerOptions } = optionsOf(config, undefined, /** @type {any} */ ({ envFiles: [] }));
    writeFileSync(`${config}.json`, JSON.stringify({ name, options: { ...workerOptions, rootPath: ROOT, modulesRules: undefined } }));
    renameSync(`${config}.json`, kept);
  }
  return JSON.parse(readFileSync(kept, "utf8"));
}

/** The modules of a built Worker. @param {string} dist */
function modulesIn(dist) {
  const file = (type, name) => ({ type, path: join(dist, name), contents: readFileSync(join(dist, name)) });
  const entry = file("ESModule", "entry.js");
  // The folder keeps what earlier builds left in it.
  const wasm = readdirSync(dist).filter((name) => name.endsWith(".wasm") && entry.contents.includes(`./${name}`));
  return { modulesRoot: dist, modules: [entry, ...wasm.map((name) => file("CompiledWasm", name))] };
}

/**
 * The modules of another Worker that has ours in it, as `beckon/worker`.
 * @param {string} host  its source
 * @param {string} dist
 */
async function modulesAround(host, dist) {
  const { build } = createRequire(require.resolve("wrangler"))("esbuild");
  const { outputFiles } = await build({
    stdin: { contents: host, resolveDir: ROOT, loader: "ts" },
    bundle: true,
    write: false,
    format: "esm",
    conditions: ["workerd", "worker", "browser"],
    external: ["beckon/worker", "cloudflare:*"],
  });
  const contents = outputFiles[0].text.replaceAll('"beckon/worker"', '"./entry.js"');
  const { modulesRoot, modules } = modulesIn(dist);
  return { modulesRoot, modules: [{ type: "ESModule", path: join(dist, "host.js"), contents }, ...modules] };
}

/** What stands in for a dataset, to be counted into. */
const COUNTER = {
  name: "counter",
  compatibilityDate: "2026-10-20",
  modules: [{ type: /** @type {const} */ ("ESModule"), path: join(ROOT, "tests/worker/counter/counter.js") }],
};

/**
 * Starts Beckon on a free port of this machine.
 * @param {{ vars?: Record<string, string>, secrets?: Record<string, string>, counting?: boolean, change?: (config: string) => string, dist?: string,
 *   host?: string, pages?: boolean, bindings?: object, beside?: object[] }}
 *   [options] what differs from wrangler.toml; `counting`: there is a dataset to count into; `change`: what else is different in it;
 *   `dist`: where the built Worker is; `host`: the source of a Worker that it is a part of, and `pages`: which has its pages too; `bindings`: more for miniflare, and `beside`: more Workers
 */
export async function startBeckon({
  vars = {},
  secrets = {},
  counting = false,
  change,
  dist = DIST,
  host,
  pages = !host,
  bindings: more = {},
  beside = [],
} = {}) {
  const { name, options } = await configured(change ?? (counting ? countInto : undefined));
  const bindings = { ...options.bindings, ...vars, ...secrets };
  const logs = [];
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      port: 0,
      unsafeInspectDurableObjects: true,
      handleStructuredLogs: (log) => void logs.push(log),
      workers: [
        /** @type {any} */ ({
          ...options,
          name,
          bindings,
          ...(host ? await modulesAround(host, dist) : modulesIn(dist)),
          outboundService: (request) => fetch(request.url, request),
          ...(pages ? {} : { assets: undefined }),
          ...more,
        }),
        ...(counting ? [COUNTER] : []),
        .../** @type {any[]} */ (beside),
      ],
    }),
  );
  const url = await miniflare.ready;
  /**
   * Throws an object out of memory, as the platform does with one that is idle or moves. Its sockets stay open with
   * `hibernate` and are cut with `close` (a deploy). An object that is not in memory stays as it is.
   * @param {string} object  "home:0", "realm:<key>" or, of a room, "room:<key>"
   * @param {"hibernate" | "close"} [webSockets]
   */
  const evict = (object, webSockets = "hibernate") =>
    miniflare.unsafeEvictDurableObject(name, "Room", { name: object, webSockets }).then(
      () => true,
      (error) => {
        if (!/not currently running/.test(error.message)) throw error;
        return false;
      },
    );
  const storage = (object) => miniflare.unsafeGetDurableObjectStorage(name, "Room", { name: object });
  return {
    url,
    /** Sends a request as a program would, without CORS or a browser. */
    fetch: async (path, init) => /** @type {Response} */ (/** @type {unknown} */ (await miniflare.dispatchFetch(new URL(path, url).href, init))), // Miniflare's has another type
    evict,
    /** Whether an object is in memory. If so, it no longer is afterwards. */
    isAwake: (object) => evict(object),
    /** Evicts all homes of the public realm. */
    evictAll: async (/** @type {"hibernate" | "close"} */ webSockets = "hibernate") => {
      for (let home = 0; home < Number(vars.PUBLIC_HOMES ?? 1); home++) await evict(`home:${home}`, webSockets);
    },
    /** All rows of a query to an object's storage. */
    sql: async (object, query) => (await storage(object)).exec(query),
    /** The frames that wait in an object's storage; an object that keeps nothing has no table for them. */
    waiting: async (object) => {
      return (await storage(object)).exec("SELECT * FROM waiting").catch((error) => {
        if (!/no such table: waiting/.test(error.message)) throw error;
        return [];
      });
    },
    /** The data points that were written, as they were. */
    points: async () =>
      /** @type {{ indexes: string[], blobs: string[], doubles: number[] }[]} */ (
        await (await /** @type {any} */ (await miniflare.getWorker("counter")).fetch("http://counter/")).json()
      ),
    /** A Worker beside it. @param {string} name */
    service: (name) => /** @type {Promise<any>} */ (miniflare.getWorker(name)),
    /** What the Worker logged. */
    logs: () => structuredClone(logs),
    close: () => miniflare.dispose(),
  };
}
