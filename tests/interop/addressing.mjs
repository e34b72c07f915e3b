import { message, offer, receivedBy } from "./frames.mjs";
import { rule, SHORT } from "./rule.mjs";

/** What alice hears of messages with such a dst, given time for an EXPIRE; spelled by hand because absent and null differ. */
const sentTo =
  (dst, types = ["OFFER"]) =>
  async ({ expired, join, number }) => {
    const alice = await join("alice");
    await alice.send(...types.map((type) => `{"type":"${type}",${dst === undefined ? "" : `"dst":${dst.replaceAll("NUMBER", number)},`}"payload":"x"}`));
    return { alice: await expired(alice), state: alice.state };
  };

const ALL = ["OFFER", "ANSWER", "CANDIDATE"];
const NOBODY = { missing: undefined, "the empty string": '""', null: "null", 0: "0", "minus zero": "-0", false: "false" };
const STRANGE = {
  "a number": "NUMBER",
  "a fraction": "0.5",
  true: "true",
  "an array": '["a",1]',
  "an empty array": "[]",
  "an object": '{"a":1}',
  "an empty object": "{}",
};

export default [
  ...Object.entries(NOBODY).map(([what, dst]) =>
    rule(`OFFER, ANSWER and CANDIDATE with a dst that is ${what} are dropped without an EXPIRE`, SHORT, sentTo(dst, ALL)),
  ),
  ...Object.entries(STRANGE).map(([what, dst]) => rule(`a dst that is ${what} is an unknown id`, SHORT, sentTo(dst))),
  rule("a dst that is a number is not the peer whose id reads so", SHORT, async ({ expired, join, open, key, number }) => {
    const bob = await open(`key=${key}&id=${number}&token=secret`);
    await bob.next();
    bob.id = String(number);
    const alice = await join("alice");
    await alice.send(`{"type":"OFFER","dst":${number},"payload":"x"}`);
    return { bob: await receivedBy(bob, alice), alice: await expired(alice) };
  }),
  rule("a dst that is an array of one id is not that peer", SHORT, async ({ expired, join, id }) => {
    const [alice, bob] = [await join("alice"), await join("bob")];
    await alice.send(JSON.stringify({ type: "OFFER", dst: [id("bob")], payload: "x" }));
    return { bob: await receivedBy(bob, alice), alice: await expired(alice) };
  }),
  rule("a dst that is an object with an id is not that peer", SHORT, async ({ expired, join, id }) => {
    const [alice, bob] = [await join("alice"), await join("bob")];
    await alice.send(JSON.stringify({ type: "OFFER", dst: { id: id("bob") }, payload: "x" }));
    return { bob: await receivedBy(bob, alice), alice: await expired(alice) };
  }),
  ...["__proto__", "constructor", "hasOwnProperty"].map((word) => rule(`a dst that is the word ${word} is an unknown id`, SHORT, sentTo(`"${word}"`))),
  rule("a dst of one space is an unknown id", SHORT, sentTo('" "')),
  rule("a dst with escapes comes back in EXPIRE as JSON.stringify writes it", SHORT, async ({ expired, join, id }) => {
    const alice = await join("alice");
    await alice.send(`{"type":"OFFER","dst":"${id('no\\u0062ody\\/\\u00e9\\n\\"')}","payload":"x"}`);
    return { alice: await expired(alice) };
  }),
  rule("a dst of a lone surrogate is an unknown id", SHORT, sentTo('"\\ud800"')),
  rule("a dst of 10,000 characters is an unknown id", SHORT, async ({ expired, join, id }) => {
    const alice = await join("alice");
    await alice.send(offer(id("x".repeat(10_000))));
    return (await expired(alice)).map((frame) => ({ length: frame.length, start: frame.slice(0, 30) }));
  }),
  rule("a dst that is dropped does not harm what follows", async ({ join, id }) => {
    const [alice, bob] = [await join("alice"), await join("bob")];
    await alice.send(...[undefined, null, "", 0, false].map((dst) => message("OFFER", dst, "x")), offer(id("bob"), "y"));
    return { bob: await bob.next() };
  }),
];
