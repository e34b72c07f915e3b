// The pages for those who come from other clients (docs/from-*.md): what they say of Beckon, row by row, is run in a page, beside another that is in the
// same room.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { openDevice, stage, stopClock, turnClock, until } from "./browser.mjs";
import { serveElsewhere } from "./elsewhere.mjs";

const ROOT = path.join(import.meta.dirname, "../..");
/** So long may a page be. */
const MOST_LINES = 60;
/** What a page prints when the other one has come, said "dinner" and left: all of it, in any order. */
const PRINTED = {
  "from-peerjs.md": ["own id", "Bob dinner", "true", "[object RTCPeerConnection]", "Bob is gone", "closed"],
  "from-simple-peer.md": ["open", "dinner", "true", "gone", "closed"],
  "from-trystero.md": ["own id", "somebody came", "Bob mezcal", "even: true", "its id", "a number", "Bob left"],
};
/** What the other one hears of it. */
const HEARD = {
  "from-peerjs.md": ["hi", { answer: 42 }],
  "from-simple-peer.md": ["hi", [1, 2, 3]],
  "from-trystero.md": [{ drink: "mezcal" }, { drink: "negroni" }],
};
const files = globSync("docs/from-*.md", { cwd: ROOT }).map((file) => path.basename(file));

/** The right column: what is code in it. @param {string} file */
const ours = (file) =>
  [...readFileSync(path.join(ROOT, "docs", file), "utf8").matchAll(/^\| `[^`]+` \| (?:`([^`]+)`|nothing: .*) \|$/gm)].flatMap(([, code]) => code ?? []);

const { beckon, chromium } = await stage();
let server;
let origin;
before(async () => {
  server = await serveElsewhere();
  origin = server.url;
});
after(() => server?.close());

test("there is a page for each, and none is long", () => {
  assert.deepEqual(files.sort(), Object.keys(PRINTED));
  for (const file of files) {
    assert.ok(readFileSync(path.join(ROOT, "docs", file), "utf8").split("\n").length <= MOST_LINES, file);
    const [first, second = "", ...more] = ours(file);
    assert.equal(first, 'import { join } from "beckon";');
    assert.match(second, /^const room = join\(link\b/);
    assert.ok(more.length >= 7 && more.at(-1) === "room.close();", `${file}: ${more.length} rows`);
  }
});

for (const file of Object.keys(PRINTED)) {
  test(`${file}: the right column is a program, and does what it says`, async () => {
    const devices = await Promise.all([openDevice(chromium, origin), openDevice(chromium, origin)]);
    const [ann, bob] = devices.map(({ page }) => page);
    const library = new URL("/beckon.js", beckon.url).href;
    const link = await bob.evaluate(
      async (library, server) => {
        const { join } = await import(library);
        const { link, ready } = (window.room = join(server, { name: "Bob" }));
        window.heard = [];
        window.room.onrequest = (n) => n % 2 === 0;
        window.room.addEventListener("message", ({ data }) => window.heard.push(data instanceof ArrayBuffer ? [...new Uint8Array(data)] : data));
        await ready;
        return link;
      },
      library,
      beckon.url.href,
    );
    // What listens comes first, as in a program; the rest when the other one is here.
    const [, begin = "", ...rest] = ours(file);
    const last = rest.pop();
    const listens = rest.filter((code) => /addEventListener|\.then\(/.test(code));
    const does = rest.filter((code) => !listens.includes(code));
    await ann.evaluate(
      async (library, link, code) => {
        const { join } = await import(library);
        window.logged = [];
        console.log = (...words) => window.logged.push(words.join(" "));
        const AsyncFunction = /** @type {FunctionConstructor} */ ((async () => {}).constructor);
        window.run = (code) => new AsyncFunction("join", "link", "room", code)(join, link, window.room);
        await window.run(code.replace("const room =", "window.room = room ="));
      },
      library,
      link,
      [begin, ...listens].join("\n"),
    );
    await until(ann, "the other is here", () => window.room.peers[0]?.state === "open" && window.room.peers[0].latency !== null);
    await bob.evaluate(() => window.room.broadcast("dinner"));
    await stopClock(ann); // the program gives the other one a second to answer
    for (const code of does) await ann.evaluate((code) => window.run(code), code);
    await turnClock(ann);
    await until(bob, "what was sent", (heard) => heard.every((data) => window.heard.some((one) => JSON.stringify(one) === JSON.stringify(data))), HEARD[file]);
    if (HEARD[file].some(({ drink }) => drink)) await bob.evaluate(() => window.room.broadcast({ drink: "mezcal" }));
    const known = await ann.evaluate(() => ({ [window.room.id]: "own id", [window.room.peers[0].id]: "its id" }));
    await bob.evaluate(() => window.room.close());
    await until(ann, "it is gone", () => !window.room.peers.length);
    await ann.evaluate((code) => window.run(code), last);
    const printed = (await ann.evaluate(() => window.logged)).map(
      (line) => known[line] ?? (/^[\d.]+$/.test(line) ? "a number" : line.replace(/^.* came$/, "somebody came")),
    );
    for (const line of PRINTED[file]) assert.ok(printed.includes(line), `${line}, of ${printed.join("; ")}`);
    for (const { troubles, close } of devices) {
      assert.deepEqual(troubles, []);
      await close();
    }
  });
}
