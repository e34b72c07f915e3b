import { createHash } from "node:crypto";
import { receivedBy } from "./frames.mjs";
import { rule } from "./rule.mjs";

/** Sends an OFFER with this text as its payload (none: without the field) and answers the frame that arrives. */
async function through(payload, { join, id }) {
  const [alice, bob] = [await join("alice"), await join("bob")];
  await alice.send(payload === undefined ? `{"type":"OFFER","dst":"${id("bob")}"}` : `{"type":"OFFER","dst":"${id("bob")}","payload":${payload}}`);
  const frames = await receivedBy(bob, alice);
  return { frames, alice, bob };
}

/** To the byte: for payloads written as JSON.stringify writes them, which is how every stock client does. */
const exact = (payload) => async (driver) => (await through(payload, driver)).frames;

/** By meaning: for payloads written in another way. What is compared is what the receiver's JSON.parse makes of them. */
const meant = (payload) => async (driver) => (await through(payload, driver)).frames.map((frame) => JSON.parse(frame));

/** By digest: for long ones. */
const digest = (payload) => async (driver) => {
  const { frames } = await through(payload, driver);
  return frames.map((frame) => {
    // The names are this run's own; they are taken out before anything is hashed.
    const plain = driver.observe(frame);
    return { length: plain.length, start: plain.slice(0, 60), sha: createHash("sha256").update(plain).digest("hex") };
  });
};

/** What a socket hears until it is closed, or is answered what it asks now. */
async function untilClosed(socket, sender = socket) {
  const from = socket.frames.length - socket.untaken;
  try {
    return await receivedBy(socket, sender);
  } catch (error) {
    if (!socket.end) throw error;
    return socket.frames.slice(from);
  }
}

/** How a payload fares that may cost somebody the connection. */
const fate = (payload) => async (driver) => {
  const [alice, bob] = [await driver.join("alice"), await driver.join("bob")];
  await alice.send(`{"type":"OFFER","dst":"${driver.id("bob")}","payload":${payload}}`);
  const digest = (frame) => (frame.length > 200 ? `${driver.observe(frame).length} characters` : frame);
  const hers = await untilClosed(alice);
  // What she has sent him may be on its way between two objects, which only a mark of hers comes after.
  const his = await untilClosed(bob, alice.end ? bob : alice);
  return { bob: his.map(digest), bobs: bob.state, alice: hers.map(digest), alices: alice.state };
};

const nested = (depth) => "[".repeat(depth) + "]".repeat(depth);
const text = (bytes) => `"${"a".repeat(bytes - 2)}"`;

const AS_STRINGIFIED = {
  absent: undefined,
  null: "null",
  true: "true",
  false: "false",
  0: "0",
  "a negative number": "-1",
  "a fraction": "0.1",
  "a number in exponent form": "1e+21",
  "the largest safe integer": "9007199254740991",
  "the empty string": '""',
  "a string": '"text"',
  "a string of escapes": '"\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f"',
  "a string beyond ASCII": '"é, 中文, العربية, 👋🏽"',
  "raw line separators": '"\u2028\u2029\u007f\ufeff\uffff"',
  "a lone high surrogate": '"\\ud800"',
  "a lone low surrogate": '"\\udc00x"',
  "surrogates in the wrong order": '"\\udc00\\ud800"',
  "lone surrogates as names": '{"\\ud800":"\\udfff"}',
  markup: '"</script><!--"',
  "an empty array": "[]",
  "an empty object": "{}",
  "an array of everything": '[null,true,false,0,"",[],{}]',
  "an object of everything": '{"a":null,"b":[1,{"c":[]}],"":""}',
  "an object that looks like a message": '{"type":"ERROR","src":"x","dst":"y","payload":{"msg":"z"}}',
  "a __proto__": '{"__proto__":{"a":1},"constructor":{"prototype":1},"toJSON":1}',
  "JSON in a string": '"{\\"type\\":\\"OPEN\\"}"',
  "nested 100 deep": nested(100),
  "nested 128 deep": nested(128),
  "nested 129 deep": nested(129),
};

const SPELLED_OTHERWISE = {
  "white space": ' { "a" : [ 1 , 2 ] ,\t"b"\r\n: "  " } ',
  "a number with an exponent": "1e5",
  "a fraction with zeros": "[1.50,0.0,100E-2]",
  "minus zero": "[-0]",
  "an integer beyond 53 bits": "12345678901234567890",
  "a fraction of many digits": "0.1000000000000000055511151231257827",
  "a number that rounds to zero": "1e-400",
  "escapes that need not be": '"\\u0061\\/\\u00e9"',
  "an escaped pair of surrogates": '"\\ud83d\\udc4b"',
  "escapes in capitals": '"\\u00E9\\uD800"',
  "a name given twice": '{"a":1,"b":2,"a":3}',
  "a name given twice, once escaped": '{"a":1,"\\u0061":2}',
  "a __proto__ given twice": '{"__proto__":1,"__proto__":2}',
};

export default [
  ...Object.entries(AS_STRINGIFIED).map(([what, payload]) => rule(`a payload that is ${what}`, exact(payload))),
  ...Object.entries(SPELLED_OTHERWISE).map(([what, payload]) => rule(`a payload spelled with ${what} means the same`, meant(payload))),
  rule("a payload's spelling", exact(' { "n" : [ 1e5 , -0 , 1.50 ] , "s" : "\\u0061\\/" , "a" : 1 , "a" : 2 , "2" : 0 , "1" : 0 } ')),
  rule("a payload with a number too large for a double", exact("[1e400,-1e400]")),
  rule("a payload nested 1,000 deep", digest(nested(1000))),
  rule("a payload of objects nested 1,000 deep", digest('{"a":'.repeat(1000) + "1" + "}".repeat(1000))),
  rule("a payload nested 5,000 deep", fate(nested(5_000))),
  rule("a payload nested 100,000 deep", fate(nested(100_000))),
  rule("a payload of 10,000 names", digest(`{${Array.from({ length: 10_000 }, (_, n) => `"name${n}":${n}`).join(",")}}`)),
  rule("a payload of 16 KiB", digest(text(16_384))),
  rule("a payload of 64 KiB", digest(text(65_536))),
  rule("a payload of 256 kB", digest(text(256_000))),
  rule("a payload of 256 KiB", digest(text(262_144))),
  rule("a payload of 256 kB beyond ASCII", digest(`"${"é".repeat(127_999)}"`)),
  rule("a payload of 256 kB in many pieces", digest(JSON.stringify(Array.from({ length: 8_000 }, (_, n) => `a piece of text, the ${n}th`).slice(0, 7_500)))),
  rule("a payload of 300 kB", fate(text(300_000))),
  rule("a payload of 1 MiB", fate(text(1 << 20))),
  rule("a payload of 256 kB to oneself", async ({ join, id }) => {
    const alice = await join("alice");
    await alice.send(`{"type":"OFFER","dst":"${id("alice")}","payload":${text(256_000)}}`);
    return JSON.parse(await alice.next()).payload.length;
  }),
];
