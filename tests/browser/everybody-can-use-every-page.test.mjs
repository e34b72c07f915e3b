import assert from "node:assert/strict";
import { test } from "node:test";
import { barriers } from "./axe.mjs";
import { name, openDevice, openRoom, press, stage, stopClock, until, untilConnected, untilHello, untilText } from "./browser.mjs";
import { diagnosis } from "./doctor.mjs";

const { beckon, chromium } = await stage({ vars: { STUN_URLS: "" } });

/** A page, and what it is when there is something to see on it. */
const PAGES = {
  "/doctor.html": diagnosis,
  "/classroom.html": (page) => until(page, "the program", () => document.getElementById("code").textContent),
  "/examples/": (page) => untilText(page, beckon.url.host),
  "/examples/chat": (page) => until(page, "a code", () => document.querySelector("#qr path")),
  "/examples/cursor": (page) => until(page, "a code", () => document.querySelector("#qr path")),
  "/examples/files": (page) => until(page, "a code", () => document.querySelector("#qr path")),
};
for (const [path, shown] of Object.entries(PAGES)) {
  test(`${path}: no barrier, in light and dark, on a narrow screen`, async () => {
    const { page, troubles, close } = await openDevice(chromium, new URL(path, beckon.url));
    await shown(page);
    assert.deepEqual(await barriers(page), []);
    assert.deepEqual(troubles, []);
    await close();
  });
}

/** What has the keyboard's focus, and whether that can be seen. */
const focused = (page) =>
  page.evaluate(() => {
    const { id, href, tagName, textContent } = /** @type {HTMLAnchorElement} */ (document.activeElement);
    const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
    return { what: id || href || (tagName === "BODY" ? "" : textContent), seen: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 };
  });

/** What a screen reader is given: every node's role, and its text with all that is in it. */
async function accessible(page) {
  const cdp = await page.createCDPSession();
  const { nodes } = await cdp.send("Accessibility.getFullAXTree");
  const byId = new Map(nodes.map((node) => [node.nodeId, node]));
  const text = (node) =>
    node.role?.value === "StaticText"
      ? node.name.value
      : node.childIds
          .map((id) => byId.get(id))
          .filter(Boolean)
          .map(text)
          .join(" ")
          .replace(/\s+/g, " ");
  return nodes.filter(({ ignored }) => !ignored).map((node) => ({ role: node.role?.value, text: text(node) || (node.name?.value ?? "") }));
}

test("by keyboard alone: every control is reached, in the order in which it is read, and seen to be; a hello goes out", async () => {
  const devices = await openRoom(chromium, beckon.url, 2);
  const [{ page }, { page: other }] = devices;
  await page.bringToFront();
  const order = [];
  for (let step = 0; step < 20; step++) {
    await page.keyboard.press("Tab");
    const { what, seen } = await focused(page);
    if (!what || order.includes(what)) break;
    assert.ok(seen, `${what} does not show that it has the focus`);
    order.push(what);
  }
  const at = (path) => new URL(path, beckon.url).href;
  assert.deepEqual(order, [
    "sound",
    "fresh",
    "name",
    "hello",
    "Details",
    "copy",
    "link",
    at("/classroom.html"),
    at("/examples/"),
    at("/doctor.html"),
    "language",
  ]);

  await page.focus("#fresh");
  await page.keyboard.press("Tab");
  await page.keyboard.type("Zoë");
  await page.keyboard.press("Enter");
  await untilText(other, "Zoë");
  await page.focus("#name");
  await page.keyboard.press("Tab");
  await stopClock(other); // an alert goes by itself
  await page.keyboard.press("Space");
  await untilHello(other, "Zoë");
  await other.bringToFront();
  await other.keyboard.press("Escape");
  await until(other, "the alert is gone", () => !document.querySelector("[role=alert]"));
  for (const { troubles, close } of devices) {
    assert.deepEqual(troubles, []);
    await close();
  }
});

test("who listens instead of looking hears who comes, who says hello, and who leaves", async () => {
  const [first, second] = await openRoom(chromium, beckon.url, 2);
  const who = await name(second.page);
  await untilText(first.page, `${who} is here`);
  await stopClock(first.page); // a hello goes by itself
  await press(second.page, "#hello");
  await untilHello(first.page, who);
  const heard = await accessible(first.page);
  assert.ok(
    heard.some(({ role, text }) => role === "alert" && text.includes(`${who} said hello world`)),
    "the hello is an alert",
  );
  assert.ok(
    heard.some(({ role, text }) => role === "status" && text.includes("Go on, press it")),
    "the status is a status",
  );
  await second.page.close({ runBeforeUnload: true });
  await until(first.page, "the farewell", (who) => document.querySelector("[role=log]").textContent.includes(`${who} left`), who);
  for (const { close } of [first, second]) await close();
});

test("with the colours of the system alone, what can be pressed still has an edge", async () => {
  const [{ page, close }] = await openRoom(chromium, beckon.url, 1);
  const cdp = await page.createCDPSession();
  await cdp.send("Emulation.setEmulatedMedia", { features: [{ name: "forced-colors", value: "active" }] });
  const flat = await page.evaluate(() => {
    const visible = [...document.querySelectorAll("#hello, .actions button:not([hidden])")];
    return visible.filter((button) => parseFloat(getComputedStyle(button).borderTopWidth) < 1).map(({ id }) => id);
  });
  assert.deepEqual(flat, []);
  await close();
});

const MOTION = [{ name: "prefers-reduced-motion", value: "no-preference" }];

test("who wants no motion gets none", async () => {
  const devices = await openRoom(chromium, beckon.url, 2);
  const [{ page }, { page: other }] = devices;
  await page.emulateMediaFeatures([{ name: "prefers-reduced-motion", value: "reduce" }]);
  await other.emulateMediaFeatures(MOTION);
  for (const one of [page, other])
    await one.evaluate(() => {
      window.motions = [];
      addEventListener("animationstart", ({ animationName }) => window.motions.push(animationName));
      addEventListener("transitionrun", ({ propertyName }) => window.motions.push(propertyName));
    });
  await press(page, "#hello");
  await press(other, "#hello");
  await untilHello(page, await name(other));
  await untilHello(other, await name(page));
  await until(other, "who does not mind gets some", () => window.motions.length > 0);
  await page.bringToFront();
  const motions = await page.evaluate(async () => {
    for (let frame = 0; frame < 2; frame++) await new Promise((drawn) => requestAnimationFrame(drawn)); // what begins, begins as it is drawn
    return window.motions;
  });
  assert.deepEqual(motions, []);
  for (const { close } of devices) await close();
});

test("many hellos at once are no lightning: less than three flashes in a second", async () => {
  const devices = await openRoom(chromium, beckon.url, 2);
  const [{ page }, { page: other }] = devices;
  await page.emulateMediaFeatures(MOTION);
  await page.bringToFront();
  await page.evaluate(() => {
    window.flashes = [];
    document.getElementById("flash").addEventListener("animationstart", () => window.flashes.push(performance.now()));
  });
  await other.evaluate(async () => {
    for (let times = 0; times < 8; times++) {
      document.getElementById("hello").click();
      await new Promise((resolve) => setTimeout(resolve, 80)); // as fast as a finger can be; in one frame they would be one flash
    }
  });
  await untilText(page, "said hello 8 times");
  const flashes = await until(page, "a flash", () => window.flashes.length && window.flashes);
  for (const [n, at] of flashes.entries()) assert.ok(n < 1 || at - flashes[n - 1] > 1_000 / 3, `flashes at ${flashes.map(Math.round).join(", ")} ms`);
  for (const { close } of devices) await close();
});

test("sound can be switched off, stays off, and comes back", async () => {
  const devices = await openRoom(chromium, beckon.url, 2);
  const [{ page }, { page: other }] = devices;
  // What would be heard is counted where it would be made.
  const tones = () => page.evaluate(() => window.tones);
  const count = (page) =>
    page.evaluateOnNewDocument(() => {
      window.tones = 0;
      const { start } = OscillatorNode.prototype;
      OscillatorNode.prototype.start = function (when) {
        window.tones++;
        return start.call(this, when);
      };
    });
  await count(page);
  await page.reload();
  await untilConnected(page, 1);
  const hello = async (times) => {
    await press(other, "#hello");
    await until(page, "the hello", (times) => document.querySelectorAll("#hellos li").length === times, times);
  };
  const gesture = async () => {
    await page.focus("#sound");
    await page.keyboard.press("Space");
  };
  await gesture(); // and off
  await page.evaluate(() => import("/room/sound.js")); // it comes with the first gesture
  await gesture(); // on again: a sample shows that it can be heard
  await until(page, "a sample", () => window.tones === 2);
  await gesture();
  await hello(1);
  assert.equal(await tones(), 2, "nothing is heard of the hello");
  assert.equal(await page.$eval("#sound", (button) => button.ariaPressed), "false");
  await page.reload();
  await untilConnected(page, 1);
  assert.equal(await page.$eval("#sound", (button) => button.ariaPressed), "false");
  await gesture();
  await until(page, "a sample", () => window.tones === 2);
  await hello(1);
  assert.equal(await tones(), 4);
  for (const { close } of devices) await close();
});

test("without its script the page says what it needs", async () => {
  const context = await chromium.createBrowserContext();
  const page = await context.newPage();
  await page.setJavaScriptEnabled(false);
  await page.goto(beckon.url.href);
  const text = (await accessible(page)).map(({ text }) => text).join("\n");
  assert.match(text, /Beckon connects devices with a script/);
  assert.doesNotMatch(text, /Opening a room|Say hello|Copy link/, "nothing that could not work");
  assert.match(text, /Connection doctor/);
  await context.close();
});
