import assert from "node:assert/strict";
import { test } from "node:test";
import {
  endTimer,
  eventually,
  link,
  name,
  openDevice,
  openDoor,
  openRoom,
  people,
  press,
  stage,
  stopClock,
  turnClock,
  until,
  untilConnected,
  untilHello,
  untilText,
  watch,
  within,
  write,
} from "./browser.mjs";

const { beckon, chromium } = await stage();

/** A page's own id, as the list shows it. */
const myId = (page) => page.$eval('#people > li[data-state="me"]', (row) => row.id);
const untilAlone = (page) => until(page, "nobody else is listed", () => document.querySelectorAll("#people > li").length === 1);

test("closing a page is leaving, and seen at once", async () => {
  const [first, second] = await openRoom(chromium, beckon.url, 2);
  const gone = await name(second.page);
  await stopClock(first.page); // who left is listed for a while only
  await second.page.close({ runBeforeUnload: true });
  await until(first.page, "it is shown to have left", () => document.querySelector("li[data-state=left] .standing")?.textContent === "left");
  assert.match(await first.page.$eval("#news", (news) => news.textContent), new RegExp(`${gone} left`));
  await endTimer(first.page, 4_000);
  await untilAlone(first.page);
  await untilText(first.page, "Waiting for another device");
  await first.close();
  await second.close();
});

test("a page that crashes is seen to have left, once its connection is lost too", async () => {
  const [first, second] = await openRoom(chromium, beckon.url, 2);
  await first.page.evaluate(() => {
    window.seen = ["open"];
    const note = () => {
      const state = document.querySelector("#people > li:not([data-state=me])")?.dataset.state;
      if (state && window.seen.at(-1) !== state) window.seen.push(state);
    };
    new MutationObserver(note).observe(document.getElementById("people"), { subtree: true, childList: true, attributes: true });
  });
  const crash = await second.page.createCDPSession();
  crash.send("Page.crash").catch(() => {}); // it cannot answer
  await until(first.page, "the connection is lost", () => window.seen.length > 1); // the browser takes its time for that
  await turnClock(first.page, 8_000); // as long as somebody who was cut off may be away
  await untilAlone(first.page);
  assert.match((await first.page.evaluate(() => window.seen)).join(), /^open,(reconnecting,)?left$/);
  await first.close();
});

test("a reload keeps name and id, is the same person to the others, and connects again", async () => {
  const [first, second] = await openRoom(chromium, beckon.url, 2);
  const id = await myId(second.page);
  await write(second.page, "#name", "Kitchen tablet");
  await second.page.keyboard.press("Enter");
  await untilText(first.page, "Kitchen tablet");
  await second.page.reload();
  await untilConnected(second.page, 1);
  assert.equal(await name(second.page), "Kitchen tablet");
  assert.equal(await myId(second.page), id);
  await untilConnected(first.page, 1);
  await press(second.page, "#hello");
  await untilHello(first.page, "Kitchen tablet");
  await press(first.page, "#hello");
  await untilHello(second.page, await name(first.page));
  await first.close();
  await second.close();
});

test("a duplicated tab is a second peer", async () => {
  const first = await openDevice(chromium, beckon.url);
  await untilText(first.page, "Waiting for another device");
  const id = await myId(first.page);
  const opened = first.context.waitForTarget((target) => target.opener() === first.page.target());
  await first.page.evaluate(() => void open(location.href)); // as duplicating does, it copies the tab's storage
  const second = await (await opened).page();
  const troubles = watch(second);
  await untilConnected(first.page, 1);
  await untilConnected(second, 1);
  assert.equal(await myId(first.page), id, "the original stays who it was");
  assert.notEqual(await myId(second), id);
  await press(second, "#hello");
  await untilHello(first.page, await name(second));
  assert.deepEqual([...first.troubles, ...troubles], []);
  await first.close();
});

test("back from the back/forward cache, or loaded anew, the room is joined again", async () => {
  const [first, second] = await openRoom(chromium, beckon.url, 2);
  const id = await myId(second.page);
  await second.page.goto(new URL("/classroom.html", beckon.url).href);
  await untilAlone(first.page);
  await second.page.goBack();
  await untilConnected(second.page, 1);
  await untilConnected(first.page, 1);
  assert.equal(await myId(second.page), id);
  await first.close();
  await second.close();
});

test("while the server is away the page says so, connected devices stay connected, and it comes back by itself", async () => {
  const door = await openDoor(beckon.url);
  const devices = await openRoom(chromium, door.url, 2);
  const [first, second] = devices.map(({ page }) => page);
  door.shut();
  await untilText(first, "The meeting point is not answering");
  await untilText(first, "Devices already connected stay connected. Trying again in");
  await press(second, "#hello");
  await untilHello(first, await name(second));
  await press(first, "#retry");
  await stopClock(first); // from here on it comes back by the button alone
  await door.open();
  await eventually("it is back by the button", () =>
    first.evaluate(() => document.getElementById("away").hidden || void document.getElementById("retry").click()),
  );
  await turnClock(first);
  for (const page of [first, second]) await until(page, "the warning is gone", () => document.getElementById("away").hidden);
  assert.equal((await people(first)).length, 1);
  const third = await openDevice(chromium, await link(first));
  for (const { page } of [...devices, third]) await untilConnected(page, 2);
  for (const { close, troubles } of [...devices, third]) {
    assert.deepEqual(troubles, []);
    await close();
  }
  door.shut();
});

test("a device whose socket is cut has not left: its connection stays, and hellos go both ways", async () => {
  const door = await openDoor(beckon.url);
  const first = await openDevice(chromium, beckon.url);
  await untilText(first.page, "Waiting for another device");
  const second = await openDevice(chromium, new URL(new URL(await link(first.page)).hash, door.url));
  await untilConnected(first.page, 1);
  const cdp = await first.page.createCDPSession();
  await cdp.send("Network.enable");
  /** Resolves when the first one's server has said so. */
  const told = (type) =>
    new Promise((resolve) => cdp.on("Network.webSocketFrameReceived", ({ response }) => response.payloadData.includes(`"${type}"`) && resolve()));
  const lost = told("LOST");
  door.shut();
  await within("the first is told that the socket is gone", lost);
  await press(second.page, "#hello");
  await untilHello(first.page, await name(second.page));
  await press(first.page, "#hello");
  await untilHello(second.page, await name(first.page));
  assert.equal((await people(first.page)).length, 1);
  const joined = told("JOIN");
  await door.open();
  await within("the first is told that it is back", joined);
  for (const { page, troubles } of [first, second]) {
    await untilConnected(page, 1);
    assert.deepEqual(troubles, []);
  }
  for (const { close } of [first, second]) await close();
  door.shut();
});

test("a deploy, which closes every socket at once, is not noticed", async () => {
  const [first, second] = await openRoom(chromium, beckon.url, 2);
  const sockets = [];
  for (const { page } of [first, second]) {
    const cdp = await page.createCDPSession();
    await cdp.send("Network.enable");
    sockets.push(new Promise((resolve) => cdp.on("Network.webSocketHandshakeResponseReceived", ({ response }) => resolve(response.status))));
    await page.evaluate(() => {
      window.worst = "open";
      const row = document.querySelector("#people > li:not([data-state=me])");
      new MutationObserver(() => row.dataset.state !== "open" && (window.worst = row.dataset.state)).observe(row, { attributeFilter: ["data-state"] });
    });
  }
  const realm = await first.page.evaluate(async () => {
    const { deriveKeys } = await import("/lib/seal.js");
    return (await deriveKeys(location.hash.slice(1))).realmKey;
  });
  // A room in which nothing has happened for a while sleeps already. A stranger wakes it.
  await eventually("it is thrown out", async () => {
    await beckon.fetch(`/${realm}/ice?id=passer-by&token=t&roster=1`);
    return beckon.evict(`room:${realm}`, "close");
  });
  assert.deepEqual(await within("both are back", Promise.all(sockets)), [101, 101]);
  await press(first.page, "#hello");
  await untilHello(second.page, await name(first.page));
  for (const { page } of [first, second]) assert.equal(await page.evaluate(() => window.worst), "open");
  await first.close();
  await second.close();
});
