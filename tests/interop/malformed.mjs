import { sleep } from "./driver.mjs";
import { candidate, offer, receivedBy } from "./frames.mjs";
import { PATIENT, rule } from "./rule.mjs";

/** What a frame that is no message costs: what its sender hears, whether it can go on, and that nobody else hears anything. */
const harmless =
  (send) =>
  async ({ join, id }) => {
    const [alice, bob] = [await join("alice"), await join("bob")];
    await send(alice, id("bob"));
    return { bob: await receivedBy(bob, alice), alice: await receivedBy(alice), state: alice.state };
  };
const text = (content) => harmless((alice) => alice.send(content));
const bytes = (...content) => harmless((alice) => alice.send(Buffer.from(content)));

/** By now whoever is to be closed has been, and workerd has not yet ended what it leaves to its client (10 s). */
async function soon(socket) {
  await Promise.race([socket.closed, sleep(6_000)]);
  await Promise.race([socket.closed, sleep(200)]); // who stood still meanwhile sees its end now
}

/** What a frame that breaks WebSocket's own rules costs its sender. */
const fatal =
  (send) =>
  async ({ join, id }) => {
    const [alice, bob] = [await join("alice"), await join("bob")];
    await send(alice, id("bob"));
    await soon(alice);
    const frames = alice.rest();
    return { alice: frames, end: alice.state, bob: await receivedBy(bob) };
  };

/** A masked frame by hand: `head` is its first byte. */
function frame(head, body, { masked = true } = {}) {
  const data = Buffer.from(body);
  if (!masked) return Buffer.concat([Buffer.from([head, data.length]), data]);
  const mask = [1, 2, 3, 4];
  return Buffer.concat([Buffer.from([head, 0x80 | data.length, ...mask]), data.map((byte, n) => byte ^ mask[n % 4])]);
}

const NOT_JSON = {
  "a word": "hello",
  "a brace": "{",
  "a message cut short": '{"type":"OFFER","dst":"bob","payl',
  "a message with something after it": '{"type":"HEARTBEAT"}x',
  "two messages in one frame": '{"type":"HEARTBEAT"}{"type":"HEARTBEAT"}',
  "a trailing comma": '{"type":"OFFER",}',
  "single quotes": "{'type':'OFFER'}",
  "a name without quotes": '{type:"OFFER"}',
  "a comment": '{"type":"OFFER"/* */}',
  "NaN as a payload": '{"type":"OFFER","dst":"x","payload":NaN}',
  "a number with a leading zero": '{"type":"OFFER","dst":"x","payload":01}',
  "a raw line break in a string": '{"type":"OFFER","dst":"x","payload":"\n"}',
  "a bad escape": '{"type":"OFFER","dst":"x","payload":"\\x"}',
  "a NUL": "\0",
  "a NUL after a message": '{"type":"HEARTBEAT"}\0',
  "a byte order mark before a message": '\ufeff{"type":"HEARTBEAT"}',
  "a no-break space before a message": '\u00a0{"type":"HEARTBEAT"}',
  "the word undefined": "undefined",
  "the word ping": "ping",
  nothing: "",
  "white space": " \n",
  "100 kB of a letter": "a".repeat(100_000),
  "100 kB of an unfinished string": `"${"a".repeat(100_000)}`,
};
const NOT_AN_OBJECT = {
  null: "null",
  "a number": "1",
  "a string": '"HEARTBEAT"',
  true: "true",
  "an empty array": "[]",
  "an array of a message": '[{"type":"HEARTBEAT"}]',
};

export default [
  ...Object.entries(NOT_JSON).map(([what, content]) => rule(`a text that is not JSON: ${what}`, text(content))),
  ...Object.entries(NOT_AN_OBJECT).map(([what, content]) => rule(`a text that is JSON but no object: ${what}`, text(content))),
  rule("an object that is no message", text('{"ping":"once"}')),
  rule("a hundred texts that are not JSON", async ({ join, id }) => {
    const [alice, bob] = [await join("alice"), await join("bob")];
    await alice.send(...Array.from({ length: 100 }, (_, n) => `not JSON, the ${n}th`));
    await alice.send(candidate(id("bob"), "still here"));
    return { bob: await bob.next(), state: alice.state, heard: (await receivedBy(alice)).length };
  }),
  rule("a text that is not JSON, before OPEN has arrived", async ({ open, query, id }) => {
    const alice = await open(query("alice"));
    await alice.send("hello", candidate(id("alice")));
    return { alice: await alice.until(`{"type":"CANDIDATE","src":"${id("alice")}","dst":"${id("alice")}","payload":"hello"}`) };
  }),
  rule("a malformed message does not stop what its sender has under way", PATIENT, async ({ join, dial, id }) => {
    const alice = await join("alice");
    await alice.send(offer(id("bob")), "{", candidate(id("bob")));
    await alice.send(candidate(id("alice"), "mark"));
    await alice.until(`{"type":"CANDIDATE","src":"${id("alice")}","dst":"${id("alice")}","payload":"mark"}`);
    const bob = await dial("bob");
    return bob.some(3);
  }),
  rule("a binary frame that is empty", bytes()),
  rule("a binary frame that is not JSON", bytes(0, 1, 2, 0xff)),
  rule(
    "a binary frame of JSON that is no object",
    harmless((alice) => alice.send(Buffer.from("null"))),
  ),
  rule(
    "a binary frame with a byte order mark",
    harmless((alice) => alice.send(Buffer.from('\ufeff{"type":"HEARTBEAT"}'))),
  ),
  rule(
    "a binary frame with a message whose payload is not UTF-8",
    harmless((alice, bob) =>
      alice.send(Buffer.concat([Buffer.from(`{"type":"OFFER","dst":"${bob}","payload":"`), Buffer.from([0xff, 0xc3]), Buffer.from('"}')])),
    ),
  ),

  rule(
    "a text frame that is not UTF-8",
    fatal((alice) => alice.sendAsText(Buffer.from([0xff, 0xfe]))),
  ),
  rule(
    "a text frame that ends within a character",
    fatal((alice) => alice.sendAsText(Buffer.from([0x22, 0xe2, 0x82]))),
  ),
  rule(
    "a text frame with a surrogate in UTF-8",
    fatal((alice) => alice.sendAsText(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]))),
  ),
  rule(
    "a text frame with an overlong NUL",
    fatal((alice) => alice.sendAsText(Buffer.from([0x22, 0xc0, 0x80, 0x22]))),
  ),
  rule(
    "a good message whose payload is not UTF-8",
    fatal((alice, bob) => alice.sendAsText(Buffer.concat([Buffer.from(`{"type":"OFFER","dst":"${bob}","payload":"`), Buffer.from([0xff]), Buffer.from('"}')]))),
  ),
  rule(
    "a frame that is not masked",
    fatal((alice) => alice.write(frame(0x81, "{}", { masked: false }))),
  ),
  rule(
    "a frame of a reserved kind",
    fatal((alice) => alice.write(frame(0x83, "{}"))),
  ),
  rule(
    "a frame with a reserved bit",
    fatal((alice) => alice.write(frame(0xc1, "{}"))),
  ),
  rule(
    "a continuation of nothing",
    fatal((alice) => alice.write(frame(0x80, "{}"))),
  ),
  rule(
    "a ping in pieces",
    fatal((alice) => alice.write(frame(0x09, "x"))),
  ),
  rule(
    "a close with half a code",
    fatal((alice) => alice.write(frame(0x88, "x"))),
  ),
  rule(
    "a close with a code there is not",
    fatal((alice) => alice.write(frame(0x88, [0x03, 0xed]))),
  ),
  rule("a protocol ping is answered with its body", async ({ join }) => {
    const alice = await join("alice");
    return { pong: await alice.ping("are you there?"), frames: alice.rest() };
  }),
  rule(
    "a protocol pong nobody asked for is ignored",
    harmless((alice) => alice.write(frame(0x8a, "x"))),
  ),
  rule("who breaks the rules frees the id", async ({ join, takeover }) => {
    const alice = await join("alice", "one");
    await alice.write(frame(0xc1, "{}"));
    await soon(alice);
    return { first: (await takeover("alice", "two")).frame };
  }),
];
