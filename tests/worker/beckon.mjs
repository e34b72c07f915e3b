// The built Worker in a real workerd, through wrangler's own harness: it reads wrangler.toml, so bindings, migrations and
// assets are those of a deploy. `npm test` has built it into dist/ before.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { createTestHarness } from "wrangler";

const file = (name) => new URL(`../../${name}`, import.meta.url);

/** A copy of wrangler.toml in which something is different; its paths still lead where they led. */
function changedConfig(change) {
  const folder = mkdtempSync(file("tests/output/config-").pathname);
  const text = readFileSync(file("wrangler.toml"), "utf8");
  const changed = change(text).replace('main = "src/', 'main = "../../../src/').replace('directory = "build/', 'directory = "../../../build/');
  assert.notEqual(change(text), text);
  writeFileSync(`${folder}/wrangler.toml`, changed);
  return { path: pathToFileURL(`${folder}/wrangler.toml`), remove: () => rmSync(folder, { recursive: true }) };
}

const countInto = (text) => text.replace("[observability]", '[[services]]\nbinding = "METRICS"\nservice = "counter"\n\n[observability]');

/**
 * Starts Beckon on a free port of this machine.
 * @param {{ vars?: Record<string, string>, secrets?: Record<string, string>, counting?: boolean, change?: (config: string) => string, dist?: string }}
 *   [options] what differs from wrangler.toml; `counting`: there is a dataset to count into; `change`: what else is different in it;
 *   `dist`: where the built Worker is
 */
export async function startBeckon({ vars = {}, secrets = {}, counting = false, change, dist = fileURLToPath(file("dist")) } = {}) {
  const counter = counting ? [{ configPath: file("tests/worker/counter/wrangler.toml") }] : [];
  mkdirSync(file("tests/output/"), { recursive: true });
  const config = counting || change ? changedConfig(change ?? countInto) : undefined;
  const configPath = config?.path ?? file("wrangler.toml");
  const harness = createTestHarness({ workers: [{ configPath, prebuiltWorkerDir: dist, vars, secrets }, ...counter] });
  const { url } = await harness.listen();
  const worker = harness.getWorker();
  /**
   * Throws an object out of memory, as the platform does with one that is idle or moves. Its sockets stay open with
   * `hibernate` and are cut with `close` (a deploy). An object that is not in memory stays as it is.
   * @param {string} name  "home:0", "realm:<key>" or, of a room, "room:<key>"
   * @param {"hibernate" | "close"} [webSockets]
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
    fetch: async (path, init) => /** @type {Response} */ (/** @type {unknown} */ (await harness.fetch(new URL(path, url).href, init))), // Miniflare's has another type
    evict,
    /** Whether an object is in memory. If so, it no longer is afterwards. */
    isAwake: (name) => evict(name),
    /** Evicts all homes of the public realm. */
    evictAll: async (/** @type {"hibernate" | "close"} */ webSockets = "hibernate") => {
      for (let home = 0; home < Number(vars.PUBLIC_HOMES ?? 1); home++) await evict(`home:${home}`, webSockets);
    },
    /** All rows of a query to an object's storage. */
    sql: async (name, query) => (await worker.getDurableObjectStorage("Room", { name })).exec(query),
    /** The frames that wait in an object's storage; an object that keeps nothing has no table for them. */
    waiting: async (name) => {
      const storage = await worker.getDurableObjectStorage("Room", { name });
      return storage.exec("SELECT * FROM waiting").catch((error) => {
        if (!/no such table: waiting/.test(error.message)) throw error;
        return [];
      });
    },
    /** The data points that were written, as they were. */
    points: async () =>
      /** @type {{ indexes: string[], blobs: string[], doubles: number[] }[]} */ (await (await harness.getWorker("counter").fetch("/")).json()),
    /** What the Worker logged. */
    logs: () => harness.getLogs(),
    close: () => harness.close().finally(config?.remove),
  };
}
