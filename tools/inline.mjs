// `node tools/inline.mjs SITE SCRIPT`, the one a folder and the other a file in it: the room page carries its style and its script, so that a person
// waits for one answer of the server alone. The content security policy of that page names the two by their hashes.
import { createHash } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [site = "", script = ""] = process.argv.slice(2);
const STYLE = '<link rel="stylesheet" href="/shared/style.css">';
const SCRIPT = '<script type="module" src="/room/room.js"></script>';

/** @param {string} name */
const read = (name) => readFileSync(join(site, name), "utf8");
/** @param {string} text @param {string} part @param {string} other */
function replace(text, part, other) {
  if (text.split(part).length !== 2) throw new Error(`not once in the page: ${part}`);
  return text.replace(part, () => other);
}
/** As a policy names what stands in a page (Content Security Policy Level 3, 2.3.1). @param {string} text */
const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

const style = read("shared/style.css");
const code = read(script).trim();
if (/<\/script|<!--/i.test(code) || /<\/style/i.test(style)) throw new Error("it would end, or begin anew, in the page");
// The script stands at the end: where a line is cut, there is a page that can say so. It runs as soon as it is read.
let page = replace(read("index.html"), STYLE, `<style>${style}</style>`);
page = replace(replace(page, `${SCRIPT}\n`, ""), "</body>", `<script type="module">${code}</script>\n</body>`);
writeFileSync(join(site, "index.html"), page);
rmSync(join(site, script));

const rules = read("_headers");
const policy = /^ +Content-Security-Policy: (.*)$/m.exec(rules)?.[1] ?? "";
const own = [
  [`script-src 'self'`, code],
  [`style-src 'self'`, style],
].reduce((policy, [part = "", text = ""]) => replace(policy, part, `${part} ${hash(text)}`), policy);
// Values of all rules that match are joined, and each policy would have to allow it: the one for all goes first.
writeFileSync(join(site, "_headers"), `${rules}\n/\n  ! Content-Security-Policy\n  Content-Security-Policy: ${own}\n`);
