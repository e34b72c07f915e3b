// The largest room: sixteen devices, and everyone connected to everyone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { freshSecret } from "../../public/lib/seal.js";
import { assertUnnoticed, back, openCrowd, round, servePages, settle, startChromium, startFirefox, startServer, until, whole } from "./holding.mjs";

const SIXTEEN = 16;
/** How many devices share a page: sixteen pages are too much for a small machine, and the mesh is the same. */
const A_PAGE = 4;

let server;
let pages;
let chromium;
let firefox;
before(async () => {
  [server, pages, chromium, firefox] = await Promise.all([startServer(), servePages(), startChromium(), startFirefox()]);
});
after(async () => {
  await chromium?.close();
  await firefox?.close();
  pages?.close();
  await server?.close();
});

const mixes = {
  "in Chromium": () => [chromium, chromium, chromium, chromium],
  "three quarters in Chromium, one in Firefox": () => [chromium, chromium, firefox, chromium],
};
for (const [how, browsers] of Object.entries(mixes)) {
  test(`sixteen devices, ${how}: whole, and whole again after a deploy; each click reaches all others once; a seventeenth finds the room full`, async () => {
    const link = `${server.url}#${freshSecret()}`;
    const began = Date.now();
    const crowds = await Promise.all(
      browsers().map((browser, n) =>
        openCrowd(browser, pages, { link, door: server.url, names: Array.from({ length: A_PAGE }, (_, m) => `${n * A_PAGE + m}`) }),
      ),
    );
    const devices = crowds.flat();
    assert.equal(devices.length, SIXTEEN);
    await until("everyone is connected to everyone", devices, whole);
    const formed = Date.now() - began;
    const clicked = await round(devices);

    const [late] = await openCrowd(chromium, pages, { link, door: server.url, names: ["one too many"] });
    const { state, error } = await late.report();
    assert.deepEqual([state, error], ["away", "room-full"]);
    await late.page.close(); // it would come in as soon as there is a seat

    for (const device of devices) await device.ask("mark");
    await server.wake(link);
    const before = await Promise.all(devices.map((device) => device.report()));
    assert.ok(await server.evict(link, "close"));
    // Being away may be over before anybody looks; that it was, stays.
    await until("somebody has been away", devices, (reports) => reports.some(({ cuts }, n) => cuts > before[n].cuts));
    await Promise.all(devices.map((device) => device.ask("click")));
    await until("everyone is back", devices, back);
    await Promise.all(devices.map((device) => device.ask("click")));
    const clicks = await settle(devices);
    assert.equal(clicks, 3 * SIXTEEN * (SIXTEEN - 1));
    const reports = await Promise.all(devices.map((device) => device.report()));
    assertUnnoticed(reports);
    for (const { peers } of reports) assert.equal(peers.length, SIXTEEN - 1);
    console.log(`# sixteen, ${how}: whole after ${formed} ms, everyone heard everyone in ${clicked} ms`);

    await devices[0].page.close();
    await until("who left is gone from every list", devices.slice(A_PAGE), (reports) => reports.every(({ peers }) => peers.length === SIXTEEN - 1 - A_PAGE));
    for (const [device] of crowds.slice(1)) await device.page.close();
  });
}
