// What one of the oldest browsers lacks (tools/floor/known.mjs) is taken away: from scripts one thing after the other and all at once, from style
// sheets what is written there. Every page still works, and what is on it is read and pressed.
import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { test } from "node:test";
import { SCRIPTS } from "../../tools/floor/known.mjs";
import { inStyles } from "../../tools/floor/styles.mjs";
import { link, keepScriptAway, openDevice, press, stage, stopClock, until, untilConnected, untilHello, untilText } from "./browser.mjs";
import { contrasts, tooWeak } from "./contrast.mjs";
import { diagnosis, HEALTHY } from "./doctor.mjs";
import { everybody } from "./everybody.mjs";

const { beckon, chromium } = await stage({ vars: { STUN_URLS: "" } });

/** What was once needed, and is missing in one of them. */
const ONCE = [
  "api.AbortSignal.timeout_static",
  "api.AbortSignal.throwIfAborted",
  "api.Element.ariaHidden",
  "api.Element.ariaLabel",
  "api.Element.ariaPressed",
  "api.RTCIceCandidate.address",
  "api.RTCIceCandidate.port",
  "api.RTCIceCandidate.type",
  "javascript.builtins.Intl.Segmenter",
];

/** Where something is, from where MDN's data has it: in a constructor, or in what it makes. @param {string} key */
function placesOf(key) {
  const [, name = ""] = /^(?:api|javascript\.builtins)\.(.*)$/.exec(key) ?? [];
  if (name.endsWith("_static")) return [name.slice(0, -"_static".length)];
  const path = name.replace(/\.(\w+)_event$/, ".on$1").split(".");
  const last = path.pop();
  return path.length ? [[...path, last].join("."), [...path, "prototype", last].join(".")] : [last];
}

/** Runs in the page, before anything else: it never had them. @param {string[]} places */
function takeAway(places) {
  for (const place of places) {
    const path = place.split(".");
    const last = path.pop();
    const owner = path.reduce((owner, name) => owner?.[name], /** @type {any} */ (globalThis));
    if (!owner || !Object.hasOwn(owner, last) || Reflect.deleteProperty(owner, last)) continue;
    // It cannot be deleted (Symbol's): the owner gets a stand-in without it.
    const standIn = (...given) => owner(...given);
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(owner))) if (name !== last) Object.defineProperty(standIn, name, property);
    globalThis[path[0]] = standIn;
  }
}

const without = (keys) => (/** @type {import('puppeteer-core').Page} */ page) => page.evaluateOnNewDocument(takeAway, keys.flatMap(placesOf));
const at = (path) => new URL(path, beckon.url);
const ALL = [...Object.keys(SCRIPTS), ...ONCE];

test("what is taken away is gone, and it is known where it was", async () => {
  const { page, close } = await openDevice(chromium, at("/robots.txt"));
  const there = (places) =>
    places.filter(
      (place) =>
        place
          .split(".")
          .reduce(
            (owner, name) => (owner && name in Object(owner) ? (Object.getOwnPropertyDescriptor(owner, name)?.get ? true : owner[name]) : undefined),
            globalThis,
          ) !== undefined,
    );
  const before = await page.evaluate(there, ALL.flatMap(placesOf));
  for (const key of ALL)
    assert.ok(key.includes("Navigator.share") || placesOf(key).some((place) => before.includes(place)), `${key}: ${placesOf(key)} is not there`);
  await page.evaluate(takeAway, ALL.flatMap(placesOf));
  assert.deepEqual(await page.evaluate(there, ALL.flatMap(placesOf)), []);
  await close();
});

/** Those of some files, what means the same together: one load of a page for each. @param {RegExp} files */
function groupsOf(files) {
  const keys = ALL.filter((key) => SCRIPTS[key]?.files.some((file) => files.test(file)) ?? files.test("public/lib/"));
  return [...Map.groupBy(keys, (key) => /(?:Navigator|RTCPeerConnection|AbortSignal)\.[a-z]{4}|[A-Z]\w+/.exec(key)?.[0]).values()];
}

/**
 * Loads a page anew with some things missing, and looks whether it works; it may not complain.
 * @param {{ page: import('puppeteer-core').Page, troubles: string[] }} device @param {string[]} keys @param {() => Promise<unknown>} works
 */
async function reloadWithout({ page, troubles }, keys, works) {
  const { identifier } = await without(keys)(page);
  await page.reload();
  await works().catch((error) => assert.fail(`without ${keys.join(", ")}: ${error.message}`));
  assert.deepEqual(troubles, [], keys.join(", "));
  await page.removeScriptToEvaluateOnNewDocument(identifier);
}

test("room: with each thing missing by itself, a hello arrives", async () => {
  const host = await openDevice(chromium, beckon.url);
  await until(host.page, "a fresh room", () => document.getElementById("link").value.includes("#"));
  const guest = await openDevice(chromium, await link(host.page));
  const groups = groupsOf(/^public\/(lib\/|room|shared|beckon)/);
  assert.ok(groups.length > 10, `${groups.length} groups`);
  for (const group of groups)
    await reloadWithout(guest, group, async () => {
      await untilConnected(guest.page, 1);
      await press(guest.page, "#hello");
      await until(guest.page, "it was heard", () => document.getElementById("title").textContent.startsWith("Said to "));
    });
  assert.deepEqual(host.troubles, []);
  await guest.close();
  await host.close();
});

test("room: with all of it missing on both sides, a hello arrives both ways", async () => {
  const one = await openDevice(chromium, beckon.url, without(ALL));
  await until(one.page, "a fresh room", () => document.getElementById("link").value.includes("#"));
  const other = await openDevice(chromium, await link(one.page), without(ALL));
  for (const [{ page }, { page: far }] of [
    [one, other],
    [other, one],
  ]) {
    await untilConnected(page, 1);
    await press(page, "#hello");
    await untilHello(far, await page.$eval("#name", (field) => field.value));
  }
  await press(one.page, "#people summary");
  await until(one.page, "the details", () => document.querySelectorAll("#people dt").length > 5);
  for (const { troubles, close } of [one, other]) {
    assert.deepEqual(troubles, []);
    await close();
  }
});

test("doctor: with each thing missing by itself, what is healthy is found healthy", async () => {
  const device = await openDevice(chromium, at("/doctor.html"));
  for (const group of groupsOf(/^public\/doctor/))
    await reloadWithout(device, group, async () => {
      const found = await diagnosis(device.page);
      for (const [check, code] of Object.entries(HEALTHY)) assert.equal(found[check], code);
    });
  await device.close();
});

/** The style sheets of a page, as they are served. @param {string[]} names */
const sheets = (names) => Promise.all(names.map(async (name) => (await beckon.fetch(name)).text()));

/** A style sheet in which something is unknown. @param {string} css @param {{ key: string, token: string }} what */
function unknown(css, { key, token }) {
  const name = /-?[a-z][a-z-]*/.exec(token)?.[0] ?? "";
  if (key.startsWith("css.types.length.")) return css.replace(new RegExp(`(\\d)${name}\\b`, "g"), `$1x${name}`);
  if (token === name) return css.replace(new RegExp(`(?<=[:, ])${name}(?=[;},! ])`, "g"), `x-${name}`);
  return css.replaceAll(token, token.replace(name, `x${name}`));
}

/** In the page: these style sheets, and no others. @param {string[]} texts */
function dress(texts) {
  for (const sheet of document.styleSheets) sheet.disabled = true;
  document.adoptedStyleSheets = texts.map((text) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    return sheet;
  });
}

/** In the page: what is to be pressed, and is too small for a finger or behind something else; and how much there is to be pressed. */
function unpressable() {
  const all = [...document.querySelectorAll("button, summary, textarea, input:not([type=file]), header a, footer a, .shows a, .drop")].filter((one) =>
    one.checkVisibility({ visibilityProperty: true }),
  );
  const bad = all.filter((one) => {
    one.scrollIntoView({ block: "center", behavior: "instant" });
    const { left, top, width, height } = one.getBoundingClientRect();
    const hit = document.elementFromPoint(left + width / 2, top + height / 2);
    const box = one.matches("[type=checkbox]") ? one.closest("label").getBoundingClientRect() : { width, height };
    return Math.min(box.width, box.height) < 24 || !one.contains(hit);
  });
  scrollTo(0, 0);
  return { bad: bad.map((one) => one.outerHTML.slice(0, 80)), count: all.length };
}

/** What lies on other things would be measured with what is below it; and what moves away is held. */
const FLAT =
  "#alerts, #away { position: static !important; } .said { grid-area: auto !important; transform: none !important; margin-bottom: 1rem; } .said button { visibility: visible !important; } #flash { display: none !important; }";

/**
 * Takes each thing away from a page's style by itself, and then all: what is to be pressed can be, and of all texts, without any of it, the contrast
 * is measured, in light and dark.
 * @param {import('puppeteer-core').Page} page @param {string[]} names of its style sheets @param {number} least as many texts there are at least
 */
async function undress(page, names, least) {
  const css = await sheets(names);
  const all = new Map(css.flatMap((text) => inStyles(text)).map((found) => [found.key, found]));
  const newer = [...all.values()].filter(({ key }) => !all.has(key.slice(0, key.lastIndexOf(".")))); // a value goes with its property
  assert.ok(newer.length > 5, `${newer.length} things`);
  const take = async (what) => {
    const texts = css.map((text) => what.reduce(unknown, text));
    for (const one of what) assert.ok(texts.join() !== css.join(), `${one.key} is still known`);
    await page.evaluate(dress, [...texts, FLAT]);
    const { bad, count } = await page.evaluate(unpressable);
    assert.ok(count > 0, `${count} things to press`);
    assert.deepEqual(bad, [], what.map(({ key }) => key).join());
  };
  for (const one of newer) await take([one]);
  await take(newer);
  for (const value of ["light", "dark"]) {
    await page.emulateMediaFeatures([
      { name: "prefers-color-scheme", value },
      { name: "prefers-reduced-motion", value: "reduce" },
    ]);
    const found = await contrasts(page);
    assert.ok(found.length >= least, `${found.length} texts`);
    assert.deepEqual(tooWeak(found), [], `${page.url()} ${value}`);
    if (process.env.PICTURES)
      await page.screenshot({ path: `${process.env.PICTURES}/${new URL(page.url()).pathname.replaceAll("/", "-")}-${value}.png`, fullPage: true });
  }
}

/** In the page: everybody is listed, some have said hello, and all that may be shown is. */
async function showAll(people) {
  const view = await import("/room/view.js");
  view.showMe(people[0]);
  view.showPeople(people);
  view.showStatus({ title: "Said to Agile Wolf", text: "On its way to Brave Fox…" }, "Find out why");
  view.note(() => "Agile Wolf said hello world");
  for (const person of people.filter(({ state }) => state === "open").slice(0, 4)) view.showHello(person);
  for (const id of ["away", "stopped"]) document.getElementById(id).hidden = false;
  for (const id of ["away-title", "away-text", "stopped-title", "stopped-text"]) document.getElementById(id).textContent = "Words, words, words.";
  for (const details of document.querySelectorAll("#people details")) details.open = details.closest("li").dataset.state === "open";
  const inside = Object.assign(document.createElement("div"), { className: "inside" });
  inside.append(Object.assign(document.createElement("button"), { textContent: "Send test messages", disabled: true }));
  document.querySelector("#people details[open]").append(inside);
}

test("room: whatever is unknown of its style, everybody is legible in every hue and state, and everything can be pressed", async () => {
  const { page, troubles, close } = await openDevice(chromium, beckon.url, async (page) => {
    await without(ALL)(page);
    await page.setViewport({ width: 390, height: 844 });
    await keepScriptAway(page);
  });
  await stopClock(page);
  assert.equal(everybody.length, 24 * 6);
  await page.evaluate(showAll, everybody);
  await undress(page, ["/shared/style.css", "/room/details.css"], 3 * everybody.length);
  assert.deepEqual(troubles, []);
  await close();
});

/** A page, its own style, and what it is when all of it is there. @type {Record<string, [string, (page: import("puppeteer-core").Page) => Promise<unknown>]>} */
const PAGES = {
  "/classroom.html": [
    "/classroom/classroom.css",
    async (page) => {
      await until(page, "the program", () => document.getElementById("code").textContent);
      await press(page, "#try");
      await untilText(page, "This browser has no byte streams");
    },
  ],
  "/doctor.html": [
    "/doctor/doctor.css",
    async (page) => {
      const found = await diagnosis(page);
      for (const [check, code] of Object.entries(HEALTHY)) assert.equal(found[check], code);
      // What it looks like meanwhile, and what is bad, beside what is well.
      await page.evaluate(() => {
        document.getElementById("summary").dataset.state = "running";
        const [running, waiting, failed] = document.querySelectorAll("[data-check]");
        [running.dataset.state, waiting.dataset.state, failed.dataset.verdict] = ["running", "waiting", "fail"];
      });
    },
  ],
  "/examples/": ["/examples/examples.css", (page) => untilText(page, beckon.url.host)],
  "/examples/chat": [
    "/examples/examples.css",
    async (page) => {
      await untilText(page, "Nobody else is here yet");
      await page.type("#text", "hello");
      await page.keyboard.press("Enter");
      await untilText(page, "nobody was here");
    },
  ],
  "/examples/cursor": ["/examples/examples.css", (page) => untilText(page, "Nobody else is here yet")],
  "/examples/files": ["/examples/examples.css", (page) => untilText(page, "Nobody else is here yet")],
};
for (const [path, [style, works]] of Object.entries(PAGES)) {
  test(`${path}: with every thing of scripts missing it works; whatever is unknown of its style, it is legible, and everything can be pressed`, async () => {
    const { page, troubles, close } = await openDevice(chromium, at(path), without(ALL));
    await works(page);
    await stopClock(page);
    await undress(page, ["/shared/style.css", style], 10);
    assert.deepEqual(troubles, []);
    await close();
  });
}

test("no page is left out, and no style sheet", () => {
  const names = globSync("public/**/*.html").map((name) => name.slice("public".length));
  const tried = Object.keys(PAGES).map((path) => (path.endsWith("/") ? `${path}index.html` : path.endsWith(".html") ? path : `${path}.html`));
  assert.deepEqual(names.sort(), ["/index.html", ...tried].sort());
  assert.deepEqual(
    globSync("public/**/*.css")
      .map((name) => name.slice("public".length))
      .sort(),
    [...new Set(["/shared/style.css", "/shared/noscript.css", "/room/details.css", ...Object.values(PAGES).map(([style]) => style)])].sort(),
  );
});
