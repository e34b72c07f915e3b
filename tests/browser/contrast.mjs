// How well every text on a page is told from what is behind it, measured in the pixels of the screen: with gradients, half-transparent grounds,
// filters and opacity as the browser puts them together. It is done with two pictures: one without any letters, and one in which each text is a
// block of its own colour.

/** WCAG 1.4.3, for text of any size. */
export const LEAST = 4.5;
/** Half the size is a quarter of the work, and a text is still several pixels high. */
const SCALE = 0.5;

/**
 * Every text that a page shows, with its contrast against the worst of its ground. The page must hold still, and is as it was afterwards.
 * @param {import('puppeteer-core').Page} page
 * @param {string} [within] which part of it
 * @returns {Promise<{ what: string, contrast: number }[]>}
 */
export async function contrasts(page, within = "body") {
  const { width, height } = page.viewport();
  await page.setViewport({ width, height, deviceScaleFactor: SCALE });
  const texts = await page.evaluate(findTexts, within, SCALE);
  const pictures = [];
  for (const how of ["bare", "blocks"]) {
    await page.evaluate(paint, how);
    pictures.push(await page.screenshot({ fullPage: true, encoding: "base64", optimizeForSpeed: true }));
  }
  await page.evaluate(paint, "");
  if (!blanks.has(page)) blanks.set(page, await page.browserContext().newPage()); // it measures; the page's own policy would not let it
  await page.bringToFront();
  return blanks.get(page).evaluate(measure, texts, pictures);
}
const blanks = new WeakMap();

/** What is too weak, in words. */
export const tooWeak = (found) => found.filter(({ contrast }) => contrast < LEAST).map(({ what, contrast }) => `${what}: ${contrast.toFixed(2)}`);

/** In the page: marks each element that has text of its own, and says where that is on the page. */
function findTexts(within, scale) {
  const found = [];
  for (const element of document.querySelectorAll(`${within}, ${within} *`)) {
    const field = element.matches("input:not([type=checkbox]), textarea");
    const texts = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if ((!field && !texts.length) || !element.checkVisibility({ visibilityProperty: true }) || element.closest(".unseen")) continue;
    const range = document.createRange();
    if (field) range.selectNode(element);
    else {
      range.setStartBefore(texts[0]);
      range.setEndAfter(texts.at(-1));
    }
    const { left, top, width, height } = field ? element.getBoundingClientRect() : range.getClientRects()[0];
    if (!width || !height) continue;
    element.classList.add("text-under-test");
    const row = element.closest("[data-state], .said");
    const hue = (row ?? document.documentElement).style.getPropertyValue("--hue");
    const part = (element.localName === "bdi" && element.parentElement) || element; // a name within its place
    const name = `${part.tagName.toLowerCase()}${part.id && `#${part.id}`}.${[...part.classList].filter((name) => name !== "text-under-test").join(".")}`;
    found.push({
      what: `${name} ${row?.dataset.state ?? ""} hue ${hue} “${(field ? element.value : element.textContent).trim().slice(0, 20)}”`,
      left: (left + scrollX) * scale,
      top: (top + scrollY) * scale,
      width: width * scale,
      height: height * scale,
    });
  }
  return found;
}

/** In the page: style as a script may set it under the page's policy. */
function paint(how) {
  const sheet = new CSSStyleSheet();
  if (how)
    sheet.insertRule(
      "* { -webkit-text-fill-color: transparent !important; caret-color: transparent !important; text-decoration-color: transparent !important; }",
    );
  if (how === "blocks") sheet.insertRule(".text-under-test { background: currentColor !important; }", 1);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets.filter((sheet) => !sheet.ofTest), Object.assign(sheet, { ofTest: true })];
  if (!how) for (const element of document.querySelectorAll(".text-under-test")) element.classList.remove("text-under-test");
}

/** In a blank page. */
async function measure(texts, pictures) {
  const [bare, blocks] = await Promise.all(
    pictures.map(async (picture) => {
      const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${picture}`)).blob());
      const pen = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d", { willReadFrequently: true });
      pen.drawImage(bitmap, 0, 0);
      return pen;
    }),
  );
  const luminance = (pen, x, y) => {
    const [r, g, b] = Array.from(pen.getImageData(x, y, 1, 1).data, (part) =>
      part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  return texts.map(({ what, left, top, width, height }) => {
    const text = luminance(blocks, Math.round(left + width / 2), Math.round(top + height / 2));
    let contrast = Infinity;
    for (const across of [0.1, 0.5, 0.9]) {
      for (const down of [0.1, 0.5, 0.9]) {
        const ground = luminance(bare, Math.floor(left + width * across), Math.floor(top + height * down));
        contrast = Math.min(contrast, (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05));
      }
    }
    return { what, contrast };
  });
}
