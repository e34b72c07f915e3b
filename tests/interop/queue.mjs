import { sleep } from "./driver.mjs";
import { answer, candidate, message, offer, receivedBy } from "./frames.mjs";
import { PATIENT, rule, SHORT } from "./rule.mjs";

/** Where something else has to happen before the time is up, on a machine that is busy with other rules. */
const UNHURRIED = { expire: 4000 };
/** Where it takes half of the time. */
const LONG = { expire: 8000 };
/** PeerServer looks once a second, and a busy machine is slow. What comes later than this after its time had none. */
const LATEST_MS = 30_000;

/** EXPIRE comes once the time is up, and not much later: which of the two classes an instant is in, not when. */
const window = (since, due, at = Date.now()) => {
  const after = at - since;
  if (after < due - 20) return `early by ${due - after} ms`;
  return after <= due + LATEST_MS ? "in its window" : `late: ${after} ms`;
};

/** By now a server knows that somebody has closed: it has had time; and PeerServer, which has one thread, has done something else meanwhile. @param {import("./driver.mjs").Socket} other */
async function gone(other) {
  await sleep(200);
  await other.read();
}

export default [
  rule("EXPIRE comes 5 to 6 s after a message for an absent peer", async ({ join, id }) => {
    const alice = await join("alice");
    const since = Date.now();
    await alice.send(offer(id("nobody")));
    return { frame: await alice.next(), at: window(since, 5_000) };
  }),
  // Longer than by default, so that what comes after the default is early.
  rule("EXPIRE comes after the time that is set", LONG, async ({ join, id }) => {
    const alice = await join("alice");
    const since = Date.now();
    await alice.send(offer(id("nobody")));
    return { frame: await alice.next(), at: window(since, LONG.expire) };
  }),
  .../** @type {[string, typeof answer][]} */ ([
    ["an ANSWER", answer],
    ["a CANDIDATE", candidate],
  ]).map(([what, write]) =>
    rule(`${what} alone expires like an OFFER`, SHORT, async ({ expired, join, id }) => {
      const alice = await join("alice");
      const since = Date.now();
      await alice.send(write(id("nobody")));
      return { frame: await alice.next(), at: window(since, 1_000), more: await expired(alice) };
    }),
  ),
  rule("one EXPIRE for an OFFER with its candidates", SHORT, async ({ expired, join, id }) => {
    const alice = await join("alice");
    await alice.send(offer(id("nobody")), ...[1, 2, 3, 4, 5].map((n) => candidate(id("nobody"), n)));
    return { alice: await expired(alice) };
  }),
  rule("one EXPIRE for an OFFER with candidates that trickle", UNHURRIED, async ({ expired, join, id, inTime }) => {
    const alice = await join("alice");
    const since = Date.now();
    await alice.send(offer(id("nobody")));
    for (const n of [1, 2, 3]) {
      await sleep(200);
      await alice.send(candidate(id("nobody"), n));
    }
    await alice.read();
    inTime(since);
    return { alice: await expired(alice) };
  }),
  rule("one EXPIRE for each of several absent peers", SHORT, async ({ expired, join, id }) => {
    const alice = await join("alice");
    await alice.send(offer(id("x")), offer(id("y")), offer(id("z")));
    // Each is an answer of its own; their order among themselves is nobody's promise.
    return { alice: (await expired(alice)).sort() };
  }),
  rule("one EXPIRE for each of several senders", SHORT, async ({ expired, join, id }) => {
    const [alice, bob] = [await join("alice"), await join("bob")];
    await alice.send(offer(id("nobody")), candidate(id("nobody")));
    await bob.send(offer(id("nobody")), candidate(id("nobody")));
    const [hers, his] = await Promise.all([expired(alice), expired(bob)]);
    return { alice: hers, bob: his };
  }),
  rule("EXPIRE goes to nobody else", SHORT, async ({ expired, join, id }) => {
    const [alice, bob] = [await join("alice"), await join("bob")];
    await alice.send(offer(id("nobody")));
    const [hers, his] = await Promise.all([expired(alice), expired(bob)]);
    return { alice: hers, bob: his };
  }),
  rule("EXPIRE of an id beyond ASCII", SHORT, async ({ expired, join, id }) => {
    const alice = await join("alice");
    await alice.send(offer(id('é 👋 "\\\n\u2028')));
    return { alice: await expired(alice) };
  }),
  rule("EXPIRE does not hold up messages to others", SHORT, async ({ expired, join, id }) => {
    const [alice, bob] = [await join("alice"), await join("bob")];
    await alice.send(offer(id("nobody")), offer(id("bob")));
    return { bob: await bob.next(), alice: await expired(alice) };
  }),
  rule("a second attempt after EXPIRE gets its own", SHORT, async ({ expired, join, id }) => {
    const alice = await join("alice");
    await alice.send(offer(id("nobody")));
    const first = await alice.next();
    const since = Date.now();
    await alice.send(offer(id("nobody")));
    return { first, second: await alice.next(), at: window(since, 1_000), more: await expired(alice) };
  }),
  rule("a second attempt before the first has expired", UNHURRIED, async ({ expired, join, id, inTime, expire }) => {
    const alice = await join("alice");
    const since = Date.now();
    await alice.send(offer(id("nobody"), 1));
    await sleep(600);
    const again = Date.now();
    await alice.send(offer(id("nobody"), 2));
    await alice.read();
    inTime(since);
    const first = { frame: await alice.next(), at: window(since, expire) };
    // A second EXPIRE, if there is one, belongs to the second attempt.
    const more = [];
    for (const frame of await expired(alice)) more.push({ frame, at: window(again, expire, alice.arrivedAt(frame)) });
    return { first, more };
  }),
  rule("a retry in the last moment, and the peer soon after", LONG, async ({ join, dial, id, inTime, expire }) => {
    const alice = await join("alice");
    const start = Date.now();
    await alice.send(offer(id("bob"), 1));
    await sleep(expire / 2);
    const since = Date.now();
    await alice.send(offer(id("bob"), 2));
    await alice.read();
    inTime(start);
    await alice.next(); // the first one has expired
    const bob = await dial("bob");
    const frames = await receivedBy(bob);
    inTime(since);
    return { bob: frames };
  }),
  rule("two attempts at once", SHORT, async ({ expired, join, id }) => {
    const alice = await join("alice");
    await alice.send(offer(id("nobody"), 1), offer(id("nobody"), 2));
    return { alice: await expired(alice) };
  }),
  rule("a candidate after EXPIRE", SHORT, async ({ expired, join, id }) => {
    const alice = await join("alice");
    await alice.send(offer(id("nobody")));
    const first = await alice.next();
    await sleep(200);
    await alice.send(candidate(id("nobody")));
    return { first, more: await expired(alice) };
  }),
  rule("two pairs whose names read alike when joined by _", SHORT, async ({ expired, join, id }) => {
    // Three times over, since PeerServer tells both when it happens to look between the two.
    const told = await Promise.all(
      [1, 2, 3].map(async (n) => {
        const [y, z] = [id(`y${n}`), id(`z${n}`)];
        const [one, two] = [await join(`x${n}_${y}`), await join(`x${n}`)];
        await Promise.all([one.send(offer(z)), two.send(offer(`${y}_${z}`))]);
        const [first, second] = await Promise.all([expired(one), expired(two)]);
        return first.length === 1 && second.length === 1;
      }),
    );
    return { everybodyIsTold: told.every(Boolean) };
  }),

  rule("who comes in time gets what waits, after OPEN", PATIENT, async ({ join, dial, id, arrived }) => {
    const alice = await join("alice");
    await alice.send(offer(id("bob"), { sdp: "x" }));
    await arrived("bob", alice);
    const bob = await dial("bob");
    return bob.some(2);
  }),
  rule("who comes in time gets all that waits, in order", PATIENT, async ({ join, dial, id, arrived }) => {
    const alice = await join("alice");
    await alice.send(offer(id("bob"), 0), ...Array.from({ length: 30 }, (_, n) => candidate(id("bob"), n + 1)));
    await arrived("bob", alice);
    const bob = await dial("bob");
    return bob.some(32);
  }),
  rule("what waits is delivered before what comes after", PATIENT, async ({ join, dial, id, arrived }) => {
    const alice = await join("alice");
    await alice.send(offer(id("bob"), 0));
    await arrived("bob", alice);
    const bob = await dial("bob");
    const frames = [await bob.next()];
    await alice.send(candidate(id("bob"), 1), candidate(id("bob"), 2));
    return [...frames, ...(await bob.some(3))];
  }),
  rule("a burst while the peer is coming keeps its order", PATIENT, async ({ join, dial, id }) => {
    const alice = await join("alice");
    const burst = (from) => Array.from({ length: 15 }, (_, n) => candidate(id("bob"), from + n));
    await alice.send(...burst(0));
    const coming = dial("bob");
    await alice.send(...burst(15));
    const bob = await coming;
    await alice.send(...burst(30));
    return bob.some(46);
  }),
  rule("what waits keeps the order of several senders", PATIENT, async ({ join, dial, id, arrived }) => {
    const [alice, carol] = [await join("alice"), await join("carol")];
    await alice.send(offer(id("bob"), 1));
    await arrived("bob", alice);
    await carol.send(offer(id("bob"), 2));
    await arrived("bob", carol);
    await alice.send(candidate(id("bob"), 3));
    await arrived("bob", alice);
    const bob = await dial("bob");
    const frames = await bob.some(4);
    // Only a pair has an order to keep: across senders it is the server's affair.
    return {
      open: frames[0],
      alice: frames.filter((frame) => frame.includes('"src":"' + id("alice"))),
      carol: frames.filter((frame) => frame.includes('"src":"' + id("carol"))),
    };
  }),
  rule("messages of every relayed type wait", PATIENT, async ({ join, dial, id, arrived }) => {
    const alice = await join("alice");
    await alice.send(offer(id("bob"), 1), answer(id("bob"), 2), candidate(id("bob"), 3));
    await arrived("bob", alice);
    const bob = await dial("bob");
    return bob.some(4);
  }),
  rule("what waits is relayed by the same rule: null stays, absent stays absent, the rest is stripped", PATIENT, async ({ join, dial, id, arrived }) => {
    const alice = await join("alice");
    await alice.send(
      `{"type":"OFFER","dst":"${id("bob")}","payload":null}`,
      `{"type":"OFFER","dst":"${id("bob")}"}`,
      `{"ttl":9,"payload":"\\ud800","src":"eve","type":"CANDIDATE","dst":"${id("bob")}"}`,
      Buffer.from(offer(id("bob"), "é")),
    );
    await arrived("bob", alice);
    const bob = await dial("bob");
    return bob.some(5);
  }),
  rule("256 kB can wait", PATIENT, async ({ join, dial, id, arrived }) => {
    const alice = await join("alice");
    await alice.send(offer(id("bob"), "x".repeat(256_000)));
    await arrived("bob", alice);
    const bob = await dial("bob");
    const [open, frame] = await bob.some(2);
    return { open, length: JSON.parse(frame).payload.length };
  }),
  rule("who comes after 4 s is in time", LONG, async ({ expired, join, dial, id, inTime }) => {
    const alice = await join("alice");
    const since = Date.now();
    await alice.send(offer(id("bob")));
    await sleep(4_000);
    const bob = await dial("bob");
    const open = await bob.next();
    inTime(since);
    return { bob: [open, await bob.next()], alice: await expired(alice) };
  }),
  rule("no EXPIRE for what was delivered", UNHURRIED, async ({ expired, join, dial, id, inTime, arrived }) => {
    const alice = await join("alice");
    const since = Date.now();
    await alice.send(offer(id("bob")), candidate(id("bob")));
    await arrived("bob", alice);
    const bob = await dial("bob");
    const open = await bob.next();
    inTime(since);
    return { bob: [open, ...(await bob.some(2))], alice: await expired(alice) };
  }),
  rule("who comes after EXPIRE gets nothing", SHORT, async ({ join, dial, id }) => {
    const alice = await join("alice");
    await alice.send(offer(id("bob")));
    const frame = await alice.next();
    const bob = await dial("bob");
    return { alice: frame, bob: await receivedBy(bob) };
  }),
  rule("what was delivered is not delivered again", PATIENT, async ({ join, dial, id, takeover, arrived }) => {
    const alice = await join("alice");
    await alice.send(offer(id("bob")));
    await arrived("bob", alice);
    const first = await dial("bob");
    const frames = await first.some(2);
    await first.close();
    const second = await takeover("bob", "another");
    return { first: frames, second: await receivedBy(second.socket), open: second.frame };
  }),
  rule("what was delivered does not shorten the time of what waits next", UNHURRIED, async ({ join, dial, id, inTime, expire, arrived }) => {
    const alice = await join("alice");
    const start = Date.now();
    await alice.send(offer(id("bob"), 1));
    await arrived("bob", alice);
    const bob = await dial("bob");
    const open = await bob.next();
    inTime(start);
    const frames = [open, await bob.next()];
    await bob.close();
    await sleep(start + expire - 100 - Date.now());
    const since = Date.now();
    await alice.send(offer(id("bob"), 2));
    return { bob: frames, alice: await alice.next(), at: window(since, expire) };
  }),
  rule("what waits is delivered whoever takes the id", PATIENT, async ({ join, id, takeover, arrived }) => {
    const [alice, before] = [await join("alice"), await join("bob", "one")];
    await before.close();
    await gone(alice);
    await alice.send(offer(id("bob")));
    await arrived("bob", alice);
    const { socket, frame } = await takeover("bob", "two");
    return [frame, await socket.next()];
  }),
  rule("what waits is delivered though its sender has gone", PATIENT, async ({ join, dial, id, arrived }) => {
    const alice = await join("alice");
    await alice.send(offer(id("bob")));
    await arrived("bob", alice);
    await alice.close();
    const bob = await dial("bob");
    return bob.some(2);
  }),
  rule("an EXPIRE for a sender that has gone harms nobody", SHORT, async ({ expired, join, id }) => {
    const [alice, bob] = [await join("alice"), await join("bob")];
    await alice.send(offer(id("nobody")));
    await receivedBy(alice);
    await alice.close();
    const frames = await expired(bob);
    await bob.send(offer(id("bob")));
    return { frames, afterwards: await bob.next() };
  }),
  rule("an EXPIRE follows a sender that came back", UNHURRIED, async ({ expired, join, id, takeover, inTime }) => {
    const alice = await join("alice");
    const since = Date.now();
    await alice.send(offer(id("nobody")));
    await receivedBy(alice);
    await alice.close();
    const back = await takeover("alice");
    inTime(since);
    return { open: back.frame, frames: await expired(back.socket) };
  }),
  rule("an EXPIRE and whoever holds the sender's id by then", UNHURRIED, async ({ expired, join, id, takeover, inTime }) => {
    const alice = await join("alice", "one");
    const since = Date.now();
    await alice.send(offer(id("nobody")));
    await receivedBy(alice);
    await alice.close();
    const other = await takeover("alice", "two");
    inTime(since);
    return { open: other.frame, frames: await expired(other.socket) };
  }),
  rule("messages for a peer that has just gone wait for its return", PATIENT, async ({ join, id, takeover, arrived }) => {
    const [alice, bob] = [await join("alice"), await join("bob")];
    await alice.send(offer(id("bob"), 1));
    await bob.next();
    await bob.close();
    await gone(alice);
    await alice.send(offer(id("bob"), 2));
    await arrived("bob", alice);
    const back = await takeover("bob");
    return { open: back.frame, frames: [await back.socket.next()] };
  }),
  rule("messages for a peer that has gone for good expire", SHORT, async ({ expired, join, id }) => {
    const [alice, bob] = [await join("alice"), await join("bob")];
    await bob.close();
    await gone(alice);
    await alice.send(offer(id("bob")));
    return { alice: await expired(alice) };
  }),
  rule("messages for a peer that left wait as for one that never came", SHORT, async ({ expired, join, id }) => {
    const [alice, bob] = [await join("alice"), await join("bob")];
    await bob.send('{"type":"LEAVE"}');
    await bob.read();
    await alice.send(offer(id("bob")));
    return { alice: await expired(alice) };
  }),
  ...["LEAVE", "EXPIRE", "HEARTBEAT", "NONSENSE", "OPEN"].map((type) =>
    rule(`${type} for an absent peer neither waits nor expires`, SHORT, async ({ expired, join, dial, id, arrived }) => {
      const alice = await join("alice");
      await alice.send(message(type, id("bob"), "x"), message(type, id("nobody"), "x"));
      await arrived("bob", alice);
      const bob = await dial("bob");
      const [his, hers] = await Promise.all([expired(bob), expired(alice)]);
      return { bob: his, alice: hers };
    }),
  ),
  rule("what waits for one id is not given to another", PATIENT, async ({ join, dial, id, arrived }) => {
    const alice = await join("alice");
    await alice.send(offer(id("bob")));
    await arrived("bob", alice);
    const carol = await dial("carol");
    const frames = await receivedBy(carol);
    const bob = await dial("bob");
    return { carol: frames, bob: await bob.some(2) };
  }),
  rule("two who call each other's absent id meet when they come", PATIENT, async ({ join, id, arrived }) => {
    const alice = await join("alice");
    await alice.send(offer(id("bob"), "to bob"));
    await arrived("bob", alice);
    const bob = await join("bob");
    const frames = [await bob.next()];
    await bob.send(answer(id("alice"), "to alice"));
    return { bob: frames, alice: await alice.next() };
  }),
  rule("64 messages can wait", PATIENT, async ({ join, dial, id, arrived }) => {
    const alice = await join("alice");
    await alice.send(...Array.from({ length: 64 }, (_, n) => candidate(id("bob"), n)));
    await arrived("bob", alice);
    const bob = await dial("bob");
    const [open, ...frames] = await bob.some(65);
    return { open, inOrder: frames.every((frame, n) => JSON.parse(frame).payload === n), alice: alice.rest() };
  }),
  rule("500 messages can wait", PATIENT, async ({ join, dial, id, arrived }) => {
    const alice = await join("alice");
    await alice.send(...Array.from({ length: 500 }, (_, n) => candidate(id("bob"), n)));
    await arrived("bob", alice);
    const bob = await dial("bob");
    const [open, ...frames] = await bob.some(501);
    return { open, inOrder: frames.every((frame, n) => JSON.parse(frame).payload === n), alice: alice.rest() };
  }),
  rule("600 messages for one absent peer", UNHURRIED, async ({ expired, join, dial, id, inTime, arrived }) => {
    const alice = await join("alice");
    const since = Date.now();
    await alice.send(...Array.from({ length: 600 }, (_, n) => candidate(id("bob"), n)));
    // All of it waits where bob is to be: what were still on its way there would be passed on to him, and have no limit to reach.
    await arrived("bob", alice);
    const told = await receivedBy(alice);
    const bob = await dial("bob");
    const [open, ...frames] = await receivedBy(bob);
    inTime(since); // PeerServer gives it up then, too
    const inOrder = frames.every((frame, n) => JSON.parse(frame).payload === n);
    return { open, delivered: frames.length, inOrder, told: [...told, ...(await expired(alice))] };
  }),
  rule("2 MiB in pieces for one absent peer", UNHURRIED, async ({ expired, join, dial, id, inTime, arrived }) => {
    const alice = await join("alice");
    const since = Date.now();
    await alice.send(...Array.from({ length: 8 }, (_, n) => candidate(id("bob"), { n, text: "x".repeat(250_000) })));
    // All of it waits where bob is to be: what were still on its way there would be passed on to him, and have no limit to reach.
    await arrived("bob", alice);
    const told = await receivedBy(alice);
    const bob = await dial("bob");
    const [open, ...frames] = await receivedBy(bob);
    inTime(since); // PeerServer gives it up then, too
    return { open, delivered: frames.map((frame) => JSON.parse(frame).payload.n), told: [...told, ...(await expired(alice))] };
  }),
];
