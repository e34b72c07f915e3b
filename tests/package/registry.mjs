// An npm registry of this machine alone: it has Beckon's package, and of all others the versions of package-lock.json. What npm has in its cache
// comes from there, so that nothing is fetched from elsewhere but what `npm ci` would fetch, too.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { basename, join } from "node:path";

const ROOT = new URL("../../", import.meta.url).pathname;
/** What of a lock file's entry is in a registry's, too. */
const SHARED = ["bin", "dependencies", "optionalDependencies", "peerDependencies", "peerDependenciesMeta", "engines", "os", "cpu", "libc", "hasInstallScript"];

/** Where npm keeps what has this checksum. @param {string} cache @param {string} integrity */
function kept(cache, integrity) {
  const [kind = "", digest = ""] = (integrity.split(" ")[0] ?? "").split(/-(.*)/);
  const hex = Buffer.from(digest, "base64").toString("hex");
  return join(cache, "_cacache/content-v2", kind, hex.slice(0, 2), hex.slice(2, 4), hex.slice(4));
}

/**
 * @param {string} tarball  Beckon's
 * @param {object} manifest  its package.json
 */
export async function startRegistry(tarball, manifest) {
  const cache = execFileSync("npm", ["config", "get", "cache"], { encoding: "utf8" }).trim();
  const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
  /** @type {Map<string, Record<string, any>>} by name, and then by version */
  const known = new Map();
  const files = new Map();
  let url = "";
  for (const [path, entry] of Object.entries(packages)) {
    if (!path || !entry.integrity) continue;
    const name = entry.name ?? path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
    const shared = Object.fromEntries(SHARED.filter((key) => key in entry).map((key) => [key, entry[key]]));
    const file = `${basename(name)}-${entry.version}.tgz`;
    const way = `/-/${name}/${file}`;
    files.set(way, { integrity: entry.integrity, elsewhere: `https://registry.npmjs.org/${name}/-/${file}` });
    known.set(name, { ...known.get(name), [entry.version]: { name, version: entry.version, ...shared, dist: { way, integrity: entry.integrity } } });
  }
  const bytes = readFileSync(tarball);
  const own = `/-/beckon/${basename(tarball)}`;
  const integrity = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
  known.set("beckon", { [manifest.version]: { ...manifest, dist: { way: own, integrity } } });

  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "", "http://registry").pathname);
    if (path === own) return response.end(bytes);
    const file = files.get(path);
    if (file) {
      const here = kept(cache, file.integrity);
      return existsSync(here) ? response.end(readFileSync(here)) : response.writeHead(302, { Location: file.elsewhere }).end();
    }
    const versions = known.get(path.slice(1));
    if (!versions) return response.writeHead(404).end("{}");
    const all = Object.fromEntries(
      Object.entries(versions).map(([version, { dist, ...more }]) => [
        version,
        { ...more, dist: { integrity: dist.integrity, tarball: url + dist.way.slice(1) } },
      ]),
    );
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify({ name: path.slice(1), "dist-tags": { latest: Object.keys(all).at(-1) }, versions: all }));
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", () => ready(undefined)));
  url = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}/`;
  return { url, close: () => (server.closeAllConnections(), server.close()) };
}
