// `node tools/prune.mjs DIR`: takes out of DIR/index.js and DIR/index_bg.wasm, as tools/bindgen has made them, what src/worker/entry.js does not use.
//
// Every class that a crate of ours exports to JavaScript is there, with all its methods, whether or not anybody makes one: images, ranges
// and streams of the worker crate, 2.2 kB of the upload after gzip (2026-11-28, docs/performance.md). No linker may drop an export. But what
// the entry reaches is known: bundled, it names every export of the module that it can ever call, and Binaryen's wasm-metadce drops the
// others with all that only they need.
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { buildSync } from "esbuild";

const [folder] = process.argv.slice(2);
const [glue, module, graph] = ["index.js", "index_bg.wasm", "graph.json"].map((name) => `${folder}/${name}`);

// To a bundler (this one, and wrangler's) each of these lines has an effect, which keeps its class: `Symbol.dispose` is for callers who
// write `using`, and a registry that nothing is registered with does nothing.
const text = readFileSync(glue, "utf8")
  .replace(/^if \(Symbol\.dispose\) .*\n/gm, "")
  .replace(/new FinalizationRegistry\(/g, "/* @__PURE__ */ $&");
writeFileSync(glue, text);

const entry = readFileSync(new URL("../src/worker/entry.js", import.meta.url), "utf8").replace("../../build/index.js", "./index.js");
const { outputFiles } = buildSync({
  stdin: { contents: entry, resolveDir: folder },
  bundle: true,
  format: "esm",
  external: ["cloudflare:workers", "*.wasm"],
  write: false,
  logLevel: "warning",
});
const words = new Set(outputFiles[0].text.match(/\.[\w$]+/g)?.map((word) => word.slice(1)));
const exports = WebAssembly.Module.exports(new WebAssembly.Module(readFileSync(module))).map(({ name }) => name);
const used = exports.filter((name) => words.has(name));
const reached = used.map((name) => ({ name, export: name }));
writeFileSync(graph, JSON.stringify([{ name: "entry", root: true, reaches: used }, ...reached]));
execFileSync("wasm-metadce", [module, "--graph-file", graph, "-g", "-o", module, ...process.argv.slice(3)]);
rmSync(graph);
