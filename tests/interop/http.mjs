import { rule } from "./rule.mjs";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** In no order but that in which they come; so many that chance does not make it. */
const CROWD = ["m", "c", "x", "a", "t", "e", "r", "b"];

/** What a client reads of an answer whose body is the contract's. */
const whole = ({ status, headers, body }) => ({ status, type: headers["content-type"], body: UUID.test(body) ? "a UUID v4 and nothing else" : body });

/** What a client reads of an answer whose body is for people. */
const status = ({ status }) => status;

/** A page for people is no part of the wire; that it is one, is. */
const described = (answer) => (/^\s*<!doctype html>/i.test(answer.body) ? { ...whole(answer), body: "a page" } : whole(answer));

const ask =
  (method, path, see = whole) =>
  async ({ http }) =>
    see(await http(method, path));

export default [
  rule("GET of the base path describes the server", async ({ http, at }) => described(await http("GET", at()))),
  rule("GET /peerjs/id answers a bare UUID as HTML", ask("GET", "/peerjs/id")),
  rule("two ids asked for differ", async ({ http }) => {
    const ids = [await http("GET", "/peerjs/id"), await http("GET", "/peerjs/id")].map(({ body }) => body);
    return { distinct: new Set(ids).size };
  }),
  rule("an id from /id can be opened", async ({ http, open, key }) => {
    const { body } = await http("GET", "/peerjs/id");
    const socket = await open(`key=${key}&id=${body}&token=secret`);
    return { first: await socket.next() };
  }),
  rule("an id from /id is not reserved: any token may open it", async ({ http, open, key }) => {
    const { body } = await http("GET", "/peerjs/id");
    const first = await open(`key=${key}&id=${body}&token=one`);
    const frames = [await first.next()];
    const second = await open(`key=${key}&id=${body}&token=two`);
    return { frames, second: await second.ended() };
  }),
  rule("/id ignores the ts and version of the stock client", ask("GET", "/peerjs/id?ts=17004040404040.123456789&version=1.5.5")),
  rule("/id ignores any other query", ask("GET", "/peerjs/id?id=me&key=other&token=x&&=&%20")),
  rule("/id does not check the key", ask("GET", "/whatever/id")),
  rule("/id takes a key of one letter", ask("GET", "/k/id")),
  rule("/id takes a key with a percent-encoded letter", ask("GET", "/%70eerjs/id")),
  rule("/id takes a key beyond ASCII", ask("GET", "/caf%C3%A9/id")),
  rule("/id takes a key of punctuation", ask("GET", "/a.b-c_d~e!f,g/id")),
  rule("/id accepts one trailing slash", ask("GET", "/peerjs/id/")),
  rule("/id accepts a doubled slash after the key", ask("GET", "/peerjs//id")),
  rule("/id does not accept a doubled slash before the key", ask("GET", "//peerjs/id", status)),
  rule("/id does not accept two trailing slashes", ask("GET", "/peerjs/id//", status)),
  rule("/ID is /id", ask("GET", "/PEERJS/ID")),
  rule("/Id is /id", ask("GET", "/peerjs/Id")),
  rule("/id needs a key before it", ask("GET", "/id", status)),
  rule("/id needs a key that is not empty", ask("GET", "//id", status)),
  rule("/id is not a prefix", ask("GET", "/peerjs/id/more", status)),
  rule("/id is not a suffix", ask("GET", "/a/b/id", status)),
  rule("/id is the whole segment", ask("GET", "/peerjs/idx", status)),
  rule("an encoded slash does not separate", ask("GET", "/peerjs%2Fid", status)),
  rule("a key that cannot be decoded is refused", ask("GET", "/%zz/id", status)),
  rule("HEAD of /id is the answer without its body", ask("HEAD", "/peerjs/id")),
  rule("HEAD of /id tells the length", async ({ http }) => (await http("HEAD", "/peerjs/id")).headers["content-length"]),
  rule("GET /peerjs/peers is 401 Unauthorized unless discovery is on", ask("GET", "/peerjs/peers")),
  rule("/peers is 401 for any key", ask("GET", "/whatever/peers")),
  rule("/peers is 401 with a trailing slash", ask("GET", "/peerjs/peers/")),
  rule("/PEERS is /peers", ask("GET", "/peerjs/PEERS")),
  rule("HEAD of /peers is 401 without a body", ask("HEAD", "/peerjs/peers")),
  rule("plain GET of the signalling path is 404", ask("GET", "/peerjs", status)),
  rule("plain GET of the signalling address is 404", ask("GET", "/peerjs?key=peerjs&id=me&token=secret", status)),
  rule("plain GET of the signalling path with a slash is 404", ask("GET", "/peerjs/", status)),
  rule("an unknown method of the API is 404", ask("GET", "/peerjs/nothing", status)),
  rule("a deeper path is 404", ask("GET", "/peerjs/id/of/mine", status)),
  rule("404 is an HTML page that names the request", ask("GET", "/peerjs/nothing")),
  rule("404 escapes what it names", ask("GET", "/peerjs/%3Cscript%3E&'x'")),
  ...["POST", "PUT", "PATCH", "DELETE"].map((method) => rule(`${method} of /id is 404`, ask(method, "/peerjs/id", status))),
  rule("POST of /peers is 404", ask("POST", "/peerjs/peers", status)),
  rule("POST of the old polling transport is 404", ask("POST", "/peerjs/me/secret/offer", status)),
  rule("OPTIONS of /id is 204 and empty, without an Origin too", ask("OPTIONS", "/peerjs/id")),
  rule("OPTIONS of a path that does not exist is 204", ask("OPTIONS", "/no/such/path")),
  rule("answers of the API are not told to be cached", async ({ http }) => {
    const { headers } = await http("GET", "/peerjs/id");
    return { maxAge: /max-age=[1-9]|immutable/.test(headers["cache-control"] ?? ""), expires: "expires" in headers };
  }),

  rule("with discovery, /peers lists those connected in the order they came", { discovery: true }, async (driver) => {
    for (const name of CROWD) await driver.join(name);
    return listed(driver);
  }),
  rule("with discovery, /peers lists all who are connected, each once", { discovery: true }, async (driver) => {
    const names = Array.from({ length: 20 }, (_, n) => `p${n}`);
    await Promise.all(names.map((name) => driver.join(name)));
    return (await listed(driver)).sort();
  }),
  rule("with discovery, /peers is JSON", { discovery: true }, async ({ http }) => {
    const { status, headers, body } = await http("GET", "/peerjs/peers");
    return { status, type: headers["content-type"], array: Array.isArray(JSON.parse(body)) };
  }),
  rule("with discovery, /peers takes no notice of its query", { discovery: true }, async (driver) => {
    await driver.join("alice");
    return listed(driver, `${driver.key}/peers?ts=1&version=1.5.5&id=nobody`);
  }),
  rule("with discovery, HEAD of /peers is 200 without a body", { discovery: true }, ask("HEAD", "/peerjs/peers")),
  rule("with discovery, POST of /peers is still 404", { discovery: true }, ask("POST", "/peerjs/peers", status)),
  rule("with discovery, another key in the path lists the same ids", { discovery: true }, async (driver) => {
    await driver.join("alice");
    return listed(driver, "whatever/peers");
  }),
  rule("with discovery, an id is gone from the list when its socket is", { discovery: true }, async (driver) => {
    const alice = await driver.join("alice");
    await driver.join("bob");
    await alice.close();
    return eventually(
      () => listed(driver),
      (list) => list.length === 1,
    );
  }),
  rule("with discovery, an id that left is gone from the list", { discovery: true }, async (driver) => {
    const alice = await driver.join("alice");
    await driver.join("bob");
    await alice.send('{"type":"LEAVE"}');
    return eventually(
      () => listed(driver),
      (list) => list.length === 1,
    );
  }),
  rule("with discovery, who comes back is last", { discovery: true }, async (driver) => {
    const alice = await driver.join("alice");
    for (const name of CROWD) await driver.join(name);
    await alice.close();
    await eventually(
      () => listed(driver),
      (list) => list.length === CROWD.length,
    );
    await driver.join("alice");
    return listed(driver);
  }),
  rule("with discovery, who re-attaches keeps the place", { discovery: true }, async (driver) => {
    await driver.join("alice");
    for (const name of CROWD) await driver.join(name);
    await driver.dial("alice");
    return listed(driver);
  }),
  rule("with discovery, a refused socket is not listed", { discovery: true }, async (driver) => {
    await driver.join("alice");
    const other = await driver.dial("alice", "other");
    await other.ended();
    return listed(driver);
  }),
  rule("with discovery, ids are listed as they are", { discovery: true }, async (driver) => {
    for (const name of ["a%20b", "%C3%A9", "%22quoted%22", "%F0%9F%91%8B", "%E2%80%A8"]) {
      const socket = await driver.dial(name);
      await socket.next();
    }
    return (await listed(driver)).sort();
  }),
];

/** This run's part of the list. */
async function listed({ http, at, id, key }, path = `${key}/peers`) {
  const { body } = await http("GET", at(path));
  return JSON.parse(body).filter((name) => name.startsWith(id("")));
}

/** A list that gets right within a second; whatever it is then. */
async function eventually(look, good) {
  let seen;
  for (let tries = 0; tries < 20; tries++) {
    seen = await look();
    if (good(seen)) break;
    await new Promise((done) => setTimeout(done, 50));
  }
  return seen;
}
