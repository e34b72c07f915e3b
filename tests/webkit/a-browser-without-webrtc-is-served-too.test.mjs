// WebKit as Debian has it makes no direct connections. Hellos go there and back all the same, and every page loads without an error, fits a phone,
// and says in plain words what does not work and why.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { anyBeckon, link, name, openDevice, press, startChromium, until, untilConnected, untilHello, untilText } from "../browser/browser.mjs";
import { diagnosis } from "../browser/doctor.mjs";
import { startWatched } from "./watched.mjs";
import { startWebKit } from "./webkit.mjs";

/** In CSS px. */
const PHONE = { width: 390, height: 844 };

const beckon = await anyBeckon({ vars: { STUN_URLS: "" } });
/** @type {Map<string, 'missing' | 'cut'>} */
const faults = new Map();
const watched = await startWatched(beckon.url, faults);
const [light, dark, chromium] = await Promise.all([startWebKit(), startWebKit({ dark: true }), startChromium()]);
after(async () => {
  for (const browser of [light, dark, chromium]) await browser.close();
  watched.close();
  await beckon.close();
});

/** A hello from each to the other, and no error. @param {any[]} pages two */
async function helloBothWays(...pages) {
  for (const page of pages) await untilConnected(page, 1);
  for (const [from, to] of [pages, pages.toReversed()]) {
    const who = await name(from);
    await press(from, "#hello");
    await untilHello(to, who);
  }
}
const untroubled = async (page) => assert.deepEqual(await page.evaluate(() => window.troubles), []);

test("WebKit and Chromium say hello to each other; both say that it goes through the server, and why", async () => {
  await light.page.goto(watched.url);
  await untilText(light.page, "Waiting for another device");
  await untilText(light.page, "what you say will go through the server, sealed");
  const device = await openDevice(chromium, await link(light.page));
  await untilText(light.page, "This browser has direct connections switched off.");
  await untilText(device.page, "The other browser has direct connections switched off.");
  await untilText(device.page, "connected, through the server (still sealed)");
  await helloBothWays(light.page, device.page);
  await untroubled(light.page);
  assert.deepEqual(device.troubles, []);
  await device.close();
});

test("two WebKits say hello to each other", async () => {
  await light.page.goto(watched.url);
  await untilText(light.page, "Waiting for another device");
  await dark.page.goto(await link(light.page));
  await helloBothWays(light.page, dark.page);
  for (const { page } of [light, dark]) await untroubled(page);
});

const coded = (page) => until(page, "a code", () => document.querySelector("#qr path"));

/** Every page, when there is something to see on it, and what it has to say. @type {Record<string, { shown: (page: any) => unknown, says: string }>} */
const PAGES = {
  "/": { shown: coded, says: "what you say will go through the server, sealed" },
  "/doctor.html": { shown: diagnosis, says: "This browser has direct connections switched off" },
  "/classroom.html": {
    shown: (page) => until(page, "the program", () => document.getElementById("code").textContent),
    says: "This browser makes no direct connections",
  },
  "/examples/": { shown: (page) => untilText(page, watched.url.host), says: "no-webrtc" },
  "/examples/chat": { shown: coded, says: "Nobody else is here yet" },
  "/examples/cursor": { shown: coded, says: "This browser makes no direct connections" },
  "/examples/files": { shown: coded, says: "This browser makes no direct connections" },
};

for (const [path, { shown, says }] of Object.entries(PAGES)) {
  test(`${path} loads without an error, fits a phone, and says what does not work`, async () => {
    await dark.page.setViewport(PHONE);
    await dark.page.goto(new URL(path, watched.url));
    await shown(dark.page);
    await untilText(dark.page, says);
    await untroubled(dark.page);
    const { wide, wanted } = await dark.page.evaluate(() => ({ wide: innerWidth, wanted: document.documentElement.scrollWidth }));
    assert.equal(wide, PHONE.width);
    assert.equal(wanted, PHONE.width, "nothing is to be scrolled sideways");
  });
}

test("a page that does not come whole says so, and mends itself", async () => {
  faults.set("/doctor/doctor.js", "cut").set("/room/details.js", "missing");
  await light.page.goto(new URL("/doctor.html", watched.url));
  await untilText(light.page, "This page has not started.");
  faults.delete("/doctor/doctor.js");
  await until(light.page, "it has begun", () => !document.getElementById("late"));
  await light.page.goto(watched.url);
  await coded(light.page);
  await dark.page.goto(await link(light.page));
  await untilConnected(light.page, 1);
  await press(light.page, "#people summary");
  await untilText(light.page, "The details have not come yet");
  faults.clear();
  await untilText(light.page, "Send test messages");
});
