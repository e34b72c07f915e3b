// What docs/import-by-url.md says of /v1/beckon.js: it is whole, never changes, and a page can have its hash compared.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { integrity, PAPER } from "../../tools/freeze.mjs";
import { anyBeckon, openDevice, startChromium, until } from "./browser.mjs";
import { serveElsewhere } from "./elsewhere.mjs";

const FILE = new URL("../../public/v1/beckon.js", import.meta.url).pathname;
/** A library of before there were pieces. Nobody checks it any more, so it is a text. */
const OLDER = new URL("older/beckon.js.txt", import.meta.url).pathname;
/** The scripts that somebody else serves. @type {Record<string, string>} */
const SAVED = { "/saved.js": FILE, "/older.js": OLDER };

let beckon;
let chromium;
/** A server of somebody's own: a page with the import map, and the file that was saved. */
let elsewhere;
let origin;
/** What the page imports, and the hash that it names. */
let imported = { address: "", hash: "" };
before(async () => {
  [beckon, chromium] = await Promise.all([anyBeckon(), startChromium()]);
  elsewhere = await serveElsewhere(({ url = "" }, response) => {
    const saved = SAVED[url];
    response.setHeader("Content-Type", saved ? "text/javascript" : "text/html");
    const map = JSON.stringify({ imports: { beckon: imported.address }, integrity: { [imported.address]: imported.hash } });
    response.end(saved ? readFileSync(saved) : `<!doctype html><title>elsewhere</title><script type="importmap">${map}</script>`);
  });
  origin = elsewhere.url;
});
after(async () => {
  elsewhere?.close();
  await chromium?.close();
  await beckon?.close();
});

/** In the page: joins. */
const enter = async (library, link) => {
  const { join } = await import(library);
  window.room = join(link);
  window.heard = [];
  window.room.onrequest = (value) => ({ asked: value });
  window.room.addEventListener("message", ({ data }) => window.heard.push(data));
  await window.room.ready;
  return window.room.link;
};

test("it is served for ever, to any page, and the paper names its hash", async () => {
  const { headers, status } = await fetch(new URL("/v1/beckon.js", beckon.url));
  assert.deepEqual(
    [status, ...["cache-control", "access-control-allow-origin", "x-typescript-types"].map((name) => headers.get(name))],
    [200, "public, max-age=31536000, immutable", "*", "./beckon.d.ts"],
  );
  const types = await fetch(new URL("/v1/beckon.d.ts", beckon.url));
  assert.match(await types.text(), /export function join\(/);
  assert.equal(types.headers.get("access-control-allow-origin"), "*");
  const named = readFileSync(PAPER, "utf8").match(/sha384-[\w+/=]+/g);
  assert.deepEqual(named, [integrity(FILE)]);
});

test("saved alone, and with its hash, it meets the library of today; with another hash it is not run", async () => {
  imported = { address: new URL("/saved.js", origin).href, hash: integrity(FILE) };
  const first = await openDevice(chromium, origin);
  imported = { address: new URL("/v1/beckon.js", beckon.url).href, hash: `sha384-${"A".repeat(64)}` };
  const second = await openDevice(chromium, origin);
  assert.match(
    await second.page.evaluate(() =>
      import("beckon").then(
        () => "run",
        ({ message }) => message,
      ),
    ),
    /Failed to fetch/,
  );

  const link = await first.page.evaluate(enter, "beckon", beckon.url.href);
  await second.page.evaluate(enter, new URL("/beckon.js", beckon.url).href, link);
  for (const { page } of [first, second]) {
    await until(page, "they are connected", () => window.room.peers[0]?.path === "direct");
    assert.deepEqual(await page.evaluate(() => window.room.peers[0].request("what?")), { asked: "what?" });
    await page.evaluate(() => window.room.peers[0].send("hello"));
  }
  const [blob] = await Promise.all([
    first.page.evaluate(() => new Promise((resolve) => window.room.addEventListener("message", ({ data }) => data instanceof Blob && resolve(data.text())))),
    second.page.evaluate(() => window.room.peers[0].send(new Blob(["in pieces"]))),
  ]);
  assert.equal(blob, "in pieces");
  for (const { page, close } of [first, second]) {
    await until(page, "hello", () => window.heard.includes("hello"));
    await close();
  }
});

test("who sends pieces to a page of before hears so, and all else goes on", async () => {
  const [first, second] = [await openDevice(chromium, origin), await openDevice(chromium, origin)];
  const link = await first.page.evaluate(enter, new URL("/older.js", origin).href, beckon.url.href);
  await second.page.evaluate(enter, new URL("/beckon.js", beckon.url).href, link);
  for (const { page } of [first, second]) await until(page, "they are connected", () => window.room.peers[0]?.path === "direct");
  const codes = await second.page.evaluate(() =>
    Promise.all([new Blob(["x"]), "x".repeat(256_001)].map((long) => window.room.peers[0].send(long).catch(({ code }) => code))),
  );
  assert.deepEqual(codes, ["outdated-there", "outdated-there"]);
  await second.page.evaluate(() => window.room.peers[0].send("afterwards"));
  assert.deepEqual(await first.page.evaluate(() => window.heard), ["afterwards"]);
  await Promise.all([first.close(), second.close()]);
});
