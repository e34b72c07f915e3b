// The licences of all that the package has in it from others: crates in the Worker, and scripts that the pages load.
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "./built.mjs";

const TARGET = "wasm32-unknown-unknown";

/** The text of a licence in a folder: MIT's where there is a choice, as it is the shorter one. @param {string} folder */
function textIn(folder) {
  const names = readdirSync(folder).filter((name) => /^(licen[cs]e|copying|unlicense)/i.test(name) && !/\.(rs|js|toml)$/.test(name));
  const file = names.find((name) => /mit/i.test(name)) ?? names[0];
  return file ? readFileSync(join(folder, file), "utf8").trim() : "";
}

/** Crates that are compiled into the Worker: those that it needs, and what they need, but not what only builds. */
function crates() {
  const options = ["metadata", "--offline", "--locked", "--format-version=1", `--filter-platform=${TARGET}`];
  const { packages, resolve } = JSON.parse(execFileSync("cargo", options, { cwd: ROOT, encoding: "utf8", maxBuffer: 1e8 }));
  const nodes = new Map(resolve.nodes.map((/** @type {{ id: string }} */ node) => [node.id, node]));
  const all = new Map(packages.map((/** @type {{ id: string }} */ one) => [one.id, one]));
  const [root] = packages.filter((/** @type {{ name: string }} */ { name }) => name === "beckon");
  const found = new Set([root.id]);
  for (const id of found) {
    for (const { pkg, dep_kinds } of nodes.get(id).deps) {
      // Macros run when it is compiled, and are no part of it.
      const isMacro = all.get(pkg).targets.some((/** @type {{ kind: string[] }} */ { kind }) => kind.includes("proc-macro"));
      if (!isMacro && dep_kinds.some((/** @type {{ kind: string | null }} */ { kind }) => kind === null)) found.add(pkg);
    }
  }
  found.delete(root.id);
  const libraries = [...found].map((id) => all.get(id));
  return libraries.map(({ name, version, license, manifest_path }) => ({ name: `${name} ${version}`, license, text: textIn(dirname(manifest_path)) }));
}

/** Scripts of others in public/vendor/, with what they have in them. */
function scripts() {
  const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
  const names = ["peerjs", "lean-qr", ...Object.keys(packages["node_modules/peerjs"].dependencies)];
  return names.map((name) => {
    const folder = join(ROOT, "node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    return { name: `${name} ${version}`, license, text: textIn(folder) };
  });
}

/** All of it, each text once. */
export function notices() {
  /** @type {Map<string, string[]>} */
  const by = new Map();
  for (const { name, license, text } of [...crates(), ...scripts()]) {
    const said = text || `(${license}; its authors have put no text beside it)`;
    by.set(said, [...(by.get(said) ?? []), `${name} (${license})`]);
  }
  const parts = [...by].map(([text, names]) => `${names.sort().join("\n")}\n\n${text}\n`);
  return `What this package has in it from others, and their licences. workerd, which npm installs beside it, brings its own.\n\n${parts.join(`\n${"-".repeat(80)}\n\n`)}`;
}
