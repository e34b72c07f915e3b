// Elements, and text as text: nothing that somebody wrote becomes markup.
import { speech } from "./language.js";

/**
 * @param {string} name of the tag
 * @param {string} [className]
 * @param {string} [text]
 */
export function make(name, className = "", text = "") {
  const element = document.createElement(name);
  element.className = className;
  write(element, text);
  return element;
}

/** A link to this very page over https, with all that is in its address. Its words are the address, which is the same in every language. */
export function secureLink() {
  const link = /** @type {HTMLAnchorElement} */ (make("a", "", `https://${location.host}${location.pathname}`));
  link.href = location.href.replace(/^http:/, "https:");
  return link;
}

/** What stands in a sentence with a direction of its own, between the signs for it: see language.js. */
const ISOLATED = /\u2068([^\u2068\u2069]*)\u2069/;

/**
 * @param {Element} element
 * @param {string} text
 */
export function write(element, text) {
  const parts = text.split(ISOLATED);
  if (element.textContent === parts.join("")) return; // unchanged text is not read aloud again
  if (parts.length < 2) element.textContent = text;
  else element.replaceChildren(...parts.map((part, at) => (at % 2 ? make("bdi", "", part) : part)));
}

/**
 * Writes what is said anew when the language changes.
 * @template {Element} E
 * @param {E} element
 * @param {() => string} say
 * @returns {E}
 */
export function tell(element, say) {
  speech.said.set(element, say);
  write(element, say());
  return element;
}
