// Faces, names and all that takes somebody's colour: every one of the 24 hues, in every state, in light and dark, with emoji and with initials,
// all at once on a page that holds still. What is true for all is shown for all, not for whoever came by.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { barriers } from "./axe.mjs";
import { anyBeckon, keepScriptAway, openDevice, startChromium, startChromiumWithEmoji, stopClock } from "./browser.mjs";
import { contrasts, tooWeak } from "./contrast.mjs";
import { everybody, HUES, STATES } from "./everybody.mjs";

const beckon = await anyBeckon();
after(() => beckon.close());

const DARK_AND_LIGHT = ["light", "dark"];
const look = (page, scheme, motion = "reduce") =>
  page.emulateMediaFeatures([
    { name: "prefers-color-scheme", value: scheme },
    { name: "prefers-reduced-motion", value: motion },
  ]);

test("there are 24 hues and six states", () => {
  assert.equal(HUES.size, 24);
  assert.deepEqual(STATES, ["me", "connecting", "open", "reconnecting", "unreachable", "left"]);
});

/** The room page, on which nothing happens but what a test lets it show: its script is kept away. */
async function still(chromium) {
  const device = await openDevice(chromium, beckon.url, async (page) => {
    await page.setViewport({ width: 390, height: 844 });
    await keepScriptAway(page);
  });
  await stopClock(device.page);
  return device;
}

/** In the page: everybody is listed, and one of each hue has said hello. */
async function showAll(people) {
  const view = await import("/room/view.js");
  view.showMe(people[0]);
  view.showPeople(people);
  view.showStatus({ title: "Said to Agile Wolf", text: "On its way to Brave Fox…" }, "Find out why");
  view.note(() => "Agile Wolf said hello world");
  const alerts = document.getElementById("alerts");
  const cards = [];
  for (const person of people.filter(({ state }, n) => state === "open" || n === 0)) {
    view.showHello(person);
    cards.push(alerts.lastElementChild);
    alerts.replaceChildren();
  }
  alerts.append(...cards);
  // One below the other instead of one upon the other.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(
    "#alerts { position: static; } .said { grid-area: auto; transform: none !important; margin-bottom: 1rem; } .said button { visibility: visible !important; }",
  );
  document.adoptedStyleSheets = [sheet];
  return Array.from(document.querySelectorAll(".face"), (face) => face.textContent);
}

/** In the page: faces that are not within their circle, however wide their letters are. */
function spilled() {
  const found = [];
  for (const face of document.querySelectorAll(".face")) {
    const drawn = face.textContent;
    for (const text of new Set([drawn, /^\p{Lu}{2}$/u.test(drawn) ? "WM" : drawn])) {
      face.textContent = text;
      const range = document.createRange();
      range.selectNodeContents(face);
      const [inner, outer] = [range.getBoundingClientRect(), face.getBoundingClientRect()];
      if (range.getClientRects().length > 1 || inner.width > outer.width - 4 || inner.height > outer.height)
        found.push(`${text}: ${Math.round(inner.width)} in ${Math.round(outer.width)} px`);
    }
    face.textContent = drawn;
  }
  return [...new Set(found)];
}

for (const [drawn, start, isFace] of /** @type {[string, typeof startChromium, RegExp][]} */ ([
  ["initials", startChromium, /^\p{Lu}{2}$/u],
  ["emoji", startChromiumWithEmoji, /^\p{Extended_Pictographic}\ufe0f?$/u],
])) {
  test(`every hue in every state, in the list and in a hello, drawn as ${drawn}: in light and dark its contrast is 4.5 or more, and axe finds nothing`, async (t) => {
    const chromium = await start();
    t.after(() => chromium.close());
    const { page, troubles, close } = await still(chromium);
    const faces = await page.evaluate(showAll, everybody);
    const wrong = faces.filter((face) => !isFace.test(face));
    assert.deepEqual(wrong, [], drawn === "emoji" ? "no font here has emoji: install fonts-noto-color-emoji" : "a font has emoji");
    assert.equal(faces.length, 1 + everybody.length + 1 + HUES.size);
    assert.deepEqual(await page.evaluate(spilled), []);
    for (const scheme of DARK_AND_LIGHT) {
      await look(page, scheme);
      const found = await contrasts(page);
      const measured = (pattern) => found.filter(({ what }) => pattern.test(what)).length;
      for (const pattern of [/^span\.face\S* (?!\s)/, /^span\.name (?!\s)/, /^span\.standing /])
        assert.equal(measured(pattern), everybody.length, `${pattern}: all are measured`);
      assert.deepEqual(tooWeak(found), [], scheme);
    }
    assert.deepEqual(await barriers(page), []);
    assert.deepEqual(troubles, []);
    await close();
  });
}

test("the page in each of the 24 hues: everything that is written on it, in light and dark", async (t) => {
  const chromium = await startChromium();
  t.after(() => chromium.close());
  const { page, close } = await still(chromium);
  await page.evaluate(showAll, everybody.filter(({ state }) => state === "me").slice(0, 1));
  for (const scheme of DARK_AND_LIGHT) {
    await look(page, scheme);
    for (const person of HUES.values()) {
      await page.evaluate(async (person) => (await import("/room/view.js")).showMe(person), person);
      const found = await contrasts(page);
      assert.ok(found.length > 20, `${found.length} texts`);
      assert.deepEqual(tooWeak(found), [], `${scheme}, hue ${person.hue}`);
    }
  }
  await close();
});

test("where there is motion, no face grows pale: at no moment of what moves for longer than a glance", async (t) => {
  const chromium = await startChromium();
  t.after(() => chromium.close());
  const { page, close } = await still(chromium);
  await page.evaluate(showAll, everybody);
  await look(page, "light", "no-preference");
  const faded = await page.evaluate(() => {
    const endless = document.getAnimations().filter((animation) => animation.effect.getTiming().iterations === Infinity);
    const found = new Set(endless.length ? [] : ["nothing moves"]);
    for (const animation of endless) {
      const { target } = /** @type {KeyframeEffect} */ (animation.effect);
      animation.pause();
      for (let part = 0; part <= 1; part += 0.05) {
        animation.currentTime = part * Number(animation.effect.getTiming().duration);
        const { opacity, color, filter } = getComputedStyle(target);
        if (opacity !== "1" || filter !== "none") found.add(`${target.closest("li").dataset.state}: opacity ${opacity}, ${color}, ${filter}`);
      }
    }
    return [...found];
  });
  assert.deepEqual(faded, []);
  await close();
});
