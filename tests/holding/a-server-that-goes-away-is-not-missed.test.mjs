// Four devices, two in Chromium and two in Firefox: every pair of engines. They click all the time.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { openDoor } from "../browser/browser.mjs";
import { freshSecret } from "../../public/lib/seal.js";
import {
  assertUnnoticed,
  back,
  cutOff,
  openDevice,
  pause,
  round,
  servePages,
  settle,
  startChromium,
  startFirefox,
  startServer,
  until,
  whole,
} from "./holding.mjs";

/** How often everyone clicks, in ms. */
const CLICK_MS = 200;
/** Who was cut off again and again comes back more slowly; this long after the last time, in ms, that is forgotten. */
const SETTLED_MS = 5_000;

let server;
let pages;
let browsers;
let doors;
let devices;
let link;
before(async () => {
  [server, pages, ...browsers] = await Promise.all([startServer(), servePages(), startChromium(), startFirefox()]);
  doors = await Promise.all([1, 2, 3, 4].map(() => openDoor(server.url)));
  link = `${server.url}#${freshSecret()}`;
  devices = [];
  for (const [n, door] of doors.entries()) {
    const browser = browsers[n >> 1];
    const name = `${n < 2 ? "Chromium" : "Firefox"} ${n}`;
    devices.push(await openDevice(browser, pages, { link, door: door.url, name }));
  }
});
after(async () => {
  for (const browser of browsers ?? []) await browser.close();
  for (const door of doors ?? []) door.shut();
  pages?.close();
  await server?.close();
});
beforeEach(async () => {
  await until("everyone is connected to everyone", devices, whole);
  await round(devices);
  for (const device of devices) await device.ask("mark");
  for (const device of devices) await device.ask("keepClicking", CLICK_MS);
});

/** Everybody is back, nobody has noticed, and no click is lost. Says after how long. */
async function assertNotMissed(what, since) {
  await until("everyone is back", devices, back);
  const took = Date.now() - since;
  await pause(CLICK_MS);
  for (const device of devices) await device.ask("keepClicking", 0);
  const clicks = await settle(devices);
  assertUnnoticed(await Promise.all(devices.map((device) => device.report())));
  console.log(`# ${what}: everyone back after ${took} ms, ${clicks} clicks so far`);
}

test("a socket is cut", async () => {
  for (const [n, door] of doors.entries()) {
    await cutOff([devices[n]], door.shut);
    await pause(3 * CLICK_MS);
    await door.open();
    await until("it is back", [devices[n]], back);
  }
  await assertNotMissed("sockets cut, one after the other", Date.now());
});

test("the room is thrown out of memory", async () => {
  await server.wake(link);
  assert.ok(await server.evict(link, "hibernate"));
  await assertNotMissed("hibernation", Date.now());
});

test("a deploy closes all sockets at once", async () => {
  await server.wake(link);
  let since = 0;
  const evict = () => ((since = Date.now()), server.evict(link, "close"));
  assert.ok(await cutOff(devices, evict));
  await assertNotMissed("deploy", since);
});

test("the server is stopped and started again", async () => {
  await pause(SETTLED_MS);
  await cutOff(devices, server.stop);
  await server.start();
  await assertNotMissed("restart", Date.now());
});

test("the server is gone for a minute", async () => {
  await cutOff(devices, server.shut);
  await pause(60_000);
  await server.open();
  await assertNotMissed("a minute without a server", Date.now());
});
