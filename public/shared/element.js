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

/**
 * @param {Element} element
 * @param {string} text
 */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text; // unchanged text is not read aloud again
}
