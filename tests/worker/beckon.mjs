// The built Worker in a real workerd, through wrangler's own harness: it reads wrangler.toml, so bindings, migrations and
// assets are those of a deploy. `npm test` has built it into dist/ before.
import { fileURLToPath } from "node:url";
import { createTestHarness } from "wrangler";

/**
 * Starts Beckon on a free port of this machine.
 * @param {{ vars?: Record<string, string>, secrets?: Record<string, string>, dist?: string }} [options] what differs from
 *   wrangler.toml, and where the built Worker is
 */
export async function startBeckon({ vars = {}, secrets = {}, dist = fileURLToPath(new URL("../../dist", import.meta.url)) } = {}) {
  const harness = createTestHarness({
    workers: [{ configPath: new URL("../../wrangler.toml", import.meta.url), prebuiltWorkerDir: dist, vars, secrets }],
  });
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
    /** What the Worker logged. */
    logs: () => harness.getLogs(),
    close: () => harness.close(),
  };
}
