// What style sheets and pages use that one of the oldest browsers lacks, and by what token: `oklch(`, `:has(`, `dvh`. A style sheet is read as it is
// served: lowered, and so without comments.
import { at, lacking, mdn } from "./data.mjs";

/** @typedef {{ key: string, token: string }} Found `key`: where MDN's data has it; `token`: how it is written, as a pattern for text without strings */

const UNITS = /** @type {[RegExp, string][]} */ ([
  [/^[sld]v(?:w|h|i|b|min|max)$/, "viewport_percentage_units_dynamic"],
  [/^cq(?:w|h|i|b|min|max)$/, "container_query_length_units"],
]);

/** Everything in MDN's data about values that has this name: functions, mostly. @param {string} name */
function ofTypes(name) {
  /** @type {string[]} */
  const found = [];
  const walk = (/** @type {any} */ node, /** @type {string} */ key) => {
    for (const [part, child] of Object.entries(node)) {
      if (part === "__compat") continue;
      if (part === name && child.__compat) found.push(`${key}.${part}`);
      walk(child, `${key}.${part}`);
    }
  };
  walk(mdn().css.types, "css.types");
  return found;
}

/** Text without what is in quotation marks, comments and addresses. @param {string} css */
const withoutStrings = (css) => css.replace(/\/\*[^]*?\*\/|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|url\([^)]*\)/g, "");

/** @param {string} text @returns {Found[]} */
export function inSelector(text) {
  const plain = withoutStrings(text);
  const found = [];
  for (const [token, name = ""] of plain.matchAll(/::?(-?[\w-]+)\(?/g)) found.push({ key: `css.selectors.${name}`, token });
  if (plain.includes("&")) found.push({ key: "css.selectors.nesting", token: "&" });
  return found.filter(isNewer);
}

/** @param {Found} found */
const isNewer = ({ key }) => lacking(at(key), true).length > 0;

/**
 * @param {string} css
 * @returns {Found[]} each once
 */
export function inStyles(css) {
  const plain = withoutStrings(css);
  /** @type {Map<string, Found>} */
  const found = new Map();
  const note = (/** @type {string} */ key, /** @type {string} */ token) => isNewer({ key, token }) && found.set(key, { key, token });
  /** Rules, each with what stands before its brace. @param {string} text @param {boolean} nested within a rule with selectors */
  const rules = (text, nested) => {
    let from = 0;
    let deep = 0;
    let open = 0;
    for (let at = 0; at < text.length; at++) {
      if (text[at] === "{" && deep++ === 0) open = at;
      else if (text[at] === "}" && --deep === 0) {
        rule(text.slice(from, open).trim(), text.slice(open + 1, at), nested);
        from = at + 1;
      } else if (text[at] === ";" && deep === 0) {
        declaration(text.slice(from, at));
        from = at + 1;
      }
    }
    declaration(text.slice(from));
  };
  /** @param {string} head @param {string} body @param {boolean} nested */
  const rule = (head, body, nested) => {
    const [, name] = /^@([\w-]+)/.exec(head) ?? [];
    if (name) {
      note(`css.at-rules.${name}`, `@${name}`);
      for (const [, feature = ""] of head.matchAll(/\(\s*([a-z][\w-]*)/g)) if (name === "media") note(`css.at-rules.media.${feature}`, `(${feature}`);
      if (/[<>]=?/.test(head) && name === "media") note("css.at-rules.media.range_syntax", head);
      if (name === "keyframes" || name === "font-face") return rules(body, false);
    } else if (!/^(?:from|to|[\d.]+%)/.test(head)) {
      for (const { key, token } of inSelector(head)) note(key, token);
      if (nested) note("css.selectors.nesting", head);
    }
    rules(body, nested || !name);
  };
  /** @param {string} text */
  const declaration = (text) => {
    const [, property, value = ""] = /^\s*([\w-]+)\s*:([^]*)$/.exec(text) ?? [];
    if (!property) return;
    if (!property.startsWith("--")) note(`css.properties.${property}`, `${property}:`);
    for (const word of value.match(/[a-z-]+(?![\w(%-])/g) ?? []) note(`css.properties.${property}.${word}`, word);
    for (const [token, name = ""] of value.matchAll(/([a-z][\w-]*)\(/g)) {
      for (const key of [...ofTypes(name), `css.properties.${property}.${name}`]) note(key, token);
      if (new RegExp(`\\b${name}\\(from\\b`).test(value)) note(`css.types.color.${name}.relative_syntax`, `${name}(from`);
    }
    for (const [, unit = ""] of value.matchAll(/\d([a-z]+)\b/g)) {
      const [, key] = UNITS.find(([pattern]) => pattern.test(unit)) ?? [undefined, unit];
      note(`css.types.length.${key}`, unit);
    }
  };
  rules(plain, false);
  return [...found.values()];
}

/** @param {string} html @returns {(Found & { line: number })[]} */
export function inPage(html) {
  const found = [];
  for (const { 0: tag, 1: name = "", index } of html.matchAll(/<([a-z][\w-]*)((?:"[^"]*"|'[^']*'|[^>"'])*)>/g)) {
    const line = html.slice(0, index).split("\n").length;
    const note = (/** @type {string} */ key) => isNewer({ key, token: tag }) && found.push({ key, token: tag, line });
    const element = at(`html.elements.${name}`) ? `html.elements.${name}` : `svg.elements.${name}`;
    note(element);
    for (const [, attribute = "", value = ""] of tag.slice(name.length + 1).matchAll(/([a-z][\w-]*)(?:="([^"]*)")?/g)) {
      note(at(`${element}.${attribute}`) ? `${element}.${attribute}` : `html.global_attributes.${attribute}`);
      for (const word of value.split(/[ ,;]+/).slice(0, 9)) {
        note(`${element}.${attribute}.${word}`);
        note(`${element}.${attribute}_${word}`);
        note(`html.global_attributes.${attribute}.${word}`);
      }
    }
  }
  return found;
}
