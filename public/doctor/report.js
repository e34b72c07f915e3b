// The doctor's report, to be sent to whoever can help: what was found, and nothing that should not get around.
import { withoutAddresses } from "../shared/addresses.js";

/**
 * @param {object} what
 * @param {string} what.site
 * @param {Date} what.at
 * @param {string} what.browser
 * @param {{ title: string, text: string }} what.overall
 * @param {{ check: string, finding: import('./checks.js').Finding, sentence: { title: string, text: string } }[]} what.entries
 * @param {boolean} what.addresses whether addresses may be in it
 */
export function report({ site, at, browser, overall, entries, addresses }) {
  const lines = [`Site: ${site}`, `Result: ${[overall.title, overall.text].filter(Boolean).join(". ")}`, ""];
  for (const { check, finding, sentence } of entries) {
    const time = finding.ms === undefined ? "" : ` (${Math.round(finding.ms)} ms)`;
    lines.push(`${finding.verdict.padEnd(4)} ${check}: ${finding.code}${time}. ${sentence.title}`);
    for (const [term, text] of finding.facts ?? []) lines.push(`       ${term}: ${text}`);
    if (addresses && finding.addresses?.length) lines.push(`       Seen from outside as: ${finding.addresses.join(", ")}`);
  }
  const text = lines.join("\n");
  // A browser's version looks like an address, and is none.
  return ["Connection report by Beckon", `Time: ${at.toISOString()}`, `Browser: ${browser}`, addresses ? text : withoutAddresses(text)].join("\n");
}
