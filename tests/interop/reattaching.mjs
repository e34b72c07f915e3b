import { sleep } from "./driver.mjs";
import { offer, receivedBy, settled } from "./frames.mjs";
import { rule } from "./rule.mjs";

export default [
  rule("a second socket with the same id and token: what it hears first", async ({ join, dial, id }) => {
    await join("alice");
    const bob = await join("bob");
    const second = await dial("alice");
    await bob.send(offer(id("alice")));
    return { second: await receivedBy(second, bob) };
  }),
  rule("a second socket with the same id and token: what becomes of the first", async ({ join, dial }) => {
    const alice = await join("alice");
    await dial("alice");
    await settled(alice);
    return { frames: alice.rest(), state: alice.state };
  }),
  rule("after re-attaching, messages come to the new socket only", async ({ join, dial, id }) => {
    const [first, bob] = [await join("alice"), await join("bob")];
    const second = await attached(dial);
    await bob.send(offer(id("alice"), 1), offer(id("alice"), 2));
    return { second: await second.some(2), first: first.rest() };
  }),
  rule("after re-attaching, the new socket sends as the id", async ({ join, dial, id }) => {
    const bob = await join("bob");
    await join("alice");
    const second = await attached(dial);
    await second.send(offer(id("bob")));
    return { bob: await bob.next() };
  }),
  rule("after re-attaching, the old socket may still send", async ({ join, dial, id }) => {
    const [first, bob] = [await join("alice"), await join("bob")];
    await attached(dial);
    await first.send(offer(id("bob"), "from the old socket"));
    await first.read();
    await bob.read();
    return { bob: bob.rest() };
  }),
  rule("after re-attaching, the old socket's end changes nothing", async ({ join, dial, id }) => {
    const [first, bob] = [await join("alice"), await join("bob")];
    const second = await attached(dial);
    await first.close();
    await sleep(200);
    await bob.send(offer(id("alice")));
    const frame = await second.next();
    const other = await dial("alice", "other");
    return { frame, other: await other.ended() };
  }),
  rule("after re-attaching, a broken old connection changes nothing", async ({ join, dial, id }) => {
    const [first, bob] = [await join("alice"), await join("bob")];
    const second = await attached(dial);
    await first.drop();
    await sleep(200);
    await bob.send(offer(id("alice")));
    return { frame: await second.next() };
  }),
  rule("after re-attaching, the new socket's end frees the id", async ({ join, dial, takeover }) => {
    await join("alice");
    const second = await attached(dial);
    await second.close();
    return { first: (await takeover("alice", "other")).frame };
  }),
  rule("after re-attaching, another token is still refused", async ({ join, dial }) => {
    await join("alice");
    await attached(dial);
    const other = await dial("alice", "other");
    return other.ended();
  }),
  rule("after re-attaching, messages to oneself come to the new socket", async ({ join, dial, id }) => {
    const first = await join("alice");
    const second = await attached(dial);
    await second.send(offer(id("alice")));
    return { second: await second.next(), first: first.rest() };
  }),
  rule("re-attaching three times: the last socket has the id", async ({ join, dial, id }) => {
    const bob = await join("bob");
    await join("alice");
    await attached(dial);
    await attached(dial);
    const last = await attached(dial);
    await bob.send(offer(id("alice")));
    return { last: await last.next() };
  }),
  rule("re-attaching while a burst is under way: nothing is lost or doubled, and order is kept", async ({ join, dial, id }) => {
    const [first, bob] = [await join("alice"), await join("bob")];
    const burst = (from) => Array.from({ length: 40 }, (_, n) => offer(id("alice"), from + n));
    await bob.send(...burst(0));
    const second = await dial("alice");
    await bob.send(...burst(40));
    await receivedBy(second, bob);
    const payloads = (socket) => socket.frames.filter((frame) => frame.includes('"OFFER"')).map((frame) => JSON.parse(frame).payload);
    const got = [...payloads(first), ...payloads(second)];
    return { all: got.length, inOrder: got.every((payload, n) => payload === n) };
  }),
  rule("re-attaching is possible as often as one likes", async ({ join, dial, id }) => {
    await join("alice");
    let last;
    for (let times = 0; times < 10; times++) last = await attached(dial);
    await last.send(offer(id("alice")));
    return { frame: await last.next() };
  }),
];

/**
 * The second socket, once the server has it: PeerServer says nothing to it, so it sends a message to itself. An OPEN, which other rules
 * observe, is put aside.
 */
async function attached(dial) {
  const socket = await dial("alice");
  const frames = await receivedBy(socket);
  if (frames.some((frame) => frame !== '{"type":"OPEN"}')) throw new Error(`not attached: ${frames}`);
  return socket;
}
