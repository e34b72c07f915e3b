import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { seeded } from "../seeds/chance.mjs";
import { anyBeckon, openDevice, press, startChromium, until, untilText, write } from "./browser.mjs";
import { serveElsewhere } from "./elsewhere.mjs";

/** What is in the files that are sent. */
const random = seeded(1);
const ROOT = new URL("../../", import.meta.url);
const PAGES = ["chat", "cursor", "files"];

let beckon;
let chromium;
let folder;
/** What the pages of another origin are: path to headers and body. @type {Map<string, [Record<string, string>, string]>} */
const elsewhere = new Map();
let server;
let origin;
before(async () => {
  [beckon, chromium, folder] = await Promise.all([anyBeckon(), startChromium(), mkdtemp(path.join(tmpdir(), "beckon-"))]);
  server = await serveElsewhere(({ url = "" }, response) => {
    const [headers, body] = elsewhere.get(url) ?? [{}, "<!doctype html><title>elsewhere</title>"];
    response.writeHead(200, { "Content-Type": url.endsWith(".js") ? "text/javascript" : "text/html", ...headers }).end(body);
  });
  origin = server.url;
});
after(async () => {
  server?.close();
  await chromium?.close();
  await beckon?.close();
  await rm(folder, { recursive: true });
});

/** An example on so many devices. What each does to its page before anything runs there: `prepare`. */
async function openExample(name, count, prepare) {
  const devices = [await openDevice(chromium, new URL(`/examples/${name}`, beckon.url), prepare)];
  const link = await untilLink(devices[0].page);
  while (devices.length < count) devices.push(await openDevice(chromium, link, prepare));
  return devices;
}

const untilLink = (page) =>
  until(page, "a link to the room", () => document.getElementById("link").value.includes("#") && document.getElementById("link").value);

async function closeAll(devices) {
  for (const { troubles, close } of devices) {
    assert.deepEqual(troubles, []);
    await close();
  }
}

test("chat: messages go both ways, names are told, and a message is marked until its receipt", async () => {
  const hold = (page) =>
    page.evaluateOnNewDocument(() => {
      const { send } = RTCDataChannel.prototype;
      const waiting = [];
      window.held = false;
      RTCDataChannel.prototype.send = function (data) {
        if (window.held) waiting.push([this, data]);
        else send.call(this, data);
      };
      window.release = () => {
        window.held = false;
        for (const [channel, data] of waiting) send.call(channel, data);
      };
    });
  const devices = await openExample("chat", 2, hold);
  const [amber, blue] = devices.map(({ page }) => page);
  const lines = (page, kind) => page.$$eval(`#log .${kind}`, (lines) => lines.map((line) => Array.from(line.children, (part) => part.textContent)));
  const say = async (page, text) => {
    await write(page, "#text", text);
    await page.keyboard.press("Enter");
  };
  for (const page of [amber, blue]) await until(page, "the other is here", () => document.querySelector("#people .open"));
  for (const [page, name] of [
    [amber, "Amber"],
    [blue, "<b>Blue</b>"],
  ]) {
    await write(page, "#name", name);
    await page.keyboard.press("Tab");
  }
  await until(amber, "the name", () => document.getElementById("people").textContent === "<b>Blue</b>");
  await until(blue, "the name", () => document.getElementById("people").textContent === "Amber");

  await blue.evaluate(() => (window.held = true));
  await say(amber, "hello <i>world</i>");
  await until(blue, "the message", () => document.querySelector("#log .theirs"));
  assert.deepEqual(await lines(blue, "theirs"), [["Amber", "hello <i>world</i>", ""]]);
  assert.deepEqual(await lines(amber, "mine"), [["Amber", "hello <i>world</i>", "on its way…"]]);
  await blue.evaluate(() => window.release());
  await until(amber, "the receipt", () => document.querySelector("#log .mine small").textContent === "✓ <b>Blue</b>");

  await say(blue, "hello \u202Eto\u2066 you 👩‍💻");
  await until(amber, "the answer", () => document.querySelector("#log .theirs span")?.textContent === "hello  to  you 👩‍💻");
  await until(blue, "its receipt", () => document.querySelector("#log .mine small")?.textContent === "✓ Amber");
  assert.equal(await amber.$("#log i, #people b"), null);

  await closeAll(devices.splice(1));
  await untilText(amber, "Nobody else is here yet");
  await say(amber, "hello?");
  await until(amber, "that nobody heard it", () => [...document.querySelectorAll("#log .mine small")].at(-1).textContent === "nobody was here");
  await closeAll(devices);
});

test("cursor: it moves on the other board, by mouse, finger and keys, some thirty times a second at most; a wave arrives", async () => {
  const count = (page) =>
    page.evaluateOnNewDocument(() => {
      window.positions = 0;
      const { send } = RTCDataChannel.prototype;
      RTCDataChannel.prototype.send = function (data) {
        if (typeof data !== "string" && new TextDecoder().decode(data).includes("at 0")) window.positions++;
        send.call(this, data);
      };
    });
  const devices = await openExample("cursor", 2, count);
  const [first, second] = devices.map(({ page }) => page);
  await second.setViewport({ width: 390, height: 844, hasTouch: true });
  for (const page of [first, second]) await untilText(page, "With you");
  const at = async (page, what, x, y) => {
    const near = (x, y) => {
      const { style } = document.querySelector(".pointer:not(.me)");
      return Math.abs(Number(style.getPropertyValue("--x")) - x) < 0.01 && Math.abs(Number(style.getPropertyValue("--y")) - y) < 0.01;
    };
    await until(page, what, near, x, y);
  };
  /** What part of the board is where on the screen. */
  const spot = async (page, x, y) => {
    const { left, top, width, height } = await page.$eval("#board", (board) => board.getBoundingClientRect().toJSON());
    return [left + x * width, top + y * height];
  };
  // A position may be lost before there is a connection: what is shown in the end is where the other is.
  await first.mouse.move(...(await spot(first, 0.25, 0.75)));
  await at(second, "the mouse", 0.25, 0.75);
  await until(second, "it is drawn there", () => {
    const pointer = document.querySelector(".pointer:not(.me)");
    const board = pointer.parentElement.getBoundingClientRect();
    const { left, top } = pointer.getBoundingClientRect();
    const [x, y] = [(left - board.left) / board.width, (top - board.top) / board.height];
    return x > 0.25 && x < 0.3 && y > 0.75 && y < 0.83; // the name is a little below its tip
  });
  await second.touchscreen.tap(...(await spot(second, 0.4, 0.6)));
  await at(first, "the finger", 0.4, 0.6);
  await first.focus("#board");
  for (const key of ["ArrowRight", "ArrowRight", "ArrowUp", "ArrowLeft"]) await first.keyboard.press(key);
  await at(second, "the keys", 0.27, 0.73);

  const sent = await first.evaluate(() => {
    window.positions = 0;
    const { left, top, width, height } = document.getElementById("board").getBoundingClientRect();
    for (let n = 1; n <= 500; n++) {
      const [clientX, clientY] = [left + (width * n) / 1_000, top + (height * n) / 1_000];
      document.getElementById("board").dispatchEvent(new PointerEvent("pointermove", { clientX, clientY }));
    }
    return window.positions;
  });
  assert.equal(sent, 0);
  await at(second, "the last of many", 0.5, 0.5);
  const positions = await first.evaluate(() => window.positions);
  assert.ok(positions > 0 && positions < 20, `${positions} positions sent for 500 moves`);

  await press(first, "#wave");
  await until(second, "the wave", () => / waved$/.test(document.getElementById("news").textContent));
  await closeAll(devices.splice(1));
  await until(first, "its pointer is gone", () => document.querySelectorAll(".pointer").length === 1);
  await closeAll(devices);
});

/** What a device saves goes into a folder of its own. */
async function savingTo(device, name) {
  const downloads = path.join(folder, name);
  await mkdir(downloads);
  const session = await device.page.createCDPSession();
  await session.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: downloads, browserContextId: device.context.id });
  /** The first file there that is complete. */
  return async () => {
    for (const end = Date.now() + 30_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 50))) {
      const [file] = (await readdir(downloads)).filter((file) => !file.endsWith(".crdownload") && !file.startsWith("."));
      if (file) return readFile(path.join(downloads, file));
    }
    throw new Error("nothing was saved");
  };
}

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** Chooses a new file of so many bytes. */
async function choose(page, name, size) {
  const content = Buffer.from(random.bytes(size));
  await writeFile(path.join(folder, name), content);
  await (await page.$("#choose")).uploadFile(path.join(folder, name));
  return content;
}

/** The rows of the list, as text. */
const rows = (page) => page.$$eval("#list li", (rows) => rows.map((row) => row.innerText.replace(/\s+/g, " ").trim()));

test("files: what is offered and accepted arrives byte for byte, its name is text, and who comes later is offered it too", async () => {
  const devices = await openExample("files", 1);
  const [giver] = devices;
  const name = "<img src=x onerror=document.title=1>.bin";
  const content = await choose(giver.page, name, 3_000_000);
  devices.push(await openDevice(chromium, await untilLink(giver.page)));
  const taker = devices[1];
  await until(taker.page, "the offer", () => document.querySelector("#list .name"));
  assert.equal(await taker.page.$eval("#list .name", (element) => element.textContent), name);
  assert.equal(await taker.page.$("#list img"), null);
  assert.match((await rows(taker.page))[0], /^<img .* 3\.0 MB from .* Do you want it\? Accept No, thanks$/);
  const saved = await savingTo(taker, "taken");
  await press(taker.page, "#list .yes");
  await until(taker.page, "it arrived", () => document.querySelector("#list .save:not([hidden])"));
  await until(giver.page, "the giver knows", () => document.querySelector("#list .state").textContent === "arrived");
  await press(taker.page, "#list .save");
  assert.equal(sha256(await saved()), sha256(content));

  // No, thanks; and nothing at all, which is a file, too.
  await choose(giver.page, "unwanted.bin", 10_000);
  await until(taker.page, "another offer", () => document.querySelectorAll("#list li").length === 2);
  await press(taker.page, "#list li .no");
  await until(giver.page, "the refusal", () => document.querySelector("#list .state").textContent === "stopped there");
  await choose(giver.page, "nothing.bin", 0);
  await until(taker.page, "an offer of nothing", () => document.querySelectorAll("#list li").length === 3);
  await press(taker.page, "#list li .yes");
  await until(giver.page, "it arrived", () => document.querySelector("#list .state").textContent === "arrived");
  assert.equal(await taker.page.title(), "File drop · Beckon");
  await closeAll(devices);
});

test("files: a connection that is lost half-way is nothing that the person has to know of", async () => {
  const cut = (page) =>
    page.evaluateOnNewDocument(() => {
      const { RTCPeerConnection } = window;
      const connections = [];
      window.connections = connections;
      window.RTCPeerConnection = class extends RTCPeerConnection {
        constructor(...options) {
          super(...options);
          connections.push(this);
        }
      };
      const value = Object.getOwnPropertyDescriptor(HTMLProgressElement.prototype, "value");
      Object.defineProperty(HTMLProgressElement.prototype, "value", {
        ...value,
        set(part) {
          value.set.call(this, part);
          if (!window.cutAt && part > 0.3 && window.taking) {
            window.cutAt = part;
            for (const connection of connections) connection.close();
          }
        },
      });
    });
  const devices = await openExample("files", 2, cut);
  const [giver, taker] = devices;
  const content = await choose(giver.page, "large.bin", 10_000_000);
  const saved = await savingTo(taker, "cut");
  await until(taker.page, "the offer", () => document.querySelector("#list .yes"));
  await taker.page.evaluate(() => (window.taking = true));
  await press(taker.page, "#list .yes");
  await until(taker.page, "it arrived", () => document.querySelector("#list .save:not([hidden])"));
  const { cutAt, connections } = await taker.page.evaluate(() => ({ cutAt: window.cutAt, connections: window.connections.length }));
  assert.ok(cutAt > 0.3 && cutAt < 0.6 && connections > 1, `cut at ${cutAt}, ${connections} connections`);
  await press(taker.page, "#list .save");
  assert.equal(sha256(await saved()), sha256(content));
  await closeAll(devices);
});

test("files: what is too large is refused, and what was never accepted is not kept", async () => {
  const devices = [...(await openExample("files", 1)), await openDevice(chromium, origin)];
  const [taker, stranger] = devices.map(({ page }) => page);
  const link = new URL(new URL(await untilLink(taker)).hash, beckon.url).href;
  const heard = await stranger.evaluate(
    async (library, link) => {
      const { join } = await import(library);
      const room = join(link, { name: "Stranger" });
      const [peer] = await new Promise((resolve) => room.addEventListener("peer", () => resolve(room.peers)));
      const answer = new Promise((resolve) => peer.addEventListener("message", ({ data }) => resolve(data)));
      await peer.send({ offer: 1, name: "large", size: 1e9 + 1 });
      await peer.send({ offer: 2, name: "evil\u202Egpj\u200b.exe", size: 4 });
      const fates = [2, 3, { offer: 2 }].map((metadata) => peer.send(new Blob(["evil"]), { metadata }).catch(({ code }) => code));
      return [await answer, ...(await Promise.all(fates))];
    },
    new URL("/beckon.js", beckon.url).href,
    link,
  );
  assert.deepEqual(heard, [{ no: 1 }, "cancelled", "cancelled", "cancelled"]);
  assert.equal((await rows(taker)).length, 1);
  assert.match((await rows(taker))[0], /^evil gpj \.exe 1 kB from Stranger Do you want it\? Accept No, thanks$/);
  await closeAll(devices);
});

test("a damaged link is said to be one", async () => {
  for (const name of PAGES) {
    const { page, close } = await openDevice(chromium, new URL(`/examples/${name}#short`, beckon.url));
    await untilText(page, "This link is damaged. Some characters at its end are missing.");
    await close();
  }
});

test("what is shown is what runs: as it was written, with one import", async () => {
  const imports = { "chat.js": ["../beckon.js"], "cursor.js": ["../beckon.js"], "files.js": ["../beckon.js", "./row.js"], "row.js": [] };
  const seen = [];
  for (const name of PAGES) {
    const { page, troubles, close } = await openDevice(chromium, new URL(`/examples/${name}`, beckon.url));
    const sources = await page.$$eval("code[data-source]", (codes) => codes.map((code) => code.dataset.source));
    assert.ok(sources.includes(`/examples/${name}.js`));
    for (const source of sources) {
      const written = await readFile(new URL(`public${source}`, ROOT), "utf8");
      await until(page, source, (source, text) => document.querySelector(`[data-source="${source}"]`).textContent === text, source, written);
      assert.ok(
        await page.evaluate(
          (source) =>
            performance
              .getEntriesByName(new URL(source, location.href).href)
              .some((entry) => /** @type {PerformanceResourceTiming} */ (entry).initiatorType !== "fetch"),
          source,
        ),
        `${source} runs`,
      );
      const file = source.split("/").at(-1);
      assert.deepEqual(
        [...written.matchAll(/from ["']([^"']+)["']/g)].map(([, from]) => from),
        imports[file],
      );
      seen.push(file);
    }
    assert.deepEqual(troubles, []);
    await close();
  }
  assert.deepEqual(seen, Object.keys(imports));
});

/** The code on the page, by name, with this server's address in it. */
async function snippets() {
  const { page, troubles, close } = await openDevice(chromium, new URL("/examples/", beckon.url));
  await untilText(page, beckon.url.host);
  const all = await page.$$eval("pre", (pres) => pres.map((pre) => [pre.dataset.run, pre.textContent]));
  assert.deepEqual(troubles, []);
  await close();
  return Object.fromEntries(all);
}

test("every piece of code on the page does what is said beside it", async () => {
  const code = await snippets();
  const run = new Set();
  const take = (name) => (run.add(name), code[name]);

  // The whole of it, in a page with a policy.
  elsewhere.set("/whole.js", [{}, `console.log = (...words) => (window.logged ??= []).push(words.join(' '));\n${take("whole")}`]);
  const policy = take("policy")
    .match(/^Content-Security-Policy:\s+([^]*)$/)[1]
    .replace(/\s+/g, " ");
  elsewhere.set("/guarded", [{ "Content-Security-Policy": policy }, '<!doctype html><script type="module" src="/whole.js"></script>']);
  const whole = [await openDevice(chromium, `${origin}guarded`)];
  await until(whole[0].page, "a room", () => location.hash);
  whole.push(await openDevice(chromium, whole[0].page.url()));
  for (const { page } of whole) await until(page, "hello", () => window.logged?.some((line) => line.endsWith(" hello world")));
  await closeAll(whole);

  // The rest, in two pages that are connected.
  const enter = async (library, link, name) => {
    const { join } = await import(library);
    window.logged = [];
    window.heard = [];
    console.log = (...words) => window.logged.push(words.join(" "));
    window.room = join(link, { name });
    window.room.addEventListener("message", ({ data }) => window.heard.push(data));
    window.file = new Blob([new Uint8Array(1_000_000).fill(7)]);
    const Code = /** @type {FunctionConstructor} */ ((async () => {}).constructor);
    window.run = (code, peer = window.room.peers[0]) => {
      window.logged.length = 0;
      return new Code("join", "room", "peer", "file", `{${code}}`)(join, window.room, peer, window.file);
    };
    await window.room.ready;
    return window.room.link;
  };
  const library = new URL("/beckon.js", beckon.url).href;
  const devices = [await openDevice(chromium, origin), await openDevice(chromium, origin)];
  const [first, second] = devices.map(({ page }) => page);
  const link = await first.evaluate(enter, library, beckon.url.href, "Amber");
  await second.evaluate(enter, library, link, "Blue");
  await until(first, "connected", () => window.room.peers[0]?.state === "open" && window.room.peers[0].name === "Blue");
  const perform = (page, name) => page.evaluate((code) => window.run(code), take(name));
  const untilLogged = (page, ...lines) => until(page, `it says ${lines}`, (lines) => lines.every((line) => window.logged.includes(line)), lines);

  await perform(first, "people");
  await until(second, "the new name", () => window.room.peers[0]?.name === "Kitchen tablet");
  devices.push(await openDevice(chromium, origin));
  await devices[2].page.evaluate(enter, library, link, "Coral");
  await untilLogged(first, "1", "Coral is here");
  await until(first, "it is connected", () => window.logged.some((line) => line.endsWith(" open")));
  await devices.pop().close();
  await untilLogged(first, "Coral left");

  await perform(second, "messages");
  await first.evaluate(() => window.room.broadcast("dinner"));
  await untilLogged(second, "Kitchen tablet dinner", "dinner");

  await second.evaluate(() => (window.heard.length = 0));
  await perform(first, "send");
  await untilLogged(first, "Blue");
  await until(second, "all of it", () => window.heard.length === 3);
  assert.deepEqual(await second.evaluate(() => window.heard.map((data) => (typeof data === "string" ? data : [...new Uint8Array(data)]))), [
    "dinner is ready",
    [1, 2, 3],
    "dinner!",
  ]);

  await second.evaluate(() => (window.heard.length = 0));
  await perform(first, "much");
  assert.deepEqual(await second.evaluate(() => [window.heard.length, window.heard[0].size]), [1, 1_000_000]);
  await untilLogged(first, "1000000 of 1000000");

  await perform(first, "loose");
  await first.evaluate(() => dispatchEvent(new PointerEvent("pointermove", { clientX: 12, clientY: 34 })));
  await until(second, "the position", () => window.heard.at(-1) === "12 34");

  await perform(first, "errors");
  await until(first, "the error", () => /^too-long .*16384/.test(window.logged[0]) && window.logged.length === 2);

  await perform(first, "leave");
  await untilLogged(first, "closed");

  await first.evaluate((code) => window.room.addEventListener("peer", ({ peer }) => window.run(code, peer)), take("path"));
  const third = await openDevice(chromium, origin);
  await third.page.evaluate(enter, library, link, "Coral");
  await until(first, "the path", () => window.logged.some((line) => /^direct \d/.test(line)));
  await third.close();
  await closeAll(devices);

  // And without any page.
  const home = path.join(folder, "node");
  const installed = path.join(home, "node_modules/beckon");
  await mkdir(path.join(installed, "lib"), { recursive: true });
  await symlink(fileURLToPath(new URL("node_modules/node-datachannel", ROOT)), path.join(home, "node_modules/node-datachannel"));
  await writeFile(path.join(installed, "package.json"), '{ "type": "module", "exports": "./beckon.js" }');
  for (const file of ["beckon.js", "lib/path-care.js", "lib/transfers.js"])
    await writeFile(path.join(installed, file), await (await beckon.fetch(`/${file}`)).text());
  await writeFile(path.join(home, "program.mjs"), take("node"));
  const person = await openDevice(chromium, origin);
  const room = await person.page.evaluate(enter, library, beckon.url.href, "Amber");
  const program = spawn(process.execPath, ["program.mjs", room], { cwd: home, stdio: "inherit" });
  try {
    await until(person.page, "the program is in the room", () => window.room.peers[0]?.name === "Garage door");
    await person.page.evaluate(() => window.room.broadcast("hello"));
    await until(person.page, "its answer", () => window.heard.includes("hello to you, too"));
  } finally {
    program.kill();
  }
  await closeAll([person]);
  assert.deepEqual([...run].sort(), Object.keys(code).sort(), "a piece of code that nobody has run");
});

test("in a page whose policy does not allow the socket, the room stays away", async () => {
  const policy = `script-src 'self' ${beckon.url.origin}; connect-src 'self'`;
  const program = `import { join } from '${beckon.url.origin}/beckon.js';\nconst room = join('${beckon.url}');\nroom.addEventListener('state', () => (window.state = room.state));`;
  elsewhere.set("/blocked.js", [{}, program]);
  elsewhere.set("/blocked", [{ "Content-Security-Policy": policy }, '<!doctype html><script type="module" src="/blocked.js"></script>']);
  const { page, close } = await openDevice(chromium, `${origin}blocked`);
  await until(page, "away", () => window.state === "away");
  await close();
});
