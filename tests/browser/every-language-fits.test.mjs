// The three pages in every language: nothing is cut off on a narrow screen, Arabic is mirrored, and what the browser asks for is what it gets.
import assert from "node:assert/strict";
import { test } from "node:test";
import { codes } from "../texts.mjs";
import { name, openDevice, openRoom, press, stage, stopClock, testMessages, turnClock, until, untilConnected, untilText, within } from "./browser.mjs";
import { connectedPupils } from "./classroom.mjs";
import { openDoctor, diagnosis } from "./doctor.mjs";
import { english, misfits, speak, speakPseudo } from "./language.mjs";

const { beckon, chromium } = await stage({ vars: { STUN_URLS: "" } });

/** Each page with as much on it as it can have: a page, who else is there, and how to end. */
const PAGES = {
  room: async () => {
    const [{ page, close }, { page: other, close: closeOther }] = await openRoom(chromium, beckon.url, 2);
    await press(other, "#hello");
    await untilText(page, "said hello");
    await press(page, "#hello");
    await press(page, "#people summary");
    await until(page, "the figures", () => document.querySelectorAll("#people dt").length > 5);
    await testMessages(page, other);
    return { page, close: () => Promise.all([close(), closeOther()]) };
  },
  doctor: async () => {
    const { page, close } = await openDoctor(chromium, beckon.url);
    await diagnosis(page);
    await press(page, "#invite");
    await page.$$eval("details", (all) => all.forEach((details) => (details.open = true)));
    return { page, close };
  },
  classroom: async () => {
    const pupils = await connectedPupils(chromium, beckon.url);
    await stopClock(pupils[0].page); // the other one has three seconds to answer
    await press(pupils[0].page, "#try");
    await untilText(pupils[0].page, "there and back it was 3 messages");
    await turnClock(pupils[0].page);
    return { page: pupils[0].page, close: () => Promise.all(pupils.map(({ close }) => close())) };
  },
};

/** How many headings of the page begin at its right, and how many at its left: where their first letter is. */
const sides = (page) =>
  page.evaluate(() => {
    const headings = [...document.querySelectorAll("h1, h2, h3")].filter((element) => element.checkVisibility());
    const from = headings.map((element) => {
      const letters = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
      do letters.nextNode();
      while (letters.currentNode.nodeType === Node.TEXT_NODE && !letters.currentNode.nodeValue.trim());
      const range = document.createRange();
      range.setStart(letters.currentNode, 0);
      range.setEnd(letters.currentNode, 1);
      const { left, right } = range.getBoundingClientRect();
      return left + right > document.documentElement.clientWidth;
    });
    return { right: from.filter(Boolean).length, left: from.filter((right) => !right).length };
  });

for (const [path, open] of Object.entries(PAGES)) {
  test(`the ${path} page: every text has a translation, and every language fits on a narrow screen`, async () => {
    const { page, close } = await open();
    const found = {};
    await speakPseudo(page);
    found.pseudo = [...(await english(page)), ...(await misfits(page))];
    for (const code of ["en", ...codes.filter((code) => code !== "de")]) {
      await speak(page, code);
      found[code] = await misfits(page);
      assert.equal(await page.evaluate(() => document.documentElement.dir), code === "ar" ? "rtl" : "ltr");
      const { right, left } = await sides(page);
      if (code === "ar") assert.ok(right > left, `mirrored: ${right} headings begin at the right, ${left} at the left`);
      if (code === "en") assert.ok(left > right, `${left} headings begin at the left, ${right} at the right`);
    }
    assert.deepEqual(found, Object.fromEntries(Object.keys(found).map((code) => [code, []])));
    await close();
  });
}

/** Pretends that the browser is set to these languages. */
const set = (tags) => (page) => page.evaluateOnNewDocument((tags) => Object.defineProperty(Navigator.prototype, "languages", { get: () => tags }), tags);

test("the browser's languages choose, a person's choice goes before them and is remembered, also where nothing can be", async () => {
  const requests = [];
  const asked = (page) => page.on("request", (request) => requests.push(new URL(request.url()).pathname));
  const german = await openDevice(chromium, beckon.url, set(["nl", "de-AT", "en"]));
  await until(german.page, "German", () => document.documentElement.lang === "de" && document.getElementById("hello").textContent === "Hallo sagen");
  await speak(german.page, "ar");
  await german.page.reload();
  await until(german.page, "Arabic", () => document.documentElement.dir === "rtl");
  await german.page.goto(new URL("/doctor.html", beckon.url).href);
  await until(german.page, "the doctor, too", () => document.documentElement.dir === "rtl" && document.title !== "Connection doctor · Beckon");
  assert.deepEqual(german.troubles, []);
  await german.close();

  const forgetful = await openDevice(chromium, beckon.url, async (page) => {
    asked(page);
    await page.evaluateOnNewDocument(() =>
      Object.defineProperty(window, "localStorage", {
        get() {
          throw new DOMException("no", "SecurityError");
        },
      }),
    );
  });
  await untilText(forgetful.page, "Waiting for another device");
  assert.deepEqual(
    requests.filter((path) => /languages|translate/.test(path)),
    [],
    "who reads English loads nothing more",
  );
  await forgetful.page.focus("#language");
  await forgetful.page.keyboard.press("Enter");
  await until(forgetful.page, "the choice has the focus", () => document.activeElement.matches("select#language"));
  await speak(forgetful.page, "tr");
  assert.equal(await forgetful.page.$eval("#language", (select) => select.getAttribute("aria-label")), "Dil");
  assert.deepEqual(forgetful.troubles, []);
  await forgetful.close();
});

test("a language that does not come leaves the page in English, and comes later; the room is there meanwhile", async () => {
  let away = true;
  const missed = Promise.withResolvers();
  const { page, close } = await openDevice(chromium, beckon.url, async (page) => {
    await set(["es-MX"])(page);
    await page.setRequestInterception(true);
    page.on("request", (request) => {
      if (!away || !/\/languages\//.test(request.url())) return request.continue();
      request.abort();
      missed.resolve(undefined);
    });
  });
  await untilText(page, "Waiting for another device");
  await within("its language is asked for, and does not come", missed.promise);
  await untilText(page, "Waiting for another device");
  away = false;
  await until(page, "Spanish", () => document.documentElement.lang === "es");
  await close();
});

test("what others are called is theirs: a name keeps its direction and is nobody's text", async () => {
  const devices = await openRoom(chromium, beckon.url, 2);
  const [{ page }, { page: other }] = devices;
  await other.$eval("#name", (field) => {
    field.value = "Share";
    field.dispatchEvent(new Event("change"));
  });
  await untilText(page, "Share");
  await untilConnected(page, 1);
  await speak(page, "ar");
  await press(other, "#hello");
  await until(page, "the hello", () => document.querySelector("[role=alert]") && document.querySelector("#hellos bdi"));
  assert.deepEqual(await page.$$eval("#people .name bdi, [role=alert] bdi, #hellos bdi", (names) => names.map((name) => name.textContent)), [
    await name(page),
    "Share",
    "Share",
    "Share",
  ]);
  for (const { close } of devices) await close();
});
