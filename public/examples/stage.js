// The surroundings of the examples: the link to a room, and code to read. The code that is shown is the code that runs: it is fetched from
// where the page has it from.
import { secureLink } from "../shared/element.js";
import { showCode, showCopied, showLink } from "../shared/link-card.js";
import { stopped } from "../shared/sentences.js";
import { canShare, copy, share } from "../shared/share.js";

/** The address that stands for this server in what is to be read. */
const SOMEWHERE = /\bbeckon\.example\b/g;
/** Comments and strings, whichever begins first; what is not closed ends with its line or the text, so that nothing is looked at twice. */
const PARTS = /\/\*(?:[^*]|\*+[^*/])*\**\/?|\/\/ .*|^ *# .*|'[^'\n]*'?|`[^`]*`?/gm;

// The page has begun when the example's own script, which comes after this one, has run.
const [example] = [...document.scripts].filter(({ src }) => src.includes("/examples/") && src !== import.meta.url);
let isWhole = true;
const begun = () => isWhole && document.getElementById("late")?.remove();
example ? example.addEventListener("load", begun) : begun();
// The link of another room was put into the address bar.
addEventListener("hashchange", () => location.reload());
// What keeps an example from beginning at all.
addEventListener("error", ({ error }) => {
  const status = document.getElementById("status");
  if (error?.name !== "BeckonError" || !status) return void (isWhole = false); // it does not even begin where it is not understood
  const { title, text } = stopped(error);
  status.textContent = `${title}. ${text}`;
  if (error.code === "insecure-context") status.append(" ", secureLink());
});
// The example's own script has run by then, and the address is the room's.
addEventListener("DOMContentLoaded", () => {
  if (document.getElementById("link")) invite(location.href);
  for (const code of document.querySelectorAll("code[data-source]")) showSource(/** @type {HTMLElement} */ (code));
  for (const code of document.querySelectorAll("pre[data-run] code")) {
    const text = code.textContent?.replace(SOMEWHERE, location.host) ?? "";
    show(code, location.protocol === "http:" ? text.replaceAll("https://", "http://").replaceAll("wss://", "ws://") : text);
  }
});

/** @param {string} link */
function invite(link) {
  showLink(link, canShare);
  showCode(link);
  document.getElementById("copy")?.addEventListener("click", async () => showCopied(await copy(link)));
  document.getElementById("share")?.addEventListener("click", () => share(link));
}

/** @param {HTMLElement} code */
async function showSource(code) {
  const file = await fetch(code.dataset.source ?? "");
  show(code, await file.text());
}

/**
 * @param {Element} code
 * @param {string} text
 */
function show(code, text) {
  const words = document.createTextNode(text);
  code.replaceChildren(words);
  if (!globalThis.CSS?.highlights) return; // an older browser: the same text, in one colour
  for (const match of text.matchAll(PARTS)) {
    const kind = /^['`]/.test(match[0]) ? "string" : "comment";
    const [startOffset, endOffset] = [match.index, match.index + match[0].length];
    const range = new StaticRange({ startContainer: words, startOffset, endContainer: words, endOffset });
    const highlight = CSS.highlights.get(kind) ?? new Highlight();
    CSS.highlights.set(kind, highlight.add(range));
  }
}
