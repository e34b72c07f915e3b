// What a stranger can send to a page through the server: 256 KiB in a frame of each type, as text, as a list and as lists in lists. Each page
// still answers soon afterwards, throws nothing, and goes on. In a room of ours a stranger is somebody who knows the room's key at the server,
// and not its secret; there the server passes on 64 KiB at most. What it passes on from nobody, or not so long, a lying one may send itself.
import assert from "node:assert/strict";
import { test } from "node:test";
import { deriveKeys } from "../../public/lib/seal.js";
import { open } from "../worker/socket.mjs";
import { eventually, openDevice, stage, until } from "./browser.mjs";

// What the server takes from one socket, and gives one, is less than all this at once.
const { beckon, chromium } = await stage({ vars: { BYTES_PER_SECOND: "10000000" } });

/** How long a page may take for all that it is sent here, in ms of processor time of its one thread: it was a minute for a single frame. */
const BUSY_MS = 4_000;
const BYTES = 256 * 1024;
/** What fits into a frame of a room. */
const ROOM_BYTES = 60 * 1024;
const TYPES = ["OFFER", "ANSWER", "CANDIDATE", "MESSAGE", "LEAVE", "EXPIRE", "JOIN", "LOST", "ICE", "toString", "ERROR", "ID-TAKEN", "OPEN"];
/** Which of these are passed on, in the realm of stock clients and in a room. */
const RELAYED = { stock: ["OFFER", "ANSWER", "CANDIDATE", "LEAVE"], room: ["OFFER", "ANSWER", "CANDIDATE", "MESSAGE"] };
/** The stock client's own, of a connection that wants to be written in a way that it does not know. */
const STOCK = /_serializers\[\S+\] is not a constructor/;
const payloads = (bytes) => [
  `o=${"a".repeat(bytes - 2)}`,
  `candidate:${"::0".repeat(bytes / 3 - 10)}`, // nearly addresses
  Array(bytes / 2 - 10).fill(7),
  Object.fromEntries(Array.from({ length: bytes / 16 }, (_, n) => [`n${n}`, n])),
  { sdp: `v=0\r\n${"m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n".repeat(bytes / 52 - 10)}`, type: "offer" },
  { type: "data", connectionId: "dc_x", sdp: { type: "offer", sdp: "x".repeat(bytes - 200) } },
];

/** Every frame of a type. The last has lists in lists, which not every program writes. */
const texts = (type, facts, bytes) => [
  ...payloads(bytes).map((payload) => JSON.stringify({ type, ...facts, payload })),
  `${JSON.stringify({ type, ...facts }).slice(0, -1)},"payload":${"[".repeat(bytes / 2 - 100) + "]".repeat(bytes / 2 - 100)}}`,
];

/** Sends all of them to somebody, within what the server takes from one socket. */
async function flood(query, dst, bytes) {
  const sent = [];
  for (const type of TYPES) {
    const socket = await open(beckon.url, { ...query, id: `stranger-${type}`, token: "t" });
    for (const text of texts(type, { dst }, bytes)) socket.send(text);
    sent.push(socket);
  }
  return sent;
}

const PAGES = {
  "the classroom": {
    path: "/classroom",
    enter: async (page) => {
      await page.evaluate(() => {
        document.getElementById("my-id").value = "osama";
        document.getElementById("start").click();
      });
      await until(page, "it is there", () => document.getElementById("status").textContent.includes("You are osama"));
      return { query: { key: "peerjs" }, id: "osama" };
    },
  },
  "the room": { path: "/" },
  "the doctor, for two": { path: "/doctor" },
  chat: { path: "/examples/chat" },
  files: { path: "/examples/files" },
  cursor: { path: "/examples/cursor" },
  "the library in a page": { path: "/examples", bare: true },
};

/** The id and the room of a page with one of our rooms. */
async function enterRoom(page, bare) {
  if (bare) {
    await page.evaluate(async () => {
      const { join } = await import("/beckon.js");
      window.room = join(new URL("/", location.href));
      await window.room.ready;
      history.replaceState(null, "", new URL(window.room.link).hash);
    });
  } else if (page.url().includes("doctor")) await page.evaluate(() => document.getElementById("invite").click());
  await until(page, "a room", () => location.hash.length === 23);
  const { realmKey } = await deriveKeys(new URL(page.url()).hash.slice(1));
  const id = await until(page, "an id", () => window.ids.at(-1));
  await until(page, "the socket is open", () => window.opened);
  return { query: { key: realmKey, roster: "1" }, id };
}

for (const [what, { path, enter, bare }] of Object.entries(PAGES)) {
  test(`${what} survives 256 KiB in a frame of each type`, async () => {
    const { page, troubles, close } = await openDevice(chromium, new URL(path, beckon.url), (page) =>
      page.evaluateOnNewDocument(() => {
        window.ids = [];
        window.opened = false;
        window.relayed = [];
        window.WebSocket = class extends WebSocket {
          constructor(url, ...how) {
            super(url, ...how);
            window.socket = this;
            window.ids.push(new URL(url).searchParams.get("id"));
            this.addEventListener("message", ({ data }) => {
              const [, type, src] = /^\{"type":"(\w+)","src":"(stranger-\w+)"/.exec(data) ?? [];
              if (src === `stranger-${type}`) window.relayed.push(type);
              window.opened ||= data.includes('"OPEN"');
            });
          }
        };
      }),
    );
    const { query, id } = await (enter?.(page) ?? enterRoom(page, bare));
    const devtools = await page.createCDPSession();
    await devtools.send("Performance.enable");
    const threadTime = async () => (await devtools.send("Performance.getMetrics")).metrics.find(({ name }) => name === "ThreadTime").value * 1_000;
    const before = await threadTime();
    const sockets = await flood(query, id, enter ? BYTES : ROOM_BYTES);
    const types = enter ? RELAYED.stock : RELAYED.room;
    const count = texts("", {}, ROOM_BYTES).length;
    // Of a LEAVE in a room the server tells without a payload.
    await eventually("they have come", () =>
      page.evaluate((types, count) => types.every((type) => window.relayed.filter((one) => one === type).length === count), types, count),
    );
    if (!enter) {
      for (const type of TYPES)
        await page.evaluate(
          (texts) => texts.forEach((data) => window.socket.dispatchEvent(new MessageEvent("message", { data }))),
          texts(type, { src: "stranger" }, BYTES),
        );
    }
    const busy = (await threadTime()) - before;
    console.log(`# ${what}: ${types.length * count} frames by the server, ${Math.round(busy)} ms of its thread`);
    assert.ok(busy < BUSY_MS, `${busy} ms`);
    await page.evaluate(() => new Promise((done) => setTimeout(done))); // it answers
    assert.deepEqual(
      troubles.filter((trouble) => !(enter && STOCK.test(trouble))),
      [],
    );
    for (const socket of sockets) socket.cut();
    await close();
  });
}
