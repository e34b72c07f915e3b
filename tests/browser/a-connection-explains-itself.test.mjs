import assert from "node:assert/strict";
import { test } from "node:test";
import {
  deafen,
  endTimer,
  held,
  hurryClock,
  link,
  openDevice,
  openRoom,
  ownBeckon,
  press,
  stage,
  startChromiumWithEmoji,
  stopClock,
  testMessages,
  turnClock,
  until,
  untilText,
} from "./browser.mjs";
import { startTurn } from "./turn.mjs";

const { beckon, chromium } = await stage({ vars: { STUN_URLS: "" } });

test("the list says the way and the latency, the details what is underneath, and test messages come back as they went", async () => {
  const devices = await openRoom(chromium, beckon.url, 2);
  const [{ page }, { page: other }] = devices;
  await until(page, "the way and the latency", () =>
    /^connected, direct, (under 1|\d+) ms/.test(document.querySelector("[data-state=open] .standing").textContent),
  );
  await press(page, "#people summary");
  // While a connection is being replaced (seen on a machine that was very busy), the list says that there is none.
  const figures = await until(page, "the figures of a connection", () => {
    const terms = [...document.querySelectorAll("#people dt")].map((term) => [term.textContent, term.nextElementSibling.textContent]);
    const figures = Object.fromEntries(terms);
    return "Pair in use" in figures && figures.ICE !== "disconnected" && figures; // as it is when one side has stood still for a while
  });
  assert.match(figures["Pair in use"], /^(host|prflx)\/udp here, (host|prflx)\/udp there$/);
  assert.match(figures["Round trip"], /^[\d.]+ ms$/);
  assert.match(figures.Carried, /out, .* in$/);
  assert.match(figures.Candidates, /\d host/);
  assert.match(figures.ICE, /^(connected|completed)$/);
  assert.match(figures.DTLS, /^connected, 1\.[23], TLS_/);
  assert.match(figures.SCTP, /^connected, messages of up to \d+ kB$/);
  assert.doesNotMatch(JSON.stringify(figures), /\d+\.\d+\.\d+\.\d+|\.local/, "no addresses");
  const prints = (page) => page.$$eval("#people .prints dd", (all) => all.map(({ textContent }) => textContent));
  await press(other, "#people summary");
  await until(other, "the fingerprints", () => document.querySelectorAll("#people .prints dd").length === 2);
  const [theirs, ours] = await prints(page);
  assert.match(theirs, /^.?([\da-f]{4} ){7}[\da-f]{4}.?$/, "digits alone, where no font has emoji");
  assert.deepEqual(await prints(other), [ours, theirs], "the same on both screens");

  const lines = await testMessages(page, other);
  assert.match(lines[0], /^ordered, reliable: 24 of 24 messages, from 1 to 41 characters, came back, each as it was sent, in order$/);
  assert.match(lines[1], /^unordered, reliable: 24 of 24 messages, .* came back, each as it was sent, /);
  for (const line of lines.slice(2)) assert.match(line, /may be lost: [1-9]\d* of 24 messages, .* came back, each as it was sent, /);
  await until(page, "the button is back", () => !document.querySelector("#people .inside button").disabled);

  const before = await page.$eval("#people dl", (list) => list.textContent);
  await press(other, "#hello");
  await until(page, "the figures move", (before) => document.querySelector("#people dl").textContent !== before, before);
  for (const { troubles, close } of devices) {
    assert.deepEqual(troubles, []);
    await close();
  }
});

test("where a font has emoji, a fingerprint begins with four of them", async () => {
  const browser = await startChromiumWithEmoji();
  const devices = await openRoom(browser, beckon.url, 2);
  const [{ page }] = devices;
  await press(page, "#people summary");
  const [theirs, ours] = await until(page, "the fingerprints", () => {
    const prints = [...document.querySelectorAll("#people .prints dd")].map(({ textContent }) => textContent);
    return prints.length === 2 && prints;
  });
  const four = /^(\p{Extended_Pictographic}\ufe0f? ){4}.?([\da-f]{4} ){7}[\da-f]{4}.?$/u;
  for (const print of [theirs, ours]) assert.match(print, four);
  for (const { close } of devices) await close();
  await browser.close();
});

test("test messages come back from a device that had no path at first, and then got one", async () => {
  const first = await openDevice(chromium, beckon.url, deafen);
  await until(first.page, "a fresh room", () => document.getElementById("link").value.includes("#"));
  const second = await openDevice(chromium, await link(first.page), deafen);
  for (const { page } of [first, second]) await hurryClock(page);
  await untilText(first.page, "through the server (still sealed)");
  for (const { page } of [first, second]) await page.evaluate(() => (window.hearing = true));
  await untilText(first.page, "connected, direct");
  for (const { page } of [first, second]) await turnClock(page);
  await press(first.page, "#people summary");
  const lines = await testMessages(first.page, second.page);
  assert.match(lines[0], /24 of 24 messages/);
  assert.match(lines[1], /24 of 24 messages/);
  for (const { close } of [first, second]) await close();
});

test("details that are open when the other leaves say so, and nothing breaks", async () => {
  const devices = await openRoom(chromium, beckon.url, 2);
  const [{ page, troubles }, other] = devices;
  await press(page, "#people summary");
  await until(page, "the figures", () => document.querySelectorAll("#people dt").length > 5);
  const untilLeft = () => until(page, "it is seen to have left", () => document.querySelector("#people [data-state=left]"));
  await stopClock(page);
  await other.page.goto("about:blank");
  await untilLeft();
  // The figures are read once a second, and who left is listed for four.
  const told = held(
    page,
    "nothing to tell, of somebody who left",
    () => document.querySelector("#people dl").textContent.includes("none now") && document.querySelector("#people [data-state=left]"),
  );
  await Promise.all([told, endTimer(page, 1_000)]);
  await endTimer(page, 4_000);
  await until(page, "it is not listed any more", () => document.querySelectorAll("#people li").length === 1);
  assert.deepEqual(troubles, []);
  for (const { close } of devices) await close();
});

test("where there is no path and the relay turns us away, the page says both", async (t) => {
  const turn = await startTurn("one secret");
  t.after(() => turn.close());
  const strict = await ownBeckon({ vars: { STUN_URLS: "", TURN_URLS: turn.udp }, secrets: { TURN_SECRET: "another" } });
  t.after(() => strict.close());
  const first = await openDevice(chromium, strict.url, deafen);
  await until(first.page, "a fresh room", () => document.getElementById("link").value.includes("#"));
  const second = await openDevice(chromium, await link(first.page), deafen);
  await until(first.page, "the other one is there", () => document.querySelectorAll("#people > li").length === 2);
  for (const { page } of [first, second]) await hurryClock(page);
  for (const { page } of [first, second]) await untilText(page, "The relay turned us away. What you say to");
  for (const { page } of [first, second]) assert.equal(await page.$eval("#people > li:not([data-state=me])", (row) => row.dataset.state), "open");
  for (const { troubles, close } of [first, second]) {
    assert.deepEqual(troubles, []);
    await close();
  }
});
