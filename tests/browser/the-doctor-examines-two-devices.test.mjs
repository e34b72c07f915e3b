// Two devices, the report, the way there from a room, and another browser.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  anyBeckon,
  held,
  hurryClock,
  link,
  openDevice,
  openDoor,
  ownBeckon,
  press,
  startChromium,
  startFirefox,
  stopClock,
  until,
  untilConnected,
  untilText,
} from "./browser.mjs";
import { diagnosis, HEALTHY, openDoctor, untilFound } from "./doctor.mjs";
import { startTurn } from "./turn.mjs";

const SECRET = "a secret of the tests";

let turn;
let beckon;
let chromium;
before(async () => {
  [turn, chromium] = await Promise.all([startTurn(SECRET), startChromium("--ignore-certificate-errors")]);
  beckon = await ownBeckon({ vars: { STUN_URLS: turn.stun, TURN_URLS: [turn.udp, turn.tcp, turn.tls].join() }, secrets: { TURN_SECRET: SECRET } });
});
after(async () => {
  await chromium?.close();
  await beckon?.close();
  await turn?.close();
});

/** Lets a page's connections use nothing but relays. */
const relayOnly = (page) =>
  page.evaluateOnNewDocument(() => {
    const Real = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Real {
      constructor(config) {
        super({ ...config, iceTransportPolicy: "relay" });
      }
      setConfiguration(config) {
        super.setConfiguration({ ...config, iceTransportPolicy: "relay" });
      }
    };
  });

/** Asks for a second device and opens it with the link. */
async function openPair(url, prepare) {
  const first = await openDoctor(chromium, url, prepare);
  await diagnosis(first.page); // until then, the page grows, and the button moves
  await press(first.page, "#invite");
  await untilFound(first.page, "pair", "none waiting");
  const address = await link(first.page);
  assert.match(address, /\/doctor(\.html)?#[\w-]{22}$/);
  assert.equal(first.page.url(), address, "a reload is in the same room");
  const second = await openDevice(chromium, address, prepare);
  return [first, second];
}

test("with a second device, both say by what path they reach each other, how far it is, and of what kind", async () => {
  for (const [prepare, found, title] of /** @type {[typeof relayOnly | undefined, RegExp, string][]} */ ([
    // By the host's address or by what STUN showed, whichever is tried first.
    [undefined, /^ok (direct|stun)$/, "The two devices are connected directly"],
    [relayOnly, /^ok turn-(udp|tcp|tls)$/, "The two devices are connected through a relay"],
  ])) {
    const devices = await openPair(beckon.url, prepare);
    for (const { page } of devices) {
      await untilText(page, title);
      assert.match((await diagnosis(page)).pair, found);
      await until(page, "the latency", () => /There and back takes (under 1|\d+) ms/.test(document.getElementById("pair").textContent));
      await until(page, "the kinds of candidates", (kind) => document.querySelector("#pair dl").textContent.includes(kind), prepare ? "relay/" : "/udp");
    }
    const [first, second] = devices;
    assert.equal(await second.page.$eval("[data-check]", (row) => row.dataset.check), "pair", "it is what the second device was opened for");
    await second.close();
    await untilText(first.page, "The other device left");
    assert.deepEqual([...first.troubles, ...second.troubles], []);
    await first.close();
  }
});

test("two devices without a path are told so, at the top too; a damaged link is told", async (t) => {
  const bare = await anyBeckon({ vars: { STUN_URLS: "" } });
  t.after(() => bare.close());
  const [first, second] = await openPair(bare.url, relayOnly);
  // After a while the connection counts as failed, and that is said instead.
  await Promise.all([first, second].map(({ page }) => untilFound(page, "pair", "warn server", held)));
  for (const { page } of [first, second]) await untilText(page, "No path between the two devices");
  await until(first.page, "the verdict at the top", () => document.getElementById("summary").dataset.verdict !== "ok");
  await first.close();
  await second.close();

  const damaged = await openDevice(chromium, new URL("/doctor.html#AAAA", bare.url));
  await untilFound(damaged.page, "pair", "fail damaged-link");
  await untilText(damaged.page, "This link is damaged");
  await damaged.close();
});

test("the report has what was found, and no pass, secret, id or description; addresses only for whoever wants them in it", async () => {
  const frames = [];
  const [first, second] = await openPair(beckon.url, async (page) => {
    const cdp = await page.createCDPSession();
    await cdp.send("Network.enable");
    cdp.on("Network.webSocketFrameReceived", ({ response }) => response.payloadData.includes('"OPEN"') && frames.push(JSON.parse(response.payloadData)));
  });
  for (const { page } of [first, second]) await untilFound(page, "pair", "ok ");
  await first.context.overridePermissions(beckon.url.origin, ["clipboard-read", "clipboard-sanitized-write"]);
  await first.page.bringToFront();
  await stopClock(first.page); // it says for two seconds that it has copied, and looks again every two
  const copied = async () => {
    await first.page.evaluate(() => navigator.clipboard.writeText("nothing yet"));
    await press(first.page, "#copy-report");
    return until(first.page, "the report is copied", async () => {
      const text = await navigator.clipboard.readText();
      return text !== "nothing yet" && text;
    });
  };
  const plain = await copied();
  await untilText(first.page, "Copied ✓");
  assert.match(plain, /^Connection report by Beckon$/m);
  assert.match(plain, /^Result: Everything works/m);
  for (const check of [...Object.keys(HEALTHY), "stun", "turn-udp", "turn-tcp", "turn-tls", "pair"]) assert.match(plain, new RegExp(`^ok +${check}: `, "m"));
  const steady = (text) => text.replace(/^ +(Carried|Messages|Round trip|Candidates): .*$/gm, ""); // what changes from one look to the next
  assert.equal(steady(plain), steady(await first.page.$eval("#report", (report) => report.textContent)), "what is shown is what is copied");

  const secrets = [new URL(await link(first.page)).hash.slice(1)];
  for (const { payload } of frames) {
    secrets.push(payload.id, ...payload.peers);
    for (const { username, credential } of payload.iceServers) if (username) secrets.push(username, credential);
  }
  assert.ok(secrets.length > 8, "there was something to keep back");
  const withoutBrowser = plain.replace(/^Browser: .*$/m, "");
  for (const secret of [...secrets, "v=0", "a=ice", "candidate:", ".local"]) assert.ok(!plain.includes(secret), secret);
  assert.doesNotMatch(withoutBrowser, /\d+\.\d+\.\d+\.\d+/);

  const shown = () => first.page.evaluate(() => document.body.innerText);
  assert.doesNotMatch(await first.page.$eval('[data-check="stun"] .seen', (row) => row.textContent), /\d/, "hidden until asked for");
  await press(first.page, '[data-check="stun"] .seen button');
  const address = await first.page.$eval(".address", (span) => span.textContent);
  assert.match(address, /^\d+\.\d+\.\d+\.\d+/);
  assert.ok((await shown()).includes(address));
  await press(first.page, "#addresses");
  const full = await copied();
  assert.ok(full.includes(`Seen from outside as: ${address}`) && full.includes(turn.udp));
  for (const secret of secrets) assert.ok(!full.includes(secret), secret);
  assert.deepEqual([...first.troubles, ...second.troubles], []);
  await first.close();
  await second.close();
});

test("a room offers the doctor to those who have no path, and to nobody else", async (t) => {
  const bare = await anyBeckon({ vars: { STUN_URLS: "" } });
  t.after(() => bare.close());
  const whole = [await openDevice(chromium, bare.url)];
  await untilText(whole[0].page, "Waiting for another device");
  whole.push(await openDevice(chromium, await link(whole[0].page)));
  await untilConnected(whole[0].page, 1);
  await until(whole[0].page, "nobody is offered it", () => document.getElementById("why").hidden); // by the server, they would be at first

  const torn = [await openDevice(chromium, bare.url, relayOnly)];
  await untilText(torn[0].page, "Waiting for another device");
  torn.push(await openDevice(chromium, await link(torn[0].page), relayOnly));
  for (const { page } of torn) await hurryClock(page);
  for (const { page } of torn) await until(page, "the offer", () => !document.getElementById("why").hidden);
  await untilText(torn[0].page, "goes through the server, sealed. Find out why there is no direct path");
  const [tab] = await Promise.all([
    new Promise((resolve) => torn[0].context.once("targetcreated", async (target) => resolve(await target.page()))),
    press(torn[0].page, "#why"),
  ]);
  await diagnosis(tab);
  assert.equal(new URL(tab.url()).hash, "", "the room's link stays in the room");
  for (const { troubles, close } of [...whole, ...torn]) {
    assert.deepEqual(troubles, []);
    await close();
  }
});

test("Firefox comes to the same verdicts", async (t) => {
  // It neither asks STUN nor TURN servers at 127.0.0.1 unless told to.
  const firefox = await startFirefox({ preferences: { "media.peerconnection.ice.loopback": true }, acceptInsecureCerts: true });
  try {
    const door = await openDoor(beckon.url);
    const { page } = await openDoctor(firefox, door.url);
    // Here it knows its own address, which is what coturn sees, and names it once.
    const relayed = { "turn-udp": "ok relayed", "turn-tcp": "ok relayed", "turn-tls": "ok relayed" };
    assert.deepEqual(await diagnosis(page), { overall: "ok all", title: "Everything works", ...HEALTHY, stun: "ok unchanged", ...relayed, pair: "none idle" });
    await press(page, "#invite");
    await untilFound(page, "pair", "none waiting");
    const { page: other, close } = await openDevice(chromium, await link(page));
    for (const device of [page, other]) await untilFound(device, "pair", "ok ");
    await close();
    door.shut();
    await press(page, "#again");
    assert.equal((await diagnosis(page)).server, "fail away");

    const wrong = await ownBeckon({ vars: { STUN_URLS: turn.stun, TURN_URLS: turn.udp }, secrets: { TURN_SECRET: "another secret" } });
    t.after(() => wrong.close());
    const refused = await openDoctor(firefox, wrong.url);
    assert.equal((await diagnosis(refused.page)).overall, "warn relay-refused");
  } finally {
    await firefox.close();
  }
});
