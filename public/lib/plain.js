// What others write, as it is fit to be shown.

/** More marks than any language puts on a letter reach into other lines. Joiners between them do not count. */
const STACK = /((?:\p{Mn}\p{Cf}*){5})[\p{M}\p{Cf}]+/gu;

/** Controls, lone surrogates, line ends, what is invisible, unknown or turns the writing direction; joiners stay: emoji and Persian need them. */
const UNFIT = /(?:[^\P{C}\s\u200c-\u200d]|[\s\u115f\u1160\u3164])+/gu;

/** Any text of others, as fit to show as a name. @param {string} text */
export function plain(text) {
  return text.replace(UNFIT, " ").replace(STACK, "$1").trim();
}
