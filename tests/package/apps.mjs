// Projects that have the package from its tarball, as somebody who builds an app has it. What else they need is the repository's own: the versions that
// its lock file pins.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { dirname, extname, join } from "node:path";
import { assemble } from "../../tools/pack.mjs";

const ROOT = new URL("../../", import.meta.url).pathname;
/** How what bundlers write is served. @type {Record<string, string>} */
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };

/** An empty folder with the package in it, and others beside it. @param {string[]} others */
export async function newProject(...others) {
  const home = mkdtempSync(join(tmpdir(), "beckon-app-"));
  const made = join(home, "package");
  await assemble(made);
  const [{ filename }] = JSON.parse(execFileSync("npm", ["pack", made, "--pack-destination", home, "--json"], { encoding: "utf8", cwd: home }));
  rmSync(made, { recursive: true });
  const folder = join(home, "app");
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "beckon"), { recursive: true });
  execFileSync("tar", ["-xzf", join(home, filename), "--strip-components=1", "-C", join(modules, "beckon")]);
  for (const name of others) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
  }
  return { folder, close: () => rmSync(home, { recursive: true }) };
}

/** Serves a folder, and notes what was asked for. @param {string} folder */
export async function serveFolder(folder) {
  /** @type {Set<string>} */
  const asked = new Set();
  const server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "", "http://here");
    const file = join(folder, pathname.endsWith("/") ? `${pathname}index.html` : pathname);
    asked.add(pathname);
    try {
      const bytes = readFileSync(file);
      response.setHeader("Content-Type", TYPES[extname(file)] ?? "application/octet-stream");
      response.end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", () => ready(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return { url: `http://127.0.0.1:${port}/`, asked, close: () => (server.closeAllConnections(), server.close()) };
}
