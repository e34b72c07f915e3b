import { PATIENT_CLIENT, sleep } from "./driver.mjs";
import { message, offer, receivedBy, settled } from "./frames.mjs";
import { rule, SHORT } from "./rule.mjs";

const LEAVE = '{"type":"LEAVE"}';

export default [
  rule("LEAVE with a dst is relayed", async ({ join, id }) => {
    const [alice, bob] = [await join("alice"), await join("bob")];
    await alice.send(message("LEAVE", id("bob")));
    return { bob: await bob.next() };
  }),
  rule("LEAVE with a dst is relayed with its payload", async ({ join, id }) => {
    const [alice, bob] = [await join("alice"), await join("bob")];
    await alice.send(message("LEAVE", id("bob"), { why: "bye" }, { src: id("carol"), extra: 1 }));
    return { bob: await bob.next() };
  }),
  rule("LEAVE with a dst leaves the sender where it is", async ({ join, id }) => {
    const [alice, bob] = [await join("alice"), await join("bob")];
    await alice.send(message("LEAVE", id("bob")));
    await bob.next();
    await bob.send(offer(id("alice")));
    return { alice: await alice.next() };
  }),
  rule("LEAVE to an absent peer is dropped", async ({ join, id }) => {
    const alice = await join("alice");
    await alice.send(message("LEAVE", id("nobody")));
    return { alice: await receivedBy(alice), state: alice.state };
  }),
  rule("LEAVE to oneself is a message to oneself", async ({ join, id }) => {
    const alice = await join("alice");
    await alice.send(message("LEAVE", id("alice")));
    const frame = await alice.next();
    return { frame, afterwards: await receivedBy(alice) };
  }),
  ...[
    ["without a dst", undefined],
    ["with a dst that is null", null],
    ["with a dst that is empty", ""],
    ["with a dst that is 0", 0],
    ["with a dst that is false", false],
  ].map(([how, dst]) =>
    rule(`LEAVE ${how} gives the id up`, async (driver) => {
      const alice = await driver.join("alice", "one");
      await alice.send(message("LEAVE", dst));
      const other = await driver.takeover("alice", "two");
      return { other: other.frame };
    }),
  ),
  rule("LEAVE with a dst that is no id keeps the id", async ({ join, dial }) => {
    const alice = await join("alice", "one");
    await alice.send('{"type":"LEAVE","dst":5}', '{"type":"LEAVE","dst":["x"]}', '{"type":"LEAVE","dst":{}}');
    await receivedBy(alice);
    const other = await dial("alice", "two");
    return other.ended();
  }),
  rule("LEAVE without a dst is told to nobody", async ({ join, id }) => {
    const [alice, bob] = [await join("alice"), await join("bob")];
    await alice.send(offer(id("bob")));
    await bob.next();
    await alice.send(LEAVE);
    await settled(alice);
    return { bob: await receivedBy(bob) };
  }),
  rule("LEAVE without a dst gets no answer, and the socket stays open", async ({ join }) => {
    const alice = await join("alice");
    await alice.send(LEAVE);
    await settled(alice);
    return { frames: alice.rest(), state: alice.state };
  }),
  rule("LEAVE without a dst, twice", async (driver) => {
    const alice = await driver.join("alice", "one");
    await alice.send(LEAVE, LEAVE);
    const other = await driver.takeover("alice", "two");
    await settled(alice);
    return { other: other.frame, frames: alice.rest(), state: alice.state };
  }),
  rule("after LEAVE, messages for the id wait for its next owner", async (driver) => {
    const [alice, bob] = [await driver.join("alice"), await driver.join("bob", "one")];
    await bob.send(LEAVE);
    await bob.read();
    await alice.send(offer(driver.id("bob")));
    await driver.arrived("bob", alice);
    const next = await driver.takeover("bob", "two");
    return { frames: [next.frame, await next.socket.next()], old: bob.rest() };
  }),
  rule("after LEAVE, the old socket still sends as that id", async ({ join, id }) => {
    const [alice, bob] = [await join("alice"), await join("bob")];
    await alice.send(LEAVE, offer(id("bob"), "from a ghost"));
    await settled(alice);
    await bob.read();
    return { bob: bob.rest(), alice: alice.rest(), state: alice.state };
  }),
  rule("after LEAVE, the old socket still sends while the id has a new owner", async (driver) => {
    const [alice, bob] = [await driver.join("alice", "one"), await driver.join("bob")];
    await alice.send(LEAVE);
    const next = await driver.takeover("alice", "two");
    await alice.send(offer(driver.id("bob"), "from a ghost"));
    await settled(alice);
    await bob.read();
    return { next: next.frame, bob: bob.rest(), alice: alice.rest(), state: alice.state };
  }),
  rule("after LEAVE, the old socket does not get what is sent to the new owner", async (driver) => {
    const [alice, bob] = [await driver.join("alice", "one"), await driver.join("bob")];
    await alice.send(LEAVE);
    const next = await driver.takeover("alice", "two");
    await bob.send(offer(driver.id("alice")));
    return { next: [next.frame, await next.socket.next()], alice: alice.rest() };
  }),
  rule("after LEAVE, closing the old socket and the id's next owner", SHORT, async (driver) => {
    const [alice, bob] = [await driver.join("alice", "one"), await driver.join("bob")];
    await alice.send(LEAVE);
    const next = await driver.takeover("alice", "two");
    await alice.close();
    // PeerServer sees a moment later that the old socket is gone. From then on nobody is at the id, and bob is told so.
    let told = [];
    for (let tries = 0; tries < 3 && told.length === 0; tries++) {
      await sleep(200);
      await bob.send(offer(driver.id("alice")));
      told = await driver.expired(bob);
    }
    return { next: next.frame, bob: told };
  }),
  rule("after LEAVE, the same client may open the id again on another socket", async (driver) => {
    const alice = await driver.join("alice", "one");
    await alice.send(LEAVE);
    const back = await driver.takeover("alice", "one");
    await back.socket.send(offer(driver.id("alice")));
    return { frames: [back.frame, await back.socket.next()] };
  }),
  rule("after LEAVE, a heartbeat does not bring the id back", async (driver) => {
    const alice = await driver.join("alice", "one");
    await alice.send(LEAVE, '{"type": "HEARTBEAT"}');
    await sleep(200);
    const other = await driver.takeover("alice", "two");
    return { other: other.frame };
  }),

  rule("an id is free once its socket has closed", async (driver) => {
    const alice = await driver.join("alice", "one");
    await alice.close();
    const other = await driver.takeover("alice", "two");
    return { other: other.frame };
  }),
  rule("an id is free once its socket has closed with a code", async (driver) => {
    const alice = await driver.join("alice", "one");
    await alice.close(1001, "going away");
    const other = await driver.takeover("alice", "two");
    return { other: other.frame };
  }),
  rule("an id is free once its connection has broken", async (driver) => {
    const alice = await driver.join("alice", "one");
    await alice.drop();
    const other = await driver.takeover("alice", "two");
    return { other: other.frame };
  }),
  rule("an id is not free before", async (driver) => {
    const alice = await driver.join("alice", "one");
    const other = await driver.dial("alice", "two");
    return { other: await other.ended(), alice: alice.state };
  }),
  rule("the same client comes back after closing, and gets OPEN", async (driver) => {
    const alice = await driver.join("alice");
    await alice.close();
    await sleep(200);
    const back = await driver.dial("alice");
    await back.send(offer(driver.id("alice")));
    return { frames: await back.some(2) };
  }),
  rule("a message sent right before closing arrives", async ({ join, id }) => {
    const [alice, bob] = [await join("alice"), await join("bob")];
    await alice.send(offer(id("bob"), "last words"));
    await alice.close();
    return { bob: await bob.next() };
  }),
  rule("200 messages sent right before closing arrive", async ({ join, id }) => {
    const [alice, bob] = [await join("alice"), await join("bob")];
    await alice.send(...Array.from({ length: 200 }, (_, n) => offer(id("bob"), n)));
    await alice.close();
    const frames = await bob.some(200);
    return { inOrder: frames.every((frame, n) => JSON.parse(frame).payload === n) };
  }),

  rule("the server ends the connection of who closes", async ({ join }) => {
    const alice = await join("alice", undefined, PATIENT_CLIENT);
    await alice.close();
    return { endedBy: alice.leftOpen ? "the client" : "the server" };
  }),
  ...[
    [undefined, undefined],
    [1000, ""],
    [1000, "done"],
    [1001, ""],
    [3000, "a library's"],
    [4321, "an app's"],
    [4999, "é"],
    [1011, "trouble"],
  ].map(([code, reason]) =>
    rule(`the server answers a close with ${code === undefined ? "no code" : `${code} ${reason}`.trim()} in kind`, async ({ join }) => {
      const alice = await join("alice");
      return alice.close(code, reason);
    }),
  ),
];
