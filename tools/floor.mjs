// Finds what the pages use that one of the oldest browsers lacks (`browserslist` in package.json), by MDN's data (browser-compat-data): in scripts as
// they are in public/, which is to run without a build, in style sheets as they are served, in pages. What has a way out is in floor/known.mjs.
// Scripts that are named are looked at alone, without that list.
import { readFileSync, globSync } from "node:fs";
import ts from "typescript";
import { lowered } from "./css.mjs";
import { at, lacking } from "./floor/data.mjs";
import { OTHERS, PAGES, SCRIPTS, STYLES } from "./floor/known.mjs";
import { usedInScripts } from "./floor/scripts.mjs";
import { inPage, inSelector, inStyles } from "./floor/styles.mjs";

const { config } = ts.readConfigFile("tsconfig.json", ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ".");
// The types of everything that any browser has: what is newer has to be known to be found.
const wide = { ...options, lib: undefined, target: ts.ScriptTarget.ESNext };
const named = process.argv.slice(2);
const scripts = named.length
  ? named
  : [...globSync(["public/*.js", "public/!(vendor|v1)/*.js"]), ...OTHERS.filter(({ reason }) => !reason).map(({ file }) => file)];

/** @type {string[]} */
const complaints = [];
/** What was found of what is known. */
const found = new Set();
/** @param {string} key @param {string} where @param {boolean} known @param {boolean} [prefixed] */
function judge(key, where, known, prefixed) {
  if (known) return void found.add(key);
  const lack = lacking(at(key), prefixed);
  complaints.push(`${where}: ${key === "syntax" ? "this is written in a way that one of them cannot read" : `${key} is not there in ${lack.join(", ")}`}.`);
}

for (const { key, file, line } of usedInScripts(scripts.sort(), wide, (selector) => inSelector(selector).map(({ key }) => key)))
  judge(key, `${file}:${line}`, !named.length && Boolean(SCRIPTS[key]?.files.includes(file)));

if (!named.length) {
  for (const file of globSync("public/**/*.css")) {
    for (const { key } of inStyles(lowered(file))) {
      const known = [key, key.slice(0, key.lastIndexOf("."))].find((name) => name in STYLES);
      judge(known ?? key, file, Boolean(known), true);
    }
  }
  for (const file of globSync("public/**/*.html"))
    for (const { key, line } of inPage(readFileSync(file, "utf8"))) judge(key, `${file}:${line}`, key in PAGES, true);
  for (const key of [...Object.keys(SCRIPTS), ...Object.keys(STYLES), ...Object.keys(PAGES)])
    if (!found.has(key)) complaints.push(`tools/floor/known.mjs: ${key} is used no more, or every browser has it: take it out.`);
}

for (const complaint of complaints) console.error(complaint);
if (complaints.length) console.error(`What is newer than the oldest browsers wants another way for those who lack it, and a line in tools/floor/known.mjs.`);
else console.log(`${scripts.length} scripts, ${found.size} newer things with another way`);
process.exitCode = complaints.length ? 1 : 0;
