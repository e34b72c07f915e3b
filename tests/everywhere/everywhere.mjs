// `npm run everywhere`: the package in Node, Bun and Deno, each with node-datachannel, and the library in Workers of Chromium and Firefox. Each says hello to
// a page in Chromium. It prints the table of docs/where-it-runs.md; with `--write` it writes it there. The runtimes come from npm, into the cache.
import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { anyBeckon, openDevice, startChromium, startFirefox, until } from "../browser/browser.mjs";
import { newProject, serveFolder } from "../package/apps.mjs";
import { checkedByUrl } from "./by-url.mjs";
import { WANTED, runtimes } from "./runtimes.mjs";

const ROOT = new URL("../../", import.meta.url).pathname;
/** As long as one case may take, in ms: finding a path takes seconds, and nothing else is slow. */
const PATIENCE_MS = 45_000;

/** @typedef {{ where: string, sockets: string, outcome: string }} Row */

const modules = runtimes();
const program = (/** @type {string} */ name) => join(modules, name, "bin", name.replace(/-\d+$/, ""));
/** @type {{ where: string, sockets: string, command: string[] }[]} */
const CASES = [
  { where: "Node", sockets: "ws", command: [program("node-20")] },
  { where: "Node", sockets: "its own", command: [program("node-22")] },
  { where: "Node", sockets: "ws", command: [program("node-22")] },
  { where: "Bun", sockets: "its own", command: [join(modules, ".bin/bun"), "run"] },
  { where: "Deno", sockets: "its own", command: [join(modules, ".bin/deno"), "run", "--allow-all", "--node-modules-dir=manual"] },
];

const [beckon, project, chromium, firefox] = await Promise.all([anyBeckon(), newProject(), startChromium(), startFirefox()]);
const library = new URL("/beckon.js", beckon.url).href;
for (const name of ["node-datachannel", "ws"]) symlinkSync(join(modules, name), join(project.folder, "node_modules", name));
cpSync(join(import.meta.dirname, "program.mjs"), join(project.folder, "program.mjs"));
const watcher = await openDevice(chromium, new URL("/robots.txt", beckon.url));
const link = await watcher.page.evaluate(
  async (library, server) => {
    const { join } = await import(library);
    window.room = join(server);
    window.heard = [];
    window.room.addEventListener("peer", ({ peer }) => peer.send({ hello: "world" }));
    window.room.addEventListener("message", ({ from, data }) => window.heard.push([from.name, data, from.path]));
    await window.room.ready;
    return window.room.link;
  },
  library,
  beckon.url.href,
);

const site = await serveFolder(join(project.folder, "site"));
mkdirSync(join(project.folder, "site"));
writeFileSync(join(project.folder, "site/index.html"), "<!doctype html><title>a Worker</title>");
writeFileSync(
  join(project.folder, "site/worker.js"),
  `import { join } from "${library}";
   const room = join("${link}", { name: "Worker" });
   room.addEventListener("message", ({ from }) => from.send({ hello: "from a Worker" }).then(() => postMessage(room.hasWebRTC)));`,
);

/** Runs the program in a runtime. @param {string[]} command @param {string} sockets @returns {Promise<string>} what came of it */
async function outcomeOf([file = "", ...args], sockets) {
  await watcher.page.evaluate(() => (window.heard.length = 0));
  const child = spawn(file, [...args, "program.mjs", link], {
    cwd: project.folder,
    env: { ...process.env, SOCKETS: sockets },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (printed += text));
  const late = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  const [code, signal] = await new Promise((resolve) => child.on("close", (...how) => resolve(how)));
  clearTimeout(late);
  const heard = await watcher.page.evaluate(() => window.heard.map(([, { hello }]) => hello));
  const path = /^path: (.*)$/m.exec(printed)?.[1];
  if (code === 0 && path && heard.includes("from the program")) return path === "server" ? "works, through the server" : "works, device to device";
  console.error(printed);
  const why = printed.split("\n").filter((line) => /error|panic|unsupported|not /i.test(line))[0] ?? printed.trim().split("\n").at(-1);
  return `does not work (${signal ?? `ended with ${code}`}${heard.includes("from the program") ? ", after hello" : ""}): ${why?.trim()}`;
}

/** The library in a Worker of a browser. @param {import("puppeteer-core").Browser} browser @returns {Promise<string>} */
async function inWorker(browser) {
  await watcher.page.evaluate(() => (window.heard.length = 0));
  const { page, close } = await openDevice(browser, site.url);
  try {
    const has = await page.evaluate(
      () =>
        new Promise((resolve, reject) => {
          const worker = new Worker("/worker.js", { type: "module" });
          worker.onmessage = ({ data }) => resolve(data);
          worker.onerror = ({ message }) => reject(new Error(message || "the Worker failed"));
        }),
    );
    await until(watcher.page, "hello", () => window.heard.some(([, { hello }]) => hello === "from a Worker"));
    return has ? "works, device to device" : "works, through the server: it has no WebRTC in Workers";
  } catch (error) {
    return `does not work: ${error.message.split("\n")[0]}`;
  } finally {
    await close();
  }
}

/** @type {Row[]} */
const rows = [];
for (const { where, sockets, command } of CASES) {
  const version = execFileSync(String(command[0]), ["--version"], { encoding: "utf8" }).match(/\d+\.\d+\.\d+/)?.[0];
  rows.push({ where: `${where} ${version}`, sockets: sockets === "ws" ? `\`ws\` ${WANTED.ws}` : sockets, outcome: await outcomeOf(command, sockets) });
  console.error(rows.at(-1));
}
const deno = rows.at(-1)?.where;
for (const { library, outcome } of checkedByUrl(join(modules, ".bin/deno"), beckon.url, join(project.folder, "by-url"))) {
  rows.push({ where: `${deno}, \`deno check\` of an import of \`/${library}\` by URL`, sockets: "", outcome });
  console.error(rows.at(-1));
}
for (const browser of [chromium, firefox]) {
  const version = (await browser.version()).match(/(\w+)\/(\d+)/);
  rows.push({
    where: `${browser === firefox ? "Firefox" : "Chromium"} ${version?.[2]}, in a Web Worker`,
    sockets: "its own",
    outcome: await inWorker(browser),
  });
  console.error(rows.at(-1));
}
await Promise.all([chromium.close(), firefox.close()]);
site.close();
await beckon.close();
project.close();

const table = [
  `| where (node-datachannel ${WANTED["node-datachannel"]} in Node, Bun and Deno) | WebSocket | what came of it |`,
  "| --- | --- | --- |",
  ...rows.map(({ where, sockets, outcome }) => `| ${where} | ${sockets} | ${outcome} |`),
].join("\n");
console.log(table);
if (process.argv.includes("--write")) {
  const file = join(ROOT, "docs/where-it-runs.md");
  writeFileSync(file, readFileSync(file, "utf8").replace(/(?<=<!-- tried -->\n)[^]*?(?=<!-- \/tried -->)/, `${table}\n`));
}
process.exit(rows.every(({ outcome }) => outcome.startsWith("works")) ? 0 : 1);
