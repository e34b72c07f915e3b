// Whether everybody can use a page, as far as a machine can tell: axe-core's rules, and what they leave out.
import { readFileSync } from "node:fs";

const AXE = readFileSync(new URL("../../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
/** What a thumb needs, in CSS px (WCAG 2.5.5). Links within a sentence are exempt. */
const TARGET = 44;
/** 1280 px at 400 % (WCAG 1.4.10). */
const NARROW = { width: 320, height: 256 };
/** What is asked in each colour scheme: everything, and once more what depends on it. */
const SCHEMES = { light: undefined, dark: ["color-contrast"] };

/** Everything that is wrong with a page as it stands, in words; the viewport and the colour scheme are not what they were afterwards. */
export async function barriers(page) {
  const found = [];
  // What moves is half transparent for a moment, and what is said is about where it comes to rest.
  const media = (scheme) =>
    page.emulateMediaFeatures([
      { name: "prefers-color-scheme", value: scheme },
      { name: "prefers-reduced-motion", value: "reduce" },
    ]);
  await page.evaluate(AXE);
  // (preload: style sheets and media fetched once more, for rules about sound and film, of which no page has any.)
  for (const [scheme, runOnly] of Object.entries(SCHEMES)) {
    await media(scheme);
    const violations = await page.evaluate(
      async (runOnly) => (await window.axe.run(document, { resultTypes: ["violations"], selectors: false, preload: false, runOnly })).violations,
      runOnly,
    );
    for (const { id, help, nodes } of violations) for (const { html } of nodes) found.push(`${scheme}: ${id}: ${help}: ${html.slice(0, 200)}`);
  }
  found.push(...(await page.evaluate(smallTargets, TARGET)));
  const before = page.viewport();
  await page.setViewport(NARROW);
  found.push(...(await page.evaluate(tooWide)));
  found.push(...(await page.evaluate(smallTargets, TARGET)));
  await page.setViewport(before);
  return found;
}

function smallTargets(least) {
  const found = [];
  for (const target of document.querySelectorAll("a, button, input, textarea, summary, [role=button]")) {
    if (!target.checkVisibility({ visibilityProperty: true }) || target.matches(".unseen")) continue;
    if (target.matches("a") && getComputedStyle(target).display === "inline") continue;
    const { width, height } = ((target.type === "checkbox" && target.closest("label")) || target).getBoundingClientRect();
    if (width > 2 && (width < least - 0.5 || height < least - 0.5))
      found.push(`${innerWidth} px wide: only ${Math.round(width)} by ${Math.round(height)} px to hit: ${target.outerHTML.slice(0, 120)}`);
  }
  return found;
}

function tooWide() {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  const wide = [...document.body.querySelectorAll("*")].filter((element) => element.getBoundingClientRect().right > clientWidth + 1);
  return [
    `${clientWidth} px wide, and ${scrollWidth} px of page: ${wide
      .slice(0, 5)
      .map((element) => element.outerHTML.slice(0, 80))
      .join(" | ")}`,
  ];
}
