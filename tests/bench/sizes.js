// What is uploaded and what is sent: sizes after compression, and how long the Worker takes to start.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { builtWorker as built } from "../../tools/built.mjs";
import { median } from "./figures.js";

export const title = "Sizes after gzip, and the Worker's start";

/** @param {string} name */
const file = (name) => new URL(`../../${name}`, import.meta.url).pathname;

/** @param {import("./contest.js").Options} options */
export async function measure({ builds, quick }) {
  /** @type {Record<string, string | number>[]} */
  const rows = [];
  for (const [name, dist] of builds) {
    const bytes = await upload(dist);
    rows.push({ what: `${name}: Worker as uploaded`, "kB gzip": bytes / 1000 });
    rows.push({ what: `${name}: start`, "CPU ms": await startUp(dist, quick ? 3 : 7) });
  }
  const page = pageFiles();
  const weigh = (/** @type {string[]} */ names) => names.reduce((sum, name) => sum + gzipSync(readFileSync(join(file("build/site"), name))).length, 0) / 1000;
  rows.push({ what: "library (beckon.js)", "kB gzip": weigh(["beckon.js"]) });
  rows.push({ what: `page and library (${page.length} files)`, "kB gzip": weigh(page) });
  rows.push({ what: "beside: stock peerjs.min.js", "kB gzip": weigh(["vendor/peerjs.min.js"]) });
  return { rows };
}

/** Bytes of a build after gzip, as wrangler counts them: all modules in one. @param {string} dist */
export async function upload(dist) {
  const { modules } = await built(file("wrangler.toml"), dist);
  return gzipSync(Buffer.concat(modules.map(({ file }) => readFileSync(file)))).length;
}

/** What the room's page loads when it opens: it, and what its text names. */
export function pageFiles() {
  const site = file("build/site");
  const found = ["index.html"];
  for (const name of found) {
    const text = readFileSync(join(site, name), "utf8");
    const named = name.endsWith(".html")
      ? [...text.matchAll(/(?:src|href)="\/?([\w./-]+\.(?:js|css|svg|webmanifest))"/g)]
      : name.endsWith(".js")
        ? [...text.matchAll(/(?:from|import)\s*["'](\.*\/[\w./-]+)["']/g)]
        : [];
    for (const [, address = ""] of named) {
      const next = new URL(address, `site:/${name}`).pathname.slice(1);
      if (!found.includes(next)) found.push(next);
    }
  }
  return found;
}

/** The CPU time of start-up that `wrangler check startup` sees, in ms: the median of some. @param {string} dist @param {number} times */
async function startUp(dist, times) {
  const folder = mkdtempSync(join(tmpdir(), "beckon-startup-"));
  try {
    const { modules, date } = await built(file("wrangler.toml"), dist);
    const form = new FormData();
    form.set("metadata", JSON.stringify({ main_module: "entry.js", compatibility_date: date, bindings: [] }));
    for (const { name, kind, file } of modules) {
      const type = kind === "wasm" ? "application/wasm" : "application/javascript+module";
      form.set(name, new File([readFileSync(file)], name, { type }));
    }
    writeFileSync(join(folder, "bundle"), Buffer.from(await new Response(form).arrayBuffer()));
    const taken = [];
    for (let n = 0; n < times; n++) {
      const said = await run("wrangler", ["check", "startup", "--worker", join(folder, "bundle"), "--outfile", join(folder, "cpuprofile")]);
      const active = /Active: ([\d.]+) ms/.exec(said)?.[1];
      if (!active) throw new Error(`wrangler check startup says: ${said}`);
      taken.push(Number(active));
    }
    return median(taken);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} program @param {string[]} args @returns {Promise<string>} */
function run(program, args) {
  return new Promise((settle, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (data) => (text += data));
    child.on("error", reject).on("close", () => settle(text));
  });
}
