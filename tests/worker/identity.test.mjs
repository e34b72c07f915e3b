// Who may hold an id, and for how long: owners who are away, sockets that nobody is behind, ids that a login has signed for.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startBeckon } from "./beckon.mjs";
import { open } from "./socket.mjs";
import { eventually, soonAfter } from "./time.mjs";

const OPEN = '{"type":"OPEN"}';
const ID_TAKEN = '{"type":"ID-TAKEN","payload":{"msg":"ID is taken"}}';
const LASTING = "abcdefghijklmnopqrstuv";
/** For how long an owner who is away keeps an id here, and a socket that is silent. */
const GRACE_MS = 1_500;
const ALIVE_MS = 2_000;

// Each has a Beckon of its own, and most of this is waiting: they go side by side.
describe("who holds an id", { concurrency: true }, () => {
  for (const homes of ["1", "8"]) {
    for (const evicting of [false, true]) {
      describe(`with ${homes} home(s)${evicting ? ", evicted between any two steps" : ""}`, () => {
        let beckon;
        const vars = { PUBLIC_HOMES: homes, OWNER_GRACE_MS: `${GRACE_MS}`, ALIVE_TIMEOUT_MS: `${ALIVE_MS}`, EXPIRE_TIMEOUT_MS: "60000" };
        before(async () => (beckon = await startBeckon({ vars })));
        after(() => beckon.close());
        const step = async () => {
          await sleep(20);
          if (evicting) await beckon.evictAll();
        };
        const join = async (id, token) => {
          const socket = await open(beckon.url, { key: "peerjs", id, token });
          await step();
          return socket;
        };
        /** What is said to one who joins, and leaves again. */
        const answerTo = async (id, token) => {
          const socket = await join(id, token);
          const answer = await socket.next();
          await socket.close();
          return answer;
        };

        const beatOf = async (socket) => {
          socket.send('{"type":"HEARTBEAT"}');
          assert.equal(await socket.next(), "pong");
          await step();
        };

        test("a long token keeps its id for a while", async () => {
          const comes = async () => {
            const ann = await join("owner", LASTING);
            assert.equal(await ann.next(), OPEN);
            await sleep(GRACE_MS); // a socket that is gone at once has earned nothing
            return () => ann.close();
          };
          assert.equal(await soonAfter(GRACE_MS, comes, () => answerTo("owner", "short")), ID_TAKEN);
          await eventually("it is anybody's", async () => (await sleep(GRACE_MS / 4), await answerTo("owner", "short")) === OPEN);
        });

        test("a socket that is gone at once has earned nothing", async () => {
          let times = 0;
          await soonAfter(GRACE_MS, async () => () => answerTo(`passing${++times}`, LASTING), step);
          assert.equal(await answerTo(`passing${times}`, "short"), OPEN);
        });

        test("its owner comes back to it", async () => {
          for (let times = 0; times < 2; times++) assert.equal(await answerTo("returning", LASTING), OPEN);
        });

        test("a stranger who asks again and again does not get the id of a slow peer, who is not locked out by ten guesses either", async () => {
          let slow;
          const comes = async (again) => {
            if (!slow || again) {
              slow = await join("slow", "s");
              assert.equal(await slow.next(), OPEN);
            }
            return () => beatOf(slow);
          };
          const asks = async () => {
            const answers = [];
            for (let asked = 0; asked < 3; asked++) answers.push((await sleep(ALIVE_MS / 8), await answerTo("slow", `guess ${asked}`)));
            return answers;
          };
          for (let times = 0; times < 4; times++) assert.deepEqual(await soonAfter(ALIVE_MS, comes, asks), [ID_TAKEN, ID_TAKEN, ID_TAKEN]);
          const again = await join("slow", "s");
          assert.equal(await again.next(), OPEN);
          await again.close();
        });

        test("a socket that gives no sign of life loses its id when somebody asks for it", async () => {
          const mute = await join("mute", "m");
          assert.equal(await mute.next(), OPEN);
          await beatOf(mute);
          /** @type {Awaited<ReturnType<typeof open>>} */
          let beating;
          const beats = async () => {
            beating = await join("beating", "b");
            assert.equal(await beating.next(), OPEN);
            for (const end = Date.now() + ALIVE_MS * 1.25; Date.now() < end; await sleep(ALIVE_MS / 4)) await beatOf(beating);
            return () => beatOf(beating);
          };
          assert.equal(await soonAfter(ALIVE_MS, beats, () => answerTo("beating", "thief")), ID_TAKEN);
          beating.send({ type: "OFFER", dst: "mute" }); // waits, for there is nobody
          await step();
          const next = await join("mute", "another");
          assert.deepEqual([await next.next(), await next.next()], [OPEN, '{"type":"OFFER","src":"beating","dst":"mute"}']);
          for (const socket of [next, beating]) await socket.close();
        });

        test("the limit counts the peers of all homes", async (t) => {
          // One of its own: these peers are silent for as long as it takes, and must not be taken for dead meanwhile.
          const beckon = await startBeckon({ vars: { PUBLIC_HOMES: homes, CONCURRENT_LIMIT: "40" } });
          t.after(() => beckon.close());
          const peers = await Promise.all(Array.from({ length: 40 }, (_, n) => open(beckon.url, { key: "peerjs", id: `n${n}`, token: "t" })));
          const answers = await Promise.all(peers.map((peer) => peer.next()));
          const open40 = answers.filter((answer) => answer === OPEN).length;
          // Below its even share a home does not ask the others: at the limit some may be let in who come at the same moment.
          assert.ok(open40 >= 35, `${open40} of 40 were let in`);
          if (evicting) await beckon.evictAll();
          const refused = [];
          for (let n = 0; n < 40; n++) refused.push(await (await open(beckon.url, { key: "peerjs", id: `late${n}`, token: "t" })).next());
          const full = refused.filter((answer) => answer.includes("concurrent user limit")).length;
          assert.ok(full >= 20, `${full} of 40 were refused`);
          const again = await open(beckon.url, { key: "peerjs", id: `n${answers.indexOf(OPEN)}`, token: "t" }); // who is in is not one more
          assert.equal(await again.next(), OPEN);
        });
      });
    }
  }
});

describe("with TOKEN_KEY set", () => {
  const key = "the operator's secret";
  let beckon;
  before(async () => (beckon = await startBeckon({ secrets: { TOKEN_KEY: key } })));
  after(() => beckon.close());

  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const sign = (contents, { secret = key, header = /** @type {object} */ ({ alg: "HS256", typ: "JWT" }), hash = "sha256" } = {}) => {
    const signed = `${part(header)}.${part(contents)}`;
    return `${signed}.${createHmac(hash, secret).update(signed).digest("base64url")}`;
  };
  const soon = () => Math.floor(Date.now() / 1000) + 60;
  const answer = async (id, token, realm = "peerjs", at = beckon) => (await open(at.url, { key: realm, id, token })).next();
  const refusal = async (...asked) => JSON.parse(await answer(...asked)).payload.msg.replace("The token does not allow this id: ", "");

  test("a signed statement of the id opens, and a newer one takes over", async () => {
    const ann = await open(beckon.url, { key: "peerjs", id: "osama é", token: sign({ sub: "osama é", exp: soon(), role: "teacher" }) });
    assert.equal(await ann.next(), OPEN);
    assert.equal(await answer("osama é", sign({ sub: "osama é", exp: soon() + 1 })), OPEN);
    assert.equal((await ann.closed()).code, 4001);
  });

  test("a socket that was open under a statement comes back with it for a while after that has expired, and no other does", async () => {
    const token = (exp, more = {}) => sign({ sub: "late", exp, ...more });
    const LIFE_MS = 1_500;
    let [exp, mine, stolen] = [0, "", ""];
    const comes = async () => {
      exp = (Date.now() + LIFE_MS) / 1_000; // with a fraction, as some libraries write it
      [mine, stolen] = [token(exp), token(exp, { role: "thief" })];
      return async () => {};
    };
    const socket = await soonAfter(LIFE_MS, comes, async () => {
      const socket = await open(beckon.url, { key: "peerjs", id: "late", token: mine });
      return { ...socket, first: await socket.next() };
    });
    assert.equal(socket.first, OPEN);
    await sleep(LIFE_MS + 100);
    assert.equal(await refusal("late", stolen), "it has expired");
    assert.equal(await answer("late", mine), OPEN, "over its own socket");
    await socket.closed();
    await beckon.evict("realm:peerjs");
    assert.equal(await answer("late", mine), OPEN);
    assert.equal(await refusal("late", token(exp - 100)), "it has expired");
  });

  test("anything else is refused with the reason", async () => {
    const right = sign({ sub: "osama", exp: soon() });
    const [header, contents, signature] = right.split(".");
    const unsigned = "it is not a JWT that is signed with HS256";
    const unclear = "it must say who (sub, a text) and until when (exp, seconds), and nothing twice";
    const unknown = "its header demands something that this server does not know (crit, b64)";
    for (const [token, reason] of [
      ["random", unsigned],
      ["a.b.c", unsigned],
      [`${header}.${contents}`, unsigned],
      [`${part({ alg: "none" })}.${contents}.`, unsigned],
      [sign({ sub: "osama", exp: soon() }, { header: { alg: "HS512" }, hash: "sha512" }), unsigned],
      [sign({ sub: "osama", exp: soon() }, { secret: "another" }), "its signature is wrong"],
      [`${header}.${part({ sub: "osama", exp: soon() + 1000 })}.${signature}`, "its signature is wrong"],
      [`${header}.${contents}.`, "its signature is wrong"],
      [sign({ sub: "osama", exp: 1 }), "it has expired"],
      [sign({ sub: "osama", exp: soon(), nbf: soon() + 60 }), "it is not valid yet"],
      [sign({ sub: "layla", exp: soon() }), "it is for another id"],
      [sign({ sub: "osama" }), unclear],
      [sign({ exp: soon() }), unclear],
      [sign({ sub: "osama", exp: soon(), aud: 1 }), unclear],
      [sign({ sub: "osama", exp: soon() }, { header: { alg: "HS256", crit: ["exp"] } }), unknown],
      [sign({ sub: "osama", exp: soon() }, { header: { alg: "HS256", crit: [] } }), unknown],
      [sign({ sub: "osama", exp: soon() }, { header: { alg: "HS256", crit: ["b64"], b64: false } }), unknown],
    ]) {
      assert.equal(await refusal("osama", token), reason, token);
    }
  });

  test("a statement that names its keys opens under these and no other", async () => {
    const status = async (realm, id, token) => (await beckon.fetch(`/${realm}/ice?${new URLSearchParams({ id, token })}`)).status;
    for (const [aud, allowed] of [
      ["app", ["app"]],
      [
        ["app", "peerjs"],
        ["app", "peerjs"],
      ],
      [undefined, ["app", "peerjs", "other"]],
    ]) {
      for (const realm of ["app", "peerjs", "other", "App"]) {
        const id = `${realm} ${aud}`;
        const token = sign({ sub: id, exp: soon(), aud });
        if (allowed.includes(realm) || !aud) {
          assert.equal(await answer(id, token, realm), OPEN, id);
          assert.equal(await status(realm, id, token), 200, id);
          const elsewhere = sign({ sub: id, exp: soon(), aud: "elsewhere" });
          assert.equal(await status(realm, id, elsewhere), 401, "nor has it ICE servers by one for another key");
        } else {
          assert.equal(await refusal(id, token, realm), "it is for another key (aud)", id);
        }
      }
    }
  });

  test("the operator may demand that every statement names its keys", async (t) => {
    const strict = await startBeckon({ secrets: { TOKEN_KEY: key }, vars: { REQUIRE_AUDIENCE: "true" } });
    t.after(() => strict.close());
    assert.equal(await refusal("ann", sign({ sub: "ann", exp: soon() }), "app", strict), "it must say for which key it is (aud)");
    assert.equal(await refusal("ann", sign({ sub: "ann", exp: soon(), aud: [] }), "app", strict), "it is for another key (aud)");
    assert.equal(await answer("ann", sign({ sub: "ann", exp: soon(), aud: "app" }), "app", strict), OPEN);
  });

  test("a room needs no login, and is no way to an id that does", async () => {
    const eve = await open(beckon.url, { key: "app", id: "osama", token: "t", roster: "1" });
    assert.equal(JSON.parse(await eve.next()).type, "OPEN");
    const join = (id) => open(beckon.url, { key: "app", id, token: sign({ sub: id, exp: soon() }) });
    const [osama, layla] = [await join("osama"), await join("layla")];
    assert.deepEqual([await osama.next(), await layla.next()], [OPEN, OPEN]);
    eve.send({ type: "OFFER", dst: "layla" });
    layla.send({ type: "OFFER", dst: "osama" });
    assert.equal(await osama.next(), '{"type":"OFFER","src":"layla","dst":"osama"}');
    // Whatever had come of it would have come before what they tell themselves.
    for (const [socket, id] of /** @type {[typeof eve, string][]} */ ([
      [eve, "osama"],
      [layla, "layla"],
    ])) {
      socket.send({ type: "OFFER", dst: id, payload: "last" });
      assert.equal(await socket.next(), `{"type":"OFFER","src":"${id}","dst":"${id}","payload":"last"}`);
    }
  });
});
