// A Blob and long messages between two ends whose connections come and go; old pages that take none; and members who keep no agreement.
import assert from "node:assert/strict";
import { getEventListeners, once } from "node:events";
import { test } from "node:test";
import "./node-webrtc.mjs";
import { BeckonError, join } from "../../public/beckon.js";
import { ASKING } from "../../public/lib/frame.js";
import { packPiece, readTransfer, WINDOW_BYTES } from "../../public/lib/transfer-format.js";
import { fakeServer } from "./sockets.mjs";
import { bytesOf, connect, content, cut, end, until } from "./transfer-ends.mjs";

test("a Blob arrives whole over links that are cut, with its name, type and metadata, and progress goes up", async () => {
  const ends = [end("one"), end("two")];
  const [one, two] = ends;
  const bytes = content(3_000_000);
  const progress = [];
  const sent = one.send(new File([bytes], "evil\u202Egpj.exe", { type: "text/html" }), {
    metadata: { id: 7 },
    onProgress: (done, size) => progress.push([done, size]),
  });
  for (const part of [0.2, 0.5, 0.8]) {
    connect(ends);
    await until(() => (two.events[0]?.incoming?.received ?? 0) > part * bytes.length);
    cut(ends);
  }
  connect(ends);
  assert.equal(await sent, "arrived");
  const [{ incoming }, { type, data, metadata }] = two.events;
  assert.deepEqual(
    [type, data.name, data.type, metadata, incoming.size, incoming.received],
    ["message", "evil gpj.exe", "text/html", { id: 7 }, bytes.length, bytes.length],
  );
  assert.deepEqual(await bytesOf(data), bytes);
  assert.equal(await incoming.result, data);
  assert.deepEqual(progress.at(-1), [bytes.length, bytes.length]);
  for (let n = 1; n < progress.length; n++) assert.ok(progress[n][0] >= progress[n - 1][0]);
});

test("long text, long bytes, nothing at all, and several at once arrive as what they were", async () => {
  const ends = [end("one"), end("two")];
  const [one, two] = ends;
  connect(ends);
  const text = "\u20ac".repeat(200_000);
  const bytes = content(300_000);
  const things = [text, bytes, new Blob([]), ...Array.from({ length: 9 }, (_, n) => new Blob([String(n)]))];
  assert.deepEqual(
    await Promise.all(things.map((thing) => one.send(thing))),
    things.map(() => "arrived"),
  );
  const got = two.events.filter(({ type }) => type === "message").map(({ data }) => data);
  assert.equal(got.length, things.length);
  assert.ok(got.includes(text));
  assert.deepEqual(new Uint8Array(got.find((data) => data instanceof ArrayBuffer)), bytes);
  assert.deepEqual((await Promise.all(got.filter((data) => data instanceof Blob).map((blob) => blob.text()))).sort(), ["", ..."012345678"]);
});

test("what is more than may come at a time waits, and is not refused", async () => {
  const ends = [end("one"), end("two")];
  const [one, two] = ends;
  connect(ends);
  const large = () => Object.defineProperty(new Blob(["x"]), "size", { value: 3 * 1024 ** 3 });
  const first = one.send(large()).catch(({ code }) => code);
  const second = one.send(large()).catch(({ code }) => code);
  one.send(large()).catch(() => {});
  await until(() => two.events.length === 1);
  two.events[0].incoming.cancel();
  assert.equal(await first, "cancelled");
  await until(() => two.events.length === 2);
  two.events[1].incoming.cancel();
  assert.equal(await second, "cancelled");
  for (const { transfers } of ends) transfers.end(new BeckonError("left", "They left"));
});

test("either side stops it, also while there is no connection; a page that takes no pieces gets none", async () => {
  const ends = [end("one"), end("two")];
  const [one, two] = ends;
  connect(ends);
  const over = new AbortController();
  const first = one.send(new Blob([content(9_000_000)]), { signal: over.signal });
  const failed = assert.rejects(first, { name: "AbortError" });
  await until(() => two.events[0]?.incoming.received > 0);
  cut(ends);
  over.abort();
  await failed;
  connect(ends);
  await assert.rejects(two.events[0].incoming.result, { code: "cancelled" });

  const second = assert.rejects(one.send(new Blob([content(9_000_000)])), { code: "cancelled" });
  await until(() => two.events[1]?.incoming.received > 0);
  two.events[1].incoming.cancel();
  await second;
  await assert.rejects(one.send(new Blob(["x"]), { signal: AbortSignal.abort() }), { name: "AbortError" });

  connect(ends, false);
  await assert.rejects(one.send(new Blob(["x"])), { code: "outdated-there" });
});

test("no more is under way than the window while the reader is behind, and it goes on when it is not", async () => {
  const ends = [end("one"), end("two")];
  const [one, two] = ends;
  two.hold = true;
  connect(ends);
  const sent = one.send(new Blob([content(10_000_000)]));
  let [before, looks] = [-1, 0];
  await until(() => {
    const { received = 0 } = two.events[0]?.incoming ?? {};
    looks = received > 0 && received === before ? looks + 1 : 0;
    before = received;
    return looks === 50; // a pause is no end
  });
  assert.ok(before <= WINDOW_BYTES + 65_536, `${before} bytes`);
  two.release();
  assert.equal(await sent, "arrived");
});

test("a member who announces more than may be, or sends what was not agreed, is refused, and little is kept", async () => {
  const it = end("victim");
  const told = [];
  it.connection = { remote: "liar.1", pieces: true, write: () => true };
  it.other = { hear: (text) => told.push(JSON.parse(text)) };
  const say = (control) => it.hear(JSON.stringify({ type: "transfer", ...control }));
  const begin = (id, more = {}) => say({ what: "begin", id, size: 1e9, as: "blob", name: "", mime: "", ...more });
  for (let id = 1; id <= 100; id++) begin(id);
  assert.equal(told.filter(({ what, code }) => what === "refused" && code === "too-much").length, 96);
  for (let at = 0; at < 50e6; at += 65_000) it.take(packPiece(1, at, new Uint8Array(65_000)).buffer);
  assert.ok(
    told.some(({ what, id, code }) => what === "refused" && id === 1 && code === "too-much"),
    "all at once is no agreement",
  );
  begin(101, { as: "message", size: 1e9 });
  assert.equal(told.at(-1).code, "too-much", "nobody holds that");
  const before = it.events.length;
  for (const nonsense of [
    "",
    "[",
    "null",
    '{"type":"transfer"}',
    '{"type":"transfer","what":"begin","id":-1}',
    '{"type":"transfer","what":"got","id":1,"at":9}',
  ])
    it.hear(nonsense);
  for (const bytes of [[], [9], [9, 0, 0, 0, 1], [255, 1]]) it.take(Uint8Array.from(bytes).buffer);
  it.take(packPiece(2, NaN, new Uint8Array(9)).buffer);
  it.take(packPiece(2, 77, new Uint8Array(9)).buffer);
  assert.equal(it.events.length, before);
  assert.equal(readTransfer(JSON.stringify({ type: "transfer", what: "begin", id: 1, size: 1, as: "page", name: "", mime: "" })), null);
  it.transfers.end(new BeckonError("left", "They left"));
  for (const { incoming } of it.events) if (incoming) await assert.rejects(incoming.result);
});

test("what is over is not listened for any more, however it has ended", async () => {
  const ends = [end("one"), end("two")];
  const [one, two] = ends;
  const { signal } = new AbortController();
  connect(ends);
  await one.send(new Blob(["x"]), { signal });
  assert.equal(getEventListeners(signal, "abort").length, 0, "arrived");
  const unwanted = one.send(new Blob([content(9_000_000)]), { signal }).catch(({ code }) => code);
  await until(() => two.events.at(-1).incoming?.received > 0);
  assert.equal(getEventListeners(signal, "abort").length, 1);
  two.events.at(-1).incoming.cancel();
  assert.equal(await unwanted, "cancelled");
  assert.equal(getEventListeners(signal, "abort").length, 0, "cancelled");
  const last = one.send(new Blob([content(9_000_000)]), { signal }).catch(({ code }) => code);
  for (const { transfers } of ends) transfers.end(new BeckonError("left", "They left"));
  assert.equal(getEventListeners(signal, "abort").length, 0, "left");
  assert.equal(await last, "left");
});

test("what was said before a cut, and is read after it, costs nothing that has come", async () => {
  const ends = [end("one"), end("two")];
  const [one, two] = ends;
  connect(ends);
  const sent = one.send(new Blob([content(9_000_000)]));
  await until(() => two.events[0]?.incoming.received > 0);
  const ids = [one.said.find(({ what }) => what === "begin").id];
  const running = JSON.stringify({ type: "transfer", what: "running", ids });
  cut(ends);
  two.transfers.attach(two.port, running, "one");
  connect(ends);
  assert.equal(await sent, "arrived");
  assert.equal(two.events.filter(({ type }) => type === "incoming").length, 1, "it goes on");
});

test("senders who never end what they begin get their share, and leave the others theirs", () => {
  const GIB = 1024 ** 3;
  const open = [];
  const begin = (epoch, id, size) => {
    const it = open.find((one) => one.epoch === epoch) ?? open[open.push(end(epoch)) - 1];
    it.connection = { remote: `${epoch}.1`, pieces: true, write: () => true };
    it.hear(JSON.stringify({ type: "transfer", what: "begin", id, size, as: "blob", name: "", mime: "" }));
    return it.said.at(-1).code ?? it.said.at(-1).what;
  };
  assert.deepEqual([begin("a", 1, 3 * GIB), begin("a", 2, 2 * GIB), begin("a", 3, GIB), begin("b", 1, 4 * GIB)], ["got", "too-much", "got", "got"]);
  const told = Array.from({ length: 100 }, (_, n) => begin(`sender ${n}`, 1, 9));
  assert.deepEqual([told.indexOf("too-much"), told.lastIndexOf("got")], [61, 60], "64 in all, of however many");
  for (const one of open) one.transfers.end(new BeckonError("left", "They left"));
  assert.equal(begin("late", 1, 4 * GIB), "got", "and there is place again");
  open.at(-1).transfers.end(new BeckonError("left", "They left"));
});

test("what is not whole has its bounds in bytes, whoever it is of", () => {
  const [one, two] = ["one", "two"].map((epoch) => end(epoch, 100_000));
  for (const it of [one, two]) {
    it.connection = { remote: `${it.epoch}.1`, pieces: true, write: () => true };
    it.hear(JSON.stringify({ type: "transfer", what: "begin", id: 1, size: 1e9, as: "blob", name: "", mime: "" }));
    it.take(packPiece(1, 0, new Uint8Array(60_000)).buffer);
  }
  assert.deepEqual([one.said.at(-1).what, two.said.at(-1).code], ["got", "too-much"]);
  two.transfers.end(new BeckonError("left", "They left"));
  one.transfers.end(new BeckonError("left", "They left"));
});

test("a request is no message that came in pieces", async () => {
  const it = end("victim");
  it.connection = { remote: "liar.1", pieces: true, write: () => true };
  const frame = Uint8Array.from([ASKING, ...new Array(16).fill(0), 2, ...Buffer.from("{}")]);
  it.hear(JSON.stringify({ type: "transfer", what: "begin", id: 1, size: frame.length, as: "message", name: "", mime: "" }));
  it.take(packPiece(1, 0, frame).buffer);
  await assert.rejects(it.events[0].incoming.result, { code: "failed" });
  assert.equal(it.events.length, 1);
});

test("between two rooms, Blobs, long text, names, presences and requests keep out of each other's way", { timeout: 60_000 }, async (t) => {
  fakeServer(t);
  const ann = join("https://beckon.example/", { name: "Ann" });
  await ann.ready;
  const bob = join(ann.link, { name: "Bob" });
  t.after(() => (ann.close(), bob.close()));
  const [[{ peer }]] = await Promise.all([once(ann, "peer"), once(bob, "peer")]);
  const heard = [];
  bob.addEventListener("message", ({ from, data, metadata }) => heard.push([from.name, data, metadata]));
  const incoming = [];
  bob.addEventListener("incoming", (event) => incoming.push([event.from.name, event.incoming.size]));
  bob.onrequest = (value) => value;
  const text = "y".repeat(256_001);
  const [answer] = await Promise.all([
    peer.request("x".repeat(256_000)),
    peer.send(new Blob(["a"]), { metadata: 1 }),
    peer.send(text),
    peer.send("z".repeat(256_000)),
  ]);
  assert.equal(answer.length, 256_000);
  ann.name = "Anna";
  bob.name = "Rob";
  bob.presence = "here";
  while (bob.peers[0].name !== "Anna" || peer.name !== "Rob" || peer.presence !== "here") await new Promise(setImmediate);
  assert.deepEqual(await ann.broadcast(new Blob(["b"])), [peer], "a later card does not take it back that pieces are taken");
  assert.deepEqual(incoming.map(([, size]) => size).sort(), [1, 1, text.length].sort());
  assert.deepEqual([heard.length, heard.find(([, data]) => data === text)?.[0]], [4, "Ann"]);
  assert.deepEqual([heard[3][0], await heard[3][1].text()], ["Anna", "b"]);
  assert.deepEqual(heard.find(([, data, metadata]) => data instanceof Blob && metadata === 1)?.[0], "Ann");
});
