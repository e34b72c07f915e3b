// Style sheets with less to send, in what the oldest browsers understand (`browserslist` in package.json): prefixes, and a plain colour before one that
// they do not know. What hangs on a custom property cannot be lowered; there the sheets have a fallback themselves.
// `node tools/css.mjs FROM TO` lowers all sheets of one folder's folders into those of the other.
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Features, transform } from "lightningcss";
import { FLOOR } from "./floor/data.mjs";

/** One byte for each part of a version. */
const packed = (/** @type {string} */ version) => version.split(".").reduce((sum, part, at) => sum | (Number(part) << (16 - 8 * at)), 0);
const targets = Object.fromEntries(Array.from(FLOOR, ([name, version]) => [name, packed(version)]));

/** A style sheet's text, lowered. What lightningcss does not understand is an error. @param {string} filename */
export function lowered(filename) {
  const code = readFileSync(filename);
  const exclude = code.includes("light-dark(") ? 0 : Features.LightDark; // else each `color-scheme` is written with variables for it
  const { code: bytes, warnings } = transform({ filename, code, minify: true, targets, exclude });
  if (warnings.length) throw new Error(warnings.map(({ message, loc }) => `${filename}:${loc.line}: ${message}`).join("\n"));
  return bytes.toString();
}

if (process.argv[1] === import.meta.filename) {
  const [from = "", to = ""] = process.argv.slice(2);
  for (const name of globSync("*/*.css", { cwd: from })) writeFileSync(join(to, name), lowered(join(from, name)));
}
