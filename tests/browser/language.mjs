// Other languages in a page: chosen as people choose them, without loading it again; one that nobody speaks; and whether all fits.
import { NO_TEXT, translations } from "../texts.mjs";
import { until } from "./browser.mjs";

/** Chooses a language. */
export async function speak(page, code) {
  if (await page.$("button#language")) await page.$eval("#language", (button) => button.click()); // a notice may lie over it
  await until(page, "the languages", () => document.querySelector("select#language"));
  await page.select("#language", code);
  await until(page, `it speaks ${code}`, (code) => document.documentElement.lang === code, code);
}

const ACCENTS = { a: "á", e: "ë", i: "ï", o: "ô", u: "û", A: "Å", E: "Ê", I: "Î", O: "Ø", U: "Ü", n: "ñ", c: "ç", s: "š", y: "ý" };
/** Longer than English by two fifths, in brackets and with accents; places and marks are kept. @param {string} text */
export function pseudo(text) {
  if (!/\p{L}/u.test(text.replace(/\{\w+\}/g, ""))) return text;
  const accented = text.replace(/\{\w+\}|<\/?\w+>|[a-z]/gi, (part) => (part.length > 1 ? part : (ACCENTS[part] ?? part)));
  const more = "lôñg ".repeat(Math.ceil((text.length * 0.4) / 5)).trimEnd();
  return `⟦${accented} ${more}⟧`;
}

/**
 * Where a page asks for German, it is given that language: its keys are German's, and so every text. Scripts come from `site`, for pages whose own
 * server is away.
 */
export async function speakPseudo(page, site = page.url()) {
  const german = await translations("de");
  const modules = Object.fromEntries(
    ["", "doctor", "classroom"].map((part) => {
      const said = (texts) => JSON.stringify(Object.fromEntries(Object.keys(texts).map((key) => [key, pseudo(key)])));
      return [
        `/languages/${part && `${part}/`}de.js`,
        `export default ${said(german[part])}; export const program = ${part === "classroom" ? said(german.program) : "undefined"};`,
      ];
    }),
  );
  await page.setRequestInterception(true);
  const answer = async (request) => {
    const path = new URL(request.url()).pathname;
    const body = modules[path] ?? (path.startsWith("/shared/") ? await (await fetch(new URL(path, site))).text() : undefined);
    body === undefined ? request.continue() : request.respond({ contentType: "text/javascript; charset=utf-8", body });
  };
  page.on("request", answer);
  await speak(page, "de");
  page.off("request", answer);
  await page.setRequestInterception(false);
}

/** What a page shows in English while it speaks the language that nobody does: pieces of text outside its brackets. */
export const english = async (page) =>
  (await page.evaluate(findEnglish)).filter((text) => text.split(/[^\p{L}\p{N}.'-]+/u).some((word) => /\p{L}{2}/u.test(word) && !NO_TEXT.test(word)));

/** Runs in the page. */
function findEnglish() {
  // Names, addresses and codes stand between signs or in elements of their own; a program and a link are as they are.
  const FOREIGN = "bdi, pre, code, textarea, select, script, style, noscript, #code, .face, h1 img, #news";
  const found = [];
  let depth = 0;
  const pieces = (text) => {
    let outside = "";
    for (const letter of text.replace(/\u2068[^\u2069]*\u2069/g, "")) {
      if (letter === "⟦") depth++;
      else if (letter === "⟧") depth--;
      else if (!depth) outside += letter;
    }
    if (outside.trim()) found.push(outside.trim());
  };
  for (const element of document.querySelectorAll("body, body *")) {
    for (const name of ["aria-label", "placeholder", "title", "alt", "data-empty"]) {
      if (!element.matches("pre")) pieces(element.getAttribute(name) ?? "");
    }
  }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) if (!texts.currentNode.parentElement.closest(FOREIGN)) pieces(texts.currentNode.nodeValue);
  pieces(document.title.replace("👋", ""));
  if (depth) found.push(`${depth} brackets too many`);
  return found;
}

/** 1280 px at 400 % (WCAG 1.4.10), in CSS px. */
const NARROW = { width: 320, height: 640 };

/** What is cut off, pokes out or lies over something else on a narrow screen; the viewport is not what it was afterwards. */
export async function misfits(page) {
  await page.setViewport(NARROW);
  return page.evaluate(findMisfits);
}

/** Runs in the page. */
function findMisfits() {
  const found = [];
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth > clientWidth) found.push(`the page is ${scrollWidth} px wide`);
  const shown = [...document.body.querySelectorAll("*")].filter(
    (element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest(".unseen, #flash, svg, .beacon .wave, pre > *, #notes > *"),
  );
  const name = (element) =>
    `${element.localName}${element.id && `#${element.id}`}.${element.className} “${(element.value ?? element.textContent).trim().slice(0, 40)}”`;
  for (const element of shown) {
    const { left, right } = element.getBoundingClientRect();
    if (left < -1 || right > clientWidth + 1) found.push(`pokes out: ${name(element)}`);
    const style = getComputedStyle(element);
    const cut = style.overflowX !== "visible" || element.matches("button, label, summary, h1, h2, h3, dt, dd, p, a, select");
    if (cut && !element.matches("pre, #notes, input, textarea, progress, .qr") && style.display !== "inline" && element.scrollWidth > element.clientWidth + 1)
      found.push(`cut off: ${name(element)}`);
  }
  const solid = shown.filter(
    (element) =>
      element.matches("button, a, summary, select, input, textarea, .name, .standing, .status strong, h1, h2, h3") && !element.closest("#alerts, #away"),
  );
  for (const [at, one] of solid.entries()) {
    for (const other of solid.slice(at + 1)) {
      if (one.contains(other) || other.contains(one)) continue;
      const over = [...one.getClientRects()].some((a) =>
        [...other.getClientRects()].some(
          (b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2,
        ),
      );
      if (over) found.push(`one over the other: ${name(one)} and ${name(other)}`);
    }
  }
  return found;
}
