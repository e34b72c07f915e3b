// The last check before anything is sent: is whoever is at the other end of the connection who was introduced?
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { freshSecret } from "../../public/lib/seal.js";
import { assertSealed, startLiar } from "../malicious/liar.mjs";
import { joined, openDevice, pause, round, servePages, settle, startChromium, startFirefox, startServer, until } from "./holding.mjs";

let server;
let pages;
let browsers;
const liars = [];
before(async () => {
  [server, pages, ...browsers] = await Promise.all([startServer(), servePages(), startChromium(), startFirefox()]);
});
after(async () => {
  for (const browser of browsers ?? []) await browser.close();
  for (const liar of liars) liar.close();
  pages?.close();
  await server?.close();
});

/** Two devices in a room, the first of them patched. */
function pair(patch, ...engines) {
  const link = `${server.url}#${freshSecret()}`;
  return Promise.all(engines.map((engine, n) => openDevice(browsers[engine], pages, { link, door: server.url, name: `${n}`, patch: n ? "" : patch })));
}

const byServer = ({ events }) => events.some((event) => event.includes("open server"));

test("a certificate in use that was not announced: the person is told, and nothing is sent or heard", async () => {
  const scene = async (other) => {
    const devices = await pair("forged", 0, other);
    const [victim, peer] = devices;
    for (const device of devices) await until("they know of each other", [device], ([{ peers }]) => peers.length === 1);
    for (const device of devices) await device.ask("click");
    const [report] = await until("the person is told", [victim], ([{ events }]) => events.some((event) => event.endsWith(" tampered")));
    assert.ok(byServer(report) || report.open === 1, "what is for the other is not given to a stranger");
    await peer.ask("click");
    await pause(1_000);
    const reports = await Promise.all([victim, peer].map((device) => device.report()));
    for (const { heard } of reports) {
      // Only the server, sealed, may have brought anything.
      if (!reports.some(byServer)) assert.deepEqual(heard, {}, "what came from a stranger is not delivered, and nothing later");
      assert.ok(
        Object.values(heard).every((numbers) => new Set(numbers).size === numbers.length),
        "nor twice",
      );
    }
    const [{ events }] = reports;
    assert.ok(
      events.every((event) => !/ (open|direct|reconnecting)/.test(event.replace("open server", ""))),
      events.join(" | "),
    );
    for (const device of devices) await device.close();
  };
  await Promise.all([0, 1].map(scene));
});

test("an announcement that names another certificate: no browser connects to it", async () => {
  const scene = async (engines) => {
    const devices = await pair("misannounced", ...engines);
    for (const device of devices) await until("they know of each other", [device], ([{ peers }]) => peers.length === 1);
    for (const device of devices) await device.ask("click");
    await settle(devices);
    for (const { peers } of await Promise.all(devices.map((device) => device.report()))) assert.equal(peers[0].path, "server");
    for (const device of devices) await device.close();
  };
  await Promise.all(
    [
      [0, 0],
      [0, 1],
      [1, 0],
    ].map(scene),
  );
});

test("everything that a page was told is told again after it was loaded anew: it is not heard twice", async () => {
  const scene = async ([n, patch]) => {
    const liar = await startLiar(server.url);
    liars.push(liar);
    const link = `${liar.url}#${freshSecret()}`;
    const devices = [
      await openDevice(browsers[n], pages, { link, door: liar.url, name: "reloaded", patch }),
      await openDevice(browsers[0], pages, { link, door: liar.url, name: "other" }),
    ];
    const [reloaded, other] = devices;
    const { id } = await reloaded.report();
    const visit = [];
    const listen = (frame, client) => (client.id === id && frame.type !== "OPEN" && visit.push(frame), [frame]);
    liar.lie = listen;
    await other.page.reload();
    await joined(other.page);
    const met = (reports) => reports.every(({ peers }) => peers.length === 1 && peers[0].state === "open");
    await until("they are connected", devices, met);
    await round(devices);
    if (!patch) {
      // Something that can only be for this visit: first offers are for whoever is there.
      const offers = () => visit.filter(({ type }) => type === "OFFER").length;
      const before = offers();
      await other.page.evaluate(() => void window.dispatchEvent(new Event("online")));
      await until("the path is looked for anew", devices, () => offers() > before);
    }
    liar.lie = (frame) => [frame];
    const old = await other.report();
    await reloaded.page.reload();
    await joined(reloaded.page);
    const now = liar.clients.findLast((client) => client.id === id);
    for (const frame of visit) now.send(frame);
    await until("they are connected", devices, met);
    await other.ask("click");
    await until("the new click is heard", [reloaded], ([{ heard }]) => heard[old.id]?.length);
    await pause(500);
    const { heard, refused } = await reloaded.report();
    assert.deepEqual(heard, { [old.id]: [2] }, "only what is new");
    // What named the old page is stale. What named none is played back from a page that is still there: the first of it may count as new.
    assert.ok(refused.length > 0 && refused.every((reason) => reason === "stale" || reason === "replayed"), refused.join());
    for (const device of devices) await device.close();
    assertSealed(liar.seen, []);
  };
  await Promise.all(
    /** @type {[number, string][]} */ ([
      [0, ""],
      [1, "pathless"],
    ]).map(scene),
  );
});
