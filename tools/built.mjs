// What the repository has built, as package/server/ wants it: the Worker that `wrangler deploy --dry-run --outdir dist` has left, and the pages.
import { readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";

export const ROOT = join(import.meta.dirname, "..");

/** The version: Cargo.toml has it, and nothing else does. The Worker knows it from there, too. */
export const VERSION = readFileSync(join(ROOT, "Cargo.toml"), "utf8").match(/^version = "(.+)"$/m)?.[1] ?? "";

/**
 * The Worker of wrangler.toml as it is in `dist`, without the bindings that only Cloudflare has (the rate limit: without it there is none).
 * @param {string} toml  path of wrangler.toml
 * @param {string} dist
 * @returns {Promise<import("../package/server/workerd.js").Worker>}
 */
export async function builtWorker(toml, dist) {
  const { unstable_readConfig } = await import("wrangler");
  const config = unstable_readConfig({ config: toml });
  const entry = join(dist, basename(config.main ?? "entry.js"));
  const code = readFileSync(entry, "utf8");
  // The folder keeps what earlier builds left in it.
  const imported = readdirSync(dist).filter((name) => name.endsWith(".wasm") && code.includes(`./${name}`));
  return {
    modules: [
      { name: "entry.js", kind: "esModule", file: entry },
      ...imported.map((name) => ({ name, kind: /** @type {const} */ ("wasm"), file: join(dist, name) })),
    ],
    date: config.compatibility_date ?? "",
    flags: config.compatibility_flags ?? [],
    vars: Object.fromEntries(Object.entries(config.vars ?? {}).map(([name, value]) => [name, String(value)])),
    objects: config.durable_objects.bindings.map(({ name, class_name }) => ({ binding: name, className: class_name })),
  };
}

/** All that was built here. @returns {Promise<import("../package/server/serve.js").Build>} */
export async function built() {
  return {
    version: VERSION,
    worker: await builtWorker(join(ROOT, "wrangler.toml"), join(ROOT, "dist")),
    site: join(ROOT, "build/site"),
    docs: join(ROOT, "docs"),
  };
}
