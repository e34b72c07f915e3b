// `npm run docs`: makes docs/api/ from the types of the library, of beckon/react and of beckon/worker (typedoc). `npm run pack` does the same for the
// package, and a test compares the two. With a folder's name it is made there.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "./built.mjs";

/** What is documented: names of imports, and their types. */
export const TYPES = { beckon: "public/beckon.d.ts", "beckon/react": "package/react/react.d.ts", "beckon/worker": "package/worker/entry.d.ts" };

const read = (/** @type {string} */ file) => readFileSync(join(ROOT, file), "utf8");

/** Runs typedoc on a copy, where each file has the name that is imported. @param {string} out */
function typedoc(out) {
  const copies = `${out}.types`;
  const entryPoints = Object.entries(TYPES).map(([name, from]) => {
    const copy = join(copies, `${name}.d.ts`);
    mkdirSync(dirname(copy), { recursive: true });
    copyFileSync(join(ROOT, from), copy);
    return copy;
  });
  copyFileSync(join(ROOT, "tests/tree/cloudflare-workers.d.ts"), join(copies, "cloudflare-workers.d.ts"));
  const { target, module, moduleResolution, lib } = JSON.parse(read("tsconfig.json")).compilerOptions;
  const compilerOptions = { target, module, moduleResolution, lib, types: [], strict: true, noEmit: true, paths: { beckon: ["./beckon.d.ts"] } };
  writeFileSync(join(copies, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["**/*.d.ts"] }));
  const options = {
    entryPoints,
    out,
    plugin: ["typedoc-plugin-markdown"],
    tsconfig: join(copies, "tsconfig.json"),
    name: "Beckon's types",
    readme: "none",
    disableSources: true,
    excludePrivate: true,
    excludeExternals: true,
    hideGenerator: true,
    hidePageHeader: true,
    hideBreadcrumbs: true,
    treatWarningsAsErrors: true,
    outputFileStrategy: "modules",
    entryFileName: "README",
    useCodeBlocks: true,
    expandObjects: true,
    parametersFormat: "list",
    propertiesFormat: "list",
    logLevel: "Warn",
  };
  const file = join(copies, "typedoc.json");
  writeFileSync(file, JSON.stringify(options));
  try {
    execFileSync(join(ROOT, "node_modules/.bin/typedoc"), ["--options", file], { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"] });
  } finally {
    rmSync(copies, { recursive: true });
  }
}

/** Writes the documentation of the types into a folder. It is kept, by what it was made of: typedoc takes some seconds. @param {string} folder */
export function document(folder) {
  const made = createHash("sha256");
  for (const file of [...Object.values(TYPES), "tools/api.mjs", "tsconfig.json", "package-lock.json"]) made.update(read(file));
  const kept = join(ROOT, "target/api", made.digest("hex").slice(0, 16));
  if (!existsSync(kept)) {
    mkdirSync(dirname(kept), { recursive: true });
    const fresh = `${kept}.${process.pid}`; // several may want it at once
    typedoc(fresh);
    rmSync(kept, { recursive: true, force: true });
    renameSync(fresh, kept);
  }
  rmSync(folder, { recursive: true, force: true });
  cpSync(kept, folder, { recursive: true });
}

if (process.argv[1] === import.meta.filename) document(join(ROOT, process.argv[2] ?? "docs/api"));
