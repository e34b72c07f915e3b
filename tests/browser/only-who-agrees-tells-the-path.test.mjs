// By what kind of path people connect is counted for those who agree, and asked of nobody where nothing counts it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { barriers } from "./axe.mjs";
import { eventually, name, openRoom, ownBeckon, press, stage, turnClock, until, untilConnected, untilHello, untilText } from "./browser.mjs";

const { beckon, chromium } = await stage({ counting: true });
const BOX = "#people .inside input";

/** Notes what a page tells. */
function overhear(page) {
  const told = [];
  page.on("request", (request) => request.method() === "POST" && told.push(new URL(request.url()).pathname));
  return told;
}

/** Without the server: on a busy machine a connection may go through it at first, and that is told, too. */
const direct = (told) => told.filter((kind) => !/^(\/paths\/|path-)server$/.test(kind));

test("nothing is told before the box is ticked, the kind once after it, again after a reload, and nothing once it is cleared", async () => {
  const devices = await openRoom(chromium, beckon.url, 3);
  const [{ page }] = devices;
  const [told, others] = [overhear(page), overhear(devices[1].page)];
  await untilText(page, "connected, direct");
  await press(page, "#people summary");
  await until(page, "the box", (box) => document.querySelector(box), BOX);
  assert.equal(await page.$eval(BOX, (box) => box.checked), false);
  assert.deepEqual(await barriers(page), []);
  assert.deepEqual(told, []);
  await press(page, BOX);
  await until(page, "it is ticked", (box) => document.querySelector(box).checked, BOX);

  await eventually("it tells", () => direct(told).length >= 1);
  await page.reload();
  await untilConnected(page, 2);
  await eventually("it tells again", () => direct(told).length >= 2);

  await press(page, "#people summary");
  await until(page, "the box, ticked", (box) => document.querySelector(box)?.checked, BOX);
  await press(page, BOX);
  const before = told.length;
  await page.reload();
  await untilConnected(page, 2);
  await untilText(page, "connected, direct");
  // Whatever it would tell later is due now, and whatever it told has come before this hello.
  await turnClock(page, 60_000);
  await press(page, "#hello");
  await untilHello(devices[1].page, await name(page));
  assert.deepEqual(told.slice(before), [], "nothing since");
  assert.deepEqual(direct(told), ["/paths/direct", "/paths/direct"], "once for each page load, whoever is there");
  assert.deepEqual(others, [], "who has not agreed tells nothing");
  const counted = async () => direct((await beckon.points()).map(({ blobs }) => blobs[0]).filter((what) => what.startsWith("path-")));
  await eventually("both are counted", async () => (await counted()).length >= 2);
  assert.deepEqual(await counted(), ["path-direct", "path-direct"]);
  for (const { troubles, close } of devices) {
    assert.deepEqual(troubles, []);
    await close();
  }
});

test("where nothing counts it, nobody is asked", async (t) => {
  const other = await ownBeckon();
  t.after(() => other.close());
  const devices = await openRoom(chromium, other.url, 2);
  const [{ page }] = devices;
  const asked = page.waitForResponse((response) => response.url().endsWith("/health"));
  await press(page, "#people summary");
  assert.equal((await (await asked).json()).counts, false);
  await until(page, "the figures", () => document.querySelector("#people .inside dd"));
  assert.equal(await page.$(BOX), null);
  for (const { close } of devices) await close();
});
