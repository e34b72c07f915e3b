// `node tools/freeze.mjs 1`: makes public/v1/ from the library as it is now, whole and in one file, and writes its hash into docs/import-by-url.md.
// What is served under /v1/ is kept for a year by browsers, and pages name its hash: once it is released, it is never made again, and 2 comes. Until then
// `--not-released` makes it anew.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./built.mjs";
import { TARGETS } from "./floor/data.mjs";
import { RESERVED, SHORTENED } from "./own-names.mjs";

/** @param {string} file @returns {string} as `integrity` wants it (Subresource Integrity) */
export const integrity = (file) => `sha384-${createHash("sha384").update(readFileSync(file)).digest("base64")}`;

/** The file that says how to import it. */
export const PAPER = join(ROOT, "docs/import-by-url.md");

/** @param {string} release */
function freeze(release) {
  const folder = join(ROOT, "public", `v${release}`);
  const file = join(folder, "beckon.js");
  const run = (/** @type {string} */ tool, /** @type {string[]} */ args) => execFileSync(join(ROOT, "node_modules/.bin", tool), args, { cwd: ROOT });
  if (existsSync(folder) && !process.argv.includes("--not-released")) throw new Error(`${folder} is there: what was released never changes`);
  mkdirSync(folder, { recursive: true });
  run("esbuild", [
    "public/beckon.js",
    "--bundle",
    "--format=esm",
    "--minify",
    "--log-level=warning",
    `--target=${TARGETS.join()}`,
    "--supported:regexp-unicode-property-escapes=true",
    `--mangle-props=${SHORTENED}`,
    `--reserve-props=${RESERVED}`,
    `--outfile=${file}`,
  ]);
  const preamble = `/* Beckon's library, release ${release}. It never changes. MIT OR Apache-2.0. What it is made from: public/beckon.js and public/lib/ */`;
  run("terser", [file, "--module", "--compress", "ecma=2020", "--mangle", "--format", `ecma=2020,ascii_only=true,preamble="${preamble}"`, "--output", file]);
  copyFileSync(join(ROOT, "public/beckon.d.ts"), join(folder, "beckon.d.ts"));
  writeFileSync(PAPER, readFileSync(PAPER, "utf8").replace(/sha384-[\w+/=]+/g, integrity(file)));
  console.log(`${file}: ${integrity(file)}`);
}

if (process.argv[1] === import.meta.filename) {
  const release = process.argv[2] ?? "";
  if (!/^\d+$/.test(release)) throw new Error("Say which release it is: node tools/freeze.mjs 1");
  freeze(release);
}
