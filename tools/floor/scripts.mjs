// What scripts use that one of the oldest browsers lacks. TypeScript says whose member a name is, MDN's data since when browsers have it; where the
// type is not known, a name counts that nothing older has. Syntax is asked of esbuild: what it would write in another way is newer.
import { relative } from "node:path";
import { transformSync } from "esbuild";
import ts from "typescript";
import { TARGETS, at, lacking, mdn } from "./data.mjs";

/** @typedef {{ key: string, file: string, line: number }} Use `key`: where MDN's data has it */

/** Interfaces that only the types have, by the name that they have in MDN's data. */
const ALIASES = /** @type {Record<string, string>} */ ({
  ReadonlyArray: "Array",
  ReadonlyMap: "Map",
  ReadonlySet: "Set",
  PromiseLike: "Promise",
  RegExpMatchArray: "RegExp",
  IteratorObject: "Iterator",
  AsyncIteratorObject: "AsyncIterator",
});
/** What esbuild does not think of these browsers, and they have. (They know no properties of Unicode that came later, which nobody asks for here.) */
const SUPPORTED = { "regexp-unicode-property-escapes": true };
/** Calls whose first argument is the name of an element. */
const MAKES_ELEMENT = /^(?:createElement|make|element)$/;
/** Calls whose first argument is a selector. */
const SELECTS = /^(?:querySelector|querySelectorAll|closest|matches)$/;

/**
 * @param {string[]} files
 * @param {ts.CompilerOptions} options of the project they are in
 * @param {(selector: string) => string[]} inSelector keys of what a selector uses
 * @returns {Use[]}
 */
export function usedInScripts(files, options, inSelector) {
  const program = ts.createProgram(files, options);
  const checker = program.getTypeChecker();
  const names = newerNames();
  /** @type {Use[]} */
  const found = [];

  for (const name of files) {
    const file = program.getSourceFile(name);
    if (!file) throw new Error(`There is no ${name}.`);
    const note = (/** @type {string} */ key, /** @type {ts.Node | null} */ node) =>
      found.push({ key, file: relative(".", name), line: node ? file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1 : 1 });
    const syntax = newerSyntax(file.text);
    if (syntax) found.push({ key: "syntax", file: relative(".", name), line: syntax });

    /** @param {ts.Node} node */
    const visit = (node) => {
      if (ts.isIdentifier(node) && !ts.isPropertyAccessExpression(node.parent)) identifier(node);
      if (ts.isPropertyAccessExpression(node)) {
        identifier(node.expression);
        member(node.name, node.name.text, checker.getSymbolAtLocation(node.name), node.expression);
      } else if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)) {
        const text = node.argumentExpression.text;
        member(node, text, checker.getTypeAtLocation(node.expression).getProperty(text), node.expression);
      } else if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent)) {
        const name = node.propertyName ?? node.name;
        if (ts.isIdentifier(name)) member(name, name.text, checker.getTypeAtLocation(node.parent).getProperty(name.text), node.parent);
      } else if (ts.isCallExpression(node) || ts.isNewExpression(node)) call(node);
      ts.forEachChild(node, visit);
    };

    /** A name by itself: something global. @param {ts.Node} node */
    const identifier = (node) => {
      if (!ts.isIdentifier(node)) return;
      const symbol = checker.getSymbolAtLocation(node);
      if (symbol && isOfBrowser(symbol)) candidates([`api.${node.text}`, `javascript.builtins.${node.text}`, `api.Window.${node.text}`], node);
    };

    /** @param {ts.Node} node @param {string} text @param {ts.Symbol | undefined} symbol @param {ts.Node} owner */
    const member = (node, text, symbol, owner) => {
      if (!symbol && isAny(owner)) return void (names.has(text) && note(names.get(text) ?? "", node));
      if (!symbol)
        return candidates(
          namesOf(checker.getTypeAtLocation(owner)).flatMap((name) => keysFor(name, text, true)),
          node,
        ); // newer than the types
      if (!isOfBrowser(symbol)) return;
      const keys = (symbol.declarations ?? []).flatMap((declaration) => keysOf(declaration, text));
      const type = checker.getTypeAtLocation(owner);
      candidates([...keys, ...namesOf(type).flatMap((name) => keysFor(name, text, false)), `api.${text}`, `javascript.builtins.${text}`], node);
    };

    /** The first of them that MDN's data has. @param {string[]} keys @param {ts.Node} node */
    const candidates = (keys, node) => {
      const key = keys.find((key) => at(key)?.__compat);
      if (key && lacking(at(key)).length) note(key, node);
    };

    /** What is given to something: names of elements, events, selectors, and options. @param {ts.CallExpression | ts.NewExpression} node */
    const call = (node) => {
      const callee = node.expression;
      const name = ts.isPropertyAccessExpression(callee) ? callee.name.text : ts.isIdentifier(callee) ? callee.text : "";
      const [first] = node.arguments ?? [];
      const text = first && ts.isStringLiteralLike(first) ? first.text : null;
      if (text !== null && MAKES_ELEMENT.test(name)) candidates([`html.elements.${text}`], node);
      if (text !== null && SELECTS.test(name)) for (const key of inSelector(text)) note(key, node);
      if (text !== null && name === "setAttribute") candidates([`html.global_attributes.${text}`], node);
      if (text !== null && name === "addEventListener") {
        const owners = ts.isPropertyAccessExpression(callee) ? namesOf(checker.getTypeAtLocation(callee.expression)) : ["Window"];
        const keys = owners.map((owner) => `api.${owner}.${text}_event`);
        if (keys.some((key) => at(key))) candidates(keys, node);
        else if (names.has(`${text}_event`)) note(names.get(`${text}_event`) ?? "", node);
      }
      if (name === "RegExp" && text !== null) {
        const [, second] = node.arguments ?? [];
        const flags = second && ts.isStringLiteralLike(second) ? second.text : "";
        if (newerSyntax(`/${text.replaceAll("/", "\\/") || "(?:)"}/${flags}`)) note("syntax", node);
      }
      const key = keyOfCall(node, name);
      if (key) for (const word of wordsIn(node)) for (const part of partsOf(key, word)) if (lacking(at(part)).length) note(part, node);
    };

    /** Where MDN's data has what is called. @param {ts.CallExpression | ts.NewExpression} node @param {string} name */
    const keyOfCall = (node, name) => {
      if (ts.isNewExpression(node)) return [`api.${name}.${name}`, `javascript.builtins.${name}.${name}`, `javascript.builtins.Intl.${name}.${name}`].find(at);
      const symbol = checker.getSymbolAtLocation(ts.isPropertyAccessExpression(node.expression) ? node.expression.name : node.expression);
      if (!symbol || !isOfBrowser(symbol)) return;
      return [...(symbol.declarations ?? []).flatMap((declaration) => keysOf(declaration, name)), `api.${name}`].find(at);
    };

    /** Where MDN's data might have a member that is declared so. @param {ts.Declaration} declaration @param {string} text */
    const keysOf = (declaration, text) => {
      const { parent } = declaration;
      if (ts.isInterfaceDeclaration(parent)) {
        const name = parent.name.text;
        const isStatic = name.endsWith("Constructor") && name !== "Constructor";
        const space = ts.isModuleBlock(parent.parent) ? parent.parent.parent.name.getText() : "global";
        const within = space === "global" ? "" : `${space}.`;
        return keysFor(within + (isStatic ? name.slice(0, -"Constructor".length) : name), text, isStatic);
      }
      if (ts.isTypeLiteralNode(parent) && ts.isVariableDeclaration(parent.parent)) return keysFor(parent.parent.name.getText(), text, true);
      for (let up = parent; up; up = up.parent) if (ts.isModuleDeclaration(up)) return keysFor(up.name.getText(), text, true);
      return [];
    };

    /** What a type is called, and what it comes from. @param {ts.Type} type @returns {string[]} */
    const namesOf = (type) => {
      if (type.isUnionOrIntersection()) return type.types.flatMap(namesOf);
      const symbol = type.getSymbol();
      if (!symbol) return [];
      const bases = type.isClassOrInterface() ? checker.getBaseTypes(type).flatMap(namesOf) : [];
      return [symbol.name, ...bases];
    };
    /** @param {ts.Node} node */
    const isAny = (node) => Boolean(checker.getTypeAtLocation(node).flags & ts.TypeFlags.Any);
    /** @param {ts.Symbol} symbol */
    const isOfBrowser = (symbol) => symbol.declarations?.some((declaration) => program.isSourceFileDefaultLibrary(declaration.getSourceFile()));

    visit(file);
  }
  return found;
}

/** @param {string} owner @param {string} text @param {boolean} isStatic */
function keysFor(owner, text, isStatic) {
  const name = ALIASES[owner] ?? owner;
  const event = /^on[a-z]+$/.test(text) ? [`api.${name}.${text.slice(2)}_event`] : [];
  return [...event, `api.${name}.${text}${isStatic ? "_static" : ""}`, `api.${name}.${text}`, `javascript.builtins.${name}.${text}`];
}

/** The words in what a call is given: its texts, and the names of options. @param {ts.CallExpression | ts.NewExpression} node */
function wordsIn(node) {
  /** @type {Set<string>} */
  const words = new Set();
  const collect = (/** @type {ts.Node} */ part) => {
    if (ts.isStringLiteralLike(part)) words.add(part.text);
    if ((ts.isPropertyAssignment(part) || ts.isShorthandPropertyAssignment(part)) && ts.isIdentifier(part.name)) words.add(part.name.text);
    if (!ts.isFunctionLike(part)) ts.forEachChild(part, collect);
  };
  for (const argument of node.arguments ?? []) collect(argument);
  return words;
}

/** What MDN's data has of a call that is about a word: `init_signal_parameter`, `x25519`. @param {string} key @param {string} word @returns {string[]} */
function partsOf(key, word) {
  const wanted = word.toLowerCase().replace(/\W/g, "_");
  return Object.keys(at(key)).flatMap((name) => {
    if (name === "__compat") return [];
    const plain = name.toLowerCase();
    const is =
      plain === wanted ||
      [`_${wanted}_parameter`, `_${wanted}_option`, `_option_${wanted}`].some((end) => plain.endsWith(end)) ||
      plain === `${wanted}_parameter`;
    return [...(is ? [`${key}.${name}`] : []), ...partsOf(`${key}.${name}`, word)];
  });
}

/** Of what whose type is not known is likely to be: a node, or something of the language; not what only a few pages have. */
const LIKELY = /^(?:(?:HTML|SVG)?\w*Element|Node|Document|Window|Navigator|EventTarget|AbortSignal|Blob|File|Response|RTCPeerConnection|RTCDataChannel)$/;

/** Names of members that nothing has which all of the oldest browsers have, and where one of them is. */
function newerNames() {
  const newer = new Map();
  const older = new Set();
  /** @param {any} node @param {string} key @param {number} deep */
  const walk = (node, key, deep) => {
    for (const [name, child] of Object.entries(node)) {
      if (name === "__compat") continue;
      const plain = name.replace(/_static$/, "");
      if (child.__compat && /^[a-z]\w*$/.test(plain)) {
        if (!lacking(child).length) older.add(plain);
        else if (!newer.has(plain) && (!key.startsWith("api") || LIKELY.test(key.slice(4)))) newer.set(plain, `${key}.${name}`);
      }
      if (deep) walk(child, `${key}.${name}`, deep - 1);
    }
  };
  walk(mdn().api, "api", 1);
  walk(mdn().javascript.builtins, "javascript.builtins", 2);
  for (const name of older) newer.delete(name);
  return newer;
}

/** The first line that esbuild would write in another way for the oldest browsers; 0 if there is none. @param {string} text */
function newerSyntax(text) {
  const shape = (/** @type {string[] | string} */ target) => transformSync(text, { target, supported: SUPPORTED, logLevel: "silent" }).code.split("\n");
  const [lowered, asIs] = [shape(TARGETS), shape("esnext")];
  const line = asIs.findIndex((line, at) => line !== lowered[at]);
  if (line < 0) return 0;
  const beginning = (asIs[line] ?? "").trim().slice(0, 30);
  return Math.max(1, 1 + text.split("\n").findIndex((own) => own.includes(beginning))); // it may be written otherwise; then it is somewhere
}
