// `npm run check` finds what one of the oldest browsers lacks (tools/floor.mjs): in scripts, style sheets and pages.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { FLOOR, TARGETS } from "../../tools/floor/data.mjs";
import { inPage, inSelector, inStyles } from "../../tools/floor/styles.mjs";

const ROOT = new URL("../../", import.meta.url).pathname;
const keys = (found) => [...new Set(found.map(({ key }) => key))];

/** A line of script, and what is newer in it, as MDN's data calls it; nothing where all of it is old enough. */
const LINES = {
  "AbortSignal.timeout(1);": "AbortSignal.timeout_static",
  "AbortSignal.any([]);": "AbortSignal.any_static",
  "new AbortController().signal.throwIfAborted();": "AbortSignal.throwIfAborted",
  "new Intl.Segmenter();": "Intl.Segmenter",
  "[1].findLast(Boolean);": "Array.findLast",
  "JSON.parse('[]').findLast(Boolean);": "Array.findLast", // nobody knows what it is
  "[1].at(-1);": "",
  "[1].toSorted();": "Array.toSorted",
  "[1]['toReversed']();": "Array.toReversed",
  "const { groupBy } = Object;": "Object.groupBy",
  "Promise.withResolvers();": "Promise.withResolvers",
  "const { withResolvers } = Promise;": "Promise.withResolvers",
  "structuredClone(1);": "structuredClone",
  "globalThis.structuredClone(1);": "structuredClone",
  "navigator.locks.request('a', () => {});": "",
  "crypto.randomUUID();": "",
  "crypto.subtle.generateKey({ name: 'X25519' }, true, ['deriveKey']);": "SubtleCrypto.generateKey.x25519",
  "new CompressionStream('gzip');": "CompressionStream",
  "URL.canParse('');": "URL.canParse_static",
  "addEventListener('scrollend', () => {});": "scrollend_event",
  "document.onscrollend = null;": "scrollend_event",
  "fetch('', { priority: 'high' });": "fetch.options_parameter.priority",
  "new Set().union(new Set());": "Set.union",
  "[1].values().map(String);": "Iterator.map",
  "Array.fromAsync([]);": "Array.fromAsync",
  "new Intl.NumberFormat('en', { roundingPriority: 'auto' });": "roundingPriority",
  "document.startViewTransition();": "Document.startViewTransition",
  "requestIdleCallback(() => {});": "requestIdleCallback",
  "document.body.popover = 'auto';": "HTMLElement.popover",
  "document.body.inert = true;": "inert",
  "document.body.ariaLabel = '';": "ariaLabel",
  "document.createElement('dialog').showModal();": "",
  "document.createElement('search');": "html.elements.search",
  "document.body.setAttribute('popover', '');": "html.global_attributes.popover",
  "document.querySelector('a:has(b)');": "css.selectors.has",
  "new RTCPeerConnection().connectionState;": "RTCPeerConnection.connectionState",
  "class A { static { A.name; } }": "cannot read",
  "/(?<=a)b/;": "cannot read",
  "/[a--b]/v;": "cannot read",
  "new RegExp('(?<!a)b');": "cannot read",
  "new RegExp('a', 'v');": "cannot read",
  "'a'.replaceAll('a', 'b');": "",
  "({}).a?.b ?? 1;": "",
};

test("in scripts: what is called, read, set, listened for, created, asked for by a selector or an option, and how it is written", () => {
  const folder = mkdtempSync(join(tmpdir(), "floor-"));
  try {
    // Of what cannot be read only the first in a file is named.
    const unreadable = Object.entries(LINES).filter(([, name]) => name === "cannot read");
    writeFileSync(
      join(folder, "lines.js"),
      Object.entries(LINES)
        .map(([line, name]) => (name === "cannot read" && !line.includes("RegExp") ? "" : `{ ${line} }`))
        .join("\n"),
    );
    for (const [at, [line]] of unreadable.entries()) writeFileSync(join(folder, `${at}.js`), line);
    const files = ["lines", ...unreadable.keys()].map((name) => join(folder, `${name}.js`));
    const { status, stderr } = spawnSync(process.execPath, [join(ROOT, "tools/floor.mjs"), ...files], { encoding: "utf8", cwd: ROOT });
    assert.equal(status, 1);
    const found = stderr.split("\n");
    for (const [at, [line, name]] of Object.entries(LINES).entries()) {
      const said = found.filter((text) => text.includes(`lines.js:${at + 1}:`));
      if (!name) assert.deepEqual(said, [], line);
      else if (name !== "cannot read")
        assert.ok(
          said.some((text) => text.includes(name)),
          `${line} ${said.join(" ")}`,
        );
    }
    for (const [at, [line]] of unreadable.entries())
      assert.ok(
        found.some((text) => text.includes(`/${at}.js:1: this is written in a way`)),
        line,
      );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("in style sheets: functions, at-rules, selectors, properties, values, units, features of media, nesting", () => {
  const found = inStyles(
    "@layer a{p{color:color-mix(in srgb,red,blue);background:light-dark(red,blue);& b{color:oklch(from red l c h)}}}" +
      "@container (width>3px){a{inset:0;translate:1px;width:1cqw;height:1svh}}@media (width>=3px){a:user-valid{text-wrap:balance;overflow:clip}}" +
      "@scope(a){b{anchor-name:--a}}@starting-style{a{width:round(up,1px,2px)}}@media (scripting:none){.a:has(b)::highlight(c){grid-template-columns:subgrid}}",
  );
  const wanted =
    "at-rules.layer types.color.color-mix types.color.light-dark selectors.nesting types.color.oklch types.color.oklch.relative_syntax at-rules.container " +
    "properties.translate types.length.container_query_length_units types.length.viewport_percentage_units_dynamic at-rules.media.range_syntax " +
    "selectors.user-valid properties.text-wrap properties.overflow.clip at-rules.scope properties.anchor-name at-rules.starting-style types.round " +
    "at-rules.media.scripting selectors.has selectors.highlight properties.grid-template-columns.subgrid";
  for (const key of wanted.split(" ")) assert.ok(keys(found).includes(`css.${key}`), key);
  assert.deepEqual(keys(inStyles("a{inset:0;color:hsl(calc(1deg*var(--a)) 1% 1%/.3);width:clamp(1px,1vw,2px)}@supports (color:red){b:is(a,b){gap:1px}}")), []);
  assert.deepEqual(keys(inSelector("a:not(b) > c:focus-visible")), []);
});

test("in pages: elements, attributes and their values", () => {
  const found = inPage(
    '<p inert popover="auto"><button popovertarget=x><script type="importmap"></script><img loading="lazy" fetchpriority="high"><link rel="modulepreload" href=a><search></search><details name="x">',
  );
  for (const key of "html.global_attributes.inert html.global_attributes.popover html.elements.button.popovertarget html.elements.script.type.importmap html.elements.img.fetchpriority html.elements.link.rel.modulepreload html.elements.search html.elements.details.name".split(
    " ",
  ))
    assert.ok(keys(found).includes(key), key);
  assert.deepEqual(inPage('<dialog open><p hidden lang="en"><input type="file" multiple><script type="module" src=a></script></dialog>'), []);
});

test("the floor is the one that the README names", () => {
  const { browserslist } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  assert.deepEqual(
    [...FLOOR.keys()],
    browserslist.map((line) => line.split(" ")[0]),
  );
  assert.deepEqual(TARGETS, ["chrome96", "edge96", "firefox102", "ios15.4", "safari15.4"]);
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  for (const words of ["Safari and iOS 15.4", "Chrome and Edge 96", "Firefox ESR 102"]) assert.ok(readme.includes(words), words);
});
