// What a run of tests printed of its failures, taken apart.

/** Where node's reporter begins to repeat what failed. */
export const GATHERED = "✖ failing tests:";

/**
 * The tests that failed, each with what was said about it; by the reporter of node, or of cargo. What failed otherwise has one name.
 * @param {string} printed
 * @returns {[string, string][]}
 */
export function complaints(printed) {
  const at = printed.lastIndexOf(GATHERED);
  if (at >= 0) {
    const parts = printed
      .slice(at + GATHERED.length)
      .split(/^test at .*$/m)
      .slice(1);
    const found = parts.map((part) => [/^✖ (.*?)(?: \([\d.]+m?s\))?$/m.exec(part)?.[1] ?? "a test without a name", part.trim()]);
    if (found.length) return /** @type {[string, string][]} */ (found);
  }
  const cargo = [...printed.matchAll(/^---- (\S+) stdout ----\n([^]*?)(?=^---- \S+ stdout ----$|^failures:$)/gm)].map(([, name, text]) => [
    name,
    (text ?? "").trim(),
  ]);
  if (cargo.length) return /** @type {[string, string][]} */ (cargo);
  return [["the run as a whole", printed.slice(-4_000)]];
}
