// Puts a page into another language than English, and back. It is loaded when somebody reads one, or asks which there are.
import { write } from "./element.js";
import { codeOf, speech, t } from "./language.js";
import { lazy } from "./lazy.js";
import { LANGUAGE, remember } from "./storage.js";

/** The languages that there are, by their own names. @type {Record<string, string>} */
export const LANGUAGES = {
  en: "English",
  ar: "العربية",
  de: "Deutsch",
  es: "Español",
  fr: "Français",
  hi: "हिन्दी",
  id: "Bahasa Indonesia",
  ja: "日本語",
  pt: "Português",
  ru: "Русский",
  tr: "Türkçe",
  zh: "中文",
};
const RIGHT_TO_LEFT = ["ar"];
/** How long until a language that did not come is asked for again, in ms: at first, and each time twice as long. */
const AGAIN_MS = 5_000;

/** Attributes that are read. */
const ATTRIBUTES = ["aria-label", "placeholder", "data-empty"];
/** What may have marks within its sentence: its translations have the same marks, in an order of their own. */
const MARKED = "p";
/** What no page of ours wrote, or not to be read: a program, what somebody typed, the names of languages. */
const FOREIGN = "pre, bdi, script, style, noscript, textarea, select";

/**
 * Offers the languages in place of the button that asks for them, and speaks one.
 * @param {string} page whose texts are needed: a folder in public/languages/, or none
 * @param {string} code
 * @param {() => void} changed draws anew what depends on it
 */
export function open(page, code, changed) {
  const button = document.getElementById("language");
  if (!(button instanceof HTMLButtonElement)) return;
  const select = document.createElement("select");
  select.id = button.id;
  for (const [code, name] of Object.entries(LANGUAGES)) {
    const option = new Option(name, code);
    option.lang = code;
    select.append(option);
  }
  select.addEventListener("change", () => {
    remember(LANGUAGE, select.value);
    change(select.value);
  });
  const asked = button === document.activeElement;
  button.replaceWith(select);
  if (asked) select.focus();
  change(code);

  /** @param {string} code */
  async function change(code) {
    select.value = code;
    await speak(page, code, () => select.value === code);
    select.setAttribute("aria-label", t("Language"));
    changed();
  }
}

/** The texts of a page as they were written, each with how it is put in again. @type {{ english: string, put(text: string): void }[] | undefined} */
let written;

/**
 * @param {string} page
 * @param {string} code
 * @param {() => boolean} isWanted whether it still is when it has come
 */
async function speak(page, code, isWanted) {
  const files = code === "en" ? [] : [`/languages/${code}.js`, ...(page ? [`/languages/${page}/${code}.js`] : [])];
  const loaded = await Promise.all(files.map((file) => lazy(file, { isWanted, pause: (tries) => AGAIN_MS * 2 ** tries })));
  if (!isWanted() || !loaded.every(Boolean)) return;
  const texts = Object.assign(Object.create(null), ...loaded.flatMap((module) => [module.default, module.program]));
  if (files.length) written ??= read(texts);
  // Their own tag knows how numbers are written where they are.
  const locale = navigator.languages.find((tag) => codeOf(tag) === code) ?? code;
  const program = loaded.flatMap((module) => Object.keys(module.program ?? {}));
  Object.assign(speech, { code, locale, texts, program }, writing(locale));
  document.documentElement.lang = code;
  document.documentElement.dir = RIGHT_TO_LEFT.includes(code) ? "rtl" : "ltr";
  for (const { english, put } of written ?? []) put(t(english));
  for (const element of document.querySelectorAll("*")) {
    const say = speech.said.get(element);
    if (say) write(element, say());
  }
}

/** How numbers and plurals are written; as in English where the browser does not know. @param {string} locale @returns {Pick<import('./language.js').Speech, 'number' | 'form'>} */
function writing(locale) {
  const know = (/** @type {'NumberFormat' | 'PluralRules'} */ what, options = {}) => {
    try {
      return new /** @type {any} */ (Intl)[what](locale, options);
    } catch {}
  };
  const [numbers, plurals] = [know("NumberFormat", { useGrouping: false }), know("PluralRules")];
  return {
    number: (value) => numbers?.format(value) ?? String(value),
    form: (text, n) => (typeof text === "string" ? text : (text[plurals?.select(n)] ?? text.other ?? "")),
  };
}

/** Finds the texts that the page was written with. @param {Record<string, unknown>} texts @returns {NonNullable<typeof written>} */
function read(texts) {
  /** @type {NonNullable<typeof written>} */
  const found = [];
  const has = (/** @type {string} */ english) => english in texts;
  if (has(document.title)) found.push({ english: document.title, put: (text) => void (document.title = text) });
  for (const element of document.body.querySelectorAll("*")) {
    for (const name of ATTRIBUTES) {
      const english = element.getAttribute(name) ?? "";
      if (has(english)) found.push({ english, put: (text) => element.setAttribute(name, text) });
    }
    if (element.closest(FOREIGN) || speech.said.has(element)) continue;
    const whole = plain(Array.from(element.childNodes, source).join(""));
    if (element.matches(MARKED) && element.childElementCount && has(whole)) found.push({ english: whole, put: mark(element) });
    else for (const node of element.childNodes) if (node instanceof Text && has(plain(node.data))) found.push({ english: plain(node.data), put: fill(node) });
  }
  return found;
}

const plain = (/** @type {string} */ text) => text.replace(/\s+/g, " ").trim();
const source = (/** @type {Node} */ node) => (node instanceof Element ? `<${node.localName}>${node.textContent}</${node.localName}>` : node.textContent);

/** Puts text where a node has it, between the same blanks. @param {Text} node */
function fill(node) {
  const { data } = node;
  const before = data.slice(0, data.length - data.trimStart().length);
  const after = data.slice(data.trimEnd().length);
  return (/** @type {string} */ text) => void (node.data = before + text + after);
}

/** A mark within a sentence. */
const MARK = /<(\w+)>([^<]*)<\/\w+>/;

/** Puts in a sentence with its marks, each in the element that the page has for it, wherever that may lead. @param {Element} element */
function mark(element) {
  const marks = [...element.children];
  return (/** @type {string} */ text) => {
    const kept = [...marks];
    const parts = text.split(MARK); // what stands between marks, then a mark's name, then what is in it, and so on
    const nodes = parts.map((part, at) => {
      if (at % 3 < 2) return at % 3 ? "" : part;
      const [place] = kept.splice(
        Math.max(
          0,
          kept.findIndex((one) => one.localName === parts[at - 1]),
        ),
        1,
      );
      if (place) place.textContent = part;
      return place ?? part;
    });
    element.replaceChildren(...nodes);
  };
}
