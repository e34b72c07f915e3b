// Which file imports which, in Rust and in JavaScript, and what is wrong with that: a circle, or an import that the plan of the house forbids.
// Comments, documentation and types in JSDoc import nothing.
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path/posix";
import ts from "typescript";

/**
 * Each file with what it imports.
 * @typedef {Map<string, Set<string>>} Imports
 */

/**
 * The files of a folder that a pattern finds, by their paths.
 * @param {string} root
 * @param {string} pattern
 * @returns {Map<string, string>}
 */
export function files(root, pattern) {
  const paths = globSync(pattern, { cwd: root, exclude: (name) => /^(?:vendor|output|target|node_modules)$/.test(name) });
  return new Map(paths.sort().map((path) => [path, readFileSync(join(root, path), "utf8")]));
}

/** Comments, texts and characters of Rust. A lifetime has no quotation mark at its end. */
const NO_CODE = /\/\/[^\n]*|\/\*[^]*?\*\/|\bb?r(#*)"[^]*?"\1|\bb?"(?:\\[^]|[^"\\])*"|"(?:\\[^]|[^"\\])*"|'(?:\\(?:u\{\w*\}|x\w\w|.)|[^'\\])'/g;
/** Not imports, although paths: `pub(in crate::realm)` says who may see a thing. */
const VISIBILITY = /\bpub\s*\(\s*in\b[^)]*\)/g;

/**
 * All paths that a tree after `use` stands for.
 * @param {string} tree
 * @returns {string[][]}
 */
function branches(tree) {
  const open = tree.indexOf("{");
  if (open < 0)
    return [
      tree
        .replace(/\bas\b[^]*$/, "")
        .split("::")
        .map((name) => name.trim()),
    ];
  const stem = tree
    .slice(0, open)
    .split("::")
    .map((name) => name.trim())
    .filter(Boolean);
  const twigs = [];
  let depth = 0;
  let begin = open + 1;
  for (let at = begin; at < tree.length; at++) {
    if (tree[at] === "{") depth++;
    if ((tree[at] === "," || tree[at] === "}") && depth === 0) {
      const twig = tree.slice(begin, at).trim();
      if (twig) twigs.push(twig);
      begin = at + 1;
    }
    if (tree[at] === "}" && depth-- === 0) break;
  }
  return twigs.flatMap(branches).map((path) => [...stem, ...(path[0] === "self" ? path.slice(1) : path)]);
}

/** The module that a file of src/ is. @param {string} path */
const moduleOf = (path) =>
  path
    .replace(/^src\//, "")
    .replace(/(?:^|\/)(?:mod|lib)?\.rs$|\.rs$/, "")
    .split("/")
    .filter((name) => name && name !== "lib");

/**
 * What Rust files import of each other.
 * @param {Map<string, string>} sources
 * @returns {Imports}
 */
export function rustImports(sources) {
  const modules = new Map([...sources.keys()].map((path) => [moduleOf(path).join("::"), path]));
  return new Map(
    [...sources].map(([path, source]) => {
      const code = source.replace(NO_CODE, '""').replace(VISIBILITY, "pub");
      if (/\bmod\s+\w+\s*\{/.test(code)) throw new Error(`${path} has a module within itself, of which this reader knows nothing`);
      const here = moduleOf(path);
      const children = [...code.matchAll(/\bmod\s+(\w+)\s*;/g)].map(([, name]) => name);
      const uses = [...code.matchAll(/\buse\s+([^;]+);/g)].flatMap(([, tree]) => branches(tree));
      const begins = ["crate", "self", "super", ...children].join("|");
      const inline = [...code.replace(/\buse\s+[^;]+;/g, "").matchAll(new RegExp(`(?<![\\w:.]\\s*)(?:${begins})(?:\\s*::\\s*\\w+)+`, "g"))];
      const found = new Set();
      for (const [first, ...rest] of [...uses, ...inline.map(([text]) => text.split("::").map((name) => name.trim()))]) {
        let from =
          first === "crate" ? [] : first === "self" ? here : first === "super" ? here.slice(0, -1) : children.includes(first) ? [...here, first] : null;
        if (!from) continue; // of the standard library, or another crate
        for (const name of rest) from = name === "super" ? from.slice(0, -1) : [...from, name];
        while (!modules.has(from.join("::")) && from.length) from = from.slice(0, -1);
        const file = modules.get(from.join("::"));
        if (file && file !== path) found.add(file);
      }
      return [path, found];
    }),
  );
}

/**
 * What JavaScript files import of each other. A path that begins with a slash is what the browser asks for: a file of public/.
 * @param {Map<string, string>} sources
 * @returns {Imports}
 */
export function scriptImports(sources) {
  return new Map(
    [...sources].map(([path, source]) => {
      const { importedFiles } = ts.preProcessFile(source, true, true);
      const named = importedFiles.map(({ fileName }) =>
        fileName.startsWith("/") ? join("public", fileName) : /^\.{1,2}\//.test(fileName) ? join(dirname(path), fileName) : "",
      );
      return [path, new Set(named.filter((file) => sources.has(file)))];
    }),
  );
}

/**
 * The circles, each once, as a row of files whose last is its first.
 * @param {Imports} imports
 */
export function circles(imports) {
  /** @type {string[]} */
  const found = [];
  const done = new Set();
  /** @type {string[]} */
  const way = [];
  const visit = (/** @type {string} */ file) => {
    const before = way.indexOf(file);
    if (before >= 0) found.push([...way.slice(before), file].join(" -> "));
    if (before >= 0 || done.has(file)) return;
    way.push(file);
    for (const next of imports.get(file) ?? []) visit(next);
    way.pop();
    done.add(file);
  };
  for (const file of imports.keys()) visit(file);
  return found;
}

/**
 * The imports that a rule forbids.
 * @param {Imports} imports
 * @param {(from: string, to: string) => boolean} allowed
 */
export const forbidden = (imports, allowed) =>
  [...imports].flatMap(([from, all]) => [...all].filter((to) => !allowed(from, to)).map((to) => `${from} -> ${to}`));

/** The floors of src/, from the ground up. */
const FLOORS = [/^src\/(?:limits|allowance|id|client|settings|values)\.rs$/, /^src\/wire\//, /^src\/realm\//, /^src\/worker\//, /^src\/lib\.rs$/];
/** @param {string} file */
export const floor = (file) => FLOORS.findIndex((pattern) => pattern.test(file));
/** An import goes down, or sideways. @param {string} from @param {string} to */
export const goesDown = (from, to) => floor(from) >= floor(to);

/** The part of public/ that a file belongs to: the library, its face, a page, or what pages share. @param {string} file */
const wing = (file) => file.match(/^public\/(?:([\w-]+)\/|beckon\.js$)/)?.[1] ?? "beckon.js";
/**
 * The library knows nothing of pages. A page takes it from beckon.js, and has the rest in its folder or in the one that pages share.
 * @param {string} from
 * @param {string} to
 */
export function knowsItsPlace(from, to) {
  if (!from.startsWith("public/")) return true; // tools and tests look into everything
  if (!to.startsWith("public/")) return false;
  if (wing(from) === wing(to)) return true;
  if (wing(from) === "lib") return false;
  if (wing(from) === "beckon.js") return wing(to) === "lib";
  return wing(to) === "beckon.js" || (wing(to) === "shared" && wing(from) !== "shared");
}
