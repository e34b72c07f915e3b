// `node tools/css.mjs FROM TO`: a style sheet with less to send, in what the oldest browsers understand (`browserslist` in package.json): prefixes,
// and a plain colour before one that they do not know. What hangs on a custom property cannot be lowered; there the sheets have a fallback themselves.
import { readFileSync, writeFileSync } from "node:fs";
import { Features, transform } from "lightningcss";
import { FLOOR } from "./floor/data.mjs";

const [from = "", to = ""] = process.argv.slice(2);
const code = readFileSync(from);
/** One byte for each part of a version. */
const packed = (/** @type {string} */ version) => version.split(".").reduce((sum, part, at) => sum | (Number(part) << (16 - 8 * at)), 0);
const { code: lowered, warnings } = transform({
  filename: from,
  code,
  minify: true,
  targets: Object.fromEntries(Array.from(FLOOR, ([name, version]) => [name, packed(version)])),
  exclude: code.includes("light-dark(") ? 0 : Features.LightDark, // else each `color-scheme` is written with variables for it
});
for (const { message, loc } of warnings) {
  console.error(`${from}:${loc.line}: ${message}`);
  process.exitCode = 1;
}
writeFileSync(to, lowered);
