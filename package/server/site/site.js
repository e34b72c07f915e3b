// Runs in workerd before the Worker, where `npm run serve` puts it: serves the static files as Cloudflare's assets do, and hands
// everything else to Beckon. The files are in `env` by their paths (see serve.mjs).
import Beckon from "./entry.js";
import { headersFor, parseHeaders } from "./headers.js";
import { parseRedirects, redirected } from "./redirects.js";
import { isText, typeOf } from "./types.js";

export { Room } from "./entry.js";

/** What names a machine. Anything else is refused (RFC 9112, 3.2): what reads URLs in the runtime does not agree on it. */
const HOST = /^(\[[\da-f:]+\]|[\w.-]+)$/;

let rules;
let redirects;

/**
 * The file that is served at a path; or, for a page that has a shorter path, that. Cloudflare's `html_handling`, as it is by default.
 * @param {string} path
 * @param {Record<string, string>} files  what there is, with its digests
 * @returns {{ file?: string, moved?: string }}
 */
function find(path, files) {
  const has = (/** @type {string} */ file) => Object.hasOwn(files, file);
  if (path === "/_headers" || path === "/_redirects") return {};
  if (has(path) && !path.endsWith(".html")) return { file: path };
  const bare = path.replace(/\/index(\.html)?$|\.html$|\/$/, "");
  for (const [file, place] of [
    [`${bare}/index.html`, `${bare}/`],
    [`${bare}.html`, bare],
  ]) {
    if (file && has(file)) return place === path ? { file } : { moved: place };
  }
  return {};
}

export default class extends Beckon {
  fetch(asked) {
    rules ??= parseHeaders(new TextDecoder().decode(this.env["/_headers"]));
    // The runtime puts Host and target together as they come. `OPTIONS *` (RFC 9112, 3.2.4) is the root's; what has no Host is nobody's.
    const url = named(asked.url) ?? named(asked.url.replace(/\*$/, "/"));
    if (!url) return new Response("Bad Request: the Host header names no host\n", { status: 400, headers: new Headers([...headersFor("/", rules)]) });
    const request = named(asked.url) ? asked : new Request(url, asked);
    redirects ??= parseRedirects(new TextDecoder().decode(this.env["/_redirects"]));
    const elsewhere = request.headers.has("Upgrade") ? null : redirected(url, redirects);
    if (elsewhere) {
      const headers = new Headers([...headersFor(url.pathname, rules), ["Location", elsewhere.location]]);
      return new Response(null, { status: elsewhere.status, headers });
    }
    const { file, moved } = request.headers.has("Upgrade") ? {} : find(decoded(url.pathname), this.env.SITE);
    const headers = new Headers([...headersFor(url.pathname, rules)]);
    if ((file || moved) && !["GET", "HEAD"].includes(request.method)) return new Response(null, { status: 405, headers });
    if (moved) {
      headers.set("Location", moved + url.search);
      return new Response(null, { status: 307, headers });
    }
    if (file) return serve(request, file, this.env, headers);
    return super.fetch(fromClient(request, this.env));
  }
}

/** @param {string} text */
function named(text) {
  const url = URL.parse(text);
  return url && HOST.test(url.hostname) ? url : null;
}

/**
 * Says who asks, as Cloudflare's edge does, and as nobody can for himself: the connection's other end, or whom a proxy saw there. The
 * proxy adds its own entry at the end of the list; what is before it may be the client's own invention. Beckon reads the address
 * (`src/client.rs`).
 */
function fromClient(request, env) {
  const headers = new Headers(request.headers);
  const list = env.PROXIED ? headers.get("X-Forwarded-For") : null;
  const address = list === null ? request.cf?.clientIp : list.split(",").pop()?.trim() || "unknown";
  headers.set("CF-Connecting-IP", address ?? "");
  return new Request(request, { headers });
}

function serve(request, file, env, headers) {
  const type = typeOf(file);
  const squeezed = isText(type) && /\bgzip\b/.test(request.headers.get("Accept-Encoding") ?? "");
  const tag = `"${env.SITE[file]}"`;
  if (!headers.has("Cache-Control")) headers.set("Cache-Control", "public, max-age=0, must-revalidate"); // but for what _headers says
  headers.set("ETag", squeezed ? `W/${tag}` : tag); // the same text, but not the same bytes
  if (isText(type)) headers.set("Vary", "Accept-Encoding");
  const known = request.headers
    .get("If-None-Match")
    ?.split(",")
    .some((one) => one.trim().replace(/^W\//, "") === tag);
  if (known) return new Response(null, { status: 304, headers });
  headers.set("Content-Type", type);
  if (squeezed) headers.set("Content-Encoding", "gzip"); // which the runtime does
  return new Response(request.method === "HEAD" ? null : env[file], { headers });
}

function decoded(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
