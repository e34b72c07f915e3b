// The doctor's report, to be sent to whoever can help: what was found, and nothing that should not get around.

/** @typedef {import('./overall.js').Findings} Findings */

const LEFT_OUT = '(address left out)';
/**
 * Longest text that is looked through, in characters; more is no report. The patterns below take time in proportion to it: what has to be
 * judged as a whole is first taken as a whole, so that no place is looked at twice (tools/patterns.mjs proves it).
 */
const MAX_CHARS = 65_536;
/** As in a URL. */
const IN_BRACKETS = /\[[\da-f:.]+(?:%\w+)?\]/gi;
/** IPv6 with zeros left out is among these: it has two colons. */
const MAYBE_SHORT = /[\da-f:.]+(?:%\w+)?/gi;
/** IPv6 in full, and IPv4. */
const IN_FULL = /\b(?:[\da-f]{1,4}:){7}[\da-f]{1,4}\b|\b\d{1,3}(?:\.\d{1,3}){3}\b/gi;
/** The names behind which browsers hide local addresses are among these: 36 characters, `.local`. */
const MAYBE_HIDDEN = /[\da-f-]+(?:\.local\b)?/gi;
const HIDDEN_CHARS = 36 + '.local'.length;

/**
 * IPv4 and IPv6 addresses are left out, wherever they stand, and the names behind which browsers hide local ones.
 * @param {string} text
 */
export function withoutAddresses(text) {
  return text
    .slice(0, MAX_CHARS)
    .replace(IN_BRACKETS, LEFT_OUT)
    .replace(MAYBE_SHORT, (run) => (run.includes('::') ? LEFT_OUT : run))
    .replace(IN_FULL, LEFT_OUT)
    .replace(MAYBE_HIDDEN, (run) => (run.length >= HIDDEN_CHARS && run.toLowerCase().endsWith('.local') ? LEFT_OUT : run));
}

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
  const lines = [`Site: ${site}`, `Result: ${[overall.title, overall.text].filter(Boolean).join('. ')}`, ''];
  for (const { check, finding, sentence } of entries) {
    const time = finding.ms === undefined ? '' : ` (${Math.round(finding.ms)} ms)`;
    lines.push(`${finding.verdict.padEnd(4)} ${check}: ${finding.code}${time}. ${sentence.title}`);
    for (const [term, text] of finding.facts ?? []) lines.push(`       ${term}: ${text}`);
    if (addresses && finding.addresses?.length) lines.push(`       Seen from outside as: ${finding.addresses.join(', ')}`);
  }
  const text = lines.join('\n');
  // A browser's version looks like an address, and is none.
  return ['Connection report by Beckon', `Time: ${at.toISOString()}`, `Browser: ${browser}`, addresses ? text : withoutAddresses(text)].join('\n');
}
