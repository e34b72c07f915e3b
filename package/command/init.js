// `beckon init`: writes a project that has Beckon from the package, for wrangler, for Cloudflare's deploy button, and for
// `npm create cloudflare -- --template`.
import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { PACKAGE } from "../server/packed.js";
import { CommandError, UsageError, parse } from "./options.js";

/** What the project is called, and its folder, unless it is said. */
const NAME = "my-beckon";

/** How long a Worker's name may be, in characters: it is a part of a host's name. */
const NAME_LENGTH = 63;

/** A name that Cloudflare takes: small letters, digits and hyphens. @param {string} text */
export const nameOf = (text) =>
  text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]/g, " ")
    .slice(0, NAME_LENGTH)
    .trim()
    .replace(/ +/g, "-") || NAME;

/** The tarball that this package was installed from, if it is one on this machine: the project takes it along. */
function tarball() {
  const modules = dirname(PACKAGE.replace(/[/\\]$/, ""));
  try {
    const { packages } = JSON.parse(readFileSync(join(modules, ".package-lock.json"), "utf8"));
    const { resolved = "" } = packages["node_modules/beckon"] ?? {};
    const file = resolve(dirname(modules), resolved.replace(/^file:/, ""));
    return /^file:.*\.tgz$/.test(resolved) && existsSync(file) ? file : null;
  } catch {
    return null; // it was not npm that installed it
  }
}

/** @param {string[]} given  arguments */
export async function init(given) {
  const { rest } = parse(given, []);
  const [where = NAME, ...more] = rest;
  if (more.length) throw new UsageError(`init takes one folder, and not ${rest.join(" ")}.`);
  const folder = resolve(where);
  let isEmpty = true;
  try {
    mkdirSync(folder, { recursive: true });
    isEmpty = readdirSync(folder).length === 0;
  } catch (error) {
    throw new CommandError(`No project can be in ${where} (${/** @type {Error} */ (error).message}): name a new folder.`);
  }
  if (!isEmpty) throw new CommandError(`${where} is not empty: name a new folder.`);
  cpSync(join(PACKAGE, "project"), folder, { recursive: true });
  for (const name of ["gitignore", "dev.vars.example"]) renameSync(join(folder, name), join(folder, `.${name}`));

  const name = nameOf(basename(folder));
  const edit = (/** @type {string} */ file, /** @type {(text: string) => string} */ by) =>
    writeFileSync(join(folder, file), by(readFileSync(join(folder, file), "utf8")));
  const packed = tarball();
  edit("wrangler.toml", (text) => text.replace(/^name = ".*"/m, `name = "${name}"`));
  edit("package.json", (text) => {
    const manifest = JSON.parse(text);
    if (packed) manifest.dependencies.beckon = `file:${basename(packed)}`;
    return `${JSON.stringify({ ...manifest, name }, null, 2)}\n`;
  });
  if (packed) copyFileSync(packed, join(folder, basename(packed)));

  // Cloudflare installs with `npm ci`, which wants it.
  const { status } = spawnSync("npm", ["install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
    shell: process.platform === "win32", // npm is a script there
  });
  const here = relative(process.cwd(), folder);
  const enter = here ? `  cd ${/^[\w./-]+$/.test(here) ? here : JSON.stringify(here)}\n` : "";
  console.log(`A project is in ${here || "this folder"}. Its README.md says what is where. Next:

${enter}  npm install
  npx wrangler dev       # http://localhost:8787
  npx wrangler deploy
`);
  if (status !== 0) console.error("beckon: npm could not write package-lock.json, which Cloudflare's deploy button wants: npm install writes it.");
}
