import assert from "node:assert/strict";
import { test } from "node:test";
import { cleanName, persona } from "../../public/lib/names.js";
import { readRefusal } from "../../public/lib/parse.js";
import { laidBare, plain } from "../../public/shared/plain-text.js";
import { openRoom, press, stage, until, untilHello, untilText, write } from "./browser.mjs";

// Before any test: who registers one and then waits may be taken to have finished (--test-force-exit), and the rest is never run.
const { beckon, chromium } = await stage();

test("an id gives the same name everywhere, and different ids rarely the same one", () => {
  const names = Array.from({ length: 1_000 }, (_, i) => persona(`device ${i}`));
  assert.deepEqual(persona("device 7"), names[7]);
  for (const { name, face, hue } of names) {
    assert.match(name, /^[A-Z][a-z]+ [A-Z][a-z]+$/);
    assert.match(face, /^\p{Extended_Pictographic}\ufe0f?$/u);
    assert.ok(hue >= 0 && hue < 360);
  }
  assert.ok(new Set(names.map(({ name }) => name)).size > 850);
  assert.equal(new Set(names.map(({ hue }) => hue)).size, 24);
});

test("a name that somebody else wrote is made fit to show", () => {
  assert.equal(cleanName("  Kitchen \n\t tablet "), "Kitchen tablet");
  assert.equal(cleanName("evil\u202Egnp.exe\u0000"), "evil gnp.exe");
  assert.equal(cleanName("👩‍💻".repeat(40)), `${"👩‍💻".repeat(25)}👩\u200d`, "at most 128 UTF-16 units");
  assert.equal(cleanName(`${"x".repeat(9)}${"👩".repeat(70)}`), `${"x".repeat(9)}${"👩".repeat(23)}`);
  assert.equal(cleanName(`${"a\u0301\u0302\u0303".repeat(31)}${"👩".repeat(9)}`), `${"a\u0301\u0302\u0303".repeat(31)}👩`, "no half characters");
  for (const one of ["é", "e\u0301", "🇩🇪", "葛\u{e0100}", "👋🏽"])
    assert.equal([...new Intl.Segmenter().segment(cleanName(one.repeat(99)))].length, one === "👋🏽" ? 16 : 32, one);
  assert.equal(cleanName("می‌خواهم 👩‍💻"), "می‌خواهم 👩‍💻", "joiners stay");
  // Bidirectional controls, what is invisible, line ends, tags, what no version of Unicode has.
  for (const unfit of [
    "\u202e",
    "\u2066",
    "\u061c",
    "\u200b",
    "\u2060",
    "\u00ad",
    "\ufeff",
    "\u2028",
    "\u2029",
    "\u0085",
    "\u3164",
    "\u{e0041}",
    "\ud83d",
    "\uffff",
  ])
    assert.equal(cleanName(`a${unfit}b`), "a b", escape(unfit));
  assert.equal(cleanName(`z${"\u0300".repeat(5_000)}`), `z${"\u0300".repeat(5)}`, "no tower of marks");
  assert.equal(cleanName(`z${"\u0300\u0301\u200d".repeat(9)}`).match(/\p{M}/gu).length, 5, "nor with joiners in between");
  for (const nothing of ["", " ", "\u200d", "\u3164", "\ud800", null, 7, {}, ["a"]]) assert.equal(cleanName(nothing), "");
});

test("so is every other text of others: of a file, in a chat, in frames, from a server", () => {
  for (let unit = 0; unit < 0x20000; unit++) {
    const text = `a${String.fromCodePoint(unit)}b`;
    assert.equal(plain(text, 9), cleanName(text), unit.toString(16));
    if (cleanName(text) === "a b" && !/[\n\p{Zs}]/u.test(text)) assert.match(laidBare(text), /^a\\u\{[\da-f]+\}b$/u, unit.toString(16));
    else if (!/[\u200c\u200d]/.test(text)) assert.equal(laidBare(text), text, unit.toString(16));
  }
  assert.equal(plain("evil\u202Egpj.exe", 255), "evil gpj.exe");
  assert.equal(plain("x".repeat(999), 255).length, 255);
  assert.equal(plain(`z${"\u0300\u200d".repeat(50)}`, 255).match(/\p{M}/gu).length, 5);
  assert.equal(laidBare("evil\u202Egpj\u200d\n.exe"), "evil\\u{202e}gpj\\u{200d}\n.exe");
  assert.deepEqual(readRefusal({ code: "x", msg: `We\u2028are\u202E${"!".repeat(999)}` }), { code: "x", message: `We are ${"!".repeat(293)}` });
});

test("markup in a name is text to everyone", async () => {
  const devices = await openRoom(chromium, beckon.url, 2);
  const [first, second] = devices.map(({ page }) => page);
  const dialogs = [];
  for (const page of [first, second]) page.on("dialog", (dialog) => dialogs.push(dialog.message()) && dialog.dismiss());
  for (const evil of ["<img src=x onerror=alert(1)>", '"><script>alert(1)</script>', "<svg/onload=alert`1`>", "${alert(1)}'-alert(1)-'"]) {
    await write(second, "#name", evil);
    await second.keyboard.press("Enter");
    await untilText(first, evil);
    await press(second, "#hello");
    await untilHello(first, evil);
  }
  assert.equal(await first.$eval("#people", (list) => list.querySelectorAll("img, script, svg").length), 0);
  assert.deepEqual(dialogs, []);
  for (const { troubles, close } of devices) {
    assert.deepEqual(troubles, []);
    await close();
  }
});

for (const scheme of ["light", "dark"]) {
  test(`every hue is legible, in the list, in a hello and on the button: ${scheme}`, async () => {
    const [{ page, close }] = await openRoom(chromium, beckon.url, 1);
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    await until(page, "the list", () => document.querySelector("#people li"));
    const weak = await page.evaluate(() => {
      const pen = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
      /** Of colours that lie on one another, the last on top. */
      const luminance = (...colors) => {
        for (const color of colors) {
          pen.fillStyle = color;
          pen.fillRect(0, 0, 1, 1);
        }
        const [r, g, b] = Array.from(pen.getImageData(0, 0, 1, 1).data, (v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const contrast = (text, ...grounds) => {
        const [a, b] = [luminance(text), luminance(...grounds)];
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      };
      const row = document.querySelector("#people li");
      const said = document.body.appendChild(Object.assign(document.createElement("div"), { className: "said" }));
      const paint = (element) => getComputedStyle(element);
      const found = [];
      const note = (what, ...colors) => found.push({ what, contrast: contrast(...colors) });
      const card = paint(document.querySelector(".card")).backgroundColor;
      const [face, button] = [document.querySelector("#people .face"), document.getElementById("hello")];
      for (let hue = 0; hue < 360; hue++) {
        for (const { style } of [row, said, document.documentElement]) style.setProperty("--hue", hue);
        note(`a name, hue ${hue}`, paint(row.querySelector(".name")).color, card);
        note(`a face, hue ${hue}`, paint(face).color, card, paint(face).backgroundColor); // initials, where there is no animal
        note(`a hello, hue ${hue}`, paint(said).color, paint(said).backgroundColor);
        for (const shade of paint(button).backgroundImage.match(/oklch\([^)]*\)/g)) note(`the button, hue ${hue}`, paint(button).color, shade);
      }
      note("a standing", paint(document.querySelector(".standing")).color, card);
      note("the status", paint(document.querySelector(".status")).color, paint(document.body).backgroundColor);
      return found.filter(({ contrast }) => contrast < 4.5).map(({ what, contrast }) => `${what}: ${contrast.toFixed(2)}`);
    });
    assert.deepEqual(weak, []);
    await close();
  });
}

test("who takes the name of somebody who is here is marked, however it is spelt, and whoever had it first is not", async () => {
  const devices = await openRoom(chromium, beckon.url, 3);
  const [{ page }, second, third] = devices;
  const rename = async (page, text) => {
    await write(page, "#name", text);
    await page.keyboard.press("Enter");
  };
  const names = () => [...document.querySelectorAll("#people > li .name")].map(({ textContent }) => textContent);
  await rename(second.page, "Amber Fox");
  await until(page, "the name", () => [...document.querySelectorAll("#people > li .name")].some(({ textContent }) => textContent === "Amber Fox"));
  await rename(third.page, "ÁMBER  fox");
  await until(page, "a mark", () => [...document.querySelectorAll("#people > li .name")].some(({ textContent }) => /another .?ÁMBER fox/.test(textContent)));
  assert.ok((await page.evaluate(names)).includes("Amber Fox"));
  await press(third.page, "#hello");
  await until(page, "its hello", () => /another .?ÁMBER fox/.test(document.querySelector(".said")?.textContent ?? ""));
  await rename(page, "amber fox");
  await until(
    page,
    "two marks",
    () => [...document.querySelectorAll("#people > li .name")].filter(({ textContent }) => /^another/.test(textContent)).length === 2,
  );
  await rename(third.page, "Blue Whale");
  await until(page, "no mark", () => [...document.querySelectorAll("#people > li .name")].some(({ textContent }) => textContent === "Blue Whale"));
  for (const { troubles, close } of devices) {
    assert.deepEqual(troubles, []);
    await close();
  }
});
