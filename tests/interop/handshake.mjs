import { socketAt } from "./driver.mjs";
import { candidate, offer } from "./frames.mjs";
import { rule } from "./rule.mjs";

/** What a query gets: the first frame. */
const opened = (query) => async (driver) => {
  const socket = await driver.open(query(driver));
  return { first: await socket.next() };
};

/** Whether two spellings name one id: the second, with another token, is then told that it is taken. */
const sameId =
  (one, two) =>
  async ({ open, key, id }) => {
    const first = await open(`key=${key}&id=${id(one)}&token=first`);
    const second = await open(`key=${key}&id=${id(two)}&token=second`);
    return { first: await first.next(), second: await second.next() };
  };

/** How an id is spelled to others: as the src of a message it sends itself. */
const spelled =
  (encoded, decoded) =>
  async ({ open, key, id }) => {
    const socket = await open(`key=${key}&id=${id(encoded)}&token=secret`);
    const frames = [await socket.next()];
    await socket.send(offer(id(decoded)));
    return { frames: [...frames, await socket.next()] };
  };

const handshake =
  (changes) =>
  async ({ upgrade, at, query }) => {
    const { status, headers } = await upgrade(`${at("peerjs")}?${query("alice")}`, changes);
    return { status, protocol: headers["sec-websocket-protocol"], extensions: headers["sec-websocket-extensions"] };
  };

const IDS = {
  "a space": ["a%20b", "a b"],
  "a space written as +": ["a+b", "a b"],
  "a plus": ["a%2Bb", "a+b"],
  "é, encoded": ["%C3%A9", "é"],
  Arabic: ["%D8%A3%D8%B3%D8%A7%D9%85%D8%A9", "أسامة"],
  "an emoji": ["%F0%9F%91%8B%F0%9F%8F%BD", "👋🏽"],
  "a quote and a backslash": ["%22%5C", '"\\'],
  "control characters": ["%01%08%09%0A%0C%0D%1F%7F", "\x01\b\t\n\f\r\x1f\x7f"],
  NUL: ["a%00b", "a\0b"],
  markup: ["%3Cimg%20src=x%3E%26amp;", "<img src=x>&amp;"],
  "line separators": ["%E2%80%A8%E2%80%A9", "\u2028\u2029"],
  "bytes that are not UTF-8": ["%FF%C3", "\ufffd\ufffd"],
  "a percent sign that encodes nothing": ["100%", "100%"],
  "a percent sign before no hex digits": ["%zz", "%zz"],
  "an encoded ampersand and equals sign": ["a%26b%3Dc", "a&b=c"],
  "an equals sign": ["a=b=c", "a=b=c"],
  "slashes and a question mark": ["a/b?c", "a/b?c"],
  "a semicolon": ["a;b", "a;b"],
  "surrounding spaces": ["%20a%20", " a "],
  "a byte order mark": ["%EF%BB%BFa", "\ufeffa"],
};

export default [
  rule("OPEN is the first frame and the only one", async ({ join, id }) => {
    const alice = await join("alice");
    await alice.send(candidate(id("alice")));
    return { frames: [alice.frames[0], await alice.next()] };
  }),
  rule(
    "the version may be missing",
    opened(({ key, id }) => `key=${key}&id=${id("alice")}&token=secret`),
  ),
  rule(
    "the version may be anything",
    opened(({ query }) => `${query("alice")}&version=99&version=`),
  ),
  rule(
    "unknown parameters are ignored",
    opened(({ query }) => `foo=bar&${query("alice")}&_=1&proto&=x`),
  ),
  rule(
    "parameters come in any order",
    opened(({ key, id }) => `version=1.5.5&token=secret&id=${id("alice")}&key=${key}`),
  ),
  rule(
    "empty parameters between others are ignored",
    opened(({ key, id }) => `&&key=${key}&&&id=${id("alice")}&token=secret&`),
  ),
  rule(
    "names of parameters may be encoded",
    opened(({ key, id }) => `%6bey=${key}&i%64=${id("alice")}&token=secret`),
  ),
  rule("names of parameters are case-sensitive", async ({ open, key, id }) => {
    const socket = await open(`key=${key}&ID=${id("alice")}&token=secret`);
    return socket.ended();
  }),
  rule("parameters are separated by & only", async ({ open, key, id }) => {
    const socket = await open(`key=${key};id=${id("alice")};token=secret`);
    return socket.ended();
  }),
  rule("of two ids the last one wins", async ({ open, key, id }) => {
    const socket = await open(`id=${id("first")}&key=${key}&token=secret&id=${id("last")}`);
    const frames = [await socket.next()];
    await socket.send(offer(id("last")));
    return { frames: [...frames, await socket.next()] };
  }),
  rule("of two ids the last one wins, even empty", async ({ open, key, id }) => {
    const socket = await open(`id=${id("first")}&key=${key}&token=secret&id=`);
    return socket.ended();
  }),
  rule("of two tokens the last one wins", async ({ open, key, id }) => {
    const first = await open(`key=${key}&id=${id("alice")}&token=one&token=two`);
    const frames = [await first.next()];
    const second = await open(`key=${key}&id=${id("alice")}&token=one`);
    return { frames, second: await second.ended() };
  }),
  rule(
    "of two keys the last one wins",
    opened(({ key, id }) => `key=wrong&id=${id("alice")}&token=secret&key=${key}`),
  ),
  rule("of two keys the last one wins, even empty", async ({ open, key, id }) => {
    const socket = await open(`key=${key}&id=${id("alice")}&token=secret&key=`);
    return socket.ended();
  }),

  rule("+ and %20 name the same id", sameId("a+b", "a%20b")),
  rule("+ and %2B name different ids", sameId("a+b", "a%2Bb")),
  rule("an id is the same however it is encoded", sameId("abc", "%61%62c")),
  rule("hex digits of an encoded id are not case-sensitive", sameId("%c3%a9", "%C3%A9")),
  rule("ids are case-sensitive", sameId("Bob", "bob")),
  rule("composed and decomposed é are different ids", sameId("%C3%A9", "e%CC%81")),
  rule("an id with a trailing space is another id", sameId("bob", "bob+")),
  ...Object.entries(IDS).map(([what, [encoded, decoded]]) => rule(`an id may hold ${what}`, spelled(encoded, decoded))),
  ...["__proto__", "constructor", "toString", "null", "undefined", "0", "false"].map((name) =>
    rule(`an id may be the word ${name}`, async ({ open, key, number }) => {
      // Not made unique: the word itself is the point. The token is, so that a run before this one cannot matter.
      const socket = await open(`key=${key}&id=${name}&token=${number}`);
      const frames = [await socket.next()];
      await socket.send(candidate(name));
      frames.push(await socket.next());
      await socket.close();
      return { frames };
    }),
  ),
  rule("an id may be one space", async ({ open, key, number }) => {
    const socket = await open(`key=${key}&id=+&token=${number}`);
    const frames = [await socket.next()];
    await socket.send(candidate(" "));
    frames.push(await socket.next());
    await socket.close();
    return { frames };
  }),
  rule("an id may be 128 characters long", spelled("a".repeat(122), "a".repeat(122))),
  rule("an id may be 512 bytes long", async ({ open, key, id }) => {
    const socket = await open(`key=${key}&id=${id("%C3%A9".repeat(253))}&token=secret`);
    return { first: await socket.next() };
  }),
  rule("an id may be 1,000 characters long", async ({ open, key, id }) => {
    const socket = await open(`key=${key}&id=${id("a".repeat(994))}&token=secret`);
    return { first: await socket.next() };
  }),
  rule("an id may be 8,000 characters long", async ({ open, key, id }) => {
    const socket = await open(`key=${key}&id=${id("a".repeat(7994))}&token=secret`);
    return { first: await socket.next() };
  }),
  rule("a token may be 1,000 characters long", async ({ open, key, id }) => {
    const first = await open(`key=${key}&id=${id("alice")}&token=${"t".repeat(1000)}`);
    const frames = [await first.next()];
    const second = await open(`key=${key}&id=${id("alice")}&token=${"t".repeat(999)}`);
    return { frames, second: await second.ended() };
  }),
  rule("a token may be beyond ASCII", async ({ open, key, id }) => {
    const first = await open(`key=${key}&id=${id("alice")}&token=%F0%9F%94%91`);
    const frames = [await first.next()];
    const second = await open(`key=${key}&id=${id("alice")}&token=%F0%9F%94%92`);
    return { frames, second: await second.ended() };
  }),
  rule("a peer is dialled by its decoded id", async ({ open, join, key, id }) => {
    const bob = await open(`key=${key}&id=${id("a+%C3%A9")}&token=secret`);
    await bob.next();
    const alice = await join("alice");
    await alice.send(offer(id("a é")));
    return { frame: await bob.next() };
  }),
  rule("what is sent before OPEN has arrived counts", async ({ open, query, join, id }) => {
    const bob = await join("bob");
    const alice = await open(query("alice"));
    await alice.send(offer(id("bob")));
    return { bob: await bob.next(), alice: await alice.next() };
  }),

  ...["/peerjs/", "/PEERJS", "/Peerjs", "//peerjs", "/", "/peerjs/peerjs", "/peerjs/id", "/other", "/peerj%73", "/peerjs%2F", "/apeerjs"].map((path) =>
    rule(`a socket at ${path} is not let in`, socketAt(path)),
  ),
  rule("the refusal of a path is plain 400", async ({ upgrade }) => {
    const { status, body, headers } = await upgrade("/other?key=peerjs&id=a&token=b");
    return { status, body, type: headers["content-type"] };
  }),
  rule("the path is looked at before the query", async ({ upgrade }) => (await upgrade("/other")).status),
  rule("a handshake with no sub-protocol gets none, and no extension", handshake({})),
  rule("a sub-protocol that is offered is echoed", handshake({ headers: { "sec-websocket-protocol": "chat" } })),
  rule("of several sub-protocols offered the first is echoed", handshake({ headers: { "sec-websocket-protocol": "one, two" } })),
  rule("compression is declined", handshake({ headers: { "sec-websocket-extensions": "permessage-deflate; client_max_window_bits" } })),
  rule("the answer to a handshake is computed from its key", async ({ upgrade, at, query }) => {
    const { status, headers } = await upgrade(`${at("peerjs")}?${query("alice")}`);
    return { status, accept: headers["sec-websocket-accept"], upgrade: headers.upgrade?.toLowerCase(), connection: headers.connection?.toLowerCase() };
  }),
  rule("the word websocket in a handshake is not case-sensitive", handshake({ headers: { upgrade: "WebSocket" } })),
  rule("a handshake of version 8 is accepted", handshake({ headers: { "sec-websocket-version": "8" } })),
  rule("a handshake of version 12 is refused", handshake({ headers: { "sec-websocket-version": "12" } })),
  rule("a handshake without a version is refused", handshake({ headers: { "sec-websocket-version": "" } })),
  rule("a handshake with a malformed key is refused", handshake({ headers: { "sec-websocket-key": "short" } })),
  rule("a handshake by POST is refused", handshake({ method: "POST" })),
  rule("an upgrade to another protocol is refused", handshake({ headers: { upgrade: "h2c" } })),
  rule("a message between two sockets on one address", async ({ join, id }) => {
    const alice = await join("alice");
    const bob = await join("bob");
    await alice.send(offer(id("bob")));
    await bob.send(offer(id("alice")));
    return { alice: await alice.next(), bob: await bob.next() };
  }),
];
