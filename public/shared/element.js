// Elements, and text as text: nothing that somebody wrote becomes markup.

/**
 * @param {string} name of the tag
 * @param {string} [className]
 * @param {string} [text]
 */
export function make(name, className = "", text = "") {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
}

/** A link to this very page over https, with all that is in its address. Its words are the address, which is the same in every language. */
export function secureLink() {
  const link = /** @type {HTMLAnchorElement} */ (make("a", "", `https://${location.host}${location.pathname}`));
  link.href = location.href.replace(/^http:/, "https:");
  return link;
}

/**
 * @param {Element} element
 * @param {string} text
 */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text; // unchanged text is not read aloud again
}
