// What the package has in it: the built Worker in worker/, the pages in site/. (In the repository they are elsewhere: tools/built.mjs.)
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The package's own folder. */
export const PACKAGE = fileURLToPath(new URL("../", import.meta.url));

/** @param {string} name */
const json = (name) => JSON.parse(readFileSync(join(PACKAGE, name), "utf8"));

/** @returns {import("./serve.js").Build} */
export function packed() {
  const worker = json("worker/worker.json");
  const modules = worker.modules.map((/** @type {{ file: string }} */ module) => ({ ...module, file: join(PACKAGE, "worker", module.file) }));
  return { version: json("package.json").version, worker: { ...worker, modules }, site: join(PACKAGE, "site"), docs: join(PACKAGE, "docs") };
}
