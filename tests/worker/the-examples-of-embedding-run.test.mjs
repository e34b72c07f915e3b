// The programs of docs/embedding.md, as they stand there: each is a Worker, and does what is said of it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { test } from "node:test";
import { SignJWT, exportJWK, generateKeyPair } from "jose";
import WebSocket from "ws";
import { pieces } from "../tree/papers.mjs";
import { startBeckon } from "./beckon.mjs";
import { open } from "./socket.mjs";

const OPEN = '{"type":"OPEN"}';
const programs = pieces(readFileSync(new URL("../../docs/embedding.md", import.meta.url), "utf8"))
  .filter(({ language }) => language === "js")
  .map(({ code }) => code);
/** The program that uses something. @param {string} what */
const program = (what) => programs.find((code) => code.includes(what)) ?? assert.fail(what);

/** Runs a program until the test ends. */
async function run(t, host, more = {}) {
  const beckon = await startBeckon({ host, vars: { STUN_URLS: "" }, ...more });
  t.after(() => beckon.close());
  return beckon;
}
const join = (beckon, query) => open(beckon.url, { key: "peerjs", token: "t", ...query }, "/p2p/peerjs");

test("there are as many as are tested here", () => assert.equal(programs.length, 6));

test("the six lines", async (t) => {
  const beckon = await run(t, programs[0]);
  assert.equal(await (await join(beckon, { id: "ann" })).next(), OPEN);
  assert.equal(await (await beckon.fetch("/")).text(), "my own page");
});

test("your own login: tokens of an identity provider, whose keys are fetched once", async (t) => {
  const [ours, theirs] = [await generateKeyPair("RS256"), await generateKeyPair("RS256")];
  let fetched = 0;
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(ours.publicKey)), kid: "1", alg: "RS256" }] });
  const provider = createServer((_, response) => (fetched++, response.setHeader("Content-Type", "application/json").end(jwks)));
  await new Promise((ready) => provider.listen(0, "127.0.0.1", () => ready(undefined)));
  t.after(() => provider.close());
  const issuer = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (provider.address()).port}/`;
  const beckon = await run(t, program("jwtVerify").replace("https://login.example.com/", issuer));
  const token = ({ sub = "osama", key = ours.privateKey, audience = "my-app", by = issuer, seconds = 60 } = {}) =>
    new SignJWT({ name: "Osama" })
      .setProtectedHeader({ alg: "RS256", kid: "1" })
      .setSubject(sub)
      .setIssuer(by)
      .setAudience(audience)
      .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
      .sign(key);
  const first = await join(beckon, { id: "osama", token: await token() });
  assert.equal(await first.next(), OPEN);
  for (const wrong of [{ key: theirs.privateKey }, { audience: "another" }, { by: "https://else/" }, { seconds: -60 }]) {
    const refused = await join(beckon, { id: "osama", token: await token(wrong) });
    assert.equal(await refused.next(), '{"type":"ERROR","payload":{"msg":"Please log in again"}}', Object.keys(wrong)[0]);
  }
  // A fresh token of the same login takes over.
  const again = await join(beckon, { id: "osama", token: await token({ seconds: 90 }) });
  assert.equal(await again.next(), OPEN);
  await beckon.evict("home:0");
  assert.equal((await first.closed()).code, 4001);
  assert.equal(fetched, 1);
});

test("who is online: pages are sent the list whenever it changes", async (t) => {
  const objects = {
    durableObjects: { ROOM: { className: "Room", useSQLite: true }, ONLINE: { className: "Online", useSQLite: true } },
  };
  const beckon = await run(t, program("ONLINE"), { bindings: objects });
  const page = new WebSocket(new URL("/online", beckon.url).href.replace("http", "ws"));
  const lists = [];
  let news = () => {};
  page.on("message", (data) => (lists.push(JSON.parse(data.toString())), news()));
  t.after(() => page.terminate());
  /** Waits until the last list is this one. */
  const shows = async (ids) => {
    while (JSON.stringify(lists.at(-1)) !== JSON.stringify(ids)) await new Promise((done) => (news = () => done(undefined)));
  };
  await shows([]);
  const ann = await join(beckon, { id: "ann" });
  await shows(["ann"]);
  await beckon.evict("home:0");
  await join(beckon, { id: "bob" });
  await shows(["ann", "bob"]);
  ann.send({ type: "LEAVE" });
  await shows(["bob"]);
});

test("a bot that greets", async (t) => {
  const beckon = await run(t, program("bot:"));
  const enter = async (id) => {
    const member = await join(beckon, { key: "room", roster: "1", id });
    assert.equal(JSON.parse(await member.next()).type, "OPEN");
    return member;
  };
  const said = async (member) => JSON.parse(await member.next());
  const ann = await enter("ann");
  assert.deepEqual(await said(ann), { type: "SERVER", payload: { bot: "Welcome! You meet 0 here." } });
  await beckon.evict("room:room");
  const bob = await enter("bob");
  assert.deepEqual(await said(bob), { type: "SERVER", payload: { bot: "Welcome! You meet 1 here." } });
  assert.deepEqual(
    [await said(ann), await said(ann)],
    [
      { type: "JOIN", src: "bob" },
      { type: "SERVER", payload: { bot: "Somebody has come." } },
    ],
  );
});

for (const router of ["Hono", "itty-router"]) {
  test(router, async (t) => {
    const beckon = await run(t, program(router));
    assert.equal(await (await beckon.fetch("/")).text(), "my own page");
    if (router === "Hono") assert.equal((await beckon.fetch("/else")).status, 404);
    const ann = await join(beckon, { id: "ann" });
    assert.equal(await ann.next(), OPEN);
    ann.send({ type: "OFFER", dst: "ann" });
    assert.equal(await ann.next(), '{"type":"OFFER","src":"ann","dst":"ann"}');
  });
}
