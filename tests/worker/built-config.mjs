import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

const ROOT = new URL("../../", import.meta.url);

/** wrangler.toml without its build, in a folder of its own: `npm test` has built before. @param {string} name  of the folder */
export function builtConfig(name) {
  const folder = new URL(`tests/output/${name}/`, ROOT);
  mkdirSync(folder, { recursive: true });
  const config = readFileSync(new URL("wrangler.toml", ROOT), "utf8")
    .replace(/\[build\]\n(.+\n)+/, "")
    .replace('main = "src/', 'main = "../../../src/')
    .replace('directory = "build/', 'directory = "../../../build/');
  writeFileSync(new URL("wrangler.toml", folder), config);
  return new URL("wrangler.toml", folder).pathname;
}
