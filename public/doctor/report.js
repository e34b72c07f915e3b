// The doctor's report, to be sent to whoever can help: what was found, and nothing that should not get around.
import { withoutAddresses } from "../shared/addresses.js";
import { join, t } from "../shared/language.js";

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
  const line = (/** @type {string} */ term, /** @type {string} */ text) => t("{term}: {text}", { term, text });
  const lines = [line(t("Site"), site), line(t("Result"), join([overall.text ? t("{title}.", { title: overall.title }) : overall.title, overall.text])), ""];
  for (const { check, finding, sentence } of entries) {
    const time = finding.ms === undefined ? "" : ` (${Math.round(finding.ms)} ms)`;
    lines.push(`${finding.verdict.padEnd(4)} ${check}: ${finding.code}${time}. ${sentence.title}`);
    for (const [term, text] of finding.facts?.() ?? []) lines.push(`       ${line(term, text)}`);
    if (addresses && finding.addresses?.length) lines.push(`       ${line(t("Seen from outside as"), finding.addresses.join(", "))}`);
  }
  const text = lines.join("\n").replace(/[\u2066-\u2069]/g, ""); // signs that not every program understands to which this is copied
  // A browser's version looks like an address, and is none.
  return [t("Connection report by Beckon"), `${t("Time")}: ${at.toISOString()}`, `${t("Browser")}: ${browser}`, addresses ? text : withoutAddresses(text)].join(
    "\n",
  );
}
