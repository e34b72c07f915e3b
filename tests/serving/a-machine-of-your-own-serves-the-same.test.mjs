// `npm run serve`: Beckon on plain workerd. What is deployed, and what is served here, are the same to whoever asks.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { headersFor, parseHeaders } from "../../package/server/site/headers.js";
import { parseRedirects, redirected } from "../../package/server/site/redirects.js";
import { serve } from "../../tools/serve.mjs";
import { startBeckon } from "../worker/beckon.mjs";
import { open } from "../worker/socket.mjs";
import { soonAfter } from "../worker/time.mjs";

const SITE = new URL("../../build/site", import.meta.url).pathname;
const data = mkdtempSync(join(tmpdir(), "beckon-serve-"));
/** A peer must have been here for as long before its id is kept for it. */
const GRACE_MS = 10_000;
const LASTING = "a-token-of-22-characters-or-more";
const begin = (options = {}) => serve({ port: 0, ip: "127.0.0.1", data, vars: { EXPIRE_TIMEOUT_MS: "60000", OWNER_GRACE_MS: String(GRACE_MS) }, ...options });
const at = ({ port }) => new URL(`http://127.0.0.1:${port}/`);
let here = await begin();
const openBob = () => open(at(here), { key: "peerjs", id: "bob", token: LASTING });
let bob = await openBob();
const came = Date.now();
after(async () => {
  await here.close();
  rmSync(data, { recursive: true, force: true });
});

/** What an answer is, but for what belongs to one server's way of sending it. */
async function seen(base, path, init) {
  const answer = await fetch(new URL(path, base), { redirect: "manual", ...init });
  const headers = Object.fromEntries(
    [...answer.headers].filter(([name]) => !/^(cf-|connection|content-(encoding|length)|date|etag|keep-alive|transfer-encoding|vary)/.test(name)),
  );
  return { status: answer.status, headers, body: await answer.text() };
}

test("every file, and every way to ask for it, is answered as Cloudflare's assets answer", async () => {
  const beckon = await startBeckon();
  const files = readdirSync(SITE, { recursive: true, encoding: "utf8" }).filter((name) => /\.\w+$/.test(name));
  assert.ok(files.includes("examples/chat.html"));
  const paths = files.flatMap((name) => [`/${name}`, `/${name.replace(/(index)?\.html$/, "")}`]);
  for (const path of [
    ...new Set(paths),
    "/doctor/",
    "/index",
    "/examples",
    "/examples/index",
    "/?a=1",
    "/doctor.html?a=1",
    "/_headers",
    "/_redirects",
    "/%23secret",
    "/%23secret.?a=1",
    "/%2523secret/",
    "/doctor.html%23secret",
    "/examples/chat%252523secret",
    "/%5Cevil.example%23secret",
    "/%23a%23b",
    "/%23",
    "/nothing",
    "/beckon.js/",
    "/%",
  ]) {
    assert.deepEqual(await seen(at(here), path), await seen(beckon.url, path), path);
  }
  for (const method of ["HEAD", "POST", "OPTIONS"])
    assert.deepEqual(await seen(at(here), "/beckon.js", { method }), await seen(beckon.url, "/beckon.js", { method }), method);
  await beckon.close();
});

test("what has not changed is not sent again, and text is sent compressed", async () => {
  for (const path of ["/beckon.js", "/beckon.d.ts"]) {
    const first = await fetch(new URL(path, at(here)));
    const tag = first.headers.get("etag");
    assert.equal(await first.text(), readFileSync(join(SITE, path), "utf8"));
    assert.equal(first.headers.get("content-encoding"), path === "/beckon.js" ? "gzip" : null);
    assert.equal((await fetch(new URL(path, at(here)), { headers: { "If-None-Match": tag } })).status, 304);
    assert.equal((await fetch(new URL(path, at(here)), { headers: { "If-None-Match": '"other"' } })).status, 200);
  }
});

test("rules for headers are read as Cloudflare reads them", () => {
  const rules = parseHeaders("# a comment\n/*\n  X-All: one\n  X-Gone: soon\n\n/a/:name\n  X-All: two: three\n  ! X-Gone\n/a.b\n  x-dot: 1\n");
  assert.deepEqual([...headersFor("/a/b", rules)], [["x-all", "one, two: three"]]);
  assert.deepEqual(
    [...headersFor("/a/b/c", rules)],
    [
      ["x-all", "one"],
      ["x-gone", "soon"],
    ],
  );
  assert.equal(headersFor("/a.b", rules).get("x-dot"), "1");
  assert.equal(headersFor("/aXb", rules).get("x-dot"), undefined);
});

test("rules for redirects never lead to another host, and take the query along", () => {
  const rules = parseRedirects("# a comment\n/*%23:secret /:splat#:secret 302\n/a /b\n");
  const to = (path) => redirected(new URL(`http://host${path}`), rules)?.location;
  assert.equal(to("//evil.example%23x?a=1"), "/evil.example?a=1#x");
  assert.equal(to("/https://evil.example%23x"), "/https:/evil.example#x");
  assert.equal(to("/a"), "/b");
  assert.equal(to("/a/b"), undefined);
});

test("two sockets talk, and what waits or is kept outlives the machine's sudden end", async () => {
  const openAnn = () => open(at(here), { key: "peerjs", id: "ann", token: "t" });
  let ann = await openAnn();
  for (const socket of [ann, bob]) assert.equal(await socket.next(), '{"type":"OPEN"}');
  bob.send('{"type":"HEARTBEAT"}');
  assert.equal(await bob.next(), "pong");
  ann.send({ type: "OFFER", dst: "bob", payload: 1 });
  assert.equal(await bob.next(), '{"type":"OFFER","src":"ann","dst":"bob","payload":1}');
  ann.send('{"type":"HEARTBEAT"}');
  assert.equal(await ann.next(), "pong");
  await sleep(came + GRACE_MS - Date.now());
  const hears = await soonAfter(
    GRACE_MS,
    async (again) => {
      if (again) {
        [ann, bob] = [await openAnn(), await openBob()];
        for (const socket of [ann, bob]) assert.equal(await socket.next(), '{"type":"OPEN"}');
        await sleep(GRACE_MS);
      }
      return async () => {
        await bob.close();
        ann.send({ type: "OFFER", dst: "carl", payload: 2 });
        // The object has one thread: when this is answered, what came before is done.
        ann.send({ type: "OFFER", dst: "ann", payload: 3 });
        assert.equal(await ann.next(), '{"type":"OFFER","src":"ann","dst":"ann","payload":3}');
      };
    },
    async () => {
      await here.close(); // which is a kill
      here = await begin();
      const thief = await open(at(here), { key: "peerjs", id: "bob", token: "another" });
      const told = await thief.next();
      thief.close().catch(() => {}); // nobody waits for it
      return told;
    },
    (told) => told.includes("ID-TAKEN"),
  );
  assert.match(hears, /^\{"type":"ID-TAKEN"/);
  const carl = await open(at(here), { key: "peerjs", id: "carl", token: "t" });
  assert.equal(await carl.next(), '{"type":"OPEN"}');
  assert.equal(await carl.next(), '{"type":"OFFER","src":"ann","dst":"carl","payload":2}');
  const owner = await openBob();
  assert.equal(await owner.next(), '{"type":"OPEN"}');
});

test("nobody can say for himself from where he asks; a proxy can", async () => {
  // One network keeps eight ids for owners who are away (MAX_RESERVED_PER_CLIENT); nine networks keep nine.
  const kept = async (server, key, header) => {
    const names = Array.from({ length: 9 }, (_, n) => `owner${n}`);
    const join = (id, n) => open(at(server), { key, id, token: `${id}-has-a-token-that-lasts` }, "/peerjs", { [header]: `203.0.${n}.1` });
    const sockets = await Promise.all(names.map(join));
    for (const socket of sockets) await socket.next();
    await sleep(GRACE_MS);
    await Promise.all(sockets.map((socket) => socket.close()));
    const told = await Promise.all(names.map(async (id) => (await open(at(server), { key, id, token: "another" })).next()));
    return told.filter((frame) => /ID-TAKEN/.test(frame)).length;
  };
  const folder = mkdtempSync(join(tmpdir(), "beckon-serve-"));
  const behind = await begin({ data: folder, proxied: true });
  const counts = [
    kept(here, "own-word", "CF-Connecting-IP"),
    kept(here, "own-word-too", "X-Forwarded-For"),
    kept(behind, "proxy", "X-Forwarded-For"),
    kept(behind, "own-word", "CF-Connecting-IP"),
  ];
  assert.deepEqual(await Promise.all(counts), [8, 8, 9, 8]);
  await behind.close();
  rmSync(folder, { recursive: true });
});

test("however a proxy spells an address, it is the same network, and nonsense is one network too", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "beckon-serve-"));
  const behind = await begin({ data: folder, proxied: true, vars: { PEERS_PER_NETWORK: "1" } });
  t.after(async () => {
    await behind.close();
    rmSync(folder, { recursive: true });
  });
  let keys = 0;
  /** How many of those who come from these places into one realm are let in, where one network has one place. */
  const admitted = async (places) => {
    const key = `spelling${keys++}`;
    const sockets = [];
    for (const [n, place] of places.entries())
      sockets.push(await open(at(behind), { key, id: `n${n}`, token: "t" }, "/peerjs", place === null ? {} : { "X-Forwarded-For": place }));
    const told = await Promise.all(sockets.map((socket) => socket.next()));
    assert.ok(
      told.every((frame) => /"OPEN"|Too many peers from your network/.test(frame)),
      told.join(),
    );
    return told.filter((frame) => frame === '{"type":"OPEN"}').length;
  };
  for (const same of [
    [
      "203.0.113.5",
      "203.0.113.5:4711",
      "::ffff:203.0.113.5",
      "[::ffff:203.0.113.5]:443",
      "::FFFF:CB00:7105",
      "198.51.100.1, 203.0.113.5:1",
      "evil, ::ffff:203.0.113.5,203.0.113.5",
      "127.0.0.1,203.0.113.5",
    ],
    ["2001:db8::1", "[2001:db8::1]:443", "2001:DB8::2", "[2001:db8::3]", "2001:db8::1%eth0", "[2001:db8::1%25eth0]:1", "::1, 2001:0db8::4"],
    [
      "unknown",
      "_hidden",
      "203.0.113.5:x",
      "203.0.113.005",
      "[2001:db8::1",
      "203.0.113.5,",
      "203.0.113.5, ",
      ",",
      "unix:",
      "203.0.113.5/32",
      "127.0.0.1, nobody",
    ],
  ]) {
    assert.equal(await admitted(same), 1, same.join(" | "));
  }
  assert.equal(await admitted(["203.0.113.5", "203.0.113.6:1", "2001:db8::1", "[2001:db8:0:1::1]:1", "nonsense"]), 5);
  // This machine is nobody who has to be limited, and who comes past the proxy is seen as he comes.
  assert.equal(await admitted(["127.0.0.1", "127.0.0.1:1", "[::1]:1", "::ffff:127.0.0.1", null, null]), 6);
});

test("TURN credentials are made without Cloudflare's limiter, from a secret that is in no file", async () => {
  process.env.TURN_SECRET = "a secret of the operator's";
  const folder = mkdtempSync(join(tmpdir(), "beckon-serve-"));
  const server = await begin({ data: folder, vars: { TURN_URLS: "turn:turn.example.org:3478", ICE_FOR_ALL: "true" } });
  delete process.env.TURN_SECRET;
  const { iceServers } = await (await fetch(new URL("/peerjs/ice", at(server)))).json();
  assert.ok(
    iceServers.some(({ urls, credential }) => String(urls).includes("turn.example.org") && credential),
    JSON.stringify(iceServers),
  );
  await server.close();
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".capnp"))) {
    assert.doesNotMatch(readFileSync(join(folder, name), "utf8"), /a secret of the operator/);
  }
  rmSync(folder, { recursive: true });
});

test("counts are to be had where the operator asks for them, and nowhere else", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "beckon-serve-"));
  const server = await begin({ data: folder, metrics: "0" });
  t.after(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });
  assert.notEqual(server.ports.metrics, server.port);
  const counts = new URL(`http://127.0.0.1:${server.ports.metrics}/metrics`);
  const read = async () => (await fetch(counts)).text();
  const first = await fetch(counts);
  assert.deepEqual([first.status, first.headers.get("content-type")], [200, "text/plain; version=0.0.4; charset=utf-8"]);
  const ann = await open(at(server), { key: "a secret key", id: "ann's secret id", token: "t" });
  await ann.next();
  for (const frame of ["{", "nonsense"]) ann.send(frame);
  for (let frame = 0; frame < 2; frame++) await ann.next();
  ann.send({ type: "OFFER", dst: "nobody", payload: "secret" });
  ann.send("x".repeat(300_000));
  await ann.closed();
  assert.equal((await fetch(new URL("/paths/direct", at(server)), { method: "POST" })).status, 204);
  const bob = await open(at(server), { key: "a secret key", id: "bob", token: "t" });
  await bob.next();
  let text = "";
  for (const end = Date.now() + 20_000; !/not-a-message"} 2/.test(text); text = await read()) {
    assert.ok(Date.now() < end, text);
    bob.send({ type: "OFFER", dst: "bob" }); // what was not told yet is told with the next event
    await bob.next();
  }
  for (const line of [
    "# TYPE beckon_joins_total counter",
    "beckon_joins_total 2",
    "beckon_stored_rows_total 1",
    'beckon_refusals_total{code="not-a-message"} 2',
    'beckon_refused_bytes_total{code="not-a-message"} 9',
    'beckon_refusals_total{code="frame-too-long"} 1',
    'beckon_refused_bytes_total{code="frame-too-long"} 278532',
    'beckon_paths_total{kind="direct"} 1',
  ])
    assert.ok(text.split("\n").includes(line), `${line} in\n${text}`);
  assert.match(text, /^(# (HELP|TYPE) beckon_\w+ .+\n|beckon_\w+(\{(code|kind)="[a-z-]+"\})? \d+\n)+$/);
  assert.doesNotMatch(text, /secret|ann|127/);
  for (const [path, method, status] of /** @type {[string, string, number][]} */ ([
    ["/", "GET", 404],
    ["/peerjs/id", "GET", 404],
    ["/metrics/", "GET", 404],
    ["/metrics", "POST", 405],
    ["/metrics?x", "GET", 200],
    ["/metrics", "HEAD", 200],
  ])) {
    assert.equal((await fetch(new URL(path, counts), { method })).status, status, `${method} ${path}`);
  }
  // Where it is served, and where nobody has asked for counts, there are none.
  for (const other of [server, here]) assert.equal((await fetch(new URL("/metrics", at(other)))).status, 404);
  assert.equal((await (await fetch(new URL("/health", at(here)))).json()).counts, false);
});
