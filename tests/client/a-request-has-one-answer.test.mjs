// Requests: one answer, or an error that says why there is none, over connections that come and go, by the server where there is no other way, and
// between pages of different ages. Nobody's handler runs twice for one request, and who asks without end costs nobody but itself.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { withoutWebRTC } from "./node-webrtc.mjs";
import { BeckonError, join, Peer } from "../../public/beckon.js";
import { openAsking } from "../../public/lib/asking.js";
import { BeckonEvent } from "../../public/lib/events.js";
import { extrasOf } from "../../public/lib/extras-later.js";
import { ASKING, pack } from "../../public/lib/frame.js";
import { fakeServer } from "./sockets.mjs";

/** Two devices that see each other. @param {import('node:test').TestContext} t */
async function pair(t, link = "https://beckon.example/") {
  const ann = join(link, { name: "Ann" });
  await ann.ready;
  const bob = join(ann.link, { name: "Bob" });
  t.after(() => (ann.close(), bob.close()));
  const [[{ peer: toBob }], [{ peer: toAnn }]] = await Promise.all([once(ann, "peer"), once(bob, "peer")]);
  return { ann, bob, toAnn, toBob };
}
const code = (/** @type {Promise<any>} */ promise) =>
  promise.then(
    () => "answered",
    ({ name, code }) => (name === "BeckonError" ? code : name),
  );
const open = async (peer) => {
  while (peer.state !== "open") await once(peer, "state");
};

test("every kind of value is asked and answered, at once and by a promise, by whoever is asked", { timeout: 60_000 }, async (t) => {
  fakeServer(t);
  const { bob, toBob, toAnn } = await pair(t);
  /** @type {any[]} */
  const seen = [];
  bob.onrequest = async (value, peer) => {
    seen.push(peer);
    if (value === "nothing") return;
    if (value === "later") await new Promise(setImmediate);
    return value;
  };
  const values = ["text", "\uFEFFmarked", "", 42, null, true, { deep: [{ er: "x" }] }, [1, null], "later", "x".repeat(256_000)];
  const answers = await Promise.all(values.map((value) => toBob.request(value))); // the first are asked before there is a connection
  assert.deepEqual(answers, values);
  const bytes = await toBob.request(new Uint16Array([1, 2, 3]));
  assert.deepEqual([bytes instanceof ArrayBuffer, ...new Uint16Array(bytes)], [true, 1, 2, 3]);
  assert.equal(await toBob.request("nothing"), undefined);
  assert.ok(seen.every((peer) => peer === toAnn));
});

test("each reason for which there is no answer has a code", { timeout: 60_000 }, async (t) => {
  fakeServer(t);
  const logged = t.mock.method(console, "error", () => {});
  const { ann, bob, toBob, toAnn } = await pair(t);
  assert.equal(await code(toBob.request("anybody?")), "no-handler");
  const never = new Promise(() => {});
  bob.onrequest = (/** @type {Fake} */ value) => {
    if (value === "throw") throw new Error("a secret");
    return value === "never"
      ? never
      : value === "map"
        ? /** @type {Fake} */ (new Map())
        : value === "reject"
          ? Promise.reject(new Error("a secret"))
          : value === "blob"
            ? /** @type {Fake} */ (new Blob(["y"]))
            : "y".repeat(256_001);
  };
  for (const failing of ["throw", "reject", "map", "blob", "too long"]) assert.equal(await code(toBob.request(failing)), "failed", failing);
  assert.equal(logged.mock.callCount(), 5, "who answers sees why");
  assert.equal(await code(toBob.request("never", { timeoutMs: 50 })), "timeout");
  assert.throws(() => toBob.request("never", { timeoutMs: /** @type {any} */ ("soon") }), TypeError);
  const whatNeverComes = new /** @type {Fake} */ (Peer)({ request: () => new Promise(() => {}) }); // what asks is a module, which may not come
  assert.equal(await code(whatNeverComes.request("x", { timeoutMs: 50 })), "timeout");
  const abort = new AbortController();
  const aborted = toBob.request("never", { signal: abort.signal });
  abort.abort(new RangeError("not wanted any more"));
  assert.equal(await aborted.catch(({ message }) => message), "not wanted any more");
  assert.equal(await code(toBob.request("never", { signal: AbortSignal.abort() })), "AbortError");
  assert.throws(() => toBob.request(/** @type {any} */ (new Map())), TypeError);
  assert.throws(() => toBob.request(/** @type {any} */ (new Blob(["z"]))), TypeError);
  assert.throws(() => toBob.request("z".repeat(256_001)), { code: "too-long" });
  const left = [code(toBob.request("never")), code(toAnn.request("x"))];
  bob.close();
  assert.deepEqual(await Promise.all(left), ["left", "closed"]);
  assert.equal(await code(toBob.request("too late")), "left");
  ann.close();
});

test("a request that was sent before a cut is answered once after it, and no handler runs twice", { timeout: 60_000 }, async (t) => {
  fakeServer(t);
  const { bob, toBob, toAnn } = await pair(t);
  await open(toBob);
  const ran = new Map();
  let cut = 0;
  bob.onrequest = async (n) => {
    ran.set(n, (ran.get(n) ?? 0) + 1);
    if (n % 6 === 0) {
      // The question has come, its confirmation and its answer have not.
      cut++;
      toAnn.connection?.close();
      await once(toAnn, "connection");
    }
    return n;
  };
  const asked = Array.from({ length: 12 }, (_, n) => n);
  for (const n of asked) assert.equal(await toBob.request(n), n);
  const more = [20, 21, 22].map((n) => toBob.request(n));
  toBob.connection?.close(); // and now they are cut before they have come
  assert.deepEqual(await Promise.all(more), [20, 21, 22]);
  assert.ok(cut >= 2);
  assert.deepEqual([...new Set(ran.values())], [1]);
});

test("without WebRTC small ones go by the server", { timeout: 60_000 }, async (t) => {
  fakeServer(t);
  t.mock.method(console, "debug", () => {});
  withoutWebRTC(t);
  const { ann, bob, toBob } = await pair(t);
  bob.onrequest = (value, peer) => [value, peer.name, peer.path];
  ann.presence = { at: 1 };
  assert.deepEqual(await toBob.request({ q: 1 }), [{ q: 1 }, "Ann", "server"]);
  while (bob.peers[0]?.presence?.at !== 1) await once(bob, "presence");
  ann.presence = { at: 2 };
  while (bob.peers[0]?.presence?.at !== 2) await once(bob, "presence");
});

/** One side of the requests, and what it sends: a frame is confirmed when the test says so. */
function side(page, { theirs = "theirs", says = /** @type {object} */ ({ turn: 0 }), handler = /** @type {Fake} */ (null) } = {}) {
  const peer = /** @type {Fake} */ (Object.assign(new EventTarget(), { state: "open" }));
  const room = { state: "open", onrequest: handler };
  const sent = [];
  const send = (frame) => new Promise((confirm) => sent.push({ frame, confirm }));
  const it = { card: /** @type {Fake} */ ([says, theirs]) };
  return { ...openAsking({ room, peer, page, card: () => it.card, send, BeckonError }), it, room, peer, sent };
}
const never = new AbortController().signal;
const turn = () => new Promise(setImmediate);
/** What frames say. */
const heads = (sent) => sent.map(({ frame }) => JSON.parse(Buffer.from(frame.subarray(18, 18 + frame[17])).toString() || "null"));

test("a page of before is sent nothing that it would show, and who asks it hears so", async () => {
  const asker = side("ours", { says: {} });
  assert.equal(await code(asker.ask(pack("x"), never)), "no-handler");
  assert.deepEqual(asker.sent, []);
  const early = side("ours");
  early.it.card = [];
  const asked = code(early.ask(pack("x"), never));
  assert.deepEqual(early.sent, [], "nor before it has said what it is");
  early.it.card = [{}, "theirs"];
  early.met("theirs");
  assert.deepEqual([await asked, early.sent], ["no-handler", []]);
});

test("what has taken too long before the part that asks has come is not asked any more", async () => {
  const asker = side("ours");
  asker.ask(pack("x"), AbortSignal.abort()).catch(() => {});
  assert.deepEqual(asker.sent, []);
});

test("what comes before the part that answers waits for it: as many as somebody may ask, and no more, in number and bytes", async () => {
  const frame = (/** @type {string} */ value) => {
    const fresh = side("ours");
    fresh.ask(pack(value), never).catch(() => {});
    return fresh.sent[0].frame.slice();
  };
  for (const [value, most] of /** @type {const} */ ([
    ["x", 128],
    ["x".repeat(250_000), 33],
  ])) {
    let ran = 0;
    const peer = /** @type {Fake} */ (Object.assign(new EventTarget(), { state: "open" }));
    const room = /** @type {Fake} */ (Object.assign(new EventTarget(), { state: "open", onrequest: () => void ran++ }));
    const extras = extrasOf({ room, peer, fields: /** @type {Fake} */ ({}), page: "theirs", send: async () => {}, BeckonError, BeckonEvent });
    for (let n = 0; n < 200; n++) extras.came(frame(value));
    while (ran < most) await turn();
    await turn();
    assert.equal(ran, most);
  }
});

test("what was asked of a page load that is no more has no answer, whether it came there or not; what is taken back says nothing", async () => {
  const asker = side("ours");
  const asked = code(asker.ask(pack("x"), never));
  const [{ frame }] = asker.sent;
  const next = side("their next page", { handler: assert.fail });
  next.take(frame.slice());
  assert.deepEqual(
    heads(next.sent).map(({ how }) => how),
    ["left"],
  );
  asker.take(next.sent[0].frame);
  assert.equal(await asked, "left");
  const other = code(asker.ask(pack("y"), never));
  asker.met("their next page");
  assert.equal(await other, "left");
  assert.deepEqual(heads(asker.sent), [null, null]);
  for (const { frame } of asker.sent) side("theirs", { handler: assert.fail }).take(frame);
});

test("who asks without end is refused, and keeps others from nothing; who answers nonsense is not believed", async () => {
  let running = 0;
  const { take, sent, room } = side("theirs", { handler: () => new Promise(() => running++) });
  const request = (_n, value) => {
    const asker = side("ours");
    asker.ask(pack(value), never).catch(() => {});
    const { frame } = asker.sent[0];
    take(frame.slice());
  };
  for (let n = 0; n < 1_000; n++) request(n, n);
  assert.equal(running, 128);
  assert.equal(sent.length, 128, "nor is it told so without end, as long as it confirms nothing");
  assert.ok(heads(sent).every(({ how }) => how === "failed"));
  for (const { confirm } of sent.splice(0)) confirm();
  await turn();
  request(0, "again");
  assert.equal(sent.length, 1);
  const much = side("theirs", { handler: () => new Promise(() => {}) });
  const long = side("ours");
  for (let n = 0; n < 40; n++) {
    long.sent.length = 0;
    const fresh = side("ours");
    fresh.ask(pack("x".repeat(250_000)), never).catch(() => {});
    much.take(fresh.sent[0].frame);
  }
  assert.ok(much.sent.length >= 6 && much.sent.length < 10, `${much.sent.length} of 40 times 250 kB were refused`);
  assert.equal(room.state, "open");

  const asker = side("ours");
  const asked = Array.from({ length: 64 }, (_, n) => asker.ask(pack(n), never));
  for (const promise of asked) promise.catch(() => {});
  assert.equal(await code(asker.ask(pack(64), never)), "too-much");
  const wide = side("ours");
  const big = Array.from({ length: 20 }, () => code(wide.ask(pack("x".repeat(250_000)), never)));
  assert.equal(await Promise.race(big), "too-much");
  assert.equal(wide.sent.length, 16);
  const nonsense = [[], [0], [255], [2, 123, 125], [9, ...Buffer.from('{"ask":1}')], [14, ...Buffer.from('{"answer":"x"}')], [4, ...Buffer.from("null")]];
  for (const text of nonsense) asker.take(Uint8Array.from([ASKING, ...new Array(16).fill(0), ...text]));
  const [{ ask }] = heads(asker.sent);
  const head = Buffer.from(JSON.stringify({ answer: ask, how: "value" }));
  asker.take(Uint8Array.from([ASKING, ...new Array(16).fill(0), head.length, ...head, 4]));
  assert.equal(await code(asked[0]), "failed", "a value that is none");
});

test("the code of docs/requests.md does what is said of it", { timeout: 60_000 }, async (t) => {
  fakeServer(t);
  const said = [];
  t.mock.method(console, "log", (...words) => said.push(words.join(" ")));
  t.mock.method(console, "error", () => {});
  const text = await readFile(new URL("../../docs/requests.md", import.meta.url), "utf8");
  const library = new URL("../../public/beckon.js", import.meta.url).href;
  const programs = Array.from(text.matchAll(/```js\n([^]*?)```/g), ([, code]) => code.replace('"beckon"', JSON.stringify(library)));
  assert.equal(programs.length, 2);
  for (const [n, program] of programs.entries()) {
    // Each has a room of its own.
    const run = (name) => import(`data:text/javascript,${encodeURIComponent(`${program.replace("Ann", name).replace("#A", `#${n}`)}export { room };`)}`);
    const devices = await Promise.all(["Ann", "Bob"].map(run));
    while (said.filter((line) => line.endsWith(n ? "is typing" : "says 6")).length < 2) await new Promise(setImmediate);
    assert.deepEqual(said.splice(0).sort(), n ? ["Ann is typing", "Bob is typing"] : ["Ann says 6", "Bob says 6"]);
    for (const { room } of devices) room.close();
  }
});
