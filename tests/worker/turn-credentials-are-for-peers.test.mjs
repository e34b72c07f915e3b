// ICE servers as a service: who is told of TURN servers, with which credentials, and who is not.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { startBeckon } from "./beckon.mjs";
import { open } from "./socket.mjs";
import { inOneMinute } from "./time.mjs";

const STUN = "stun:stun.example.org:3478";
const URLS = ["turn:turn.example.org:3478?transport=udp", "turn:turn.example.org:3478?transport=tcp", "turns:turn.example.org:443?transport=tcp"];
const SECRET = "north-by-northwest-1959";
const ICE = '{"type":"ICE"}';
const vars = { STUN_URLS: STUN, TURN_URLS: URLS.join(", "), TURN_TTL_S: "600" };

/** Whether credentials are what coturn computes from the same secret, and run out when they should. */
function assertSigned({ iceServers, ttl, degraded }) {
  assert.deepEqual([ttl, degraded, iceServers.length], [600, undefined, 2]);
  assert.deepEqual(iceServers[0], { urls: [STUN] });
  const { urls, username, credential } = iceServers[1];
  assert.deepEqual(urls, URLS);
  const [, expiry, tag] = /^(\d+):([0-9a-f]{16})$/.exec(username) ?? assert.fail(username);
  assert.ok(Math.abs(Number(expiry) - (Date.now() / 1000 + 600)) < 30, expiry);
  assert.equal(credential, createHmac("sha1", SECRET).update(username).digest("base64"));
  return tag;
}

for (const evicting of [false, true]) {
  describe(`with a shared secret${evicting ? ", evicted between any two steps" : ""}`, () => {
    let beckon;
    before(async () => (beckon = await startBeckon({ vars, secrets: { TURN_SECRET: SECRET } })));
    after(() => beckon.close());
    const step = async (name) => evicting && beckon.evict(name);

    test("members of a room get credentials of their own with OPEN, and fresh ones when they ask", async () => {
      const join = async (id) => {
        const socket = await open(beckon.url, { key: "room", id, token: "t", roster: "1" });
        const { type, payload } = JSON.parse(await socket.next());
        assert.equal(type, "OPEN");
        await step("room:room");
        return { socket, tag: assertSigned(payload) };
      };
      const { socket: ann, tag: hers } = await join("ann");
      const { socket: bob, tag: his } = await join("bob");
      await ann.next(); // JOIN
      const tags = [hers, his];
      if (evicting) {
        // What a socket has asked for lately is forgotten with everything else: it was asleep.
        ann.send(ICE);
        const { type, payload } = JSON.parse(await ann.next());
        assert.equal(type, "ICE");
        tags.push(assertSigned(payload));
      } else {
        ann.send(ICE);
        const { type, payload } = JSON.parse(await ann.next());
        assert.deepEqual([type, payload.code], ["ERROR", "ice-too-soon"]);
      }
      assert.equal(new Set(tags).size, tags.length, "nobody shares a name");
      assert.deepEqual(bob.rest(), [], "nobody else hears of it");
    });

    test("a stock client's socket is told nothing of it, and as PeerServer does not answer ICE", async () => {
      const stock = await open(beckon.url, { key: "peerjs", id: "stock", token: "t" });
      assert.equal(await stock.next(), '{"type":"OPEN"}');
      await step("home:0");
      stock.send(ICE);
      stock.send({ type: "ICE", dst: "stock", payload: 1 });
      stock.send({ type: "OFFER", dst: "stock", payload: 1 });
      assert.equal(await stock.next(), '{"type":"OFFER","src":"stock","dst":"stock","payload":1}');
      assert.deepEqual(stock.rest(), []);
    });

    test("a connected peer gets them by HTTP, for as long as it is connected", async () => {
      const socket = await open(beckon.url, { key: "peerjs", id: "ann é", token: "hers" });
      await socket.next();
      await step("home:0");
      const ask = (query, path = "/peerjs/ice", init = {}) =>
        beckon.fetch(`${path}?${new URLSearchParams(query)}`, { headers: { Origin: "https://app.example" }, ...init });
      const right = { id: "ann é", token: "hers" };
      const answer = await ask(right);
      assert.equal(answer.status, 200);
      assertSigned(await answer.json());
      for (const [name, value] of [
        ["content-type", "application/json; charset=utf-8"],
        ["cache-control", "no-store"],
        ["access-control-allow-origin", "https://app.example"],
        ["vary", "Origin"],
      ]) {
        assert.equal(answer.headers.get(name), value);
      }
      assert.equal((await ask(right, "/peerjs//ICE/")).status, 200);
      const refused = "ICE servers are for connected peers: connect first, then ask with the same id and token\n";
      for (const [query, path] of /** @type {[Record<string, string>, string?][]} */ ([
        [{}],
        [{ id: "ann é" }],
        [{ token: "hers" }],
        [{ id: "ann é", token: "his" }],
        [{ id: "ann é", token: "hers " }],
        [{ id: "bob", token: "hers" }],
        [{ id: "ann é", token: "hers", roster: "1", key: "peerjs" }, "/other/ice"],
        [{ id: "x".repeat(513), token: "hers" }],
      ])) {
        await step("home:0");
        const answer = await ask(query, path);
        assert.deepEqual([answer.status, await answer.text()], [401, refused], JSON.stringify(query));
        assert.equal(answer.headers.get("access-control-allow-origin"), "https://app.example");
      }
      const head = await ask(right, undefined, { method: "HEAD" });
      assert.deepEqual([head.status, await head.text()], [200, ""]);
      assert.equal((await ask(right, undefined, { method: "POST" })).status, 404);
      await step("home:0");
      await socket.close();
      await step("home:0");
      assert.equal((await ask(right)).status, 401);
    });

    test("an id that is kept for its owner is not a connection", async () => {
      const query = { id: "owner", token: "abcdefghijklmnopqrstuv" };
      const socket = await open(beckon.url, { key: "peerjs", ...query });
      await socket.next();
      const status = async () => (await step("home:0"), (await beckon.fetch(`/peerjs/ice?${new URLSearchParams(query)}`)).status);
      assert.equal(await status(), 200);
      await socket.close();
      assert.equal(await status(), 401);
    });

    test("the secret is nowhere to be seen", () => assert.doesNotMatch(JSON.stringify(beckon.logs()), new RegExp(SECRET)));
  });
}

test("without a secret there is STUN, and a peer's home is found among several", async (t) => {
  const beckon = await startBeckon({ vars: { PUBLIC_HOMES: "3" } });
  t.after(() => beckon.close());
  for (const id of ["ann", "bob", "carl", "dora", "eve"]) {
    await (await open(beckon.url, { key: "peerjs", id, token: "t" })).next();
    const answer = await beckon.fetch(`/peerjs/ice?id=${id}&token=t`);
    const iceServers = [{ urls: ["stun:stun.cloudflare.com:3478", "stun:stun.l.google.com:19302"] }];
    assert.deepEqual([answer.status, await answer.json()], [200, { iceServers, ttl: 3600 }]);
  }
  assert.equal((await beckon.fetch("/peerjs/ice?id=ann&token=other")).status, 401);
});

test("a fixed user and password are told as they are", async (t) => {
  const secrets = { TURN_PASSWORD: 'pass"word' };
  const beckon = await startBeckon({ vars: { ...vars, TURN_USERNAME: "school" }, secrets });
  t.after(() => beckon.close());
  const socket = await open(beckon.url, { key: "room", token: "t", roster: "1" });
  const { iceServers } = JSON.parse(await socket.next()).payload;
  assert.deepEqual(iceServers, [{ urls: [STUN] }, { urls: URLS, username: "school", credential: 'pass"word' }]);
  assert.doesNotMatch(JSON.stringify(beckon.logs()), /pass.*word/);
});

test("where ids are signed for, a signature is asked for here too", async (t) => {
  const key = "the operator's secret";
  const beckon = await startBeckon({ vars, secrets: { TURN_SECRET: SECRET, TOKEN_KEY: key } });
  t.after(() => beckon.close());
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const sign = (sub, secret = key, exp = Math.floor(Date.now() / 1000) + 60) => {
    const signed = `${part({ alg: "HS256" })}.${part({ sub, exp })}`;
    return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
  };
  const status = async (id, token) => (await beckon.fetch(`/peerjs/ice?${new URLSearchParams({ id, token })}`)).status;
  assert.equal(await status("osama", sign("osama")), 401, "not connected yet");
  await (await open(beckon.url, { key: "peerjs", id: "osama", token: sign("osama") })).next();
  assert.equal(await status("osama", sign("osama")), 200);
  for (const token of ["signed", sign("layla"), sign("osama", "another"), sign("osama", key, 1)]) assert.equal(await status("osama", token), 401);
});

test("the operator may let anybody have them, but not in realms that are not served", async (t) => {
  const beckon = await startBeckon({ vars: { ...vars, ICE_FOR_ALL: "true", ALLOWED_KEYS: "app" }, secrets: { TURN_SECRET: SECRET } });
  t.after(() => beckon.close());
  const answer = await beckon.fetch("/app/ice");
  assert.equal(answer.status, 200);
  assertSigned(await answer.json());
  const refused = await beckon.fetch("/peerjs/ice?id=ann&token=t");
  assert.deepEqual([refused.status, await refused.text()], [403, "Invalid key provided\n"]);
});

test("one network cannot have any number of them, and rooms stay open to it all the same", async (t) => {
  const beckon = await startBeckon({ vars: { ...vars, ICE_FOR_ALL: "true" }, secrets: { TURN_SECRET: SECRET } });
  t.after(() => beckon.close());
  await inOneMinute((again) => askTooOften(beckon, `2001:db8:${again}`));
});

/** `network`: the beginning of IPv6 addresses that nobody has used. */
async function askTooOften(beckon, network) {
  const from = (address) => ({ headers: { "CF-Connecting-IP": address } });
  let answer;
  // wrangler.toml allows 120 in a minute.
  for (let asked = 0; asked < 121; asked++) {
    answer = await beckon.fetch("/peerjs/ice", from(`${network}::1`));
    if (answer.status !== 200) break;
    await answer.text();
  }
  assert.deepEqual([answer.status, answer.headers.get("retry-after")], [429, "60"]);
  assert.match(await answer.text(), /^Too many requests for ICE servers from your network: wait a minute/);
  assert.equal((await beckon.fetch("/peerjs/ice", from(`${network}::2`))).status, 429, "the same /64");
  assert.equal((await beckon.fetch("/peerjs/ice", from(`${network}:1::1`))).status, 200);
  const socket = await open(beckon.url, { key: `room ${network}`, token: "t", roster: "1" }, "/peerjs", { "CF-Connecting-IP": `${network}::3` });
  const { iceServers, ttl, degraded } = JSON.parse(await socket.next()).payload;
  assert.deepEqual([iceServers, ttl, degraded], [[{ urls: [STUN] }], 60, true]);
  // Nor by asking again on a socket that is open, whatever the object has forgotten.
  await beckon.evict(`room:room ${network}`);
  socket.send(ICE);
  const again = JSON.parse(await socket.next());
  assert.deepEqual([again.type, again.payload.iceServers, again.payload.degraded], ["ICE", [{ urls: [STUN] }], true]);
}

for (const evicting of [false, true]) {
  test(`who guesses tokens here gets nowhere, and keeps nobody from an id${evicting ? ", evicted between any two steps" : ""}`, async (t) => {
    const beckon = await startBeckon({ vars: { STUN_URLS: STUN } });
    t.after(() => beckon.close());
    const from = (address) => ({ "CF-Connecting-IP": address });
    const ask = async (token, address) => (await beckon.fetch(`/peerjs/ice?id=ann&token=${token}`, { headers: from(address) })).status;
    const ann = await open(beckon.url, { key: "peerjs", id: "ann", token: "right" }, "/peerjs", from("192.0.2.1"));
    assert.equal(await ann.next(), '{"type":"OPEN"}');
    for (let guess = 0; guess < 10; guess++) assert.equal(await ask(`wrong${guess}`, "192.0.2.66"), 401);
    assert.equal(await ask("right", "192.0.2.66"), 401, "not even looked at");
    assert.equal(await ask("right", "192.0.2.1"), 200);
    if (evicting) await beckon.evict("home:0");
    const again = await open(beckon.url, { key: "peerjs", id: "ann", token: "right" }, "/peerjs", from("192.0.2.1"));
    assert.equal(await again.next(), '{"type":"OPEN"}');
    const here = await open(beckon.url, { key: "peerjs", id: "ann", token: "right" }, "/peerjs", from("192.0.2.66"));
    assert.equal(await here.next(), '{"type":"OPEN"}', "nor is an id its owner's in one network alone");
  });
}
