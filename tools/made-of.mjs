// `node tools/made-of.mjs`: prints, as one number, all that a build of the Worker's Rust is made of: its sources, what shapes the result, and
// the tools that make it. The same number gives the same build, so tools/build.sh keeps the last one by it. What is only served is no part.
// `node tools/made-of.mjs sources` leaves the tools out: it knows what was built elsewhere, on a machine that has none of them.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const read = (/** @type {string} */ name) => readFileSync(join(root, name));
/** The tools, by what they say of themselves: compilers of the same version make the same. */
const tools = () => [execFileSync("rustc", ["-vV"]), JSON.parse(read("node_modules/binaryen/package.json").toString()).version, ...process.argv.slice(2)];

const files = globSync(["src/**/*", "tools/bindgen/**/*", "tools/{build.sh,env.sh,made-of.mjs}", "Cargo.{toml,lock}", ".cargo/*"], {
  cwd: root,
  withFileTypes: true,
})
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(root.length))
  .sort();
const hash = createHash("sha256");
for (const part of [...(process.argv[2] === "sources" ? [] : tools()), ...files.flatMap((name) => [name, read(name)])]) hash.update(part).update("\0");
console.log(hash.digest("hex"));
