// The card with a room's link: its text, its QR code, and what became of copying it. The pages that invite somebody have the same elements.
import { make, tell } from "./element.js";
import { t } from "./language.js";
import { qr } from "./share.js";

/** @param {string} id */
const at = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const field = () => /** @type {HTMLInputElement} */ (at("link"));

/**
 * @param {string} link
 * @param {boolean} canShare
 */
export function showLink(link, canShare) {
  field().value = link;
  at("share").hidden = !canShare;
}

/** The code is not needed to join, and takes time to draw. @param {string} link */
export async function showCode(link) {
  const code = await qr(link, () => at("qr").replaceChildren(tell(make("p"), () => t("The QR code has not come yet. The link works without it."))));
  const svg = (/** @type {string} */ tag) => document.createElementNS("http://www.w3.org/2000/svg", tag);
  const [picture, title, paper, ink] = [svg("svg"), svg("title"), svg("rect"), svg("path")];
  picture.setAttribute("viewBox", `0 0 ${code.side} ${code.side}`);
  picture.setAttribute("role", "img");
  picture.setAttribute("shape-rendering", "crispEdges");
  tell(title, () => t("QR code of the link to this room"));
  paper.setAttribute("width", "100%");
  paper.setAttribute("height", "100%");
  paper.setAttribute("fill", "#fff");
  ink.setAttribute("d", code.path);
  picture.append(title, paper, ink);
  at("qr").replaceChildren(picture);
}

/** @param {boolean} copied otherwise the link is selected, to be copied by hand */
export function showCopied(copied) {
  if (!copied) return field().focus();
  tell(at("copy"), () => t("Copied ✓"));
  setTimeout(() => tell(at("copy"), () => t("Copy link")), 2_000);
}
