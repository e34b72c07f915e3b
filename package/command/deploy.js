// `beckon deploy`: uploads the packed Worker and its pages to Cloudflare, byte for byte what the repository's `npm run deploy` uploads.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { PACKAGE, packed } from "../server/packed.js";
import { SECRETS } from "../server/serve.js";
import { CommandError, DEPLOY, UsageError, parse, variables } from "./options.js";

/** What wrangler asks of Node. */
const WRANGLER_NODE = [22, 12];
/** The names that Cloudflare takes, and how it says so. */
const NAMES = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const NAMED = "small letters (a to z), digits and hyphens, 63 at most, without a hyphen at either end";

/** @param {string[]} given  arguments */
export async function deploy(given) {
  const own = given.slice(0, given.includes("--") ? given.indexOf("--") : undefined);
  const more = given.slice(own.length + 1);
  const { values, rest } = parse(own, DEPLOY);
  const [stray] = rest;
  if (stray !== undefined) throw new UsageError(`deploy takes no ${stray}.`);
  const { name = "beckon" } = values;
  if (!NAMES.test(name)) throw new CommandError(`A Worker's name has ${NAMED}: ${name} is none.`);
  const { worker } = packed();
  for (const text of values.var ?? []) {
    const secret = SECRETS.find((secret) => text.startsWith(`${secret}=`) || text.startsWith(`${secret}:`));
    if (secret) throw new CommandError(`${secret} is a secret, which Cloudflare keeps apart: npx wrangler secret put ${secret} --name ${name}`);
  }
  const vars = variables(values.var ?? [], Object.keys(worker.vars));
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < WRANGLER_NODE[0] || (major === WRANGLER_NODE[0] && minor < WRANGLER_NODE[1]))
    throw new CommandError(`wrangler, which uploads, needs Node.js ${WRANGLER_NODE.join(".")} or newer, and this is ${process.version}.`);

  // wrangler writes beside its configuration, and the package may belong to somebody else.
  const folder = mkdtempSync(join(tmpdir(), "beckon-deploy-"));
  try {
    const config = join(folder, "wrangler.toml");
    writeFileSync(
      config,
      readFileSync(join(PACKAGE, "wrangler.toml"), "utf8").replace(
        /^(main|base_dir|directory) = "(.*)"$/gm,
        (_, name, path) => `${name} = ${JSON.stringify(join(PACKAGE, path))}`,
      ),
    );
    const { wrangler } = JSON.parse(readFileSync(join(PACKAGE, "worker/worker.json"), "utf8"));
    const options = [
      ...(values.name ? ["--name", values.name] : []),
      ...Object.entries(vars).flatMap(([name, value]) => ["--var", `${name}:${value}`]),
      ...(values.dry_run ? ["--dry-run"] : []),
      ...(values.outdir ? ["--outdir", resolve(values.outdir)] : []),
    ];
    const child = spawn("npx", [`wrangler@${wrangler}`, "deploy", "--config", config, ...options, ...more], {
      stdio: "inherit",
      shell: process.platform === "win32", // npx is a script there
    });
    // It ends as wrangler does, and tidies up.
    for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) process.on(signal, () => child.kill(signal));
    process.exitCode = await new Promise((settle) => {
      child.on("exit", (code) => settle(code ?? 1));
      child.on("error", (error) => {
        console.error(`beckon: npx, which comes with npm, could not be started: ${error.message}`);
        settle(1);
      });
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
