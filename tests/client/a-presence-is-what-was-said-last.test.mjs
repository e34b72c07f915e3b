// A presence: the last one counts, whoever comes later sees it too, and no older one takes its place, whatever way it comes.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mock, test } from "node:test";
import "./node-webrtc.mjs";
import { join } from "../../public/beckon.js";
import { BeckonEvent } from "../../public/lib/events.js";
import { openShowing } from "../../public/lib/showing.js";
import { tellTime } from "./clock.mjs";
import { fakeServer } from "./sockets.mjs";

/** @param {EventTarget} target @param {() => unknown} is */
async function shown(target, is) {
  while (!is()) await once(target, "presence");
}

test("what is set is seen by all, and by those who come later; a thousand changes are a few cards; a reconnect loses none", { timeout: 60_000 }, async (t) => {
  fakeServer(t);
  const { send } = RTCDataChannel.prototype;
  const sent = t.mock.method(
    RTCDataChannel.prototype,
    "send",
    /** @this {RTCDataChannel} */ function (data) {
      send.call(this, data);
    },
  );
  const cards = () => sent.mock.calls.filter(({ arguments: [data] }) => String(data).startsWith('{"type":"name"')).length;
  const ann = join("https://beckon.example/", { name: "Ann" });
  t.after(() => ann.close());
  assert.equal(ann.presence, null);
  const early = { typing: true };
  ann.presence = early; // before there is anybody, or even an id
  early.typing = false;
  assert.deepEqual(ann.presence, { typing: true }, "a copy, which nobody changes later");
  for (const wrong of [new Map(), () => {}, NaN, 1n, undefined, new Uint8Array(2)])
    assert.throws(() => (ann.presence = /** @type {Fake} */ (wrong)), TypeError);
  assert.throws(() => (ann.presence = "\u20ac".repeat(342)), { code: "too-long" }, "counted as UTF-8");
  assert.deepEqual(ann.presence, { typing: true }, "what cannot go changes nothing");

  const bob = join(ann.link);
  t.after(() => bob.close());
  await shown(bob, () => bob.peers[0]?.presence?.typing);
  const [peer] = bob.peers;
  const before = cards();
  for (let n = 1; n <= 1_000; n++) ann.presence = n;
  await shown(peer, () => peer.presence === 1_000);
  assert.ok(cards() - before <= 10, `${cards() - before} cards`);
  assert.equal(peer.name, "Ann");

  peer.connection?.close();
  ann.presence = { during: "the cut" };
  await shown(peer, () => peer.presence.during);
  const later = join(ann.link);
  t.after(() => later.close());
  await shown(later, () => later.peers.some(({ presence }) => presence?.during));
  ann.presence = null;
  await Promise.all([bob, later].map((room) => shown(room, () => room.peers.every(({ presence }) => presence === null))));
});

test("an older one never takes the place of a newer, another page load begins anew, and nonsense shows nothing", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  let time = 0;
  const endTime = tellTime(() => time);
  const fields = { presence: /** @type {Fake} */ (null) };
  const [room, peer] = [new EventTarget(), Object.assign(new EventTarget(), { state: "open" })];
  let events = 0;
  for (const target of [room, peer]) target.addEventListener("presence", () => events++);
  const show = openShowing({ room, peer, fields, BeckonEvent });
  const text = (value) => `\uFEFF${JSON.stringify(value)}`;
  const wait = () => mock.timers.tick((time += 1_000));
  show({ turn: 2, presence: text("two") }, "first");
  show({ turn: 1, presence: text("one") }, "first");
  show({ turn: 2, presence: text("two") }, "first");
  assert.deepEqual([fields.presence, events], ["two", 2]);
  show({ turn: 1, presence: text("new") }, "second");
  assert.equal(fields.presence, "new");
  wait();
  for (let n = 2; n < 1_000; n++) show({ turn: n, presence: text(n) }, "second");
  wait();
  assert.equal(fields.presence, 999);
  assert.ok(events < 30, `${events} events`);
  for (const nonsense of [undefined, 7, {}, "x".repeat(100_000)]) {
    show({ turn: 1_000, presence: text("something") }, String(nonsense));
    wait();
    assert.equal(fields.presence, "something");
    show({ turn: 1_001, presence: nonsense }, String(nonsense));
    wait();
    assert.equal(fields.presence, null);
  }
  show({ turn: 5, presence: text("back") }, "third");
  wait();
  show({}, "fourth");
  wait();
  assert.equal(fields.presence, null, "a page load that shows nothing has none");

  for (let n = 1; n < 100; n++) show({ turn: n, presence: text(n) }, "fifth");
  const [before, seen] = [events, fields.presence];
  peer.state = "left";
  wait();
  assert.deepEqual([events, fields.presence], [before, seen], "nothing comes after the end");
  mock.timers.reset();
  endTime();
});
