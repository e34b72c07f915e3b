// The doctor's report, to be sent to whoever can help: what was found, and nothing that should not get around.

/** @typedef {import('./overall.js').Findings} Findings */

/** IPv4 and IPv6 addresses, wherever they stand, and the names behind which browsers hide local ones. */
const ADDRESS = new RegExp(
  [
    /\[[\da-f:.]+(%\w+)?\]/, // as in a URL
    /[\da-f:]*::[\da-f:.]*(%\w+)?/, // with zeros left out
    /\b([\da-f]{1,4}:){7}[\da-f]{1,4}\b/,
    /\b\d{1,3}(\.\d{1,3}){3}\b/,
    /\b[\da-f-]{36}\.local\b/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'gi',
);

/** @param {string} text */
export function withoutAddresses(text) {
  return text.replace(ADDRESS, '(address left out)');
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
