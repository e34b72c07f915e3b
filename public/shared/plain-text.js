// Text that others wrote, made fit to show, as names are (lib/names.js): a file called evil\u202Egpj.exe would read evilexe.jpg.

/** Controls, lone surrogates, line ends, what is invisible, unknown or turns the writing direction; joiners stay: emoji and Persian need them. */
const UNFIT = /(?:[^\P{C}\s\u200c-\u200d]|[\s\u115f\u1160\u3164])+/gu;
/** More marks than any language puts on a letter reach into other lines. Joiners between them do not count. */
const STACK = /((?:\p{Mn}\p{Cf}*){5})[\p{M}\p{Cf}]+/gu;
/** What of a text in several lines is neither a letter nor the end of a line. */
const HIDDEN = /[^\P{C}\n]|[\u2028\u2029\u115f\u1160\u3164]/gu;

/**
 * On one line, in one direction, without towers of marks.
 * @param {string} text
 * @param {number} most as long at most, in UTF-16 units
 */
export function plain(text, most) {
  return text.slice(0, most).replace(UNFIT, " ").replace(STACK, "$1").trim();
}

/** Of what is to be looked at closely, nothing is left out: what would hide is written as its number. @param {string} text */
export function laidBare(text) {
  return text.replace(HIDDEN, (hidden) => `\\u{${hidden.codePointAt(0)?.toString(16)}}`).replace(STACK, "$1…");
}
