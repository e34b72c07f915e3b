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
    const [, gone, name, value] = /^\s+(?:! *(\S+)|([^:]+):\s*(.*))$/.exec(line) ?? [];
    if (gone) rules.at(-1)?.headers.push([gone, null]);
    else if (name) rules.at(-1)?.headers.push([name.trim(), value ?? ""]);
  }
  return rules;
}

/** `*` is any text, `:name` one part of a path. @param {string} path */
function pattern(path) {
  const parts = path.split(/(\*|:[A-Za-z]\w*)/).map((part) => (part === "*" ? ".*" : part.startsWith(":") ? "[^/]+" : part.replace(/[^\w/-]/g, "\\$&")));
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
