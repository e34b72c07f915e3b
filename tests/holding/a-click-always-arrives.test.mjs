// Where there is no direct path, everything depends on the sockets. They are cut, the page is loaded again, and still every click
// arrives; but whoever leaves is gone at once. In Chromium and in Firefox, to one of each.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openDoor } from "../browser/browser.mjs";
import { freshSecret } from "../../public/lib/seal.js";
import { cutOff, joined, openDevice, pause, servePages, settle, startChromium, startFirefox, startServer, until } from "./holding.mjs";

const ENGINES = ["Chromium", "Firefox"];
const CLICK_MS = 300;

let server;
let pages;
let browsers;
before(async () => {
  [server, pages, ...browsers] = await Promise.all([startServer(), servePages(), startChromium(), startFirefox()]);
});
after(async () => {
  for (const browser of browsers ?? []) await browser.close();
  pages?.close();
  await server?.close();
});

/** A room: a device without any direct path, behind a door, and one of each engine. */
async function openRoom(engine, patch = "") {
  const link = `${server.url}#${freshSecret()}`;
  const door = await openDoor(server.url);
  const rest = await Promise.all(browsers.map((browser, n) => openDevice(browser, pages, { link, door: server.url, name: ENGINES[n], patch })));
  const lonely = await openDevice(browsers[engine], pages, { link, door: door.url, name: "without a path", patch: "pathless" });
  const devices = [lonely, ...rest];
  const close = async () => {
    for (const device of devices) await device.close();
    door.shut();
  };
  return { link, door, lonely, rest, devices, close };
}
const everyone = (reports) => reports.every(({ peers }) => peers.length === reports.length - 1);
const reached = (reports) =>
  everyone(reports) &&
  reports[0].peers.every(({ path }) => path === "server") &&
  reports.slice(1).every(({ peers }) => peers.every(({ state }) => state === "open"));
const clicking = (devices, ms) => Promise.all(devices.map((device) => device.ask("keepClicking", ms)));
const assertNobodyLeft = async (devices) => {
  for (const { name, events } of await Promise.all(devices.map((device) => device.report()))) {
    assert.deepEqual(
      events.filter((event) => /^(left|peer) /.test(event)),
      [],
      `for ${name}, nobody came or went`,
    );
  }
};

/** In both engines at the same time. */
const inEach = async (scene) => void (await Promise.all([0, 1].map(scene)));

test("a click waits for a socket that is cut before there is any path, and for every cut after it", () =>
  inEach(async (engine) => {
    const { link, door, lonely, rest, devices, close } = await openRoom(engine, "slowToLetGo");
    // Who has said nothing to somebody yet has left, for that one, as soon as the socket is gone.
    await until(
      "everyone knows of everyone",
      devices,
      (reports) => everyone(reports) && reports.every(({ peers }) => peers.every(({ tried, state }) => tried || state === "open")),
    );
    for (const device of devices) await device.ask("mark");
    await clicking(devices, CLICK_MS);
    // Nothing is waited for until the door is open again: who is away for long has left.
    const forASecond = async () => {
      door.shut();
      await pause(1_000);
      await door.open();
    };
    await cutOff([lonely], forASecond);
    await until("everyone can be reached", devices, reached);

    await cutOff([lonely], forASecond);
    await until("everyone can be reached", devices, reached);

    await server.wake(link);
    await cutOff(devices, () => server.evict(link, "close"));
    await until("everyone can be reached", devices, reached);
    await clicking(devices, 0);
    const clicks = await settle(devices);
    console.log(`# ${ENGINES[engine]}: ${clicks} clicks, each once`);
    await assertNobodyLeft(devices);
    assert.ok(rest.length === 2);
    await close();
  }));

test("loaded again, the page without a path hears what was on its way", () =>
  inEach(async (engine) => {
    const { lonely, rest, devices, close } = await openRoom(engine);
    await until("everyone can be reached", devices, reached);
    await clicking(rest, 50); // more than goes through the server in a second, so that some is always on its way
    await pause(1_000);
    await lonely.page.reload();
    await joined(lonely.page);
    await clicking(rest, 0);
    const [{ id, heard }, ...reports] = await until("every click is confirmed", devices, (reports) => reports.every(({ open }) => !open));
    for (const report of reports) {
      assert.deepEqual(report.failed, [], `${report.name}: every click arrives`);
      const last = heard[report.id] ?? []; // a hidden page clicks but once a second, and may have nothing on its way
      assert.deepEqual(last, (report.sent[id] ?? []).slice(-last.length || Infinity), "to the end, in order");
    }
    assert.ok(Object.keys(heard).length > 0, "something was on its way");
    await close();
  }));

test("who closes the page is gone at once, with a path and without", () =>
  inEach(async (engine) => {
    const { lonely, rest, devices, close } = await openRoom(engine, "slowToLetGo");
    await until("everyone can be reached", devices, reached);
    const stays = rest[1 - engine];
    for (const goes of [lonely, rest[engine]]) {
      const { id } = await goes.report();
      await goes.page.goto("about:blank");
      const since = Date.now();
      await until("it has left", [stays], ([{ peers }]) => peers.every((peer) => peer.id !== id));
      console.log(`# ${goes.name} closed: gone after ${Date.now() - since} ms`);
    }
    await close();
  }));
