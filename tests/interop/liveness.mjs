import { sleep, TooSlow } from "./driver.mjs";
import { candidate, HEARTBEAT, offer } from "./frames.mjs";
import { rule } from "./rule.mjs";

/** What takes 90 s by default takes 8 s here, and whoever beats every 300 ms may stand still for a while. PeerServer looks every 300 ms. */
const BRIEF = { alive: 8_000 };
const ALIVE_MS = BRIEF.alive;
/** By now PeerServer has looked, on a busy machine, too. */
const GIVEN_UP_MS = ALIVE_MS + 300 + 6_000;

const window = (since) => {
  const after = Date.now() - since;
  if (after < ALIVE_MS - 50) return `early: ${after} ms`;
  return after <= GIVEN_UP_MS ? "in its window" : `late: ${after} ms`;
};

/** Keeps sending for longer than a silent client would last; answers what has become of the socket. */
async function keep(socket, act) {
  const until = Date.now() + GIVEN_UP_MS + 600;
  while (Date.now() < until && socket.state === "open") {
    await act();
    await sleep(300);
  }
  return socket.state;
}

export default [
  rule("a client that sends nothing is given up: closed without a code", BRIEF, async ({ join }) => {
    const since = Date.now();
    const alice = await join("alice");
    await Promise.race([alice.closed, sleep(GIVEN_UP_MS)]);
    return { state: alice.state, frames: alice.frames, at: alice.end ? window(since) : "not at all" };
  }),
  rule("a client that is given up loses its id", BRIEF, async ({ join, dial }) => {
    const alice = await join("alice", "one");
    await Promise.race([alice.closed, sleep(GIVEN_UP_MS)]);
    const other = await dial("alice", "two");
    return { first: await other.next() };
  }),
  rule("whoever asks for the id of a silent client gets it", BRIEF, async ({ join, dial }) => {
    await join("alice", "one");
    await sleep(GIVEN_UP_MS);
    const other = await dial("alice", "two");
    return { first: await other.next() };
  }),
  rule("a client that is given up is not announced", BRIEF, async ({ join, id }) => {
    const [alice, bob] = [await join("alice"), await join("bob")];
    await alice.send(offer(id("bob")));
    await bob.next();
    const state = await keep(bob, () => bob.send('{"type": "HEARTBEAT"}'));
    return { bob: bob.rest(), state };
  }),
  rule("stock heartbeats keep a client alive", BRIEF, async ({ join }) => {
    const alice = await join("alice");
    return keep(alice, () => alice.send(HEARTBEAT));
  }),
  rule("heartbeats with white space keep a client alive", BRIEF, async ({ join }) => {
    const alice = await join("alice");
    return keep(alice, () => alice.send('{"type": "HEARTBEAT"}'));
  }),
  rule("messages without heartbeats", BRIEF, async ({ join, id }) => {
    const alice = await join("alice");
    return keep(alice, () => alice.send(candidate(id("alice"))));
  }),
  rule("protocol pings without heartbeats", BRIEF, async ({ join }) => {
    const alice = await join("alice");
    return keep(alice, () => alice.ping("x").catch(() => {}));
  }),
  rule("messages from others do not keep a client alive", BRIEF, async ({ join, id }) => {
    const [alice, bob] = [await join("alice"), await join("bob")];
    await keep(alice, () => bob.send(HEARTBEAT, offer(id("alice"))));
    return { alice: alice.state, bob: bob.state };
  }),
  rule("re-attaching without heartbeats", BRIEF, async ({ join, dial }) => {
    const start = Date.now();
    await join("alice");
    await sleep(ALIVE_MS / 2);
    const since = Date.now();
    const second = await dial("alice");
    if (Date.now() - start >= ALIVE_MS) throw new TooSlow("the first one may have been given up before the second came");
    await Promise.race([second.closed, sleep(GIVEN_UP_MS)]);
    const took = Date.now() - since;
    if (second.end && took >= ALIVE_MS - 100) throw new TooSlow(`it was seen ${took} ms later that the second was given up`);
    return { state: second.state, soonerThanAFreshClient: took < ALIVE_MS - 100 };
  }),
  rule("a silent client is not given up within a second by default", async ({ join, id }) => {
    const alice = await join("alice");
    await sleep(1_000);
    await alice.send(offer(id("alice")));
    return { frame: await alice.next() };
  }),
];
