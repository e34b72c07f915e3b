import { sleep } from "./driver.mjs";
import { answer, candidate, HEARTBEAT, message, offer, receivedBy } from "./frames.mjs";
import { rule } from "./rule.mjs";

/** What bob gets when alice sends this text. */
const gets = (write) => async (driver) => {
  const [alice, bob] = [await driver.join("alice"), await driver.join("bob")];
  await alice.send(write(driver.id("bob"), driver));
  return { bob: await receivedBy(bob, alice), alice: await receivedBy(alice) };
};

/** A frame with the fields spelled out by hand: `bob` stands for bob's id. */
const raw = (text) => gets((bob) => text.replaceAll("BOB", bob));

const CONNECTION = { type: "data", connectionId: "dc_1a2b3c", metadata: { hello: "world" }, label: "dc_1a2b3c", reliable: true, serialization: "binary" };
const SDP =
  "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\na=ice-options:trickle\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n";

const DROPPED = {
  "an unknown word": '"NONSENSE"',
  "a word in lower case": '"offer"',
  "a word with a space after it": '"OFFER "',
  "the empty string": '""',
  null: "null",
  "a number": "5",
  true: "true",
  "an array": '["OFFER"]',
  "an object": '{"OFFER":1}',
  __proto__: '"__proto__"',
  OPEN: '"OPEN"',
  ERROR: '"ERROR"',
  "ID-TAKEN": '"ID-TAKEN"',
  "INVALID-KEY": '"INVALID-KEY"',
  PONG: '"PONG"',
};

export default [
  rule(
    "a stock OFFER is relayed as type, src, dst, payload",
    gets((bob) => offer(bob, { sdp: { type: "offer", sdp: SDP }, ...CONNECTION })),
  ),
  rule(
    "a stock ANSWER is relayed as type, src, dst, payload",
    gets((bob) => answer(bob, { sdp: { type: "answer", sdp: SDP }, type: "data", connectionId: "dc_1" })),
  ),
  rule(
    "a stock CANDIDATE is relayed as type, src, dst, payload",
    gets((bob) =>
      candidate(bob, {
        candidate: { candidate: "candidate:1 1 udp 2122260223 192.0.2.1 54321 typ host", sdpMLineIndex: 0, sdpMid: "0", usernameFragment: "abcd" },
        type: "data",
        connectionId: "dc_1",
      }),
    ),
  ),
  rule(
    "a call's OFFER is relayed like any other",
    gets((bob) => offer(bob, { sdp: { type: "offer", sdp: SDP }, type: "media", connectionId: "mc_1", metadata: null })),
  ),
  rule("fields may come in any order", raw('{"dst":"BOB","payload":{"a":1},"type":"OFFER"}')),
  rule("other fields are stripped", raw('{"a":1,"type":"OFFER","b":[2],"payload":"x","dst":"BOB","c":{"type":"ANSWER"},"token":"t","ttl":5}')),
  rule(
    "a forged src is overwritten",
    gets((bob, { id }) => message("OFFER", bob, "x", { src: id("carol") })),
  ),
  ...["null", "0", "true", "[]", "{}", '""'].map((src) =>
    rule(`a src that is ${src} is overwritten`, raw(`{"type":"OFFER","src":${src},"dst":"BOB","payload":"x"}`)),
  ),
  rule("of two types the last one wins", raw('{"type":"OFFER","dst":"BOB","payload":"x","type":"ANSWER"}')),
  rule("of two types the last one wins, even an unknown one", raw('{"type":"OFFER","dst":"BOB","payload":"x","type":"NONSENSE"}')),
  rule("of two dsts the last one wins", raw('{"type":"OFFER","dst":"nobody","payload":"x","dst":"BOB"}')),
  rule("of two dsts the last one wins, even null", raw('{"type":"OFFER","dst":"BOB","payload":"x","dst":null}')),
  rule("of two payloads the last one wins", raw('{"type":"OFFER","payload":"first","dst":"BOB","payload":"last"}')),
  rule("of two payloads the last one wins, even null", raw('{"type":"OFFER","payload":"first","dst":"BOB","payload":null}')),
  rule("names of fields may be escaped", raw('{"\\u0074ype":"OFFER","d\\u0073t":"BOB","\\u0070ayload":"x"}')),
  rule("an escaped name and the plain one are one field", raw('{"\\u0074ype":"OFFER","type":"ANSWER","dst":"BOB","payload":"x"}')),
  rule("a type may be escaped", raw('{"type":"\\u004fFFER","dst":"BOB","payload":"x"}')),
  rule(
    "a dst may be escaped",
    gets((bob) => `{"type":"OFFER","dst":"\\u0${bob.charCodeAt(0).toString(16).padStart(3, "0")}${bob.slice(1)}","payload":"x"}`),
  ),
  rule("names of fields are case-sensitive", raw('{"type":"OFFER","DST":"nobody","dst":"BOB","Payload":"X","payload":"x","Type":"ANSWER"}')),
  rule("fields named __proto__ and constructor are stripped", raw('{"__proto__":{"type":"ANSWER"},"constructor":1,"type":"OFFER","dst":"BOB","payload":"x"}')),
  rule("white space around and between is no part of a message", raw(' \r\n\t{ "type" : "OFFER" ,\n"dst":\t"BOB" , "payload" : "x" }\r\n ')),
  rule(
    "a message may come as a binary frame",
    gets((bob) => Buffer.from(offer(bob, "é👋"))),
  ),
  rule("a message may come in several frames", async ({ join, id }) => {
    const [alice, bob] = [await join("alice"), await join("bob")];
    const text = offer(id("bob"), "in parts");
    await alice.sendInParts(text.slice(0, 5), text.slice(5, 6), text.slice(6));
    return { bob: await receivedBy(bob, alice) };
  }),
  rule(
    "the type of a message may follow a long payload",
    gets((bob) => `{"payload":"${"x".repeat(20_000)}","dst":"${bob}","type":"OFFER"}`),
  ),
  rule("a message to oneself arrives", async ({ join, id }) => {
    const alice = await join("alice");
    await alice.send(offer(id("alice"), 1), answer(id("alice"), 2), candidate(id("alice"), 3));
    return alice.some(3);
  }),
  rule("the sender gets no acknowledgement", async ({ join, id }) => {
    const [alice, bob] = [await join("alice"), await join("bob")];
    await alice.send(offer(id("bob")), candidate(id("bob")));
    await bob.some(2);
    return { alice: await receivedBy(alice) };
  }),
  rule("only the peer named gets a message", async ({ join, id }) => {
    const [alice, bob, carol] = [await join("alice"), await join("bob"), await join("carol")];
    await alice.send(offer(id("bob")));
    return { bob: await receivedBy(bob, alice), carol: await receivedBy(carol, alice) };
  }),
  rule("a dst of another case is another peer", async ({ join, id }) => {
    const [alice, bob] = [await join("alice"), await join("bob")];
    await alice.send(offer(id("Bob")), offer(id("bob "), 2), offer(` ${id("bob")}`, 3));
    return { bob: await receivedBy(bob, alice) };
  }),
  rule(
    "an ANSWER needs no OFFER before it",
    gets((bob) => answer(bob, "unasked")),
  ),
  rule("an OFFER that repeats the one before is relayed again", async ({ join, id }) => {
    const [alice, bob] = [await join("alice"), await join("bob")];
    await alice.send(offer(id("bob")), offer(id("bob")), offer(id("bob")));
    return bob.some(3);
  }),

  ...Object.entries(DROPPED).flatMap(([what, type]) => [
    rule(`a type that is ${what} is dropped, with a dst`, raw(`{"type":${type},"dst":"BOB","payload":{"msg":"x"}}`)),
    rule(`a type that is ${what} is dropped, without a dst`, raw(`{"type":${type},"payload":{"msg":"x"}}`)),
  ]),
  rule("a missing type is dropped", raw('{"dst":"BOB","payload":"x"}')),
  rule("an empty object is dropped", raw("{}")),
  rule("a client's EXPIRE for a peer that is there", raw('{"type":"EXPIRE","dst":"BOB","payload":"x"}')),
  rule("a client's EXPIRE without a dst is dropped", raw('{"type":"EXPIRE"}')),
  rule(
    "an EXPIRE with a forged src",
    gets((bob, { id }) => message("EXPIRE", bob, undefined, { src: id("carol") })),
  ),

  rule("200 messages of a pair keep their order", async ({ join, id }) => {
    const [alice, bob] = [await join("alice"), await join("bob")];
    await alice.send(...Array.from({ length: 200 }, (_, n) => candidate(id("bob"), n)));
    const frames = await bob.some(200);
    return { inOrder: frames.every((frame, n) => JSON.parse(frame).payload === n), last: frames[199] };
  }),
  rule("200 messages each way keep their order", async ({ join, id }) => {
    const [alice, bob] = [await join("alice"), await join("bob")];
    const burst = (dst) => Array.from({ length: 200 }, (_, n) => candidate(dst, n));
    await Promise.all([alice.send(...burst(id("bob"))), bob.send(...burst(id("alice")))]);
    const order = async (socket) => (await socket.some(200)).map((frame) => JSON.parse(frame).payload);
    const counted = Array.from({ length: 200 }, (_, n) => n);
    const same = (list) => JSON.stringify(list) === JSON.stringify(counted);
    return { alice: same(await order(alice)), bob: same(await order(bob)) };
  }),
  rule("two senders to one peer: each keeps its order", async ({ join, id }) => {
    const [alice, bob, carol] = [await join("alice"), await join("bob"), await join("carol")];
    const burst = Array.from({ length: 100 }, (_, n) => candidate(id("bob"), n));
    await Promise.all([alice.send(...burst), carol.send(...burst)]);
    const frames = (await bob.some(200)).map((frame) => JSON.parse(frame));
    const of = (name) => frames.filter(({ src }) => src === id(name)).every(({ payload }, n) => payload === n);
    return { alice: of("alice"), carol: of("carol"), all: frames.length };
  }),
  rule("one sender to many peers: each gets its own, in order", async ({ join, id }) => {
    const alice = await join("alice");
    const names = ["b", "c", "d", "e", "f"];
    const peers = await Promise.all(names.map((name) => join(name)));
    await alice.send(...Array.from({ length: 50 }, (_, n) => candidate(id(names[n % 5]), n)));
    return Promise.all(peers.map((peer) => peer.some(10)));
  }),
  rule("messages of mixed sizes keep their order", async ({ join, id }) => {
    const [alice, bob] = [await join("alice"), await join("bob")];
    const sizes = [100_000, 1, 50_000, 2, 200_000, 3];
    await alice.send(...sizes.map((size) => candidate(id("bob"), "x".repeat(size))));
    return (await bob.some(6)).map((frame) => JSON.parse(frame).payload.length);
  }),
  rule("a hundred peers in a ring", async ({ join, id }) => {
    const count = 100;
    const peers = await Promise.all(Array.from({ length: count }, (_, n) => join(`p${n}`)));
    await Promise.all(peers.map((peer, n) => peer.send(offer(id(`p${(n + 1) % count}`), n))));
    const frames = await Promise.all(peers.map((peer) => peer.next()));
    return { right: frames.filter((frame, n) => JSON.parse(frame).payload === (n + count - 1) % count).length, first: frames[0], last: frames[99] };
  }),
  rule("a peer that goes is not announced", async ({ join, id }) => {
    const [alice, bob] = [await join("alice"), await join("bob")];
    await alice.send(offer(id("bob")));
    await bob.send(answer(id("alice")));
    await alice.next();
    await bob.close();
    await sleep(300);
    return { alice: await receivedBy(alice) };
  }),
  rule("a peer that comes is not announced", async ({ join }) => {
    const alice = await join("alice");
    await join("bob");
    return { alice: await receivedBy(alice) };
  }),

  rule("the stock heartbeat", async ({ join }) => {
    const alice = await join("alice");
    await alice.send(HEARTBEAT);
    return { alice: await receivedBy(alice) };
  }),
  rule("five stock heartbeats", async ({ join }) => {
    const alice = await join("alice");
    await alice.send(...Array(5).fill(HEARTBEAT));
    return { alice: await receivedBy(alice) };
  }),
  rule("a heartbeat with white space", raw('{"type": "HEARTBEAT"}')),
  rule(
    "a heartbeat in a binary frame",
    gets(() => Buffer.from(HEARTBEAT)),
  ),
  rule("a heartbeat with a dst goes nowhere", raw('{"type":"HEARTBEAT","dst":"BOB","payload":"x"}')),
  rule("a heartbeat between messages changes nothing", async ({ join, id }) => {
    const [alice, bob] = [await join("alice"), await join("bob")];
    await alice.send(offer(id("bob"), 1), HEARTBEAT, offer(id("bob"), 2), '{"type": "HEARTBEAT"}', offer(id("bob"), 3));
    return { bob: await bob.some(3) };
  }),
];
