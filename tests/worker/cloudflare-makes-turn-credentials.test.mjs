// Cloudflare's TURN API, imitated as its documentation has it (developers.cloudflare.com/realtime/turn/generate-credentials):
// what comes of its answers, and of its failures, which must keep nobody out.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { describe, test } from "node:test";
import { startBeckon } from "./beckon.mjs";
import { startFaulty } from "./faulty.mjs";
import { open } from "./socket.mjs";

const STUN = "stun:stun.example.org:3478";
const TOKEN = "cf-api-token-0123456789abcdef";
const USER = { username: "bc91b63e2b5d759f8eb9f3b5", credential: "ebd71f1d3edbc2b0edae3cd5" };
const RELAYS = ["turn:turn.cloudflare.com:3478?transport=udp", "turn:turn.cloudflare.com:3478?transport=tcp", "turns:turn.cloudflare.com:443?transport=tcp"];
const generated = JSON.stringify({
  iceServers: [
    { urls: ["stun:stun.cloudflare.com:3478", "stun:stun.cloudflare.com:53"] },
    { urls: [...RELAYS.slice(0, 1), "turn:turn.cloudflare.com:53?transport=udp", ...RELAYS.slice(1)], ...USER },
  ],
});
const answer =
  (status, body, headers = {}) =>
  (_request, response) =>
    response.writeHead(status, headers).end(body);

/** Cloudflare's API and a Beckon that uses it. A `patient` one waits for its answer, however slow the machine is. */
async function start(t, handle, { patient = false } = {}) {
  const asked = [];
  const api = createServer((request, response) => {
    let body = "";
    request.on("data", (data) => (body += data));
    request.on("end", () => {
      asked.push({ method: request.method, url: request.url, authorization: request.headers.authorization, type: request.headers["content-type"], body });
      handle(request, response);
    });
  });
  await new Promise((resolve) => api.listen(0, "127.0.0.1", resolve));
  t.after(() => (api.closeAllConnections(), api.close()));
  const vars = { STUN_URLS: STUN, TURN_KEY_ID: "abc123", TURN_API_URL: `http://127.0.0.1:${api.address().port}`, TURN_TTL_S: "1800" };
  const options = { vars, secrets: { TURN_KEY_API_TOKEN: TOKEN } };
  const beckon = patient ? await startFaulty(t, { ...options, patient }) : await startBeckon(options);
  if (!patient) t.after(() => beckon.close());
  const join = async (key) => {
    const socket = await open(beckon.url, { key, id: "ann", token: "t", roster: "1" });
    return { socket, ...JSON.parse(await socket.next()).payload };
  };
  return { beckon, asked, join };
}

test("its credentials go to everybody who comes within a minute", async (t) => {
  const { beckon, asked, join } = await start(t, answer(201, generated), { patient: true });
  const expected = [{ urls: [STUN] }, { urls: RELAYS, ...USER }];
  for (const key of ["room1", "room2"]) {
    const { iceServers, ttl, degraded } = await join(key);
    assert.deepEqual([iceServers, degraded], [expected, undefined]);
    assert.ok(ttl > 1700 && ttl <= 1800, `${ttl}`);
  }
  await (await open(beckon.url, { key: "peerjs", id: "bob", token: "t" })).next();
  assert.deepEqual((await (await beckon.fetch("/peerjs/ice?id=bob&token=t")).json()).iceServers, expected);
  const url = "/v1/turn/keys/abc123/credentials/generate-ice-servers";
  assert.deepEqual(asked, [{ method: "POST", url, authorization: `Bearer ${TOKEN}`, type: "application/json", body: '{"ttl":1800}' }]);
  assert.doesNotMatch(JSON.stringify(beckon.logs()), new RegExp(TOKEN));
});

test("an eviction does not lose them, and a stock client's socket does not wait for them", async (t) => {
  const { promise: held, resolve: release } = Promise.withResolvers();
  const { beckon, asked, join } = await start(
    t,
    async (_request, response) => {
      await held;
      response.writeHead(201).end(generated);
    },
    { patient: true },
  );
  assert.equal(await (await open(beckon.url, { key: "peerjs", id: "stock", token: "t" })).next(), '{"type":"OPEN"}');
  assert.equal(asked.length, 0);
  release();
  const { socket } = await join("room");
  await beckon.evict("room:room");
  socket.send('{"type":"ICE"}');
  const { type, payload } = JSON.parse(await socket.next());
  assert.deepEqual([type, payload.iceServers[1]], ["ICE", { urls: RELAYS, ...USER }]);
});

describe("when it fails, there is STUN, and the page can say so", () => {
  for (const [what, handle] of Object.entries({
    401: answer(401, '{"error":"unauthorized"}'),
    429: answer(429, "", { "Retry-After": "60" }),
    500: answer(500, "oops"),
    // (Whether it is followed cannot be seen here: what fetches for it here answers 500 instead.)
    "a redirect": answer(302, "", { Location: "/elsewhere" }),
    "200 with a page": answer(200, "<html></html>"),
    "no answer": () => {},
    "half an answer, and then nothing": (_request, response) =>
      response.writeHead(201, { "Content-Length": `${generated.length}` }).write(generated.slice(0, 200)),
    "truncated JSON": answer(201, generated.slice(0, -20)),
    "the wrong JSON": answer(201, '{"iceServers":{"urls":"turn:x"}}'),
    "no TURN servers": answer(201, '{"iceServers":[{"urls":["stun:stun.cloudflare.com:3478"]}]}'),
    "a broken connection": (request) => request.socket.destroy(),
  })) {
    test(what, async (t) => {
      const { beckon, asked, join } = await start(t, handle);
      for (const key of ["room1", "room2"]) {
        const { iceServers, ttl, degraded } = await join(key);
        assert.deepEqual([iceServers, ttl, degraded], [[{ urls: [STUN] }], 60, true]);
      }
      await (await open(beckon.url, { key: "peerjs", id: "bob", token: "t" })).next();
      const answer = await beckon.fetch("/peerjs/ice?id=bob&token=t");
      assert.deepEqual([answer.status, (await answer.json()).degraded], [200, true]);
      assert.equal(asked.length, 1, "nobody else waits for it");
      const logs = JSON.stringify(beckon.logs());
      assert.match(logs, /no TURN servers from Cloudflare/);
      assert.doesNotMatch(logs, new RegExp(TOKEN));
    });
  }
});
