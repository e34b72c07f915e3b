// Beckon as a part of another Worker: it answers what is its own, asks who may come in, tells what has happened, and does as it is told.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBeckon } from "./beckon.mjs";
import { open } from "./socket.mjs";
import { eventually, inOneMinute } from "./time.mjs";

const OPEN = '{"type":"OPEN"}';
/** An option that fits into one of a socket's tags as characters, and does not as bytes. */
const USER = "😀".repeat(100);
/** A Worker with routes of its own, hooks that write into a list, and a door that lets in by the token. */
const HOST = `
import { beckon, Room as Base, realmName } from "beckon/worker";
export class Room extends Base {
  #told = [];
  constructor(ctx, env) {
    super(ctx, env);
    // As in an alarm, for which the platform does not promise the name.
    const knows = ctx.storage.sql.exec("SELECT * FROM sqlite_master WHERE name = 'named'").toArray().length;
    if (ctx.id.name === "realm:nameless" && knows) Object.defineProperty(ctx.id, "name", { value: undefined });
  }
  onConnect({ since, ...peer }) { this.#told.push(["connect", peer]); }
  onDisconnect({ id }, how) { this.#told.push(["disconnect", id, how]); }
  onMessage({ type, src, dst, payload, peer }) {
    if (payload === "throw") throw new Error("thrown by a hook");
    this.#told.push(["message", type, src, dst, payload, peer.data]);
    if (payload === "hang") return new Promise(() => {});
    if (payload === "reject") return Promise.reject(new Error("rejected by a hook"));
  }
  told() { return this.#told.splice(0); }
}
const turnUsername = ${JSON.stringify(USER)};
const onBeforeConnect = async ({ request, id, token, realm, roster }) => {
  if (token === "stranger") return "Nobody here knows you";
  if (token === "throw") throw new Error("no login");
  if (token === "true") return true;
  if (token === "long") return { data: "x".repeat(2000) };
  if (token.startsWith("osama")) return { id: "osama", data: { name: "Osama", realm, roster, page: new URL(request.url).pathname } };
};
export default {
  async fetch(request, env) {
    const own = await beckon(request, env, { basePath: "/p2p", roomCapacity: 2, allowDiscovery: true, turnUrls: "turn:t", turnUsername, onBeforeConnect });
    if (own) return own;
    const { pathname, searchParams } = new URL(request.url);
    const [, what, key, id] = pathname.split("/");
    const room = key && env.ROOM.getByName(realmName(key, { roster: searchParams.has("room") }));
    if (what === "do-peers") return Response.json(await room.peers());
    if (what === "do-kick") return Response.json(await room.kick(id, { reason: "go", forSeconds: Number(searchParams.get("for")) }).catch(String));
    if (what === "do-send") return Response.json(await room.send(id, { hello: id }));
    if (what === "do-told") return Response.json(await room.told());
    return new Response("the host's own " + request.method + " " + pathname);
  },
};`;

let host;
before(async () => (host = await startBeckon({ host: HOST, vars: { STUN_URLS: "" }, secrets: { TURN_PASSWORD: "p" } })));
after(() => host.close());

const join = (query, path = "/p2p/peerjs") => open(host.url, { token: "t", ...query }, path);
const ask = async (path) => (await host.fetch(path)).json();

test("it answers what is its own, and nothing else", async () => {
  const own = async (path, method = "GET") => assert.equal(await (await host.fetch(path, { method })).text(), `the host's own ${method} ${path}`);
  for (const path of ["/", "/peerjs/id", "/health", "/peerjs", "/p2p/unknown", "/p2px/health", "/p2p/users/42/id/more", "/do"]) await own(path);
  for (const method of ["OPTIONS", "POST", "PUT", "DELETE"]) for (const path of ["/", "/p2p/unknown", "/peerjs/id"]) await own(path, method);
  for (const path of ["/p2p/peerjs/id", "/p2p/health", "/P2P//peerjs//id/"]) assert.equal((await host.fetch(path)).status, 200, path);
  assert.equal((await host.fetch("/p2p/peerjs/id", { method: "OPTIONS" })).status, 204);
  assert.match(await (await host.fetch("/p2p/")).text(), /PeerJS Server/);
  // A socket that is not ours gets the host's answer, a room's at the root too.
  for (const { path, ...query } of [
    { key: "k", id: "a", path: "/peerjs" },
    { key: "k", roster: "1", path: "/peerjs" },
    { key: "k", id: "a", path: "/p2p/other" },
  ])
    await assert.rejects(join(query, path), /Unexpected server response: 200/);
});

test("options override variables, also after an eviction", async () => {
  assert.equal((await ask("/p2p/health")).limits.ROOM_CAPACITY, 2);
  for (const id of ["a", "b"]) assert.equal(JSON.parse(await (await join({ key: "full", roster: "1", id })).next()).type, "OPEN");
  await host.evict("room:full");
  const late = await join({ key: "full", roster: "1", id: "c" });
  assert.equal(JSON.parse(await late.next()).payload.code, "room-full");
});

test("an object that has no socket, and knows no options, answers as if it knew them", async () => {
  const status = async (path) => (await host.fetch(path)).status;
  assert.equal(await status("/p2p/unused/ice?id=x&token=y"), 401);
  assert.deepEqual(await ask("/p2p/unknown/peers"), []);
  assert.equal(await (await join({ key: "used", id: "ann" })).next(), OPEN);
  for (const evicting of [false, true]) {
    if (evicting) await host.evict("realm:used");
    assert.deepEqual(await ask("/p2p/used/peers"), ["ann"]);
    assert.equal((await ask("/p2p/used/ice?id=ann&token=t")).iceServers[0].username, USER);
    assert.equal(await status("/p2p/used/ice?id=ann&token=y"), 401);
  }
});

test("nobody outside can say what the host says", async () => {
  const headers = { "Beckon-Given": "1", "CF-Blob": '{"beckon":{"data":"\\"forged\\"","text":"{\\"ROOM_CAPACITY\\":\\"9\\"}"}}' };
  const ann = await open(host.url, { key: "forged", id: "ann", token: "t" }, "/p2p/peerjs", headers);
  assert.equal(await ann.next(), OPEN);
  assert.equal((await ask("/do-peers/forged"))[0].data, undefined);
});

describe("who may come in", () => {
  test("a sentence refuses, as PeerServer refuses", async () => {
    const [stock, member] = [await join({ key: "in", id: "a", token: "stranger" }), await join({ key: "in", roster: "1", token: "stranger" })];
    assert.equal(await stock.next(), '{"type":"ERROR","payload":{"msg":"Nobody here knows you"}}');
    assert.equal(await member.next(), '{"type":"ERROR","payload":{"msg":"Nobody here knows you","code":"declined"}}');
    assert.deepEqual([(await stock.closed()).code, (await member.closed()).code], [1005, 1005]);
  });

  test("an id and data stay with the peer, over evictions, and a newer login takes over", async () => {
    const first = await join({ key: "named", id: "who", token: "osama 1" });
    assert.equal(await first.next(), OPEN);
    await host.evict("realm:named");
    const [{ since, ...peer }] = await ask("/do-peers/named");
    assert.deepEqual(peer, { id: "osama", realm: "named", roster: false, data: { name: "Osama", realm: "named", roster: false, page: "/p2p/peerjs" } });
    assert.ok(Math.abs(Date.now() - since) < 600_000);
    // Whoever only claims the id is not its owner; another login is.
    const thief = await join({ key: "named", id: "osama" });
    assert.equal(JSON.parse(await thief.next()).type, "ID-TAKEN");
    const second = await join({ key: "named", id: "else", token: "osama 2" });
    assert.equal(await second.next(), OPEN);
    await host.evict("realm:named");
    assert.equal((await first.closed()).code, 4001);
    const ice = (token) => host.fetch(`/p2p/named/ice?id=osama&token=${encodeURIComponent(token)}`);
    assert.deepEqual([(await ice("osama 2")).status, (await ice("osama 1")).status, (await ice("t")).status], [200, 401, 401]);
  });

  test("in a room the id is the page's own", async () => {
    const member = await join({ key: "mine", roster: "1", id: "mine", token: "osama" });
    assert.equal(JSON.parse(await member.next()).payload.id, "mine");
    assert.equal((await ask("/do-peers/mine?room"))[0].data.name, "Osama");
  });

  test("a door that fails lets nobody in, and says so in the log", async () => {
    for (const token of ["throw", "true", "long"]) {
      await assert.rejects(join({ key: "closed", id: "a", token }), /Unexpected server response: 500/);
      const member = await join({ key: "closed", roster: "1", token });
      assert.equal((await member.closed()).code, 1013);
    }
    assert.deepEqual(await ask("/do-peers/closed"), []);
    const said = host.logs().filter(({ message }) => message.includes("onBeforeConnect did not say who may come in"));
    assert.equal(said.length, 6);
  });
});

describe("what has happened", () => {
  test("each who comes, speaks and goes is told once", async () => {
    const ann = await join({ key: "told", id: "ann" });
    const osama = await join({ key: "told", id: "x", token: "osama" });
    assert.deepEqual([await ann.next(), await osama.next()], [OPEN, OPEN]);
    osama.send({ type: "OFFER", src: "forged", dst: "ann", payload: { sdp: "é" } });
    assert.equal(await ann.next(), '{"type":"OFFER","src":"osama","dst":"ann","payload":{"sdp":"é"}}');
    osama.send({ type: "LEAVE" });
    await osama.closed();
    const data = { name: "Osama", realm: "told", roster: false, page: "/p2p/peerjs" };
    assert.deepEqual(await ask("/do-told/told"), [
      ["connect", { id: "ann", roster: false, realm: "told" }],
      ["connect", { id: "osama", roster: false, realm: "told", data }],
      ["message", "OFFER", "osama", "ann", { sdp: "é" }, data],
      ["message", "LEAVE", "osama", null, null, data],
      ["disconnect", "osama", "left"],
    ]);
  });

  test("a hook that throws, rejects or hangs holds nothing up", async () => {
    const ann = await join({ key: "slow", id: "ann" });
    await ann.next();
    for (const payload of ["throw", "reject", "hang", "on"]) {
      ann.send({ type: "OFFER", dst: "ann", payload });
      assert.equal(JSON.parse(await ann.next()).payload, payload);
    }
    const told = await ask("/do-told/slow");
    assert.deepEqual(
      told.slice(1).map(([, , , , payload]) => payload),
      ["reject", "hang", "on"],
    );
    const logged = host.logs().map(({ message }) => message);
    for (const error of ["thrown by a hook", "rejected by a hook"])
      assert.ok(logged.includes(JSON.stringify({ fault: "onMessage failed", error: `Error: ${error}` })), error);
  });

  test("heartbeats wake nothing and are told to nobody", async () => {
    const ann = await join({ key: "sleepy", id: "ann" });
    await ann.next();
    await host.evict("realm:sleepy");
    ann.send('{"type":"HEARTBEAT"}');
    assert.equal(await ann.next(), "pong");
    assert.equal(await host.isAwake("realm:sleepy"), false);
    ann.send('{ "type": "HEARTBEAT" }'); // not to the letter: it wakes the object
    ann.send({ type: "OFFER", dst: "ann" });
    await ann.next();
    assert.deepEqual(
      (await ask("/do-told/sleepy")).map(([, type]) => type),
      ["OFFER"],
    );
  });
});

test("an object that is not told its name remembers it", async () => {
  await ask("/do-kick/nameless/cid?for=600"); // It keeps something, and its name with it.
  const ann = await join({ key: "nameless", id: "ann" });
  await ann.next();
  await host.evict("realm:nameless");
  assert.equal((await ask("/do-peers/nameless"))[0].realm, "nameless");
  const bob = await join({ key: "nameless", id: "bob" });
  await bob.next();
  assert.equal((await ask("/do-told/nameless"))[0][1].realm, "nameless");
});

describe("what can be done", () => {
  test("a kicked peer is closed with the reason, and stays out over evictions", async () => {
    const ann = await join({ key: "kicks", id: "ann", token: "hers" });
    await ann.next();
    assert.equal(await ask("/do-kick/kicks/ann?for=600"), true);
    await host.evict("realm:kicks"); // which also ends the connection: workerd would wait for 10 s
    assert.deepEqual(await ann.closed(), { code: 4003, reason: "go" });
    for (const query of [
      { id: "ann", token: "hers" },
      { id: "ann", token: "another" },
      { id: "bob", token: "hers" },
    ]) {
      const again = await join({ key: "kicks", ...query });
      assert.match(await again.next(), /"ERROR".*closed your connection/);
    }
    assert.equal(await ask("/do-kick/kicks/ann?for=0"), false);
  });

  test("for any number of seconds a peer is kept out, and what is none is refused", async () => {
    for (const seconds of ["Infinity", 2 ** 32]) {
      assert.equal(await ask(`/do-kick/long/for${seconds}?for=${seconds}`), false);
      assert.match(await (await join({ key: "long", id: `for${seconds}` })).next(), /"ERROR".*closed your connection/);
    }
    for (const seconds of ["never", -1]) assert.match(await ask(`/do-kick/long/ann?for=${seconds}`), /TypeError: forSeconds is a number/);
    assert.equal(await (await join({ key: "long", id: "ann" })).next(), OPEN);
  });

  test("the server speaks to members of a room alone", async () => {
    const [ann, stock] = [await join({ key: "word", roster: "1", id: "ann" }), await join({ key: "word", id: "stock" })];
    await Promise.all([ann.next(), stock.next()]);
    assert.deepEqual([await ask("/do-send/word/ann?room"), await ask("/do-send/word/stock"), await ask("/do-send/word/nobody?room")], [true, false, false]);
    assert.equal(await ann.next(), '{"type":"SERVER","payload":{"hello":"ann"}}');
    assert.deepEqual(stock.rest(), []);
  });
});

test("an option that there is not, or that is wrong, is told", async (t) => {
  const source = (options) => `
    import { beckon, Room } from "beckon/worker";
    export { Room };
    export default { fetch: async (request, env) => {
      try { return (await beckon(request, env, ${options})) ?? new Response("mine"); } catch (error) { return new Response(String(error)); }
    } };`;
  const said = async (options, path = "/") => {
    const other = await startBeckon({ host: source(options) });
    t.after(() => other.close());
    return (await other.fetch(path)).text();
  };
  assert.equal(await said("{ basepath: '/x' }"), "TypeError: beckon has no option basepath: docs/embedding.md lists them");
  assert.equal(await said("{ tokenKey: 'x' }"), "TypeError: beckon has no option tokenKey: docs/embedding.md lists them");
  const wrong = "{ basePath: '/p2p', roomCapacity: 'many' }";
  assert.deepEqual([await said(wrong), (await said(wrong, "/p2p/health")).split(" must")[0]], ["mine", "The variable ROOM_CAPACITY"]);
});

test("a service has the same hooks, as far as it has them", async (t) => {
  const service = `
    import { WorkerEntrypoint } from "cloudflare:workers";
    let told = [];
    export default class extends WorkerEntrypoint {
      onConnect({ id, realm }) { told.push(["connect", id, realm]); }
      onDisconnect({ id }, how) { told.push(["disconnect", id, how]); }
      fetch() { return Response.json(told); }
    }`;
  const beckon = await startBeckon({
    bindings: { serviceBindings: { HOOKS: "hooks", SEEN: "hooks" } },
    beside: [{ name: "hooks", compatibilityDate: "2026-10-20", modules: [{ type: "ESModule", path: "hooks.js", contents: service }] }],
  });
  t.after(() => beckon.close());
  const ann = await open(beckon.url, { key: "k", id: "ann", token: "t" });
  await ann.next();
  for (const evicting of [true, false]) {
    if (evicting) await beckon.evict("realm:k");
    ann.send({ type: "OFFER", dst: "ann" });
    await ann.next();
  }
  ann.send({ type: "LEAVE" });
  await ann.closed();
  const seen = async () => (await (await beckon.service("hooks")).fetch("http://hooks/")).json();
  assert.deepEqual(await seen(), [
    ["connect", "ann", "k"],
    ["disconnect", "ann", "left"],
  ]);
  assert.deepEqual(beckon.logs(), [], "what a service does not have is no fault");
});

test("an operator counts and closes peers, with the key and not without", async (t) => {
  const beckon = await startBeckon({ secrets: { ADMIN_KEY: "the operator's" } });
  t.after(() => beckon.close());
  const admin = (path, method = "GET", key = "the operator's") =>
    beckon.fetch(`/admin/realms/${path}`, { method, headers: key ? { Authorization: `Bearer ${key}` } : {} });
  const ann = await open(beckon.url, { key: "k", id: "ann/é", token: "hers" });
  const member = await open(beckon.url, { key: "k", roster: "1", id: "member", token: "t" });
  await Promise.all([ann.next(), member.next()]);
  for (const key of ["", "the operator", "the operator's key", "THE OPERATOR'S"]) {
    const refused = await admin("k", "GET", key);
    assert.deepEqual([refused.status, refused.headers.get("WWW-Authenticate")], [401, "Bearer"]);
    assert.equal((await admin("k/peers/ann%2F%C3%A9", "DELETE", key)).status, 401);
  }
  const answered = await admin("k");
  assert.deepEqual([answered.status, await answered.json()], [200, { peers: 1, members: 1 }]);
  assert.deepEqual(await (await admin("peerjs")).json(), { peers: 0, members: 0 });
  assert.equal((await admin("k/peers/ann?for=never", "DELETE")).status, 400);
  assert.deepEqual(await (await admin("k/peers/ann%2F%C3%A9?for=600&reason=no+more", "DELETE")).json(), { closed: 1 });
  await beckon.evict("realm:k");
  assert.deepEqual(await ann.closed(), { code: 4003, reason: "no more" });
  const again = await open(beckon.url, { key: "k", id: "ann/é", token: "hers" });
  assert.match(await again.next(), /"ERROR".*closed your connection/);
  assert.deepEqual(await (await admin("k")).json(), { peers: 0, members: 1 });
  assert.doesNotMatch(JSON.stringify(beckon.logs()), /the operator|ann/);
  const without = await startBeckon();
  t.after(() => without.close());
  assert.equal((await without.fetch("/admin/realms/k", { headers: { Authorization: "Bearer the operator's" } })).status, 404);
});

test("whoever guesses the operator's key is slowed down, and its sockets are not", async (t) => {
  const change = (config) => config.replace(/(name = "JOIN_LIMIT"[^]*?limit = )\d+/, "$15");
  const beckon = await startBeckon({ secrets: { ADMIN_KEY: "the operator's" }, change });
  t.after(() => beckon.close());
  const guess = async (network, key) =>
    (await beckon.fetch("/admin/realms/k", { headers: { Authorization: `Bearer ${key}`, "CF-Connecting-IP": network } })).status;
  await inOneMinute(async (again) => {
    const network = `192.0.2.${again + 1}`;
    const answers = [];
    for (let n = 0; n < 6; n++) answers.push(await guess(network, `guess ${n}`));
    assert.deepEqual(answers, [401, 401, 401, 401, 401, 429]);
    assert.equal(await guess(network, "the operator's"), 429, "nor does the right key tell itself by its answer");
    assert.equal(await (await open(beckon.url, { key: "k", id: "ann", token: "t" }, undefined, { "CF-Connecting-IP": network })).next(), OPEN);
  });
});

test("pages are served where they are asked for, after the host's own routes", async (t) => {
  const source = `
    import { beckon, Room } from "beckon/worker";
    export { Room };
    export default { fetch: async (request, env) => {
      if (new URL(request.url).pathname === "/own") return new Response("my own");
      return (await beckon(request, env, { basePath: "/p2p", pages: env.PAGES })) ?? new Response("nobody's", { status: 404 });
    } };`;
  const pages = `export default { fetch: (request) => new Response(request.method + " page", { status: new URL(request.url).pathname === "/doctor" ? 200 : 404 }) };`;
  const beside = [{ name: "pages", compatibilityDate: "2026-10-20", modules: [{ type: "ESModule", path: "pages.js", contents: pages }] }];
  const beckon = await startBeckon({ host: source, bindings: { serviceBindings: { PAGES: "pages" } }, beside });
  t.after(() => beckon.close());
  const said = async (path, method = "GET") => (await beckon.fetch(path, { method })).text();
  assert.deepEqual(
    [await said("/doctor"), await said("/doctor", "POST"), await said("/own"), await said("/none"), await said("/p2p/peerjs/id", "OPTIONS")],
    ["GET page", "nobody's", "my own", "nobody's", ""],
  );
});

test("where objects run is asked of the platform", async (t) => {
  const hinted = await startBeckon({ vars: { LOCATION_HINT: "weur" } });
  t.after(() => hinted.close());
  assert.equal(await (await open(hinted.url, { key: "k", id: "a", token: "t" })).next(), OPEN);
  // workerd has no jurisdictions, and says so: this shows that it was asked for one.
  const inEurope = await startBeckon({ vars: { JURISDICTION: "eu" } });
  t.after(() => inEurope.close());
  await assert.rejects(open(inEurope.url, { key: "k", id: "a", token: "t" }), /500/);
  await eventually("it is logged", () => /Jurisdiction restrictions are not implemented/.test(JSON.stringify(inEurope.logs())));
});
