// The runtimes that `npm run everywhere` tries, and where it finds them.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CACHE } from "../../tools/cache.mjs";

const { devDependencies } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
/** What is tried, by exact version. */
export const WANTED = {
  "node-20": "npm:node@20.20.2",
  "node-22": "npm:node@22.23.3",
  bun: "1.4.5",
  deno: "2.9.6",
  "node-datachannel": devDependencies["node-datachannel"],
  ws: devDependencies.ws,
};

/** Where the runtimes are, installed once. */
export function runtimes() {
  const folder = join(CACHE, "everywhere");
  const manifest = JSON.stringify({ private: true, dependencies: WANTED, allowScripts: { bun: true, deno: true, node: true } });
  const file = join(folder, "package.json");
  if (!existsSync(file) || readFileSync(file, "utf8") !== manifest) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, manifest);
    try {
      execFileSync("npm", ["install", "--no-audit", "--no-fund", "--no-package-lock"], { cwd: folder, stdio: "inherit" });
    } catch (error) {
      rmSync(file); // so that it is installed again
      throw error;
    }
  }
  return join(folder, "node_modules");
}
