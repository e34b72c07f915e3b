// Every page in WebKit, which has no WebRTC here: it loads without an error, fits a phone, and says in plain words what does not work and why.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { anyBeckon, until, untilText } from "../browser/browser.mjs";
import { diagnosis } from "../browser/doctor.mjs";
import { startWatched } from "./watched.mjs";
import { startWebKit } from "./webkit.mjs";

const beckon = await anyBeckon({ vars: { STUN_URLS: "" } });
const [watched, { page, close }] = await Promise.all([startWatched(beckon.url), startWebKit()]);
after(async () => {
  await close();
  watched.close();
  await beckon.close();
});

/** In CSS px. */
const PHONE = { width: 390, height: 844 };

/** A page, when there is something to see on it, and what it has to say. @type {Record<string, { shown: (page: any) => unknown, says?: string }>} */
const PAGES = {
  "/doctor.html": { shown: diagnosis, says: "This browser has direct connections switched off" },
  "/classroom.html": {
    shown: (page) => until(page, "the program", () => document.getElementById("code").textContent),
    says: "This browser makes no direct connections",
  },
  "/examples/": { shown: (page) => untilText(page, beckon.url.hostname) },
};

for (const [path, { shown, says }] of Object.entries(PAGES)) {
  test(`${path} loads without an error, fits a phone, and says what is missing`, async () => {
    await page.setViewport(PHONE);
    await page.goto(new URL(path, watched.url));
    await shown(page);
    if (says) await untilText(page, says);
    assert.deepEqual(await page.evaluate(() => window.troubles), []);
    const { wide, wanted } = await page.evaluate(() => ({ wide: innerWidth, wanted: document.documentElement.scrollWidth }));
    assert.equal(wide, PHONE.width);
    assert.equal(wanted, PHONE.width, "nothing is to be scrolled sideways");
  });
}
