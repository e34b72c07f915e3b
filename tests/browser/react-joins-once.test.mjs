// `beckon/react` as an app has it: bundled with React, in StrictMode, in two engines; and rendered on a server, where there is no window.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { anyBeckon, openDevice, startChromium, startFirefox, stopClock, turnClock, until } from "./browser.mjs";

const ROOT = path.join(import.meta.dirname, "../..");

const APP = `
  import { createElement as element, StrictMode, useEffect, useState } from "react";
  import { createRoot } from "react-dom/client";
  import { renderToString } from "react-dom/server";
  import { useMessages, useRoom } from "beckon/react";

  function App({ link, name }) {
    const { room, state, peers, error } = useRoom(link, { name });
    const [heard, setHeard] = useState([]);
    useMessages(room, ({ from, data }) => setHeard((all) => [...all, from.name + ": " + JSON.stringify(data)]));
    // After useMessages: whoever is mounted hears.
    useEffect(() => {
      globalThis.hears = true;
      return () => (globalThis.hears = false);
    });
    globalThis.room = room;
    globalThis.seen = { state, peers: peers.map((peer) => peer.name + " " + peer.state), heard, error: error?.code, is: !!room };
    return element("p", null, state);
  }
  let root;
  globalThis.app = {
    show(props) {
      root ??= createRoot(document.body.appendChild(document.createElement("div")));
      root.render(element(StrictMode, null, element(App, props), element(Other, props)));
    },
    hide() {
      root.unmount();
      root = undefined;
    },
    render: (props) => renderToString(element(App, props)),
  };
  function Other({ link }) {
    return element("p", null, useRoom(link).peers.length);
  }
`;

let beckon;
let browsers;
let elsewhere;
let origin;
const folder = mkdtempSync(path.join(tmpdir(), "beckon-react-"));
/** @param {string[]} how */
const bundle = (...how) => {
  const options = ["--bundle", "--format=esm", "--define:process.env.NODE_ENV='development'", `--alias:beckon/react=${ROOT}/package/react/react.js`, ...how];
  return execFileSync(path.join(ROOT, "node_modules/.bin/esbuild"), options, { input: APP, cwd: ROOT, encoding: "utf8", maxBuffer: 2 ** 26 });
};
before(async () => {
  [beckon, ...browsers] = await Promise.all([anyBeckon(), startChromium(), startFirefox()]);
  const app = bundle("--external:beckon");
  const map = JSON.stringify({ imports: { beckon: new URL("/beckon.js", beckon.url).href } });
  const page = `<!doctype html><title>an app</title><script type="importmap">${map}</script><body><script type="module" src="/app.js"></script>`;
  elsewhere = http.createServer(({ url }, response) => {
    response.setHeader("Content-Type", url === "/app.js" ? "text/javascript" : "text/html");
    response.end(url === "/app.js" ? app : page);
  });
  await new Promise((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${elsewhere.address().port}/`;
});
after(async () => {
  rmSync(folder, { recursive: true });
  elsewhere?.close();
  await Promise.all((browsers ?? []).map((browser) => browser.close()));
  await beckon?.close();
});

test("StrictMode joins once, as the others see it, and so does what is mounted anew; messages and names go both ways", async () => {
  const devices = await Promise.all([browsers[0], ...browsers].map((browser) => openDevice(browser, origin)));
  const [watcher, ...apps] = devices.map(({ page }) => page);
  const link = await watcher.evaluate(
    async (library, server) => {
      const { join } = await import(library);
      window.room = join(server);
      window.heard = [];
      window.room.addEventListener("peer", ({ peer }) => window.heard.push(peer.id));
      await window.room.ready;
      return window.room.link;
    },
    ...[new URL("/beckon.js", beckon.url).href, beckon.url.href],
  );
  for (const [at, page] of apps.entries()) {
    await until(page, "the app", () => window.app);
    await page.evaluate((link, name) => window.app.show({ link, name }), link, `App ${at}`);
  }
  await until(watcher, "both", () => window.room.peers.length === 2 && window.room.peers.every(({ state }) => state === "open"));
  for (const page of apps) await until(page, "the others", () => window.seen.peers.filter((peer) => / open$/.test(peer)).length === 2);
  await apps[0].evaluate((link) => window.app.show({ link, name: "Renamed" }), link);
  await until(apps[1], "the new name", () => window.seen.peers.includes("Renamed open"));
  // A room that nobody uses is left after a while: none passes until it is used again.
  await stopClock(apps[1]);
  await apps[1].evaluate((link) => {
    window.app.hide();
    globalThis.hears = false; // what React undoes after a while is not there any more
    window.app.show({ link, name: "App 1" });
  }, link);
  await until(apps[1], "it is mounted anew", () => globalThis.hears);
  await turnClock(apps[1]);
  await apps[0].evaluate(() => window.room.broadcast({ hello: ["world"] }));
  await until(apps[1], "the message", () => window.seen.heard.includes('Renamed: {"hello":["world"]}'));
  assert.equal(await watcher.evaluate(() => window.heard.length), 2, "each came once");

  await apps[1].evaluate(() => window.app.hide());
  await until(watcher, "one has left", () => window.room.peers.length === 1);
  await apps[1].evaluate((link) => window.app.show({ link: `${link.slice(0, -3)}` }), link);
  await until(apps[1], "what is wrong with the link", () => window.seen.error === "damaged-link" && window.seen.state === "closed");
  await apps[1].evaluate(() => window.app.show({ link: null }));
  await until(apps[1], "no link yet", () => window.seen.state === "connecting" && !window.seen.is);
  for (const { troubles, close } of devices) {
    assert.deepEqual(troubles, []);
    await close();
  }
});

test("on a server it renders without a window, and joins nothing", () => {
  const file = path.join(folder, "app.mjs");
  const require = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);\n";
  const app = bundle("--platform=node", `--alias:beckon=${ROOT}/public/beckon.js`);
  writeFileSync(file, `${require}${app}\nprocess.stdout.write(app.render({ link: "https://beckon.example/" }));`);
  assert.equal(execFileSync(process.execPath, [file], { encoding: "utf8", timeout: 20_000 }), "<p>connecting</p>");
});
