import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { barriers } from "./axe.mjs";
import { connectedPupils, pupil } from "./classroom.mjs";
import { openDoor, ownBeckon, press, stage, stopClock, until, untilText } from "./browser.mjs";
import { startTurn } from "./turn.mjs";

const { beckon, chromium } = await stage({}, ownBeckon);

/** A frame of the lesson as `{ term: text }`. */
const figures = (page, id) =>
  page.$eval(`#${id}`, (list) => Object.fromEntries([...list.querySelectorAll("dt")].map((term) => [term.textContent, term.nextElementSibling.textContent])));
const untilFigure = (page, id, pattern) =>
  until(page, `${id}: ${pattern}`, (id, source) => new RegExp(source).test(document.getElementById(id).textContent), id, pattern.source);
const notes = (page) => page.$$eval("#notes > li", (lines) => lines.map((line) => (line.querySelector("summary") ?? line).textContent));

test("the notes, the candidates, the pair and the traffic of the connection that is there", async () => {
  const pupils = await connectedPupils(chromium, beckon.url);
  const [{ page: osama }, { page: layla }] = pupils;
  // They may be connected before they have heard all that the other one has found.
  await until(layla, "candidates both ways", () =>
    ["→ CANDIDATE to osama", "← CANDIDATE from osama"].every((note) => document.getElementById("notes").textContent.includes(note)),
  );
  const [received, sent] = [await notes(osama), await notes(layla)];
  assert.equal(sent[0], "A line to the server is open");
  assert.match(sent[1], /^← OPEN from the server \d+ bytes$/);
  for (const [lines, offer, answer] of [
    [received, /^← OFFER from layla \d+ bytes$/, /^→ ANSWER to layla \d+ bytes$/],
    [sent, /^→ OFFER to osama \d+ bytes$/, /^← ANSWER from osama \d+ bytes$/],
  ]) {
    const order = [offer, answer].map((pattern) => lines.findIndex((line) => pattern.test(line)));
    assert.ok(order[0] > 0 && order[0] < order[1], `an offer, then its answer, in ${lines.join(" | ")}`);
  }
  assert.ok(sent.some((line) => /^→ CANDIDATE to osama/.test(line)) && sent.some((line) => /^← CANDIDATE from osama/.test(line)));
  const offer = await layla.$$eval("#notes pre", (texts) => texts.map((text) => text.textContent).find((text) => text.includes('"OFFER"')));
  assert.match(offer, /a=fingerprint:sha-256 ([\dA-F]{2}:){31}[\dA-F]{2}\n/, "as it is");
  assert.match(offer, /"dst": "osama"/);

  for (const page of [osama, layla]) {
    await untilFigure(page, "pairs", /In use(host|prflx) here, (host|prflx) there, by UDP, [\d.]+ ms there and back/);
    assert.match((await figures(page, "candidates")).Here, /\d host: an address of the device itself/);
    assert.match((await figures(page, "candidates"))["Asked for them"], /^stun:/, "as the stock client is set up");
    // A pair may be in use a moment before the browser says that it has worked.
    await untilFigure(page, "pairs", /Looking(connected|completed): \d+ pairs?, [1-9]\d* of them worked/);
    assert.equal((await figures(page, "relaying"))["Is it used?"], "no: this connection is direct");
  }
  await untilFigure(layla, "traffic", /0 messages sent, 0 received/);
  const heard = pupils[0].said();
  await press(layla, "#hello");
  await heard;
  await untilFigure(layla, "traffic", /1 message sent, 0 received/);
  await untilFigure(osama, "traffic", /0 messages sent, 1 received/);
  assert.match((await figures(layla, "traffic"))["Through the server since then"], /^\d+ notes?, and \d+ times? “I am still here”$/);

  // What somebody else's program calls itself, and what it sends.
  await layla.evaluate(() => {
    const data = JSON.stringify({ type: "OFFER\u2028", src: "evil\u202Egpj", payload: { sdp: "\u2066\u200b" } });
    new WebSocket(Object.assign(new URL(location.href), { protocol: "ws:", hash: "" })).dispatchEvent(new MessageEvent("message", { data }));
  });
  await layla.evaluate("say('Connected to evil\\u202Egpj')");
  assert.equal(await layla.$eval("#status", ({ textContent }) => textContent), "Connected to evil gpj");
  assert.match(
    (await notes(layla)).find((line) => line.includes("evil")),
    /^← OFFER from evil gpj \d+ bytes$/,
  );
  assert.doesNotMatch(await layla.evaluate(() => document.body.textContent), /[\u202e\u2066\u2028\u200b]/, "nothing is hidden");

  const shown = await layla.evaluate(() => document.body.textContent);
  assert.doesNotMatch(shown.replaceAll("127.0.0.1", ""), /\d+\.\d+\.\d+\.\d+|[\da-f-]{36}\.local/, "no addresses but what the program says");
  assert.deepEqual(await barriers(layla), []);
  for (const { troubles, close } of pupils) {
    assert.deepEqual(troubles, []);
    await close();
  }
});

test("three messages arrive as three; the same bytes through a stream are cut where its reader likes", async () => {
  const pupils = await connectedPupils(chromium, beckon.url);
  const [{ page }] = pupils;
  await stopClock(page); // the other one has three seconds to answer
  await press(page, "#try");
  await untilText(page, "there and back it was 3 messages");
  const pieces = (row) => page.$$eval(`#outcome dd:nth-of-type(${row}) .piece`, (pieces) => pieces.map((piece) => piece.textContent));
  assert.deepEqual(await pieces(1), ["hello", "big", "world"]);
  assert.deepEqual(await pieces(2), ["hell", "obig", "worl", "d"]);
  assert.deepEqual(await pupils[1].page.$$eval("#outcome dt", (terms) => terms.length), 0, "the other one has pressed nothing");
  for (const { troubles, close } of pupils) {
    assert.deepEqual(troubles, []);
    await close();
  }
});

test("alone, it says what is missing", async () => {
  const { page, troubles, close } = await pupil(chromium, beckon.url, "amina");
  await untilText(page, "You are amina");
  await press(page, "#try");
  await untilText(page, "Connect to another device first.");
  await untilFigure(page, "pairs", /nothing yet: connect, and it shows here/);
  assert.deepEqual(troubles, []);
  await close();
});

test("a relay is seen to be one, and a server that is pulled out to be missed by nobody", async (t) => {
  const turn = await startTurn("one secret");
  t.after(() => turn.close());
  const username = String(Math.floor(Date.now() / 1_000) + 3_600);
  const server = { urls: turn.udp, username, credential: createHmac("sha1", "one secret").update(username).digest("base64") };
  const relayed = (page) =>
    page.evaluateOnNewDocument((server) => {
      const { RTCPeerConnection } = window;
      window.RTCPeerConnection = class extends RTCPeerConnection {
        constructor(options) {
          super({ ...options, iceServers: [server], iceTransportPolicy: "relay" });
        }
      };
    }, server);
  const door = await openDoor(beckon.url);
  t.after(() => door.shut());
  const pupils = await connectedPupils(chromium, door.url, relayed);
  const [{ page: osama }, { page: layla }] = pupils;
  for (const page of [osama, layla]) {
    await untilFigure(page, "relaying", /yes: this connection goes through a relay/);
    assert.match((await figures(page, "candidates")).Here, /1 relay: an address at a relay, lent by TURN/);
  }
  door.shut();
  await untilText(layla, "The line to the server is closed");
  const heard = pupils[0].said();
  await press(layla, "#hello");
  assert.equal(await heard, "alert: hello world");
  for (const { troubles, close } of pupils) {
    assert.deepEqual(troubles, []);
    await close();
  }
});
