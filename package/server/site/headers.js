// Cloudflare's `_headers` file (developers.cloudflare.com/workers/static-assets/headers): paths, each followed by indented headers.

/**
 * @param {string} text
 * @returns {{ path: RegExp, headers: [name: string, value: string | null][] }[]}  a header of null is taken away
 */
export function parseHeaders(text) {
  /** @type {{ path: RegExp, headers: [name: string, value: string | null][] }[]} */
  const rules = [];
  for (const line of text.split("\n").map((line) => line.trimEnd())) {
    if (!line.trim() || line.trim().startsWith("#")) continue;
    if (!/^\s/.test(line)) {
      rules.push({ path: pattern(line), headers: [] });
      continue;
    }
    const rule = line.trim();
    const end = rule.indexOf(":");
    if (rule.startsWith("!")) rules.at(-1)?.headers.push([rule.slice(1).trim(), null]);
    else if (end > 0) rules.at(-1)?.headers.push([rule.slice(0, end).trim(), rule.slice(end + 1).trim()]);
  }
  return rules;
}

/** `*` is any text, `:name` one part of a path. @param {string} path */
function pattern(path) {
  const parts = path.split(/(\*|:[A-Za-z]\w*)/).map((part) => (part === "*" ? ".*" : part.startsWith(":") ? "[^/]+" : part.replace(/[^\w/-]/g, "\\$&")));
  // linear: it begins and ends at the ends of a path, and our own file has at most one `*` in a line
  return new RegExp(`^${parts.join("")}$`);
}

/**
 * The headers for a path. Values of all rules that match are joined.
 * @param {string} path
 * @param {ReturnType<typeof parseHeaders>} rules
 */
export function headersFor(path, rules) {
  /** @type {Map<string, string>} */
  const all = new Map();
  for (const { headers } of rules.filter((rule) => rule.path.test(path))) {
    for (const [name, value] of headers) {
      const key = name.toLowerCase();
      if (value === null) all.delete(key);
      else all.set(key, all.has(key) ? `${all.get(key)}, ${value}` : value);
    }
  }
  return all;
}
