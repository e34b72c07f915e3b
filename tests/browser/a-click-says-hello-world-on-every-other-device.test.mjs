import assert from "node:assert/strict";
import { test } from "node:test";
import {
  alerts,
  deafen,
  endTimer,
  held,
  hurryClock,
  link,
  name,
  openDevice,
  openRoom,
  press,
  stage,
  stopClock,
  turnClock,
  until,
  untilConnected,
  untilHello,
  untilText,
} from "./browser.mjs";

const { beckon, chromium } = await stage();

/** Every device of a room goes away, having done nothing forbidden. */
async function closeAll(devices) {
  for (const { troubles, close } of devices) {
    assert.deepEqual(troubles, []);
    await close();
  }
}

test("two devices: a click on either says hello world on the other, with the name of who clicked", async () => {
  const devices = await openRoom(chromium, beckon.url, 2);
  const [amber, blue] = devices.map(({ page }) => page);
  for (const page of [amber, blue]) await stopClock(page); // an alert goes by itself
  await press(amber, "#hello");
  await untilHello(blue, await name(amber));
  assert.equal(await blue.title(), `👋 \u2068${await name(amber)}\u2069 said hello world`, "the name with a direction of its own");
  await untilText(amber, `Said to ${await name(blue)}`);
  assert.deepEqual(await alerts(amber), [], "who clicked sees no alert");

  await press(blue, "#hello");
  await untilHello(amber, await name(blue));
  assert.equal((await alerts(blue)).length, 1, "the answer is not shown to who gave it");
  await closeAll(devices);
});

test("three devices: both others see it, and the one who clicked is told of both", async () => {
  const devices = await openRoom(chromium, beckon.url, 3);
  const [amber, blue, coral] = devices.map(({ page }) => page);
  await press(blue, "#hello");
  await untilHello(amber, await name(blue));
  await untilHello(coral, await name(blue));
  const names = [await name(amber), await name(coral)];
  await until(blue, "both are named", (names) => names.every((name) => document.querySelector(".status").textContent.includes(name)), names);
  assert.deepEqual(await alerts(blue), []);
  await closeAll(devices);
});

test("the keyboard clicks too, each of several hellos is noticed, and each can be dismissed", async () => {
  const devices = await openRoom(chromium, beckon.url, 2);
  const [amber, blue] = devices.map(({ page }) => page);
  await stopClock(blue);
  await amber.focus("#hello");
  await amber.keyboard.press("Space");
  await amber.keyboard.press("Enter");
  await until(blue, "two alerts", () => document.querySelectorAll("[role=alert]").length === 2);
  await untilText(blue, "said hello 2 times");
  await blue.keyboard.press("Escape");
  await until(blue, "one alert", () => document.querySelectorAll("[role=alert]").length === 1);
  await press(blue, "[role=alert] button");
  await until(blue, "no alert", () => !document.querySelector("[role=alert]") && document.title === "Beckon");
  await closeAll(devices);
});

test("an alert goes by itself", async () => {
  const devices = await openRoom(chromium, beckon.url, 2);
  const [amber, blue] = devices.map(({ page }) => page);
  await stopClock(blue);
  await press(amber, "#hello");
  await untilHello(blue, await name(amber));
  await endTimer(blue, 10_000);
  await until(blue, "the alert is gone", () => !document.querySelector("[role=alert]"));
  await closeAll(devices);
});

test("a click while nobody is there waits for the first who comes", async () => {
  const first = await openDevice(chromium, beckon.url);
  await untilText(first.page, "Waiting for another device");
  await press(first.page, "#hello");
  await untilText(first.page, "Your hello is waiting");
  const second = await openDevice(chromium, await link(first.page));
  await untilHello(second.page, await name(first.page));
  await untilConnected(second.page, 1); // it shows its own name after that
  await untilText(first.page, `Said to ${await name(second.page)}`);
  await closeAll([first, second]);
});

test("a click before the connection is there arrives when it is", async () => {
  const first = await openDevice(chromium, beckon.url);
  await until(first.page, "a fresh room", () => document.getElementById("link").value.includes("#"));
  const address = await link(first.page);
  // Held: after a while they would talk through the server.
  const seen = held(first.page, "the other one is seen to connect", () => document.querySelector("li[data-state=connecting]"));
  const opened = openDevice(chromium, address, (page) =>
    page.evaluateOnNewDocument(() => {
      const { setRemoteDescription } = RTCPeerConnection.prototype;
      const released = new Promise((release) => (window.release = release));
      RTCPeerConnection.prototype.setRemoteDescription = async function (description) {
        await released;
        return Reflect.apply(setRemoteDescription, this, [description]);
      };
    }),
  );
  const [second] = await Promise.all([opened, seen]);
  await press(first.page, "#hello");
  await untilText(first.page, "On its way to");
  assert.deepEqual(await alerts(second.page), []);
  await second.page.evaluate(() => window.release());
  await turnClock(first.page);
  await untilHello(second.page, await name(first.page));
  await untilConnected(first.page, 1);
  await untilText(first.page, "Said to");
  await closeAll([first, second]);
});

test("without a path a click goes through the server, sealed and marked as such, until there is one", async () => {
  const first = await openDevice(chromium, beckon.url, deafen);
  const second = await openDevice(chromium, await link(first.page), deafen);
  const cdp = await first.page.createCDPSession();
  await cdp.send("Network.enable");
  const frames = [];
  cdp.on("Network.webSocketFrameSent", ({ response }) => frames.push(response.payloadData));
  await until(second.page, "the other one is there", () => document.querySelectorAll("#people > li").length === 2);
  for (const { page } of [first, second]) await hurryClock(page);
  for (const { page } of [first, second]) await untilText(page, "connected, through the server (still sealed)");
  for (const { page } of [first, second]) await turnClock(page);
  await press(first.page, "#hello");
  await untilHello(second.page, await name(first.page));
  await untilText(first.page, `Said to ${await name(second.page)}`);
  await press(second.page, "#hello");
  await untilHello(first.page, await name(second.page));
  for (const { page } of [first, second]) await untilText(page, "connected, through the server (still sealed)");
  const messages = frames.filter((frame) => frame.includes('"MESSAGE"'));
  assert.ok(messages.length > 0);
  for (const frame of frames) assert.doesNotMatch(frame, /hello world|candidate:|"sdp"/);
  for (const { page } of [first, second]) {
    await page.evaluate(() => (window.hearing = true));
    await turnClock(page, 15_000); // the connection of before has failed
  }
  for (const { page } of [first, second]) await untilText(page, "connected, direct");
  await press(first.page, "#hello");
  await untilText(second.page, "said hello 2 times");
  await press(second.page, "#hello");
  await untilText(first.page, "said hello 2 times");
  await closeAll([first, second]);
});

test("with neither a path nor a way through the server the page says why, and the hello is kept until there is one", async () => {
  const older = async (page) => {
    await deafen(page);
    await page.evaluateOnNewDocument(() => {
      const { send } = WebSocket.prototype;
      WebSocket.prototype.send = function (text) {
        if (!text.includes('"MESSAGE"')) send.call(this, text); // to a server that does not know it, it is nothing
      };
    });
  };
  const first = await openDevice(chromium, beckon.url, older);
  const second = await openDevice(chromium, await link(first.page), older);
  // Whatever is waited for here is the pages' own patience.
  // The page hurries its clock once it looks: the search may be over before anybody asks from outside.
  await until(first.page, "the search is spoken of", () => {
    const spoken = document.body.innerText.includes("Still looking for a path to");
    if (spoken) window.testClock.stop();
    else window.testClock.hurry();
    return spoken;
  });
  await press(first.page, "#hello");
  for (const { page } of [first, second]) await hurryClock(page);
  await untilText(first.page, "No direct path to");
  await untilText(first.page, "Your hello is kept until there is one");
  await untilText(second.page, "Both networks block direct connections and this server has no relay.");
  // In one go, and the sender last: one that hears is enough for a path, and then the alert must not end by a clock that is turned after it.
  for (const { page } of [second, first])
    await page.evaluate(() => {
      window.hearing = true;
      window.testClock.turn(15_000); // the connection of before has failed
    });
  await untilHello(second.page, await name(first.page));
  await untilConnected(second.page, 1);
  await closeAll([first, second]);
});
