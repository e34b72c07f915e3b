// `node tools/inline.mjs SITE SCRIPT`, the one a folder and the other a file in it: the room page carries its style and its script, so that a person
// waits for one answer of the server alone. The content security policy of that page names the two by their hashes.
import { createHash } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [site = "", script = ""] = process.argv.slice(2);
const LOADING = '<script src="/shared/loading.js" async></script>';
const SCRIPT = '<script type="module" src="/room/room.js"></script>';
const STYLE = '<link rel="stylesheet" href="/shared/style.css">';

/** @param {string} name */
const read = (name) => readFileSync(join(site, name), "utf8");
/** @param {string} text @param {string} part @param {string} other */
function replace(text, part, other) {
  if (text.split(part).length !== 2) throw new Error(`not once in the page: ${part}`);
  return text.replace(part, () => other);
}
/** As a policy names what stands in a page (Content Security Policy Level 3, 2.3.1). @param {string} text */
const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

const [loading, code, style] = [read("shared/loading.js").trim(), read(script).trim(), read("shared/style.css")];
if (/<\/script|<!--/i.test(loading + code) || /<\/style/i.test(style)) throw new Error("it would end, or begin anew, in the page");
// Nothing is drawn before the script has run: on a slow device that takes as long as all that comes before the socket is opened.
const page = [
  [LOADING, `<script>${loading}</script>`],
  [SCRIPT, `<script type="module" blocking="render">${code}</script>`],
  [STYLE, `<style>${style}</style>`],
].reduce((page, [part = "", text = ""]) => replace(page, part, text), read("index.html"));
writeFileSync(join(site, "index.html"), page);
rmSync(join(site, script));

const rules = read("_headers");
const policy = /^ +Content-Security-Policy: (.*)$/m.exec(rules)?.[1] ?? "";
const own = [
  ["script-src 'self'", code],
  ["script-src 'self'", loading],
  ["style-src 'self'", style],
].reduce((policy, [part = "", text = ""]) => replace(policy, part, `${part} ${hash(text)}`), policy);
// Values of all rules that match are joined, and each policy would have to allow it: the one for all goes first.
writeFileSync(join(site, "_headers"), `${rules}\n/\n  ! Content-Security-Policy\n  Content-Security-Policy: ${own}\n`);
