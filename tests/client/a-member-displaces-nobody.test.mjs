// A member of a room has the room's key, and keys of its own. With all that it says, alone or with a server that helps, it displaces nobody else, wears
// nobody's memory out, weakens nobody's keys, and does not lend its name to a channel between two others.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import "./node-webrtc.mjs";
import { join } from "../../public/beckon.js";
import { readKeys } from "../../public/lib/keys.js";
import { base64url, concat, deriveKeys, freshEpoch, freshSecret, KEYED, PAIR, ROOM, utf8 } from "../../public/lib/seal.js";
import { openSealedChannel } from "../../public/lib/sealed-channel.js";
import { frameOf, member } from "./members.mjs";
import { quiet } from "./sealing.mjs";
import { fakeServer, fakeSockets } from "./sockets.mjs";

const keys = await deriveKeys(freshSecret());

/** One who is in the room: what it hears and refuses, and every frame that it sends. */
function enter(mine, /** @type {(payload: string) => void} */ post) {
  const epoch = freshEpoch();
  const it = { mine, epoch, heard: [], refused: [], sent: [] };
  const channel = openSealedChannel({
    keys,
    mine,
    epoch,
    transmit: (_dst, _type, payload) => {
      it.sent.push(payload);
      post(payload);
    },
    read: (message) => /** @type {Fake} */ (message),
    isConnected: () => false,
    onMessage: (src, message, _epoch, proven) => it.heard.push({ src, message, proven }),
    onRefused: (src, reason) => it.refused.push({ src, reason }),
  });
  return Object.assign(it, channel);
}

/** Ann and Bob, who have heard each other and know each other's keys, and Eve's keys. */
async function met() {
  const [a, b, eve] = await Promise.all([member(), member(), member()]);
  const ann = enter(a, (payload) => bob.receive(a.id, payload));
  const bob = enter(b, (payload) => ann.receive(b.id, payload));
  ann.send(b.id, "OFFER", { says: "offer" });
  await quiet();
  bob.send(a.id, "ANSWER", { says: "answer" });
  await quiet();
  ann.send(b.id, "MESSAGE", { says: "thanks" });
  await quiet();
  bob.send(a.id, "MESSAGE", { mail: "for Ann alone" });
  await quiet();
  assert.equal(ann.heard.at(-1).message.mail, "for Ann alone");
  return { ann, bob, eve };
}

const formOf = (payload) => Buffer.from(payload, "base64url")[1];
const last = (all) => all.at(-1);

test("hundreds of page loads of one member displace nobody's, and nothing is taken twice afterwards", async () => {
  const { ann, bob, eve } = await met();
  for (let n = 0; n < 700; n++) ann.receive(eve.id, await frameOf(keys, eve, { to: ann.mine.id, epoch: freshEpoch() }, {}));
  await quiet();
  const of = (src) => ann.heard.filter((one) => one.src === src).length;
  assert.ok(of(eve.id) >= 1 && of(eve.id) <= 12, `${of(eve.id)} page loads of one id within a moment`);
  ann.refused.length = 0;
  for (const payload of bob.sent) ann.receive(bob.mine.id, payload);
  await quiet();
  assert.deepEqual(
    ann.refused.map(({ reason }) => reason),
    bob.sent.map(() => "replayed"),
  );
  bob.send(ann.mine.id, "MESSAGE", { mail: "and another" });
  await quiet();
  assert.equal(last(ann.heard).message.mail, "and another");
});

test("a forged number silences nobody, and what is for another page load counts for nothing", async () => {
  const { ann, bob, eve } = await met();
  const place = { from: bob.mine.id, to: ann.mine.id, epoch: bob.epoch };
  const tries = [
    ["impersonated", await frameOf(keys, { ...bob.mine, sign: eve.sign }, { ...place, seq: 9_999 }, { says: "forged" })],
    ["stale", await frameOf(keys, bob.mine, { ...place, seq: 50, toEpoch: freshEpoch() }, { says: "for another" })],
    ["stale", await frameOf(keys, bob.mine, { ...place, seq: 51, toEpoch: freshEpoch(), form: ROOM }, { says: "for another" })],
    ["stale", await frameOf(keys, bob.mine, { ...place, seq: 52, toEpoch: freshEpoch(), form: PAIR }, { says: "for another" })],
    ["unsealed", await frameOf(keys, bob.mine, { ...place, seq: 53, form: 3 }, { says: "in a form that there is not" })],
  ];
  const before = ann.heard.length;
  for (const [reason, payload = ""] of tries) {
    ann.receive(bob.mine.id, payload);
    await quiet();
    assert.equal(last(ann.refused).reason, reason);
  }
  // Messages come with the key of the two page loads, or not at all.
  for (const form of [ROOM, KEYED])
    ann.receive(bob.mine.id, await frameOf(keys, bob.mine, { ...place, seq: 60 + form, form, toEpoch: ann.epoch }, { mail: "x" }));
  await quiet();
  assert.equal(ann.heard.length, before);
  const through = await frameOf(keys, bob.mine, { ...place, seq: 70, form: ROOM, toEpoch: ann.epoch }, { says: "well" });
  ann.receive(bob.mine.id, through);
  await quiet();
  assert.deepEqual(last(ann.heard), { src: bob.mine.id, message: { says: "well" }, proven: true });
});

test("keys of another type, and a point in another spelling, are no key of that id", async () => {
  const [ann, bob] = await Promise.all([member(), member()]);
  const idOf = async (bytes) =>
    Buffer.from(await crypto.subtle.digest("SHA-256", concat(utf8("beckon/2 id"), bytes.subarray(0, 66))))
      .toString("hex")
      .slice(0, 32);
  assert.equal(await idOf(bob.keys), bob.id);
  assert.ok(await readKeys(bob.keys, bob.id, ann.agree, keys.salt));
  for (const [at, byte] of /** @type {const} */ ([
    [0, 7],
    [1, 6 + ((bob.keys[65] ?? 0) & 1)],
  ])) {
    const other = Uint8Array.from(bob.keys);
    other[at] = byte;
    assert.equal(await readKeys(other, await idOf(other), ann.agree, keys.salt).catch(() => null), null);
  }
});

test("what nobody has sealed leads to one answer with keys, and not back to weaker ones", async () => {
  const { ann, bob } = await met();
  bob.sent.length = ann.sent.length = 0;
  // As from Bob: the form that only he and Ann can seal, of a page load that nobody knows.
  ann.receive(bob.mine.id, base64url(Uint8Array.from({ length: 80 }, (_, at) => (at < 2 ? 2 : at))));
  await quiet();
  assert.deepEqual(ann.sent.map(formOf), [KEYED], "Ann asks who is there");
  bob.send(ann.mine.id, "MESSAGE", { here: "Bob" });
  bob.send(ann.mine.id, "MESSAGE", { ack: 1 });
  bob.send(ann.mine.id, "CANDIDATE", { candidate: {} });
  await quiet();
  assert.deepEqual(bob.sent.map(formOf), [KEYED, PAIR, PAIR]);
  assert.deepEqual(last(ann.heard), { src: bob.mine.id, message: { candidate: {} }, proven: true });
});

test("a member who introduces two others to each other as itself: nothing is delivered, and no receipt lies", { timeout: 120_000 }, async (t) => {
  fakeServer(t);
  t.mock.method(console, "debug", () => {});
  const device = async (link, name) => {
    const room = join(link, { name });
    t.after(() => room.close());
    const heard = [];
    room.addEventListener("message", ({ data }) => heard.push(data));
    await room.ready;
    return { room, heard };
  };
  const ann = await device("https://beckon.example/", "Ann");
  const bob = await device(ann.room.link, "Bob");
  const theirs = await deriveKeys(new URL(ann.room.link).hash.slice(1));
  // The others give way to the highest id.
  let mine = await member();
  while (mine.id < ann.room.id || mine.id < bob.room.id) mine = await member();
  const [url, epoch] = [new URL("https://beckon.example/peerjs"), freshEpoch()];
  url.search = String(new URLSearchParams({ key: theirs.realmKey, id: mine.id, token: "x" }));
  /** Connections of the one, as the other is told of them. */
  const names = new Map();
  const called = (real) => names.get(real) ?? names.set(real, `${epoch}.${names.size}`).get(real);
  const back = (name) => [...names].find(([, told]) => told === name)?.[0] ?? null;
  const { send, receive } = openSealedChannel({
    keys: theirs,
    mine,
    epoch,
    isConnected: () => false,
    transmit: (dst, type, payload) => socket.send(JSON.stringify({ type, dst, payload })),
    onRefused() {},
    onMessage(src, { from = "", to = "", description, candidate }) {
      const other = src === ann.room.id ? bob.room.id : ann.room.id;
      if (description) send(other, description.type.toUpperCase(), { from: called(from), to: back(to), description });
      else if (candidate && names.has(from)) send(other, "CANDIDATE", { from: called(from), to: back(to), candidate });
    },
  });
  const socket = new WebSocket(url);
  socket.onmessage = ({ data }) => {
    const { type, src, payload } = JSON.parse(data);
    if (["OFFER", "ANSWER", "CANDIDATE", "MESSAGE"].includes(type)) receive(src, payload);
  };
  const eve = async ({ room }) => {
    for (;;) {
      const peer = room.peers.find(({ id }) => id === mine.id);
      if (peer) return peer;
      await once(room, "peer");
    }
  };
  const receipts = [];
  const there = await Promise.all([ann, bob].map(eve));
  for (const peer of there) {
    peer.send("for Eve alone").then(
      (receipt) => receipts.push(receipt),
      () => {},
    );
  }
  await Promise.all(
    there.map(async (peer) => {
      while (peer.error?.code !== "tampered") await once(peer, "state");
    }),
  );
  assert.deepEqual([receipts, ann.heard, bob.heard], [[], [], []]);
});

test("a server that always says that the id is taken is asked now and then, and not for ever faster", async (t) => {
  const sockets = fakeSockets(t);
  const room = join("https://beckon.example/");
  t.after(() => room.close());
  const refuse = (socket) => {
    socket.say({ type: "ID-TAKEN", payload: { msg: "taken" } });
    socket.cut(1000);
  };
  while (!sockets.length) await new Promise((resolve) => setTimeout(resolve, 5));
  refuse(last(sockets));
  const ids = new Set();
  t.mock.timers.enable({ apis: ["setTimeout"] });
  for (let ms = 0; ms < 60_000; ms += 250) {
    t.mock.timers.tick(250);
    await quiet(); // keys of a new id are made by real threads, which may take their time
    const socket = last(sockets);
    if (socket.closed) continue;
    ids.add(new URL(socket.url).searchParams.get("id"));
    refuse(socket);
  }
  assert.ok(ids.size >= 3 && ids.size <= 12, `${ids.size} ids in a minute`);
});
