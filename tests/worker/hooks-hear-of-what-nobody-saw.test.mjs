// Hooks hear of everybody who comes and goes once, also where no event told of it: over a deploy, which cuts all sockets, and over a crash.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBeckon } from "./beckon.mjs";
import { startFaulty } from "./faulty.mjs";
import { open } from "./socket.mjs";

const HOST = `
import Beckon, { Room as Base } from "beckon/worker";
const told = []; // it outlives the objects
export class Room extends Base {
  onConnect({ id, data }) { told.push(id + " came"); }
  onDisconnect({ id, realm }, how) { told.push(id + " went from " + realm + ": " + how); }
}
export default class extends Beckon {
  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/told") return Response.json(told.splice(0));
    if (pathname === "/peers") return Response.json(await this.env.ROOM.getByName(searchParams.get("of")).peers());
    return super.fetch(request);
  }
}`;
const OPEN = '{"type":"OPEN"}';

describe("after a deploy", () => {
  let beckon;
  before(async () => (beckon = await startBeckon({ host: HOST, pages: true, vars: { EXPIRE_TIMEOUT_MS: "200", OWNER_GRACE_MS: "300" } })));
  after(() => beckon.close());
  const ask = async (path) => (await beckon.fetch(path)).json();
  const enter = async (key, id) => {
    const socket = await open(beckon.url, { key, id, token: `token of ${id}` });
    assert.equal(await socket.next(), OPEN);
    return socket;
  };
  /** Whether the object has a table. */
  const keeps = async (key) =>
    (await beckon.sql(`realm:${key}`, "SELECT name FROM sqlite_master WHERE name IN ('beckon_told', 'waiting')")).map(({ name }) => name);

  test("whoever comes back has gone and come, and those who do not are gone", async () => {
    for (const id of ["ann", "bob", "cid"]) await enter("back", id);
    assert.deepEqual(await ask("/told"), ["ann came", "bob came", "cid came"]);
    await beckon.evict("realm:back", "close");
    assert.deepEqual(await ask("/told"), [], "nobody has woken it");
    await enter("back", "ann");
    assert.deepEqual(await ask("/told"), ["bob went from back: lost", "cid went from back: lost", "ann went from back: lost", "ann came"]);
    await beckon.evict("realm:back");
    await enter("back", "bob");
    assert.deepEqual(await ask("/told"), ["bob came"], "an eviction is no deploy");
  });

  test("whoever asks who is here is enough, and then nothing is left", async () => {
    await enter("asked", "ann");
    await ask("/told");
    assert.deepEqual(await keeps("asked"), ["beckon_told"]);
    await beckon.evict("realm:asked", "close");
    assert.deepEqual(await ask("/peers?of=realm:asked"), []);
    assert.deepEqual(await ask("/told"), ["ann went from asked: lost"]);
    assert.deepEqual(await keeps("asked"), []);
  });

  test("those who go at once while it sleeps go once", async () => {
    const all = await Promise.all(["ann", "bob", "cid"].map((id) => enter("asleep", id)));
    await ask("/told");
    await beckon.evict("realm:asleep");
    for (const one of all) one.close(1000);
    /** @type {string[]} */
    const told = [];
    for (const end = Date.now() + 30_000; told.length < 3; told.push(...(await ask("/told")))) assert.ok(Date.now() < end);
    await enter("asleep", "dan"); // an event more, for whatever is still to be told
    told.push(...(await ask("/told")));
    assert.deepEqual(told.map((line) => line.split(" ").slice(0, 2).join(" ")).sort(), ["ann went", "bob went", "cid went", "dan came"]);
  });

  test("an object that empties its storage keeps who is here, and the last one to go leaves nothing", async () => {
    const ann = await enter("kept", "ann");
    ann.send({ type: "OFFER", dst: "nobody", payload: 1 });
    assert.match(await ann.next(), /EXPIRE/); // its alarm deletes all
    for (const end = Date.now() + 30_000; (await keeps("kept")).includes("waiting"); ) assert.ok(Date.now() < end);
    assert.deepEqual(await keeps("kept"), ["beckon_told"]);
    await beckon.evict("realm:kept");
    ann.send({ type: "LEAVE" });
    await ann.closed();
    assert.deepEqual(await ask("/told"), ["ann came", "ann went from kept: left"]);
    for (const end = Date.now() + 30_000; (await keeps("kept")).length; ) assert.ok(Date.now() < end);
  });
});

test("what a crash kept from being told is told with the next event", async (t) => {
  const beckon = await startFaulty(t, { host: HOST, pages: true });
  const ask = async (path) => (await beckon.fetch(path)).json();
  const enter = async (id) => {
    const socket = await open(beckon.url, { key: "crash", id, token: `token of ${id}` });
    assert.equal(await socket.next(), OPEN);
    return socket;
  };
  const [ann, bob] = [await enter("ann"), await enter("bob")];
  await ask("/told");
  ann.close(4999); // it traps amid the event
  for (const end = Date.now() + 30_000; !(await beckon.faults()).traps; ) assert.ok(Date.now() < end);
  bob.send({ type: "OFFER", dst: "bob", payload: 1 });
  assert.match(await bob.next(), /OFFER/);
  assert.deepEqual(await ask("/told"), ["ann went from crash: lost"]);
});

test("where storage fails, hooks are told all the same", async (t) => {
  const beckon = await startFaulty(t, { host: HOST, pages: true });
  const enter = async (id) => {
    const socket = await open(beckon.url, { key: "full", id, token: "t" });
    assert.equal(await socket.next(), OPEN);
    return socket;
  };
  await enter("ann");
  await beckon.faults({ INSERT: "1" });
  const bob = await enter("bob");
  bob.send({ type: "LEAVE" });
  await bob.closed();
  assert.deepEqual(await (await beckon.fetch("/told")).json(), ["ann came", "bob came", "bob went from full: left"]);
  assert.deepEqual(
    beckon.logs().map(({ message }) => JSON.parse(message)),
    [{ fault: "who came and went is not stored: after a deploy, hooks will not know", error: "Error: ordered: INSERT" }],
  );
});
