// The HTTP side, and the headers of the static files.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startBeckon } from "./beckon.mjs";
import { open } from "./socket.mjs";

let beckon;
before(async () => (beckon = await startBeckon({ vars: { ALLOW_DISCOVERY: "true", PUBLIC_HOMES: "3" } })));
after(() => beckon.close());
const origin = { headers: { Origin: "null" } };

test("a fresh id is a bare UUID that any page may read", async () => {
  const answer = await beckon.fetch("/peerjs/id?ts=1&version=1.5.5", origin);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("access-control-allow-origin"), "null");
  assert.equal(answer.headers.get("content-type"), "text/html; charset=utf-8");
  const id = await answer.text();
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.notEqual(id, await (await beckon.fetch("/peerjs/id")).text());
});

test("discovery lists a realm's peers, over all its homes, and no other realm's", async () => {
  const ids = ["ann", "bob", "carl", "dora", "eve"];
  for (const id of ids) await (await open(beckon.url, { key: "peerjs", id, token: "t" })).next();
  await (await open(beckon.url, { key: "other", id: "elsewhere", token: "t" })).next();
  await (await open(beckon.url, { key: "other", id: "hidden", token: "t", roster: "1" })).next();
  assert.deepEqual((await (await beckon.fetch("/peerjs/peers")).json()).sort(), ids);
  assert.deepEqual(await (await beckon.fetch("/other/peers")).json(), ["elsewhere"]);
  assert.deepEqual(await (await beckon.fetch("/nobody/peers")).json(), []);
});

test("a frame finds its way to another home and EXPIRE back", async () => {
  const [fay, gus] = [await open(beckon.url, { key: "peerjs", id: "fay", token: "t" }), await open(beckon.url, { key: "peerjs", id: "gus", token: "t" })];
  await fay.next();
  await gus.next();
  for (let number = 0; number < 100; number++) fay.send({ type: "CANDIDATE", dst: "gus", payload: number });
  for (let number = 0; number < 100; number++) assert.equal(JSON.parse(await gus.next()).payload, number);
  for (const dst of ["nobody1", "nobody2", "nobody3"]) fay.send({ type: "OFFER", dst });
  const told = [await fay.next(), await fay.next(), await fay.next()].sort();
  assert.deepEqual(
    told,
    ["nobody1", "nobody2", "nobody3"].map((dst) => `{"type":"EXPIRE","src":"${dst}","dst":"fay"}`),
  );
});

test("refusals of a socket's address come as a frame and a close without a code", async () => {
  for (const [query, msg] of /** @type {[Record<string, string>, string][]} */ ([
    [{ key: "peerjs", id: "x" }, "No id, token, or key supplied to websocket server"],
    [{ key: "peerjs", token: "t", roster: "1" }, "The public realm has no roster: use a key of your own"],
    [{ key: "peerjs", token: "t", id: "x".repeat(1025) }, "The id is too long: it may have at most 512 bytes"],
  ])) {
    const socket = await open(beckon.url, query);
    assert.equal(JSON.parse(await socket.next()).payload.msg, msg);
    assert.equal((await socket.closed()).code, 1005);
  }
});

test("sockets elsewhere, other methods and other paths are refused in words", async () => {
  await assert.rejects(open(beckon.url, { key: "peerjs", id: "x", token: "t" }, "/peerjs/"), /400/);
  assert.equal((await beckon.fetch("/peerjs")).status, 404);
  // A room's page asks so whether requests get here where its socket does not.
  const asked = await beckon.fetch("/peerjs?roster=1", { method: "HEAD", headers: { Origin: "https://app.example" } });
  assert.deepEqual([asked.status, asked.headers.get("access-control-allow-origin")], [426, "https://app.example"]);
  assert.equal((await beckon.fetch("/peerjs/id", { method: "POST" })).status, 404);
  assert.equal((await beckon.fetch("/no/such/path", { method: "OPTIONS" })).status, 204);
});

test("with discovery off the answer is 401, and a variable that cannot be is named", async (t) => {
  const closed = await startBeckon();
  t.after(() => closed.close());
  const answer = await closed.fetch("/peerjs/peers", origin);
  assert.deepEqual([answer.status, await answer.text()], [401, "Unauthorized"]);
  assert.equal(answer.headers.get("access-control-allow-origin"), "null");
  const broken = await startBeckon({ vars: { PUBLIC_HOMES: "none" } });
  t.after(() => broken.close());
  const fault = await broken.fetch("/peerjs/id");
  assert.equal(fault.status, 500);
  assert.match(await fault.text(), /^The variable PUBLIC_HOMES must be a whole number from 1 to 32\./);
});

test("in wrangler.toml a variable may be a number, a flag or a list as well", async (t) => {
  const change = (config) =>
    config
      .replace(/^ROOM_CAPACITY = .*$/m, "ROOM_CAPACITY = 0")
      .replace(/^ALLOW_DISCOVERY = .*$/m, "ALLOW_DISCOVERY = true")
      .replace(/^ALLOWED_ORIGINS = .*$/m, 'ALLOWED_ORIGINS = ["https://one.example", "https://two.example"]');
  const other = await startBeckon({ change });
  t.after(() => other.close());
  const from = (origin) => other.fetch("/peerjs/peers", { headers: { Origin: origin } });
  assert.equal((await (await other.fetch("/health")).json()).limits.ROOM_CAPACITY, 0);
  assert.equal((await from("https://two.example")).headers.get("Access-Control-Allow-Origin"), "https://two.example");
  assert.equal((await from("https://three.example")).headers.get("Access-Control-Allow-Origin"), null);
  assert.equal((await from("https://one.example")).status, 200);
});
