// The built Worker in a real workerd, through wrangler's own harness: it reads wrangler.toml, so bindings, migrations and
// assets are those of a deploy. `npm test` has built it into dist/ before.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createTestHarness } from "wrangler";

const file = (name) => new URL(`../../${name}`, import.meta.url);

/** wrangler.toml with METRICS bound to a Worker that keeps what is counted. */
function countingConfig() {
  const folder = file("tests/output/counting/");
  mkdirSync(folder, { recursive: true });
  const config = readFileSync(file("wrangler.toml"), "utf8")
    .replace('main = "src/', 'main = "../../../src/')
    .replace('directory = "build/', 'directory = "../../../build/')
    .replace("[observability]", '[[services]]\nbinding = "METRICS"\nservice = "counter"\n\n[observability]');
  writeFileSync(new URL("wrangler.toml", folder), config);
  return new URL("wrangler.toml", folder);
}

/**
 * Starts Beckon on a free port of this machine.
 * @param {{ vars?: Record<string, string>, secrets?: Record<string, string>, counting?: boolean, dist?: string }} [options] what differs
 *   from wrangler.toml; `counting`: there is a dataset to count into; `dist`: where the built Worker is
 */
export async function startBeckon({ vars = {}, secrets = {}, counting = false, dist = fileURLToPath(file("dist")) } = {}) {
  const counter = counting ? [{ configPath: file("tests/worker/counter/wrangler.toml") }] : [];
  const configPath = counting ? countingConfig() : file("wrangler.toml");
  const harness = createTestHarness({ workers: [{ configPath, prebuiltWorkerDir: dist, vars, secrets }, ...counter] });
  const { url } = await harness.listen();
  const worker = harness.getWorker();
  /**
   * Throws an object out of memory, as the platform does with one that is idle or moves. Its sockets stay open with
   * `hibernate` and are cut with `close` (a deploy). An object that is not in memory stays as it is.
   * @param {string} name  "home:0" or "realm:<key>"
   */
  const evict = (name, webSockets = "hibernate") =>
    worker.evictDurableObject("Room", { name, webSockets }).then(
      () => true,
      (error) => {
        if (!/not currently running/.test(error.message)) throw error;
        return false;
      },
    );
  return {
    url,
    /** Sends a request as a program would, without CORS or a browser. */
    fetch: (path, init) => harness.fetch(new URL(path, url).href, init),
    evict,
    /** Whether an object is in memory. If so, it no longer is afterwards. */
    isAwake: (name) => evict(name),
    /** Evicts all homes of the public realm. */
    evictAll: async (webSockets = "hibernate") => {
      for (let home = 0; home < Number(vars.PUBLIC_HOMES ?? 1); home++) await evict(`home:${home}`, webSockets);
    },
    /** All rows of a query to an object's storage. */
    sql: async (name, query) => (await worker.getDurableObjectStorage("Room", { name })).exec(query),
    /** The data points that were written, as they were. */
    points: async () => (await harness.getWorker("counter").fetch("/")).json(),
    /** What the Worker logged. */
    logs: () => harness.getLogs(),
    close: () => harness.close(),
  };
}
