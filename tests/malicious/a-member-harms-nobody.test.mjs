// Somebody who has the link, or knows the room's key, attacks a page in the room. The page keeps its socket and its place, its person can go
// on, and what others send it arrives.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, link, openDevice, people, press, stage, until, untilConnected } from "../browser/browser.mjs";
import { frameOf, member } from "../client/members.mjs";
import { deriveKeys, freshEpoch } from "../../public/lib/seal.js";
import { open } from "../worker/socket.mjs";

const { beckon, chromium } = await stage();

/** How much of the page's one thread may be taken by an attack that goes on, as a share of its time. */
const BUSY_SHARE = 0.25;
/** How often the page may be changed by thousands of messages that come at once, as a share of their number: each by itself would be 1. */
const CHANGES_SHARE = 0.05;
/** How long an attack's consequences are waited for, in ms. */
const WHILE_MS = 1_500;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A device whose sockets, channels and what is sent on both are to be seen. */
const watched = (url) =>
  openDevice(chromium, url, (page) =>
    page.evaluateOnNewDocument(() => {
      window.sockets = { opened: 0, closed: [], sent: 0 };
      window.channels = [];
      window.connections = [];
      window.WebSocket = class extends WebSocket {
        constructor(/** @type {ConstructorParameters<typeof WebSocket>} */ ...how) {
          super(...how);
          window.sockets.opened++;
          this.addEventListener("close", ({ code }) => window.sockets.closed.push(code));
        }
        send(data) {
          window.sockets.sent++;
          super.send(data);
        }
      };
      window.RTCPeerConnection = class extends RTCPeerConnection {
        constructor(...how) {
          super(...how);
          window.connections.push(this);
        }
        createDataChannel(label, options) {
          const channel = super.createDataChannel(label, options);
          if (label === "beckon") window.channels.push(channel);
          return channel;
        }
      };
    }),
  );

/** A page that is alone in a fresh room, and what the room is called. */
async function victim() {
  const device = await watched(beckon.url);
  await until(device.page, "a fresh room", () => document.getElementById("link").value.includes("#"));
  const address = await link(device.page);
  const keys = await deriveKeys(new URL(address).hash.slice(1));
  await until(device.page, "the room is open", () => document.getElementById("title").textContent === "Waiting for another device");
  const id = await until(device.page, "an id", () => document.querySelector("#people [data-state=me]")?.id.slice("person-".length));
  return { ...device, address, keys, id };
}

const sockets = ({ page }) => page.evaluate(() => window.sockets);

/** How long the page's thread has computed meanwhile, in ms: what others take of the processor does not count. */
async function busy({ page }, act) {
  const session = await page.createCDPSession();
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const computed = async () => (await session.send("Performance.getMetrics")).metrics.find(({ name }) => name === "TaskDuration").value;
  const before = await computed();
  await act();
  await page.evaluate(() => new Promise((done) => setTimeout(done)));
  const took = ((await computed()) - before) * 1_000;
  await session.detach();
  return took;
}

/** How often the page was changed meanwhile; what changes at once counts once. */
async function changes({ page }, act) {
  await page.evaluate(() => {
    window.changes = 0;
    new MutationObserver(() => window.changes++).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  });
  await act();
  return page.evaluate(() => window.changes);
}

test("nine hundred sealed empty messages: it keeps its socket, answers a few, and what a third member sends arrives", async () => {
  const device = await victim();
  const { realmKey } = device.keys;
  const third = await openDevice(chromium, device.address);
  await untilConnected(device.page, 1);
  const mine = await member();
  const attacker = await open(beckon.url, { key: realmKey, id: mine.id, token: "a", roster: "1" });
  const epoch = freshEpoch();
  const frames = [];
  for (let seq = 1; seq <= 900; seq++) {
    const context = { to: device.id, epoch, toEpoch: seq % 3 ? "" : freshEpoch(), seq };
    frames.push({ type: "MESSAGE", dst: device.id, payload: await frameOf(device.keys, mine, context, {}) });
  }
  const before = await sockets(device);
  for (const frame of frames) attacker.send(frame); // at once: what the page may answer in a second, it may again in the next
  await until(device.page, "the attacker is heard", (id) => Boolean(document.getElementById(`person-${id}`)), mine.id);
  await pause(WHILE_MS);
  const after = await sockets(device);
  console.log(`# 900 messages: ${after.sent - before.sent} frames were sent`);
  assert.deepEqual([after.opened, after.closed], [1, []]);
  assert.ok(after.sent - before.sent <= 60, `${after.sent - before.sent} frames`);
  await press(third.page, "#hello");
  await until(device.page, "a hello", () => document.querySelector("[role=alert].said, .said"));
  await attacker.close(1000);
  for (const { troubles, close } of [device, third]) {
    assert.deepEqual(troubles, []);
    await close();
  }
});

test("fifteen hundred who join and leave: the page stays quick, and keeps nothing of them", async () => {
  const device = await victim();
  const { realmKey } = device.keys;
  let most = 0;
  const began = Date.now();
  const took = await busy(device, async () => {
    for (let round = 0; round < 125; round++) {
      const guests = await Promise.all(
        Array.from({ length: 12 }, (_, n) => open(beckon.url, { key: realmKey, id: `guest-${round}-${n}`, token: "t", roster: "1" })),
      );
      for (const guest of guests) guest.send({ type: "LEAVE" });
      for (const guest of guests) guest.cut();
      most = Math.max(most, (await people(device.page)).length);
    }
  });
  const share = took / (Date.now() - began);
  console.log(`# 1,500 joins and leaves: ${Math.round(100 * share)} % of the page's thread, at most ${most} rows`);
  assert.ok(most <= 15 + 8 + 12, `${most} rows at once`);
  await until(device.page, "all are gone", () => !document.querySelector('#people > li:not([data-state="me"])'));
  assert.deepEqual((await sockets(device)).closed, []);
  assert.ok(share < BUSY_SHARE, `${share}`);
  await device.close();
});

/** The victim, and a page that is connected to it and can say whatever it likes. */
async function connected() {
  const device = await victim();
  const attacker = await watched(device.address);
  await untilConnected(device.page, 1);
  await untilConnected(attacker.page, 1);
  return { device, attacker };
}

test("five thousand names, and other words by the thousand: the page stays quick, and the last name is the one that is shown", async () => {
  const { device, attacker } = await connected();
  const changed = await changes(device, async () => {
    await attacker.page.evaluate(() => {
      const channel = window.channels.at(-1);
      // Blobs whose sizes are lies, and pieces that belong nowhere.
      for (let id = 1; id <= 1_000; id++) {
        const size = [1, 1e9, 1e15, -1, "9"][id % 5];
        channel.send(JSON.stringify({ type: "transfer", what: "begin", id, size, as: "blob", name: "x", mime: "text/html" }));
        const piece = new DataView(new ArrayBuffer(5_000));
        piece.setUint8(0, 9);
        piece.setUint32(1, 1 + (id % 7));
        piece.setFloat64(5, [0, -1, NaN, 1e12, 0.5][id % 5]);
        channel.send(piece.buffer);
      }
      for (let n = 1; n <= 5_000; n++) channel.send(JSON.stringify({ type: "name", name: `Liar ${n}` }));
      for (const words of [{ type: "relay", protocol: { toString: 0, valueOf: 0 } }, { type: "ack", seq: ["1"] }, { type: "ping" }, null, 7, [[]]]) {
        for (let n = 0; n < 1_000; n++) channel.send(JSON.stringify(words));
      }
      for (let n = 0; n < 1_000; n++) channel.send(JSON.stringify({ type: "relay", protocol: n % 2 ? "tcp" : "tls" }));
    });
    await until(device.page, "the last name", () => [...document.querySelectorAll("#people .name")].some(({ textContent }) => textContent === "Liar 5000"));
  });
  console.log(`# 12,000 words: the page changed ${changed} times`);
  assert.ok(changed > 0 && changed < 12_000 * CHANGES_SHARE, `${changed} times`);
  assert.deepEqual(device.troubles, []);
  for (const { close } of [device, attacker]) await close();
});

test("what is sent to the test channel by the megabyte does not come back, and an honest test does", async () => {
  const { device, attacker } = await connected();
  const back = await attacker.page.evaluate(async (ms) => {
    const connection = window.connections.find(({ connectionState }) => connectionState === "connected");
    // What answers comes with the connection, but after it: a channel that was opened before is nobody's.
    const open = async () => {
      const channel = connection.createDataChannel("beckon demonstration");
      await new Promise((resolve) => (channel.onopen = resolve));
      channel.send("somebody there?");
      return new Promise((/** @type {(channel: RTCDataChannel | null) => void} */ resolve) => {
        channel.onmessage = () => resolve(channel);
        setTimeout(resolve, 200, null);
      });
    };
    let channel = await open();
    while (!channel) channel = await open();
    for (let n = 0; n < 24; n++) channel.send("an honest word");
    let back = 0;
    await new Promise((resolve) => (channel.onmessage = () => ++back === 24 && resolve()));
    back = 0;
    channel.onmessage = ({ data }) => (back += data.length ?? data.byteLength);
    for (let n = 0; n < 400; n++) channel.send("x".repeat(16_000));
    for (let n = 0; n < 5_000; n++) channel.send("x".repeat(40));
    while (channel.bufferedAmount) await new Promise((resolve) => setTimeout(resolve, 20));
    await new Promise((resolve) => setTimeout(resolve, ms));
    return back;
  }, WHILE_MS);
  console.log(`# 6.6 MB: ${back} bytes came back`);
  assert.ok(back > 0 && back <= 40_000, `${back} bytes`);
  assert.deepEqual(device.troubles, []);
  for (const { close } of [device, attacker]) await close();
});

test("hellos by the thousand: the page stays quick", async () => {
  const { device, attacker } = await connected();
  const changed = await changes(device, async () => {
    await attacker.page.evaluate(() => {
      const { length } = "hello world";
      for (let n = 0; n < 5_000; n++) {
        const frame = new Uint8Array(1 + length);
        frame[0] = 1 | 4; // a message that may be lost, and so has no number
        frame.set(new TextEncoder().encode("hello world"), 1);
        window.channels.at(-1).send(frame);
      }
    });
    await eventually("all are counted", () => device.page.evaluate(() => document.getElementById("people").textContent.includes("said hello 5000 times")));
  });
  console.log(`# 5,000 hellos: the page changed ${changed} times`);
  assert.ok(changed > 0 && changed < 5_000 * CHANGES_SHARE, `${changed} times`);
  for (const { close } of [device, attacker]) await close();
});
