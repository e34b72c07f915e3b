// A machine that has Node.js with npm and a shell, and no compiler: a PATH, a home and an npm cache of its own. Programs that it must not need
// are there as traps. npm's registry is that of registry.mjs.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assemble } from "../../tools/pack.mjs";
import { startRegistry } from "./registry.mjs";

const TRAPS = ["cargo", "rustc", "rustup", "cc", "gcc", "ld", "make", "git", "openssl", "wrangler", "esbuild", "wasm-opt"];
const PROGRAMS = ["npm", "npx", "sh"];

/** What does not end by itself is ended after so long, in ms. */
const DEADLINE_MS = 120_000;

/** What is set for this test run, and would be found by what it starts. */
const OWN = /^(npm_|BECKON_|NODE_|PATH$|HOME$|PORT$|CLOUDFLARE_|WRANGLER_|XDG_)/i;

/** A machine with the package beside it. */
export async function newMachine() {
  const home = mkdtempSync(join(tmpdir(), "beckon-package-"));
  const bin = join(home, "bin");
  mkdirSync(bin);
  symlinkSync(process.execPath, join(bin, "node"));
  for (const name of PROGRAMS) symlinkSync(execFileSync("/bin/sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim(), join(bin, name));
  const trapped = join(home, "trapped");
  for (const name of TRAPS) writeFileSync(join(bin, name), `#!/bin/sh\necho "${name} $*" >>"${trapped}"\nexit 127\n`, { mode: 0o755 });

  const folder = join(home, "package");
  await assemble(folder);
  const [{ filename }] = JSON.parse(execFileSync("npm", ["pack", folder, "--pack-destination", home, "--json"], { encoding: "utf8", cwd: home }));
  const tarball = join(home, filename);
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const registry = await startRegistry(tarball, manifest);
  const env = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !OWN.test(name))),
    PATH: bin,
    HOME: home,
    npm_config_registry: registry.url,
    npm_config_cache: join(home, "npm"),
    npm_config_replace_registry_host: "never",
    npm_config_update_notifier: "false",
    npm_config_audit: "false",
    npm_config_fund: "false",
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_HIDE_BANNER: "true",
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
  };

  /** Begins a command, a process group of its own. @param {string[]} command @param {{ cwd: string, env?: object }} where */
  function begin([program = "", ...args], { cwd, env: more = {} }) {
    const child = spawn(program, args, { cwd, env: { ...env, ...more }, stdio: ["ignore", "pipe", "pipe"], detached: true });
    let printed = "";
    /** @type {() => void} */
    let look = () => {};
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => ((printed += text), look()));
    const ended = new Promise((/** @type {(code: number | null) => void} */ settle) => child.on("close", settle));
    return {
      child,
      ended,
      printed: () => printed,
      /** What it prints, once it fits. @param {RegExp} pattern @returns {Promise<RegExpExecArray>} */
      prints: (pattern) =>
        new Promise((settle, fail) => {
          look = () => {
            const found = pattern.exec(printed);
            if (found) settle(found);
          };
          look();
          ended.then((code) => fail(new Error(`${program} ${args.join(" ")} ended with ${code}, and printed:\n${printed}`)));
        }),
      /** To all of it, as a terminal does. @param {NodeJS.Signals} signal */
      kill(signal) {
        try {
          process.kill(-(/** @type {number} */ (child.pid)), signal);
        } catch {
          // It has ended.
        }
      },
    };
  }

  return {
    home,
    folder,
    tarball,
    manifest,
    env,
    begin,
    /** Runs a command to its end. @param {string[]} command @param {{ cwd: string, env?: object, status?: number }} how  `status`: that it ends with */
    async run(command, { status = 0, ...where }) {
      const { ended, printed, kill } = begin(command, where);
      const late = setTimeout(() => kill("SIGKILL"), DEADLINE_MS);
      const code = await ended;
      clearTimeout(late);
      assert.equal(code, status, `${command.join(" ")}:\n${printed()}`);
      return printed();
    },
    /** A folder with nothing in it. @param {string} name */
    empty(name) {
      mkdirSync(join(home, name));
      return join(home, name);
    },
    /** Programs of the traps that were called. */
    trapped: () => (existsSync(trapped) ? readFileSync(trapped, "utf8") : ""),
    close() {
      registry.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
