// Rooms have objects of their own: a socket without a roster that says a room's key meets nobody of the room, takes no id and no place
// in it, and hears nothing; nor do rooms of the same name and realms know of each other by HTTP.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBeckon } from "./beckon.mjs";
import { open } from "./socket.mjs";

const OPEN = '{"type":"OPEN"}';
const KEY = "a-rooms-key";

for (const [homes, evicting] of /** @type {[string, boolean][]} */ ([
  ["1", false],
  ["1", true],
  ["8", true],
])) {
  describe(`with ${homes} home(s)${evicting ? ", evicted between any two steps" : ""}`, () => {
    let beckon;
    before(
      async () => (beckon = await startBeckon({ vars: { ROOM_CAPACITY: "2", ALLOW_DISCOVERY: "true", PUBLIC_HOMES: homes, EXPIRE_TIMEOUT_MS: "60000" } })),
    );
    after(() => beckon.close());
    const step = async () => {
      if (evicting) for (const name of [`realm:${KEY}`, `room:${KEY}`, "home:0"]) await beckon.evict(name);
    };
    const join = async (query) => {
      const socket = await open(beckon.url, { key: KEY, token: "t", ...query });
      await step();
      return socket;
    };
    const enter = (id, token = "t") => join({ id, token, roster: "1" });
    const peersOf = (answer) => JSON.parse(answer).payload.peers;

    test("a stock socket cannot take the id of a member who is just loading the page again", async () => {
      const [ann, bob] = [await enter("ann", "hers"), await enter("bob")];
      assert.deepEqual([peersOf(await ann.next()), peersOf(await bob.next())], [[], ["ann"]]);
      await ann.next(); // JOIN
      ann.send({ type: "LEAVE" });
      await ann.closed();
      assert.match(await bob.next(), /LEAVE/);
      await step();
      const thief = await join({ id: "ann", token: "another" });
      assert.equal(await thief.next(), OPEN, "in a realm that has nothing to do with the room");
      const again = await enter("ann", "hers");
      assert.deepEqual(peersOf(await again.next()), ["bob"]);
      assert.match(await bob.next(), /"JOIN"/);
      for (const type of ["OFFER", "MESSAGE", "LEAVE"]) {
        thief.send({ type, dst: "bob", payload: 1 });
        bob.send({ type, dst: "ann", payload: 2 });
      }
      await step();
      thief.send({ type: "OFFER", dst: "ann", payload: 3 });
      assert.equal(await thief.next(), '{"type":"OFFER","src":"ann","dst":"ann","payload":3}');
      again.send({ type: "MESSAGE", dst: "ann", payload: 4 });
      for (let frame = ""; !frame.includes('"payload":4'); ) assert.match((frame = await again.next()), /"src":"(bob|ann)"/);
      assert.deepEqual([thief.rest(), bob.rest()], [[], []]);
      for (const socket of [thief, again, bob]) await socket.close();
    });

    test("who breaks a limit is thrown out of a room and not replaced: its id is kept for its token", async () => {
      const token = "abcdefghijklmnopqrstuv";
      const [ann, bob] = [await enter("victim", token), await enter("bob")];
      assert.match(await ann.next(), /"OPEN"/);
      ann.send("x".repeat(300_000));
      assert.equal((await ann.closed()).code, 1009);
      await step();
      for (const [id, guess] of [
        ["victim", "t"],
        ["victim", "ABCDEFGHIJKLMNOPQRSTUV"],
      ]) {
        const thief = await enter(id, guess);
        assert.match(await thief.next(), /ID-TAKEN/);
        await thief.closed();
      }
      const again = await enter("victim", token);
      assert.deepEqual(peersOf(await again.next()), ["bob"]);
      for (const socket of [again, bob]) {
        socket.send({ type: "LEAVE" });
        await socket.closed();
      }
    });

    test("stock sockets take no place in a room, nor members of one in a realm", async () => {
      const crowd = [];
      for (let n = 0; n < 5; n++) crowd.push(await join({ id: `stock${n}` }));
      for (const stock of crowd) assert.equal(await stock.next(), OPEN);
      const members = [await enter("carl"), await enter("dora")];
      assert.deepEqual([peersOf(await members[0].next()), peersOf(await members[1].next())], [[], ["carl"]]);
      assert.match(await (await enter("eve")).next(), /room-full/);
      assert.deepEqual(
        await (await beckon.fetch(`/${KEY}/peers`)).json(),
        [0, 1, 2, 3, 4].map((n) => `stock${n}`),
      );
      for (const socket of [...crowd, ...members]) await socket.close();
    });

    test("a room's member is asked for as one by HTTP, and a stock peer as one", async () => {
      const [member, stock] = [await enter("member", "m"), await join({ id: "stock", token: "s" })];
      await member.next();
      assert.equal(await stock.next(), OPEN);
      const status = async (query) => (await step(), (await beckon.fetch(`/${KEY}/ice?${new URLSearchParams(query)}`)).status);
      assert.equal(await status({ id: "member", token: "m", roster: "1" }), 200);
      assert.equal(await status({ id: "stock", token: "s" }), 200);
      assert.equal(await status({ id: "member", token: "m" }), 401);
      assert.equal(await status({ id: "stock", token: "s", roster: "1" }), 401);
      for (const socket of [member, stock]) await socket.close();
    });

    test("the realm of strangers is no room, however that is asked for", async () => {
      const stock = await open(beckon.url, { key: "peerjs", id: "ann", token: "t" });
      assert.equal(await stock.next(), OPEN);
      for (const query of [{ roster: "1" }, { roster: "1", id: "ann" }])
        assert.match(await (await open(beckon.url, { key: "peerjs", token: "t", ...query })).next(), /no-public-roster/);
      // Anything but 1 asks for no roster, and names that look like our objects' are keys as any other.
      for (const roster of ["0", "true", "01", ""]) assert.equal(await (await join({ id: `r${roster}`, roster })).next(), OPEN);
      for (const key of [`room:${KEY}`, "home:0", `realm:${KEY}`]) {
        const other = await open(beckon.url, { key, id: "ann", token: "another" });
        assert.equal(await other.next(), OPEN, key);
        await other.close();
      }
      await stock.close();
    });
  });
}
