// Takes network addresses out of texts that may get around: a report, or what a screen shows.
import { t } from "./language.js";

const leftOut = () => t("(address left out)");
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
const HIDDEN_CHARS = 36 + ".local".length;

/**
 * IPv4 and IPv6 addresses are left out, wherever they stand, and the names behind which browsers hide local ones.
 * @param {string} text
 */
export function withoutAddresses(text) {
  return text
    .slice(0, MAX_CHARS)
    .replace(IN_BRACKETS, leftOut)
    .replace(MAYBE_SHORT, (run) => (run.includes("::") ? leftOut() : run))
    .replace(IN_FULL, leftOut)
    .replace(MAYBE_HIDDEN, (run) => (run.length >= HIDDEN_CHARS && run.toLowerCase().endsWith(".local") ? leftOut() : run));
}
