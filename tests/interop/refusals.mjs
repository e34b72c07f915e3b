import { PATIENT_CLIENT } from "./driver.mjs";
import { candidate, offer, receivedBy } from "./frames.mjs";
import { PATIENT, rule } from "./rule.mjs";

/** One key is let in. PeerServer is never without one; Beckon has to be told. */
const ONE_KEY = { key: "peerjs" };

/** The frames of a refusal, and how it is closed. */
const refused = (query) => async (driver) => (await driver.open(query(driver))).ended();

/** As above, while the id is held by somebody else. */
const refusedBeside = (query) => async (driver) => {
  await driver.join("alice", "hers");
  return refused(query)(driver);
};

/** Who ends the connection once both sides have said close. A browser that has to do it itself says so to its page 2 s later. */
async function connection(socket) {
  const { code } = await socket.ended();
  return { code, endedBy: socket.leftOpen ? "the client" : "the server" };
}

export default [
  rule(
    "no query at all",
    refused(() => undefined),
  ),
  rule(
    "an empty query",
    refused(() => ""),
  ),
  rule(
    "no id",
    refused(({ key }) => `key=${key}&token=secret`),
  ),
  rule(
    "no token",
    refused(({ key, id }) => `key=${key}&id=${id("alice")}`),
  ),
  rule(
    "no key",
    refused(({ id }) => `id=${id("alice")}&token=secret`),
  ),
  rule(
    "an empty id",
    refused(({ key }) => `key=${key}&id=&token=secret`),
  ),
  rule(
    "an empty token",
    refused(({ key, id }) => `key=${key}&id=${id("alice")}&token=`),
  ),
  rule(
    "an empty key",
    refused(({ id }) => `key=&id=${id("alice")}&token=secret`),
  ),
  rule(
    "an id without an equals sign",
    refused(({ key }) => `key=${key}&id&token=secret`),
  ),
  rule(
    "a wrong key where one key is let in",
    ONE_KEY,
    refused(({ id }) => `key=wrong&id=${id("alice")}&token=secret`),
  ),
  rule(
    "a key of another case where one key is let in",
    ONE_KEY,
    refused(({ id }) => `key=PEERJS&id=${id("alice")}&token=secret`),
  ),
  rule(
    "a key with a space after it where one key is let in",
    ONE_KEY,
    refused(({ id }) => `key=peerjs+&id=${id("alice")}&token=secret`),
  ),
  rule("the right key where one key is let in", ONE_KEY, async ({ join, id }) => {
    const alice = await join("alice");
    await alice.send(offer(id("alice")));
    return { frame: await alice.next() };
  }),
  rule("another key where none is named", async ({ open, id }) => {
    const socket = await open(`key=another&id=${id("alice")}&token=secret`);
    return { first: await socket.next() };
  }),
  rule("another key does not reach the peers of the first", async ({ open, join, id }) => {
    const bob = await join("bob");
    const alice = await open(`key=another&id=${id("alice")}&token=secret`);
    await alice.next();
    await alice.send(offer(id("bob"))).catch(() => {});
    return { bob: await receivedBy(bob) };
  }),
  rule("an id is taken in one realm only", async ({ open, join, id }) => {
    await join("alice", "hers");
    const other = await open(`key=another&id=${id("alice")}&token=his`);
    return { first: await other.next() };
  }),

  rule(
    "a taken id",
    refusedBeside(({ query }) => query("alice", "his")),
  ),
  rule(
    "a taken id: tokens are case-sensitive",
    refusedBeside(({ query }) => query("alice", "HERS")),
  ),
  rule(
    "a taken id: the start of the token is not enough",
    refusedBeside(({ query }) => query("alice", "her")),
  ),
  rule(
    "a taken id: the token and more is not enough",
    refusedBeside(({ query }) => query("alice", "hersx")),
  ),
  rule(
    "a taken id: the token and a space is not enough",
    refusedBeside(({ query }) => query("alice", "hers+")),
  ),
  rule("a taken id: its holder hears nothing and stays", async ({ join, dial, id }) => {
    const alice = await join("alice", "hers");
    const other = await dial("alice", "his");
    await other.ended();
    await alice.send(offer(id("alice")));
    return { frame: await alice.next(), state: alice.state };
  }),
  rule("a taken id: messages still go to its holder", async ({ join, dial, id }) => {
    const alice = await join("alice", "hers");
    const bob = await join("bob");
    const other = await dial("alice", "his");
    await bob.send(offer(id("alice")));
    return { alice: await alice.next(), other: await other.ended() };
  }),
  rule("a taken id: refused as often as it is asked for", async ({ join, dial }) => {
    await join("alice", "hers");
    const ends = [];
    for (const token of ["one", "two", "one"]) ends.push(await (await dial("alice", token)).ended());
    return ends;
  }),
  rule("a refused socket cannot send", async ({ join, dial, id }) => {
    await join("alice", "hers");
    const bob = await join("bob");
    const other = await dial("alice", "his");
    await other.send(offer(id("bob"), "from the refused"));
    await other.ended();
    return { bob: await receivedBy(bob) };
  }),
  rule("a socket refused for its query cannot send", async ({ join, open, key, id }) => {
    const bob = await join("bob");
    const other = await open(`key=${key}&id=${id("eve")}`);
    await other.send(offer(id("bob"), "from the refused"));
    await other.ended();
    return { bob: await receivedBy(bob) };
  }),
  rule("a socket refused for its query does not take the id", async ({ join, open, key, id }) => {
    const other = await open(`key=${key}&id=${id("alice")}`);
    await other.ended();
    const alice = await join("alice");
    return { frames: alice.frames };
  }),
  rule("a refused socket does not take what waits for the id", PATIENT, async ({ join, open, dial, key, id }) => {
    const bob = await join("bob");
    await bob.send(offer(id("alice")), candidate(id("alice")));
    await receivedBy(bob);
    const other = await open(`key=${key}&id=${id("alice")}&token=`);
    const refusal = await other.ended();
    const alice = await dial("alice");
    return { refusal, alice: await alice.some(3) };
  }),

  rule("who is refused for the query: the server ends the connection", async ({ open }) => connection(await open("key=x", PATIENT_CLIENT))),
  rule("who is refused a taken id: the server ends the connection", async ({ join, dial }) => {
    await join("alice", "hers");
    return connection(await dial("alice", "his", PATIENT_CLIENT));
  }),

  rule(
    "order of checks: a missing token comes before a wrong key",
    ONE_KEY,
    refused(({ id }) => `key=wrong&id=${id("alice")}`),
  ),
  rule(
    "order of checks: a missing id comes before a wrong key",
    ONE_KEY,
    refused(() => "key=wrong&token=secret"),
  ),
  rule(
    "order of checks: a wrong key comes before a taken id",
    ONE_KEY,
    refusedBeside(({ id }) => `key=wrong&id=${id("alice")}&token=his`),
  ),
  rule(
    "order of checks: a wrong key comes before the right token",
    ONE_KEY,
    refusedBeside(({ id }) => `key=wrong&id=${id("alice")}&token=hers`),
  ),
  rule(
    "order of checks: a missing token comes before a taken id",
    refusedBeside(({ key, id }) => `key=${key}&id=${id("alice")}`),
  ),
];
