// What the pages say in each language: the same texts, with the same places for names and numbers, and the plurals that the language has.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";
import { codeOf, join, span, speech, t } from "../../public/shared/language.js";
import { LANGUAGES } from "../../public/shared/translate.js";
import { codes, texts, translations } from "../texts.mjs";

const english = texts();
const ROOT = new URL("../../public/languages/", import.meta.url);
/** The forms of a text. */
const forms = (text) => (typeof text === "string" ? [text] : Object.values(text));
const places = (text) => [...new Set(text.match(/\{\w+\}/g))].sort();
const marks = (text) => [...text.matchAll(/<\/?\w+>/g)].map(String).sort();
/** Places that a form may leave out: "one message" needs no number. */
const counts = (place) => place === "{n}";
/** What Unicode has for numbers that these pages never say: a million of something, where the form is the same. */
const RARE = { es: "many", fr: "many", pt: "many" };

test("there is a file for every language that is offered, and English has none", async () => {
  assert.deepEqual(
    codes,
    Object.keys(LANGUAGES)
      .filter((code) => code !== "en")
      .sort(),
  );
  for (const part of ["doctor", "classroom"])
    assert.deepEqual(
      (await readdir(new URL(part, ROOT))).sort(),
      codes.map((code) => `${code}.js`),
    );
  for (const code of Object.keys(LANGUAGES)) assert.equal(codeOf(`${code}-XX`), code);
});

for (const code of codes) {
  test(`${LANGUAGES[code]} says all that English says, and nothing else`, async () => {
    const theirs = await translations(code);
    for (const [part, ours] of Object.entries(english))
      assert.deepEqual(Object.keys(theirs[part]).sort(), [...ours].sort(), `${part}: node tests/texts.mjs ${code}`);
  });

  test(`${LANGUAGES[code]} has the same places and marks in each text, and its own plurals`, async () => {
    const plurals = new Intl.PluralRules(code).resolvedOptions().pluralCategories.filter((form) => form !== RARE[code]);
    for (const part of Object.values(await translations(code))) {
      for (const [key, text] of Object.entries(part)) {
        if (typeof text !== "string") {
          assert.ok(places(key).some(counts), `${key}: a plural goes by {n}`);
          assert.deepEqual(Object.keys(text).sort(), [...plurals].sort(), key);
        }
        for (const form of forms(text)) {
          const needed = (all) => (/^[a-z-]+$/.test(key) || typeof text !== "string" ? all.filter((place) => !counts(place)) : all);
          assert.deepEqual(needed(places(form)), needed(places(key)), `${key} → ${form}`);
          assert.deepEqual(marks(form), marks(key), `${key} → ${form}`);
          if (key.trim() === key) assert.equal(form, form.trim(), key);
        }
      }
    }
  });
}

test("each text is a line of its own, and no file is long", async () => {
  for (const part of ["", "doctor/", "classroom/"]) {
    for (const code of codes) {
      const lines = (await readFile(new URL(`${part}${code}.js`, ROOT), "utf8")).trimEnd().split("\n");
      assert.ok(lines.length <= 250, `${part}${code}.js has ${lines.length} lines`);
      assert.match(lines[0], /^\/\/ \w+: /);
    }
  }
});

test("a language is found by the first part of a tag, old names too; what is like one is not", () => {
  const tags = { "de-AT": "de", "DE-ch-1996": "de", "zh-TW": "zh", "zh-Hant-HK": "zh", "pt-BR": "pt", "in-ID": "id", id: "id", "en-GB": "en", "es-419": "es" };
  for (const [tag, code] of Object.entries(tags)) assert.equal(codeOf(tag), code, tag);
  for (const tag of ["nl", "den", "arz", "i-klingon", "", null, "constructor", "zha", "hin", "../de"]) assert.equal(codeOf(tag), undefined, String(tag));
});

test("names keep a direction of their own, numbers are counted, and what nobody translated is English", () => {
  assert.equal(t("{name} left.", { name: "ليلى" }), "\u2068ليلى\u2069 left.");
  assert.equal(t("Said to {names}", { names: ["A", "B", "C"] }), "Said to \u2068A\u2069, \u2068B\u2069, and \u2068C\u2069");
  assert.equal(t("{n} bytes", { n: 1 }, "{n} byte"), "1 byte");
  assert.equal(t("{n} bytes", { n: 1_024 }, "{n} byte"), "1024 bytes");
  assert.deepEqual([span(0.4), span(12.3), span(3_960)], ["under 1 ms", "12 ms", "4 s"]);
  assert.equal(join(["A.", "", "B."]), "A. B.");
  speech.texts.left = "weg";
  assert.equal(t("left"), "weg");
  assert.equal(t("toString"), "toString", "a code is whatever a server sends");
  delete speech.texts.left;
});
