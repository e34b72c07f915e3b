// What happens to a device: in Chromium, and in Firefox, with one of the other kind and one of the same at the other end.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { freshSecret } from "../../public/lib/seal.js";
import {
  DEADLINE_MS,
  assertUnnoticed,
  deviceIn,
  joined,
  openDevice,
  pause,
  processesOf,
  round,
  servePages,
  settle,
  startOwnChromium,
  startOwnFirefox,
  startServer,
  until,
  whole,
} from "./holding.mjs";

const CLICK_MS = 200;
/** Sleeps, in ms: one that nobody's patience notices, and one after which everybody has given up the connection. */
const NAP_MS = 3_000;
const SLEEP_MS = 25_000;
const ENGINES = ["Chromium", "Firefox"];

let server;
let pages;
/** The ones who stay awake, and the ones to whom it happens. */
let others;
let browsers;
before(async () => {
  const start = () => Promise.all([startOwnChromium(), startOwnFirefox()]);
  [server, pages, others] = await Promise.all([startServer(), servePages(), start()]);
  browsers = await start();
});
after(async () => {
  for (const browser of [...(browsers ?? []), ...(others ?? [])]) await browser.close();
  pages?.close();
  await server?.close();
});

/** A room with the device to which it happens, first, and one of each engine; everyone has clicked. */
async function openRoom(engine) {
  const link = `${server.url}#${freshSecret()}`;
  const door = server.url;
  const devices = [await openDevice(browsers[engine], pages, { link, door, name: `${ENGINES[engine]}, to whom it happens` })];
  for (const [n, browser] of others.entries()) devices.push(await openDevice(browser, pages, { link, door, name: ENGINES[n] }));
  await until("everyone is connected to everyone", devices, whole);
  await round(devices);
  for (const device of devices) await device.ask("mark");
  return { link, devices, close: () => Promise.all(devices.map((device) => device.close())) };
}
const clicking = (devices, ms) => Promise.all(devices.map((device) => device.ask("keepClicking", ms)));

for (const ms of [NAP_MS, SLEEP_MS]) {
  test(`devices that sleep for ${ms / 1_000} s lose nothing`, async () => {
    await Promise.all(
      [0, 1].map(async (engine) => {
        const { devices, close } = await openRoom(engine);
        await clicking(devices, CLICK_MS);
        const processes = processesOf(browsers[engine]);
        for (const pid of processes) process.kill(pid, "SIGSTOP");
        await pause(ms);
        for (const pid of processes) process.kill(pid, "SIGCONT");
        const since = Date.now();
        await until("everyone is connected to everyone", devices, whole);
        const took = Date.now() - since;
        await clicking(devices, 0);
        const clicks = await settle(devices);
        const settled = Date.now() - since;
        await round(devices);
        console.log(`# ${ENGINES[engine]} slept ${ms} ms: connected after ${took} ms, ${clicks} clicks settled after ${settled} ms`);
        for (const { events } of await Promise.all(devices.map((device) => device.report()))) {
          assert.deepEqual(
            events.filter((event) => /^(left|peer) /.test(event)),
            [],
            "nobody seems to leave",
          );
        }
        await close();
      }),
    );
  });
}

for (const engine of [0, 1]) {
  const name = ENGINES[engine];

  test(`the network of a device in ${name} changes: the path is looked for anew, and the connection stays`, async () => {
    const { devices, close } = await openRoom(engine);
    const fragments = () => devices[0].ask("fragments");
    const before = await fragments();
    await clicking(devices, CLICK_MS);
    await devices[0].page.evaluate(() => {
      for (const type of ["offline", "online"]) window.dispatchEvent(new Event(type));
    });
    const end = Date.now() + DEADLINE_MS;
    while ((await fragments()).some((fragment) => before.includes(fragment))) {
      assert.ok(Date.now() < end, "the path was not looked for anew");
      await pause(25);
    }
    await pause(1_000);
    await clicking(devices, 0);
    await settle(devices);
    assertUnnoticed(await Promise.all(devices.map((device) => device.report())));
    await close();
  });

  test(`a page in ${name} that is loaded again keeps its id and name, and hears what was on its way`, async () => {
    const { devices, close } = await openRoom(engine);
    const [{ page }] = devices;
    const before = await devices[0].report();
    const rest = devices.slice(1);
    await clicking(rest, 20);
    await pause(200);
    await page.evaluate((name) => addEventListener("pagehide", () => globalThis.agent.keep(name)), devices[0].name);
    await page.reload();
    const since = Date.now();
    await joined(page);
    await until("everyone is connected to everyone", devices, whole);
    const took = Date.now() - since;
    await clicking(rest, 0);
    const [after, ...reports] = await until("every click is confirmed", devices, (reports) => reports.every(({ open }) => !open));
    assert.deepEqual([after.id, after.name, after.peers.length], [before.id, before.name, 2]);
    const kept = await devices[0].ask("kept");
    for (const { name, id, sent, failed } of reports) {
      assert.deepEqual(failed, [], `${name}: every click arrives`);
      const [old, young] = [kept[id], after.heard[id]];
      for (const list of [old, young])
        assert.deepEqual(
          list,
          [...new Set(list)].sort((a, b) => a - b),
          "once on each page, in order",
        );
      assert.deepEqual(
        [...new Set([...old, ...young])].sort((a, b) => a - b),
        sent[after.id],
        `${name}: none is missing`,
      );
      assert.ok(old.filter((number) => young.includes(number)).length <= 5, "twice only what the old page could not confirm");
    }
    console.log(`# ${name} reloaded: connected after ${took} ms`);
    await round(rest);
    await devices[0].ask("click");
    await close();
  });

  test(`a duplicated tab in ${name} is a second peer`, async () => {
    const { devices, close } = await openRoom(engine);
    const [original] = devices;
    const { id } = await original.report();
    const opened = new Promise((resolve) => original.page.once("popup", resolve));
    await original.page.evaluate(() => void open(location.href)); // as duplicating does, it copies the tab's storage
    const page = await opened;
    await joined(page);
    const second = deviceIn(page, original.name);
    await until("everyone is connected to everyone", [...devices, second], whole);
    await round([...devices, second]);
    const reports = await Promise.all([...devices, second].map((device) => device.report()));
    assert.equal(reports[0].id, id, "the original stays who it was");
    assert.equal(new Set(reports.map((report) => report.id)).size, 4);
    assert.deepEqual(
      reports[1].events.filter((event) => event.startsWith("left")),
      [],
    );
    await page.close();
    await until("the duplicate is gone", devices, whole);
    await round(devices);
    await close();
  });
}

test("Chromium freezes a page, and it thaws as if nothing had been", async () => {
  const { devices, close } = await openRoom(0);
  const cdp = await devices[0].page.createCDPSession();
  await clicking(devices.slice(1), CLICK_MS);
  await cdp.send("Page.setWebLifecycleState", { state: "frozen" });
  await pause(NAP_MS);
  await cdp.send("Page.setWebLifecycleState", { state: "active" });
  const since = Date.now();
  await until("everyone is connected to everyone", devices, whole);
  await clicking(devices, 0);
  const clicks = await settle(devices);
  console.log(`# thawed: ${clicks} clicks settled after ${Date.now() - since} ms`);
  await round(devices);
  await close();
});
