// Cloudflare's `_redirects` file (developers.cloudflare.com/workers/static-assets/redirects): a path, where it leads, and the status. `*` is any text,
// and `:splat` there; `:name` is one part of a path.

/** Longer than any link to a room, in characters: a pattern may look at a path once for each sign in it. */
const MAX_PATH_CHARS = 2_000;

/** @param {string} text @returns {{ path: RegExp, to: string, status: number }[]} */
export function parseRedirects(text) {
  const lines = text.split("\n").filter((line) => line.trim() && !line.startsWith("#"));
  return lines.map((line) => {
    const [path = "", to = "", status] = line.trim().split(/\s+/);
    return { path: pattern(path), to, status: Number(status ?? 302) };
  });
}

/** @param {string} path */
function pattern(path) {
  const parts = path
    .split(/(\*|:[A-Za-z]\w*)/)
    .map((part) => (part === "*" ? "(?<splat>.*)" : part.startsWith(":") ? `(?<${part.slice(1)}>[^/]+)` : escaped(part)));
  // linear: in what is as short as MAX_PATH_CHARS, looking again at each sign is nothing
  return new RegExp(`^${parts.join("")}$`);
}

const escaped = (/** @type {string} */ text) => text.replace(/[^\w/%-]/g, "\\$&");

/**
 * Where a path leads, and how; null where it stays. The query goes with it.
 * @param {URL} url
 * @param {ReturnType<typeof parseRedirects>} rules
 */
export function redirected(url, rules) {
  if (url.pathname.length > MAX_PATH_CHARS) return null;
  for (const { path, to, status } of rules) {
    const found = path.exec(url.pathname);
    if (!found) continue;
    // A second slash at the beginning would be another host.
    const target = to.replace(/:([A-Za-z]\w*)/g, (_, name) => found.groups?.[name] ?? "").replace(/\/+/g, "/");
    const { pathname, hash } = new URL(target, url);
    return { location: pathname + url.search + hash, status };
  }
  return null;
}
