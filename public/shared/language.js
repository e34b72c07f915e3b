// The page in its reader's language. A text is written in English, where it is used: that is also the key of its translations, in
// public/languages/. Who reads English loads nothing more; translate.js puts a page into another language.
import { lazy } from "./lazy.js";
import { LANGUAGE, recall } from "./storage.js";

/** The languages that there are, at the beginning of a tag (BCP 47). Old systems say `in` for `id`. */
const SPOKEN = /^(?:en|ar|de|es|fr|hi|i[dn]|ja|pt|ru|tr|zh)(?![a-z])/i;
/** How long until what did not come is asked for again, in ms. */
const AGAIN_MS = 5_000;

/** @typedef {string | { [form: string]: string }} Text a translation, or one for each plural form (Unicode's names: one, few, other and so on) */
/** @typedef {Record<string, string | number | string[]>} Values */
/**
 * What is spoken: `locale` is the reader's own tag; `said` is what an element says, to be said anew; `program` what the classroom's program
 * says, in English.
 * @typedef {{ code: string, locale: string, texts: Record<string, Text>, said: WeakMap<Element, () => string>, program: string[],
 *   number(value: number): string, form(text: Text, n?: unknown): string }} Speech
 */
const everywhere = /** @type {{ beckonSpeech?: Speech }} */ (globalThis);
/** The room page's bundle has a copy of this module, and what is loaded later has another: they share this. @type {Speech} */
export const speech = (everywhere.beckonSpeech ??= {
  code: "en",
  locale: "en",
  texts: Object.create(null),
  said: new WeakMap(),
  program: [],
  number: String,
  form: String,
});

/**
 * A text in the reader's language.
 * @param {string} english
 * @param {Values} [values] of its {places}; `n` is what its plural goes by
 * @param {string} [one] the English text for one
 * @returns {string}
 */
export function t(english, values = {}, one = english) {
  const text = speech.texts[english];
  const said = text === undefined ? (values.n === 1 ? one : english) : speech.form(text, values.n);
  return said.replace(/\{(\w+)\}/g, (_, place) => put(values[place] ?? ""));
}

/** @param {string | number | string[]} value @returns {string} */
function put(value) {
  if (typeof value === "number") return speech.number(value);
  if (typeof value === "string") return isolate(value);
  const all = value.map(isolate);
  return all.length > 1 && "ListFormat" in Intl ? new Intl.ListFormat(speech.locale).format(all) : all.join(t(", "));
}

/** What stands in a sentence has a direction of its own (UAX #9): a name, an address, what others wrote. @param {string} text */
export const isolate = (text) => (text && !text.includes("\u2068") ? `\u2068${text}\u2069` : text);

/** Sentences, or parts of one, in a row. @param {string[]} parts @param {string} between */
export const join = (parts, between = t(" ")) => parts.filter(Boolean).join(between);

/** @param {number} ms */
export function span(ms) {
  if (ms < 1) return t("under {n} ms", { n: 1 });
  return ms < 1_000 ? t("{n} ms", { n: Math.round(ms) }) : t("{n} s", { n: Math.round(ms / 100) / 10 });
}

/** The language of ours that a tag asks for, or nothing. @param {string | null} tag */
export const codeOf = (tag) =>
  SPOKEN.exec(tag ?? "")?.[0]
    .toLowerCase()
    .replace("in", "id");

/**
 * Speaks the language of whoever reads, and lets them choose another.
 * @param {string} page whose texts are needed beside those of the room: a folder in public/languages/
 * @param {() => void} changed draws anew what depends on it
 */
export function offerLanguages(page, changed) {
  const code = () => [recall(LANGUAGE), ...navigator.languages].map(codeOf).find(Boolean) ?? "en";
  const load = async () => {
    const { open } = /** @type {typeof import('./translate.js')} */ (await lazy("/shared/translate.js", { pause: () => AGAIN_MS }));
    open(page, code(), changed);
  };
  speech.locale = navigator.languages.find((tag) => codeOf(tag) === "en") ?? "en";
  document.getElementById("language")?.addEventListener("click", load, { once: true });
  setTimeout(() => code() !== "en" && load()); // what the page begins with is not kept waiting by a look into the storage
}
