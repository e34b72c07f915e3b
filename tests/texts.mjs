// `node tests/texts.mjs de`: what a language lacks, and what it has that no page says any more. `node tests/texts.mjs`: all languages.
// The texts of the pages are found where they are written, in English: see docs/languages.md.
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import ts from "typescript";

const PUBLIC = new URL("../public/", import.meta.url).pathname;
const read = (/** @type {string} */ name) => readFileSync(join(PUBLIC, name), "utf8");

/** The parts of a language, by their place in public/languages/, and the files whose texts they hold. @type {Record<string, string[]>} */
export const PARTS = {
  "": ["index.html", "room/*.js", "shared/*.js"],
  doctor: ["doctor.html", "doctor/*.js"],
  classroom: ["classroom.html", "classroom/{lesson,borders}.js"],
};
/** Where what the classroom's program says is written, and the stock client's complaints that it passes on. */
const PROGRAM = "classroom/classroom.js";
const STOCK = [
  "Could not connect to peer {id}",
  'ID "{id}" is taken',
  'ID "{id}" is invalid',
  "Lost connection to server.",
  "Could not get an ID from the server.",
  "The current browser does not support WebRTC",
];
/** What a text is looked up by that is no sentence: an error's code. Those of a server are in src/wire/refusal.rs, and these are the library's. */
const CODES = ["blocked", "closed"];
/** Refusals that keep nobody out of a room, or have a sentence of their own. */
const NO_REASON = ["id-taken", "room-full", "not-a-message", "too-much-at-once", "ice-too-soon"];
/** Functions that are given texts, and which of what they are given. @type {Record<string, [from: number, to: number]>} */
const SPEAKERS = { t: [0, 1], say: [0, 2], result: [2, 4] };
/** Constants that hold texts, to be looked up and then said. */
const TABLES = new Set(["UNHELPFUL", "WAYS", "STATES", "KINDS", "CANDIDATES", "SENTENCES", "SKIPPED", "RELAY", "NO_RELAY", "NO_PATH", "UNFINISHED", "HOME"]);
/** Names, signs, and words of the trade that are the same everywhere. */
export const NO_TEXT = /^(?:Beckon|PeerJS|classroom\.js|osama|layla|https|WebRTC|[A-Z, ]+|[^\p{L}]*)$/u;

/** The texts of a page, as translate.js finds them. @param {string} html */
function textsOfPage(html) {
  // #late is for when no script came, not even a translation.
  const body = html.replace(
    /<!--[^]*?-->|<p id="late"[^]*?<\/p>|<(noscript|script|style|pre|textarea)\b[^]*?<\/\1>/g,
    (all) => /^<pre[^>]*>|^/.exec(all)?.[0] ?? "",
  );
  const found = [...body.matchAll(/\s(?:aria-label|placeholder|data-empty)="([^"]*)"/g)].map(([, text = ""]) => text);
  const flat = body.replace(/<p\b[^>]*>([^]*?)<\/p>/g, (_, within) => {
    const whole = plain(within.replace(/<(\w+)[^>]*>/g, "<$1>"));
    const marked = /^[^<]*\p{L}[^<]*<(?:em|b|a|code)>/u.test(whole) && !/\bid=/.test(within);
    if (marked) found.push(whole);
    return marked ? "" : `<p>${within}</p>`;
  });
  return [...found, ...flat.split(/<[^>]*>/)].map(plain);
}
const plain = (/** @type {string} */ text) => text.replace(/\s+/g, " ").trim();

/** Every text that a script gives to those who say it, and those in tables. @param {string} source @param {typeof SPEAKERS} [speakers] */
export function textsOfScript(source, speakers = SPEAKERS) {
  /** @type {string[]} */
  const found = [];
  /** @param {ts.Node} node @param {boolean} all whether every text within is meant */
  const visit = (node, all) => {
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) {
      const key = ts.isPropertyAssignment(node.parent) && node.parent.name === node;
      const compared = ts.isBinaryExpression(node.parent) && /=/.test(node.parent.operatorToken.getText());
      if (all && !key && !compared) found.push(node.text);
    }
    if (ts.isTemplateExpression(node) && all)
      found.push([node.head.text, ...node.templateSpans.map((span) => `{${/\w+$/.exec(span.expression.getText())?.[0]}}${span.literal.text}`)].join(""));
    const table = ts.isVariableDeclaration(node) && TABLES.has(node.name.getText());
    const speaks = ts.isCallExpression(node) ? speakers[node.expression.getText()] : undefined;
    if (ts.isCallExpression(node) && speaks) for (const [at, given] of node.arguments.entries()) visit(given, at >= speaks[0] && at < speaks[1]);
    else {
      const none = ts.isCallExpression(node) || ts.isObjectLiteralExpression(node);
      ts.forEachChild(node, (child) => visit(child, table || (all && (!none || inTable(node)))));
    }
  };
  const inTable = (/** @type {ts.Node} */ node) => {
    for (let up = node.parent; up; up = up.parent) if (ts.isVariableDeclaration(up)) return TABLES.has(up.name.getText());
    return false;
  };
  visit(ts.createSourceFile("a.js", source, ts.ScriptTarget.Latest, true), false);
  return found;
}

/** Codes of a server's refusals that a room's page may have to explain, with the English for them. */
function refusals() {
  const rust = readFileSync(new URL("../src/wire/refusal.rs", import.meta.url), "utf8");
  const codes = [...rust.matchAll(/Self::\w+(?:\(_\)| \{ [^}]* \})? => "([a-z-]+)",/g)].map(([, code = ""]) => code);
  return codes.filter((code) => !NO_REASON.includes(code));
}

/** What the pages say in English: for each part the keys of its translations, and what the program says. */
export function texts() {
  /** @type {Record<string, Set<string>>} */
  const all = {};
  for (const [part, patterns] of Object.entries(PARTS)) {
    const files = patterns.flatMap((pattern) => globSync(pattern, { cwd: PUBLIC }).sort());
    const found = files.flatMap((file) => (file.endsWith(".html") ? textsOfPage(read(file)) : textsOfScript(read(file), SPEAKERS)));
    all[part] = new Set(found.filter((text) => text === " " || text === ", " || !NO_TEXT.test(text)));
  }
  for (const code of [...refusals(), ...CODES]) all[""]?.add(code);
  for (const part of ["doctor", "classroom"]) for (const text of all[""] ?? []) all[part]?.delete(text);
  all.program = new Set([...textsOfScript(read(PROGRAM), { say: [0, 1] }).filter((text) => !NO_TEXT.test(text)), ...STOCK]);
  for (const text of all.program) all.classroom?.delete(text);
  return all;
}

/** A language's translations: for each part its texts, and what the classroom's program says. @param {string} code */
export async function translations(code) {
  const load = async (/** @type {string} */ part) =>
    existsSync(join(PUBLIC, "languages", part, `${code}.js`)) ? import(join(PUBLIC, "languages", part, `${code}.js`)) : {};
  const [room, doctor, classroom] = await Promise.all(Object.keys(PARTS).map(load));
  /** @type {Record<string, Record<string, string | Record<string, string>>>} */
  const all = { "": room.default ?? {}, doctor: doctor.default ?? {}, classroom: classroom.default ?? {}, program: classroom.program ?? {} };
  return all;
}

/** The languages that have files. */
export const codes = globSync("*.js", { cwd: join(PUBLIC, "languages") })
  .map((name) => name.replace(/\.js$/, ""))
  .sort();

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const english = texts();
  for (const code of process.argv[2] ? process.argv.slice(2) : codes) {
    for (const [part, theirs] of Object.entries(await translations(code))) {
      const ours = english[part] ?? new Set();
      for (const text of ours) if (!(text in theirs)) console.log(`${code} ${part}: lacks ${JSON.stringify(text)}`);
      for (const text of Object.keys(theirs)) if (!ours.has(text)) console.log(`${code} ${part}: nobody says ${JSON.stringify(text)}`);
    }
  }
}
