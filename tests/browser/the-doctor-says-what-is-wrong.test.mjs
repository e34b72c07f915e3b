// One device alone: what works and what does not is made so, with a real relay, and the doctor has to find out.
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import http from "node:http";
import { after, before, test } from "node:test";
import { openDevice, openDoor, ownBeckon, press, startChromium, until, untilText } from "./browser.mjs";
import { diagnosis, HEALTHY, NO_RELAY, openDoctor } from "./doctor.mjs";
import { freePort } from "../free-port.mjs";
import { startTurn } from "./turn.mjs";

const SECRET = "a secret of the tests";
const NAME = "beckon.test";

let turn;
let chromium;
/** A server for each set of variables. */
const beckons = [];
/** Nobody is there. */
let nowhere;
before(async () => {
  const flags = ["--ignore-certificate-errors", `--host-resolver-rules=MAP ${NAME} 127.0.0.1`];
  [turn, chromium, nowhere] = await Promise.all([startTurn(SECRET), startChromium(...flags), freePort()]);
});
after(async () => {
  await chromium?.close();
  await Promise.all(beckons.map((beckon) => beckon.close()));
  await turn?.close();
});

async function serve({ stun = turn.stun, relays = [], secret = SECRET, vars = {}, secrets = {} } = {}) {
  const turnSecret = relays.length ? { TURN_SECRET: secret } : {};
  const beckon = await ownBeckon({ vars: { STUN_URLS: stun, TURN_URLS: relays.join(), ...vars }, secrets: { ...turnSecret, ...secrets } });
  beckons.push(beckon);
  return beckon.url;
}

/** What the doctor says with these servers. */
async function examine(options, { troubled = false } = {}) {
  const { page, troubles, close } = await openDoctor(chromium, await serve(options));
  const found = await diagnosis(page);
  const text = await page.evaluate(() => document.body.innerText);
  if (!troubled) assert.deepEqual(troubles, []);
  await close();
  return { found, text };
}

const closed = (transport) => `turn${transport === "tls" ? "s" : ""}:127.0.0.1:${nowhere}?transport=${transport === "udp" ? "udp" : "tcp"}`;

test("with STUN and a relay that answers by UDP, TCP and TLS, everything works", async () => {
  const { found, text } = await examine({ relays: [turn.udp, turn.tcp, turn.tls] });
  const relayed = { "turn-udp": "ok relayed", "turn-tcp": "ok relayed", "turn-tls": "ok relayed" };
  assert.deepEqual(found, { overall: "ok all", title: "Everything works", ...HEALTHY, stun: "ok seen", ...relayed, pair: "none idle" });
  assert.match(text, /Your devices can connect directly, and by relay where a network blocks that\./);
});

test("without a relay, it says what that means, and no check has failed", async () => {
  const { found, text } = await examine();
  assert.deepEqual(found, {
    overall: "warn no-relay",
    title: "Direct connections work; no relay is set up here",
    ...HEALTHY,
    stun: "ok seen",
    ...NO_RELAY,
    pair: "none idle",
  });
  assert.match(text, /devices on strict networks will not reach each other/);
});

test("where nothing answers by UDP, it says so: with a relay by TCP, with none, and with one that is down", async () => {
  const [byTcp, alone, down] = await Promise.all([
    examine({ stun: `stun:127.0.0.1:${nowhere}`, relays: [closed("udp"), turn.tcp, turn.tls] }),
    examine({ stun: `stun:127.0.0.1:${nowhere}` }),
    examine({ stun: `stun:127.0.0.1:${nowhere}`, relays: ["udp", "tcp", "tls"].map(closed) }),
  ]);
  assert.deepEqual([byTcp.found.overall, byTcp.found.title], ["warn udp-blocked", "This network blocks the fast way, but the relay works"]);
  assert.deepEqual(
    ["stun", "turn-udp", "turn-tcp", "turn-tls"].map((check) => byTcp.found[check]),
    ["fail unanswered", "fail unreachable", "ok relayed", "ok relayed"],
  );
  assert.deepEqual([alone.found.overall, alone.found.stun], ["fail no-way", "fail unanswered"]);
  assert.match(alone.text, /Try the same Wi-Fi, or a phone hotspot/);
  assert.deepEqual([down.found.overall, down.found["turn-tls"]], ["fail nothing-through", "fail unreachable"]);
});

test("a relay that refuses the pass, is full, carries nothing, or has no pass to give is told apart", async (t) => {
  const full = await startTurn(SECRET, ["--allow-loopback-peers", "--user-quota=1"]);
  t.after(() => full.close());
  const deaf = await startTurn(SECRET, []); // as a relay is that may not send to where it is itself
  t.after(() => deaf.close());
  const [wrong, busy, stuck, degraded] = await Promise.all([
    examine({ relays: [turn.udp, turn.tcp], secret: "another secret" }),
    examine({ relays: [full.tcp] }),
    examine({ relays: [deaf.udp] }),
    examine({ vars: { TURN_KEY_ID: "abc123", TURN_API_URL: `http://127.0.0.1:${nowhere}` }, secrets: { TURN_KEY_API_TOKEN: "token" } }),
  ]);
  assert.deepEqual([wrong.found.overall, wrong.found.title], ["warn relay-refused", "Direct connections work; the relay turned us away"]);
  assert.deepEqual([wrong.found["turn-udp"], wrong.found["turn-tcp"], wrong.found["turn-tls"]], ["fail refused", "fail refused", "none not-offered"]);
  assert.match(wrong.text, /Its pass had expired or is wrong/);
  assert.deepEqual([busy.found.overall, busy.found["turn-tcp"]], ["warn relay-busy", "warn busy"]);
  assert.deepEqual([stuck.found.overall, stuck.found["turn-udp"]], ["warn relay-stuck", "warn stuck"]);
  assert.deepEqual([degraded.found.overall, degraded.found["turn-tls"]], ["warn relay-degraded", "warn degraded"]);
});

test("a network that shows another port to everyone is one that others rarely reach", async () => {
  const { urls, close } = await openStuns([40_001, 40_002]);
  const { found, text } = await examine({ stun: urls.join() });
  close();
  assert.deepEqual([found.overall, found.stun], ["fail symmetric-no-relay", "warn symmetric"]);
  assert.match(text, /Other networks will rarely reach you/);
});

test("a server that turns us away, is away, or is not reached by sockets is told apart, and found again", async (t) => {
  const full = await openDoctor(chromium, await serve({ vars: { ROOM_CAPACITY: "0" } }));
  assert.deepEqual((await diagnosis(full.page)).overall, "fail refused");
  await full.close();

  const url = await serve();
  const door = await openDoor(url);
  const device = await openDoctor(chromium, door.url);
  assert.equal((await diagnosis(device.page)).overall, "warn no-relay");
  door.shut();
  await press(device.page, "#again");
  await untilText(device.page, "The meeting point is not answering");
  const skipped = { stun: "none no-server", "turn-udp": "none no-server", loopback: "ok heard" };
  const found = await diagnosis(device.page);
  for (const [check, expected] of Object.entries({ overall: "fail away", server: "fail away", ...skipped })) assert.equal(found[check], expected, check);
  await door.open();
  await press(device.page, "#again");
  await untilText(device.page, "Direct connections work");
  await device.page.setOfflineMode(true);
  await untilText(device.page, "You are offline");
  assert.equal((await diagnosis(device.page)).overall, "fail offline");
  await device.page.setOfflineMode(false);
  await untilText(device.page, "Direct connections work");
  assert.deepEqual(device.troubles, []);
  await device.close();
  door.shut();

  // A proxy that knows nothing of WebSockets; and a server whose files come while its program is out of order.
  let isBroken = false;
  const proxy = http.createServer(async (request, response) => {
    if (isBroken && request.url?.startsWith("/peerjs")) return response.writeHead(503).end();
    const answer = await fetch(new URL(request.url, url), { method: request.method });
    response.writeHead(answer.status, { "Content-Type": answer.headers.get("content-type") ?? "" }).end(Buffer.from(await answer.arrayBuffer()));
  });
  t.after(() => (proxy.closeAllConnections(), proxy.close()));
  proxy.on("upgrade", (_request, socket) => socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n"));
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const behind = await openDoctor(chromium, `http://127.0.0.1:${proxy.address().port}/`);
  assert.equal((await diagnosis(behind.page)).overall, "fail no-socket");
  await untilText(behind.page, "The site answers, but its meeting point does not");
  isBroken = true;
  await press(behind.page, "#again");
  await untilText(behind.page, "The meeting point is not answering");
  assert.equal((await diagnosis(behind.page)).overall, "fail away");
  await behind.close();
});

test("an address that the browser does not take is named, and the others are examined", async () => {
  const url = await serve({ stun: `${turn.stun},stun:bad.example`, relays: [turn.udp] });
  const picky = (page) =>
    page.evaluateOnNewDocument(() => {
      const Real = window.RTCPeerConnection;
      window.RTCPeerConnection = class extends Real {
        constructor(config) {
          if (JSON.stringify(config ?? {}).includes("bad.example")) throw new SyntaxError("not an address");
          super(config);
        }
      };
    });
  const { page, close } = await openDoctor(chromium, url, picky);
  const found = await diagnosis(page);
  assert.deepEqual([found.stun, found["turn-udp"]], ["warn malformed", "ok relayed"]);
  assert.match(await page.$eval('[data-check="stun"]', (row) => row.textContent), /A server outside has an address that makes no sense.*stun:bad\.example/s);
  await close();
});

test("a page that is not secure, and a browser without direct connections, are what it says first", async () => {
  const url = await serve();
  const insecure = await openDoctor(chromium, `http://${NAME}:${url.port}/`);
  const found = await diagnosis(insecure.page);
  assert.deepEqual([found.overall, found.title], ["fail insecure", "This page must be opened over https"]);
  assert.equal(found.server, "ok open", "what can be checked all the same is");
  // The same address over https, from every page that needs it: with what is behind the #, which is the room.
  const secret = "A".repeat(22);
  for (const [path, place] of [
    ["/doctor", "#summary-text a"],
    [`/?relay-only#${secret}`, "#stopped a"],
    [`/examples/files#${secret}`, "#status a"],
  ]) {
    const { page, close } = path.startsWith("/doctor")
      ? { page: insecure.page, close: async () => {} }
      : await openDevice(chromium, `http://${NAME}:${url.port}${path}`);
    await until(page, "a link", (place) => document.querySelector(place)?.checkVisibility(), place);
    assert.equal(await page.$eval(place, (link) => link.href), `https://${NAME}:${url.port}${path}`);
    await close();
  }
  await press(insecure.page, "#invite");
  await until(insecure.page, "no second device", () => document.querySelector('[data-check="pair"]').dataset.code === "insecure-context");

  const off = await openDoctor(chromium, url, (page) => page.evaluateOnNewDocument(() => delete window.RTCPeerConnection));
  assert.deepEqual(await diagnosis(off.page), {
    overall: "fail off",
    title: "This browser has direct connections switched off",
    ...HEALTHY,
    webrtc: "fail off",
    loopback: "none no-webrtc",
    stun: "none no-webrtc",
    "turn-udp": "none no-webrtc",
    "turn-tcp": "none no-webrtc",
    "turn-tls": "none no-webrtc",
    pair: "none idle",
  });
  for (const { troubles, close } of [insecure, off]) {
    assert.deepEqual(troubles, []);
    await close();
  }
});

/**
 * STUN servers (RFC 8489), each of which sees whoever asks at a port of its own choice, as another socket of a symmetric NAT would be. None
 * answers before all have been asked: the page does not wait long for a second answer.
 */
async function openStuns(ports) {
  const asked = new Set();
  const held = new Map();
  const servers = ports.map((port) => {
    const server = createSocket("udp4", (request, from) => {
      if (request.length < 20 || request.readUInt16BE(0) !== 1) return;
      asked.add(port);
      held.set(`${port} ${from.port}`, () => server.send(bindingFound(request, port), from.port, from.address));
      if (asked.size < ports.length) return;
      for (const answer of held.values()) answer();
      held.clear();
    });
    return server;
  });
  for (const server of servers) await new Promise((resolve) => server.bind(0, "127.0.0.1", () => resolve(undefined)));
  return { urls: servers.map((server) => `stun:127.0.0.1:${server.address().port}`), close: () => servers.forEach((server) => server.close()) };
}

/** @param {Buffer} request @param {number} port at which its sender is seen */
function bindingFound(request, port) {
  const MAGIC = 0x2112a442;
  const answer = Buffer.alloc(32);
  answer.writeUInt16BE(0x0101, 0); // a binding, found
  answer.writeUInt16BE(12, 2);
  request.copy(answer, 4, 4, 20); // cookie and transaction
  answer.writeUInt32BE(0x00200008, 20); // XOR-MAPPED-ADDRESS, 8 bytes
  answer.writeUInt16BE(1, 24); // IPv4
  answer.writeUInt16BE(port ^ (MAGIC >>> 16), 26);
  answer.writeUInt32BE((Buffer.from([203, 0, 113, 7]).readUInt32BE() ^ MAGIC) >>> 0, 28);
  return answer;
}
