// npm run pack: puts what was built into an npm package, dist/beckon-X.Y.Z.tgz, whose folder is dist/package/. With `--folder` it makes the
// folder alone.
import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { document } from "./api.mjs";
import { ROOT, VERSION, builtWorker } from "./built.mjs";
import { CACHE } from "./cache.mjs";
import { notices } from "./notices.mjs";

const read = (/** @type {string} */ name) => readFileSync(join(ROOT, name), "utf8");
const json = (/** @type {object} */ value) => `${JSON.stringify(value, null, 2)}\n`;
/** Where it is put together. */
export const FOLDER = join(ROOT, "dist/package");

/**
 * wrangler.toml in which the lines that begin so are others, or none, with the empty line after them. Each must be there.
 * @param {Record<string, string>} changes
 */
function changed(changes) {
  const missing = new Set(Object.keys(changes));
  let dropped = false;
  const lines = read("wrangler.toml")
    .split("\n")
    .flatMap((line) => {
      const start = Object.keys(changes).find((start) => line.startsWith(start));
      if (start !== undefined) missing.delete(start);
      const by = start === undefined ? line : (changes[start] ?? "");
      dropped = by === "" && (dropped || start !== undefined);
      return dropped ? [] : [by];
    });
  if (missing.size) throw new Error(`wrangler.toml has no ${[...missing].join(", ")}`);
  return lines.join("\n");
}
/** What is built is there already. */
const NO_BUILD = { "[build]": "", "command = ": "", "watch_dir = ": "" };

/** wrangler.toml of a project that has Beckon from the package. */
export const projectConfig = () => changed({ ...NO_BUILD, "main = ": 'main = "src/index.js"', "directory = ": 'directory = "node_modules/beckon/site"' });

/** wrangler.toml of what is uploaded as it was built: byte for byte what the repository uploads. */
const deployConfig = () =>
  changed({
    ...NO_BUILD,
    "main = ": 'main = "worker/entry.js"',
    "minify = ": "no_bundle = true",
    "keep_names = ": 'find_additional_modules = true\nbase_dir = "worker"',
    "directory = ": 'directory = "site"',
  });

/** package.json of a project. */
export function projectManifest() {
  const { description, cloudflare, devDependencies } = JSON.parse(read("package.json"));
  return json({
    name: "my-beckon",
    description,
    private: true,
    type: "module",
    engines: { node: ">=22.12" }, // wrangler's
    scripts: { dev: "wrangler dev", start: "wrangler dev", deploy: "wrangler deploy" },
    dependencies: { beckon: VERSION },
    devDependencies: { wrangler: devDependencies.wrangler },
    allowScripts: { esbuild: true, workerd: true }, // npm 11 asks about them
    cloudflare,
  });
}

/** What of a project is made from files of the repository. @returns {Record<string, string>} */
export const projectFiles = () => ({
  "package/project/wrangler.toml": projectConfig(),
  "package/project/package.json": projectManifest(),
  "package/project/.dev.vars.example": read(".dev.vars.example"),
});

/** Papers that are about the repository, and about nothing in the package. */
const OWN_PAPERS = new Set(["architecture.md", "performance.md"]);
/** Where the repository will be, once somebody owns it: until then nothing in the package leads there. */
const NOWHERE = "github.com/OWNER/";

/** Puts the package together in a folder. @param {string} folder */
export async function assemble(folder) {
  const worker = await builtWorker(join(ROOT, "wrangler.toml"), join(ROOT, "dist"));
  const wrangler = JSON.parse(read("node_modules/wrangler/package.json"));
  const copy = (/** @type {string} */ from, to = basename(from)) => cpSync(join(ROOT, from), join(folder, to), { recursive: true });
  rmSync(folder, { recursive: true, force: true });
  for (const part of ["worker", "project", "docs"]) mkdirSync(join(folder, part), { recursive: true });
  for (const file of ["CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT", "public/beckon.js", "public/beckon.d.ts", "public/lib", "build/site"]) copy(file);
  for (const file of ["SECURITY.md", "PRIVACY.md"]) copy(file);
  for (const file of readdirSync(join(ROOT, "docs"))) if (/\.(md|yaml)$/.test(file) && !OWN_PAPERS.has(file)) copy(`docs/${file}`, `docs/${file}`);
  for (const file of ["README.md", "command", "examples", "react", "server", "worker"]) copy(`package/${file}`);
  document(join(folder, "docs/api"));
  rmSync(join(folder, "server/site/workerd.d.ts"));
  writeFileSync(join(folder, "in-node.js"), read("package/in-node.js").replaceAll("../public/", "./"));
  for (const { file } of worker.modules) copyFileSync(file, join(folder, "worker", basename(file)));
  const modules = worker.modules.map((module) => ({ ...module, file: basename(module.file) }));
  writeFileSync(join(folder, "worker/worker.json"), json({ ...worker, modules, wrangler: wrangler.version }));
  writeFileSync(join(folder, "wrangler.toml"), deployConfig());
  writeFileSync(join(folder, "THIRD-PARTY-LICENSES.txt"), notices());
  // npm leaves out files that begin with a dot: `beckon init` gives it back to them.
  cpSync(join(ROOT, "package/project"), join(folder, "project"), { recursive: true });
  for (const name of ["gitignore", "dev.vars.example"]) {
    copyFileSync(join(ROOT, "package/project", `.${name}`), join(folder, "project", name));
    rmSync(join(folder, "project", `.${name}`), { force: true });
  }
  const manifest = JSON.parse(read("package/package.json"));
  const { name, ...all } = manifest;
  const more = Object.fromEntries(Object.entries(all).filter(([, value]) => !JSON.stringify(value).includes(NOWHERE)));
  writeFileSync(join(folder, "package.json"), json({ name, version: VERSION, ...more, dependencies: { workerd: wrangler.dependencies.workerd } }));
}

/** Leaves the Worker in the cache, where `npm start` of the same sources finds it (tools/env.sh), in this clone or another, with a compiler or without. */
function keep() {
  const sources = execFileSync(process.execPath, [join(ROOT, "tools/made-of.mjs"), "sources"], { encoding: "utf8" }).trim();
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: ROOT, encoding: "utf8" }).trim();
  const place = join(CACHE, "packed", sources);
  const fresh = `${place}.${process.pid}`;
  cpSync(join(ROOT, "build"), fresh, { recursive: true, filter: (file) => file !== join(ROOT, "build/site") });
  writeFileSync(join(fresh, "made-of"), `${sources}\ncommit ${commit}\n`);
  rmSync(place, { recursive: true, force: true });
  renameSync(fresh, place);
}

if (process.argv[1] === import.meta.filename) {
  for (const [name, text] of Object.entries(projectFiles())) {
    if (!existsSync(join(ROOT, name)) || read(name) !== text) writeFileSync(join(ROOT, name), text);
  }
  await assemble(FOLDER);
  if (!process.argv.includes("--folder")) {
    const [{ filename }] = JSON.parse(
      execFileSync("npm", ["pack", FOLDER, "--pack-destination", join(ROOT, "dist"), "--json"], { cwd: ROOT, encoding: "utf8" }),
    );
    keep();
    console.log(`dist/${filename}`);
  }
}
