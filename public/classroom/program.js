// What the exercise's program says, in the reader's language. Its text is shown as it is, and is English; what it says is put into other
// words where it stands.
import { write } from "../shared/element.js";
import { speech, t } from "../shared/language.js";

let said = "";
/** @type {Element} */
let status;
/** @type {MutationObserver} */
let watch;

/** @param {Element} element where the program writes */
export function followProgram(element) {
  status = element;
  watch = new MutationObserver(() => {
    said = status.textContent ?? "";
    retellProgram();
  });
  watch.observe(status, { childList: true });
}

/** Says once more what the program said last, if it has said anything. */
export function retellProgram() {
  if (!said) return;
  write(status, inOtherWords(said));
  watch.takeRecords(); // that was not the program
}

/** The translation of a text whose English has the same words around its {place}. @param {string} text */
function inOtherWords(text) {
  for (const english of speech.program ?? []) {
    const [before = "", place = "", after = ""] = english.split(/\{(\w+)\}/);
    if (!place && text === english) return t(english);
    const within = text.slice(before.length, text.length - after.length);
    if (place && text === before + within + after) return t(english, { [place]: within });
  }
  return text;
}
