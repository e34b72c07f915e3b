// A member of a room, who has its link and so all keys that come from it, tries to be another member: with an honest server, and with one that helps. It
// reads nothing that was sent to the other, no receipt lies, and the page says what was refused. The attacked page is in Node, Chromium and Firefox.
import assert from "node:assert/strict";
import http from "node:http";
import { after, before, test } from "node:test";
import { base64url, deriveKeys, freshEpoch, KEYED, PAIR, ROOM, readEnvelope } from "../../public/lib/seal.js";
import { openDevice, stage, startFirefox } from "../browser/browser.mjs";
import { frameOf, member } from "../client/members.mjs";
import { open } from "../worker/socket.mjs";
import { device, introduces, startLiar, until } from "./liar.mjs";

const { beckon, chromium } = await stage();
const firefox = await startFirefox();
after(() => firefox.close());

/** A page of nobody's, which imports the library. */
let empty;
before(async () => {
  empty = http.createServer((_, response) => response.setHeader("Content-Type", "text/html").end("<!doctype html><title>a device</title>"));
  await new Promise((resolve) => empty.listen(0, "127.0.0.1", resolve));
});
after(() => empty.close());

/** What a test asks of a device, wherever it is. */
const inNode = (it) => ({
  id: async () => it.room.id,
  heard: async () => it.heard,
  refused: async () => it.refused,
  peers: async () => it.room.peers.map(({ id, state, error }) => ({ id, state, error: error?.code ?? "" })),
  send: async (to, text) =>
    void it.room.peers
      .find(({ id }) => id === to)
      ?.send(text)
      .then(
        () => (it.receipts ??= []).push(text),
        () => {},
      ),
  receipts: async () => it.receipts ?? [],
  close: async () => it.room.close(),
});

async function inBrowser(browser, link, noWebRTC = false) {
  const it = await openDevice(browser, `http://127.0.0.1:${empty.address().port}/`);
  const enter = async (library, link, noWebRTC) => {
    if (noWebRTC) delete window.RTCPeerConnection;
    const { join } = await import(library);
    const room = (window.room = join(link, { name: "Ann" }));
    Object.assign(window, { heard: [], refused: [], receipts: [] });
    room.addEventListener("message", ({ from, data }) => window.heard.push(`${from.name}: ${data}`));
    room.addEventListener("refused", ({ reason }) => window.refused.push(reason));
    await room.ready;
  };
  await it.page.evaluate(enter, new URL("/beckon.js", link).href, link, noWebRTC);
  const ask = (question, ...args) => it.page.evaluate(question, ...args);
  return {
    id: () => ask(() => window.room.id),
    heard: () => ask(() => window.heard),
    refused: () => ask(() => window.refused),
    peers: () => ask(() => window.room.peers.map(({ id, state, error }) => ({ id, state, error: error?.code ?? "" }))),
    send: (to, text) =>
      ask(
        (to, text) =>
          void window.room.peers
            .find(({ id }) => id === to)
            ?.send(text)
            .then(
              () => window.receipts.push(text),
              () => {},
            ),
        to,
        text,
      ),
    receipts: () => ask(() => window.receipts),
    close: () => it.close(),
  };
}

/** Two devices in a room behind a server that helps, the first in some engine; and a member who attacks them. */
async function scene(enter) {
  const liar = await startLiar(beckon.url);
  const bob = await device(liar.url, "Bob");
  const keys = await deriveKeys(new URL(bob.link).hash.slice(1));
  const mine = await member();
  /** What the two have told each other, as the server hands it over. */
  const frames = [];
  const listen = (frame, client) => {
    if (introduces(frame) && typeof frame.payload === "string") frames.push({ ...frame, dst: client.id });
    return [frame];
  };
  liar.lie = listen;
  const ann = await enter(bob.link);
  const [annId, bobId] = [await ann.id(), bob.room.id];
  return {
    liar,
    listen,
    frames,
    keys,
    mine,
    ann,
    bob,
    annId,
    bobId,
    /** Tells Ann something in Bob's place. */
    say: (payload, type = "OFFER") => liar.say(annId, { type, src: bobId, payload }),
    /** The first frame of Bob to Ann that is sealed so. */
    from: async (form) => {
      const is = ({ src, dst, payload }) => src === bobId && dst === annId && Buffer.from(payload, "base64url")[1] === form;
      await until(`a frame of form ${form}`, () => frames.some(is));
      return taken(keys, frames.find(is));
    },
    async close() {
      await ann.close();
      bob.room.close();
      await until("all have left", () => liar.clients.every(({ near }) => near.readyState === near.CLOSED));
      liar.close();
    },
  };
}

/** A frame as a member takes it apart, who has the room's key. */
async function taken(room, { src, dst, payload }) {
  const envelope = readEnvelope(payload);
  assert.ok(typeof envelope === "object");
  const { sealed } = envelope;
  const body = await crypto.subtle.decrypt(algorithm(room, sealed, src, dst), room.key, sealed.subarray(36)).then(
    (content) => new Uint8Array(content),
    () => null,
  );
  return { head: sealed.slice(0, 36), signature: body?.subarray(0, 64), body: body?.subarray(64), payload };
}

/** And puts it together again, sealed with the same key. */
async function together(room, src, dst, { head, signature, body }) {
  const content = new Uint8Array([...signature, ...body]);
  const box = await crypto.subtle.encrypt(algorithm(room, head, src, dst), room.key, content);
  return base64url(new Uint8Array([...head, ...new Uint8Array(box)]));
}

function algorithm(room, head, src, dst) {
  const place = new TextEncoder().encode(JSON.stringify([room.realmKey, src, dst]));
  return { name: "AES-GCM", iv: head.slice(24, 36), additionalData: new Uint8Array([...head.subarray(0, 24), ...place]) };
}

/** Bytes with others in their place. @param {Uint8Array} bytes @param {Uint8Array} others */
const grafted = (bytes, at, others) => new Uint8Array([...bytes.subarray(0, at), ...others, ...bytes.subarray(at + others.length)]);

const OFFER = { from: "", to: null, description: { type: "offer", sdp: `v=0\r\na=fingerprint:sha-256 ${Array(32).fill("AB").join(":")}\r\n` } };
const offer = (epoch) => ({ ...OFFER, from: `${epoch}.1` });

/**
 * What the attacker says in Bob's place, by name. Each gives a frame to Ann, and the reason for which it is refused.
 * @type {Record<string, (it: Awaited<ReturnType<typeof scene>>) => Promise<[string, string]>>}
 */
const WAYS = {
  "signs with a key of its own": async ({ keys, mine, annId, bobId }) => {
    const epoch = freshEpoch();
    return [await frameOf(keys, mine, { from: bobId, to: annId, epoch }, offer(epoch)), "impersonated"];
  },
  "shows Bob's keys, and signs with its own": async ({ keys, mine, annId, bobId, from }) => {
    const epoch = freshEpoch();
    const { body } = await from(KEYED);
    return [await frameOf(keys, mine, { from: bobId, to: annId, epoch, keys: body.slice(0, 131) }, offer(epoch)), "impersonated"];
  },
  "goes on with Bob's page load, and signs with its own key": async ({ keys, mine, annId, bobId, from }) => {
    const { head } = await from(KEYED);
    const epoch = base64url(head.subarray(2, 11));
    return [await frameOf(keys, mine, { from: bobId, to: annId, epoch, seq: 9_999, form: ROOM }, offer(epoch)), "impersonated"];
  },
  "swaps the certificate in Bob's description": async ({ keys, annId, bobId, from }) => {
    const parts = await from(KEYED);
    const message = JSON.parse(new TextDecoder().decode(parts.body.subarray(131)));
    const print = Array(32).fill("AB").join(":");
    message.description.sdp = message.description.sdp.replace(/(sha-256 )[\dA-F:]+/g, `$1${print}`);
    const body = new Uint8Array([...parts.body.subarray(0, 131), ...new TextEncoder().encode(JSON.stringify(message))]);
    return [await together(keys, bobId, annId, { ...parts, body }), "impersonated"];
  },
  "puts its own key of agreement beside Bob's signature": async ({ keys, mine, annId, bobId, from }) => {
    const parts = await from(KEYED);
    return [await together(keys, bobId, annId, { ...parts, body: grafted(parts.body, 66, mine.keys.subarray(66)) }), "impersonated"];
  },
  "numbers Bob's frame anew": async ({ keys, annId, bobId, from }) => {
    const parts = await from(KEYED);
    return [await together(keys, bobId, annId, { ...parts, head: grafted(parts.head, 20, Uint8Array.of(0, 0, 99, 99)) }), "impersonated"];
  },
  "puts Bob's frame into another page load of his": async ({ keys, annId, bobId, from }) => {
    const parts = await from(KEYED);
    return [await together(keys, bobId, annId, { ...parts, head: grafted(parts.head, 2, new Uint8Array(9).fill(7)) }), "impersonated"];
  },
  "makes Bob's frame for whoever is there one for this page load": async ({ keys, annId, bobId, frames, from }) => {
    const parts = await from(KEYED);
    const ann = Buffer.from(frames.find(({ src }) => src === annId).payload, "base64url").subarray(2, 11);
    return [
      await together(keys, bobId, annId, {
        ...parts,
        head: grafted(
          grafted(
            parts.head,
            11,
            ann.map((byte) => byte ^ 1),
          ),
          20,
          Uint8Array.of(0, 0, 99, 98),
        ),
      }),
      "impersonated",
    ];
  },
  "re-sends to Ann what Ann has signed": async ({ keys, annId, bobId, frames }) => {
    const hers = await taken(
      keys,
      frames.find(({ src, payload }) => src === annId && Buffer.from(payload, "base64url")[1] === KEYED),
    );
    return [await together(keys, bobId, annId, /** @type {any} */ (hers)), "impersonated"];
  },
  "plays Bob's frame again": async ({ from }) => [(await from(KEYED)).payload, "replayed"],
  "says something without any key": async ({ keys, mine, annId, bobId }) => {
    const epoch = freshEpoch();
    return [await frameOf(keys, mine, { from: bobId, to: annId, epoch, form: ROOM }, offer(epoch)), "stale"];
  },
  "pretends to share a key with Ann": async ({ keys, mine, annId, bobId, frames, from }) => {
    const [{ head }, ann] = [await from(KEYED), Buffer.from(frames.find(({ src }) => src === annId).payload, "base64url").subarray(2, 11)];
    const where = { from: bobId, to: annId, epoch: base64url(head.subarray(2, 11)), toEpoch: base64url(ann), seq: 9_999, form: PAIR };
    return [await frameOf(keys, mine, where, { ack: 1 }), "altered"];
  },
  "says that Bob's page is older": async ({ from }) => {
    const { payload } = await from(KEYED);
    return [`AQ${payload.slice(2)}`, "outdated-there"];
  },
};

const ENGINES = {
  Node: async (link) => inNode(await device(link, "Ann")),
  Chromium: (link) => inBrowser(chromium, link),
  Firefox: (link) => inBrowser(firefox, link),
};

for (const [name, enter] of Object.entries(ENGINES)) {
  test(`${name}: of ${Object.keys(WAYS).length} things that are said in another's place none counts, and who was connected stays so`, async (t) => {
    const it = await scene(enter);
    const { ann, bob, bobId, annId, mine, keys } = it;
    await until("they are connected", async () => (await ann.peers())[0]?.state === "open" && bob.room.peers[0]?.state === "open");
    for (const [way, make] of Object.entries(WAYS)) {
      const [payload, reason] = await make(it);
      const before = (await ann.refused()).length;
      it.say(payload);
      await until(`${way}: it is refused`, async () => (await ann.refused()).length > before);
      assert.equal((await ann.refused())[before], reason, way);
    }
    await t.test("and neither do two hundred keys", async () => {
      const before = (await ann.refused()).length;
      for (let n = 0; n < 200; n++) {
        const { sign, keys: fresh } = await member();
        it.say(await frameOf(keys, { ...mine, sign, keys: fresh }, { from: bobId, to: annId, epoch: freshEpoch() }, {}));
      }
      await until("all are refused", async () => (await ann.refused()).length >= before + 200);
      // A few are looked at, which costs a phone milliseconds each; the others come too fast.
      const reasons = (await ann.refused()).slice(before);
      const looked = reasons.filter((reason) => reason === "impersonated").length;
      assert.ok(looked >= 1 && looked <= 20, `${looked} of 200 keys were looked at`);
      assert.deepEqual([...new Set(reasons)].sort(), ["impersonated", "stale"]);
    });
    const heard = (await ann.heard()).length;
    await ann.send(bobId, "to Bob alone");
    await bob.room.peers[0]?.send("to Ann alone");
    await until("the receipt", async () => (await ann.receipts()).includes("to Bob alone"));
    assert.equal(bob.heard.at(-1), "Ann: to Bob alone");
    assert.equal((await ann.heard()).length, heard + 1);
    assert.deepEqual(await ann.peers(), [{ id: bobId, state: "open", error: "" }]);
    await it.close();
  });

  test(`${name}: who has got the id from the server is given what was sent to it, and opens nothing; no receipt lies; the real one gets all`, async () => {
    const it = await scene(enter);
    const { ann, bob, bobId, annId, keys, mine, liar } = it;
    await until("they are connected", async () => (await ann.peers())[0]?.state === "open");
    // From now on the server gives the attacker what is for Bob, and Ann what the attacker says. The connection of the two ends.
    liar.lie = (frame, client) => (it.listen(frame, client), introduces(frame) ? [] : [frame]);
    const before = it.frames.length;
    bob.room.peers[0]?.connection?.close();
    await until("she looks for him", async () => (await ann.peers())[0]?.state !== "open" && it.frames.slice(before).some(({ src }) => src === annId));
    await ann.send(bobId, "for Bob alone");
    const offered = await found(() => it.frames.slice(before).find(({ src, type }) => src === annId && type === "OFFER"));
    const epoch = freshEpoch();
    const hers = base64url(Buffer.from(offered.payload, "base64url").subarray(2, 11));
    const refused = (await ann.refused()).length;
    let seq = 0;
    for (const message of [
      { from: `${epoch}.1`, to: null, description: { type: "answer", sdp: OFFER.description.sdp } },
      offer(epoch),
      { ack: 99 },
      { here: "Bob" },
      {},
    ])
      it.say(await frameOf(keys, mine, { from: bobId, to: annId, epoch, toEpoch: hers, seq: ++seq }, message), "MESSAGE");
    await until("all is refused", async () => (await ann.refused()).length >= refused + 5);
    assert.ok((await ann.refused()).slice(refused).every((reason) => reason === "impersonated"));
    await until("she is told", async () => (await ann.peers()).some(({ id, error }) => id === bobId && error === "tampered"));
    assert.deepEqual(await ann.receipts(), []);
    for (const frame of it.frames) assert.doesNotMatch(Buffer.from((await taken(keys, frame)).body ?? []).toString(), /alone|"mail"/);
    liar.lie = it.listen;
    bob.room.retry();
    await until("the receipt", async () => (await ann.receipts()).includes("for Bob alone"), 20_000);
    assert.ok(bob.heard.includes("Ann: for Bob alone"));
    await it.close();
  });
}

for (const [name, browser] of Object.entries({ Chromium: chromium, Firefox: firefox })) {
  test(`${name}: what the server carries between two is read by no third`, async () => {
    const it = await scene((link) => inBrowser(browser, link, true));
    const { ann, bob, bobId, keys, frames } = it;
    await until("there is a way", async () => (await ann.peers())[0]?.state === "open");
    await ann.send(bobId, "for Bob alone");
    await until("it arrives", () => bob.heard.includes("Ann: for Bob alone"));
    await until("the receipt", async () => (await ann.receipts()).includes("for Bob alone"));
    const parts = await Promise.all(frames.map((frame) => taken(keys, frame)));
    assert.ok(parts.some(({ head }) => head[1] === PAIR) && parts.some(({ head }) => head[1] === KEYED));
    for (const { head, body } of parts) {
      assert.equal(body === undefined, head[1] === PAIR, "a key that only two have");
      assert.doesNotMatch(Buffer.from(body ?? []).toString(), /alone|"mail"/);
    }
    await it.close();
  });
}

test("with an honest server: an id is its owner's at once and after a drop, a stock socket meets nobody, and Bob's words are nobody else's", async () => {
  const it = await scene(ENGINES.Node);
  const { ann, bob, bobId, annId, keys, mine, liar, from } = it;
  await until("they are connected", async () => (await ann.peers())[0]?.state === "open");
  const claim = (id, more = {}) => open(beckon.url, { key: keys.realmKey, id, token: "a token of the attacker's", roster: "1", ...more });
  const refusal = async (socket) => JSON.parse(await socket.next()).type;
  assert.equal(await refusal(await claim(bobId)), "ID-TAKEN");
  const line = liar.clients.find(({ id }) => id === bobId);
  line.near.terminate();
  const early = await claim(bobId);
  assert.equal(await refusal(early), "ID-TAKEN");
  await until("he is back", () => bob.room.state === "open" && liar.clients.filter(({ id }) => id === bobId).length > 1);
  assert.equal(bob.room.id, bobId);

  const stock = await open(beckon.url, { key: keys.realmKey, id: bobId, token: "stock" });
  const theirs = await from(KEYED);
  stock.send({ type: "OFFER", dst: annId, payload: theirs.payload });
  const member = await claim(mine.id);
  const before = (await ann.refused()).length;
  member.send({ type: "OFFER", dst: annId, payload: theirs.payload });
  const parts = /** @type {any} */ (theirs);
  member.send({ type: "OFFER", dst: annId, payload: await together(keys, mine.id, annId, parts) });
  await until("both are refused", async () => (await ann.refused()).length >= before + 2);
  assert.deepEqual((await ann.refused()).slice(before), ["altered", "impersonated"]);
  await ann.send(bobId, "to Bob alone");
  await until("the receipt", async () => (await ann.receipts()).includes("to Bob alone"));
  for (const socket of [stock, member]) await socket.close(1000);
  await it.close();
});

test("who steals the token too gets the id at the server and nothing else: the real one is told, takes another key, and is somebody new", async () => {
  const it = await scene(ENGINES.Node);
  const { ann, bob, bobId, keys, liar } = it;
  await until("they are connected", async () => (await ann.peers())[0]?.state === "open");
  const token = new URL(liar.clients.find(({ id }) => id === bobId).far.url).searchParams.get("token");
  const thief = await open(beckon.url, { key: keys.realmKey, id: bobId, token, roster: "1" });
  await until("the real one is somebody new", () => bob.room.id !== bobId && bob.room.state === "open");
  const isNew = ({ id, state }) => id === bob.room.id && state === "open";
  await until("and is met", async () => (await ann.peers()).some(isNew));
  const heard = bob.heard.length;
  await ann.send(bobId, "for the one who was there");
  await ann.send(bob.room.id, "for the new one");
  await until("the receipt", async () => (await ann.receipts()).includes("for the new one"));
  assert.deepEqual([bob.heard.slice(heard), await ann.receipts()], [["Ann: for the new one"], ["for the new one"]]);
  await thief.close(1000);
  await it.close();
});

/** What is found at last. @returns {Promise<any>} */
async function found(find) {
  let it;
  await until("it is there", () => (it = find()));
  return it;
}
