import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { after, before, test } from "node:test";
import { anyBeckon, BLOCKS, link, openDevice, openFilter, press, startChromium, until } from "./browser.mjs";
import { serveElsewhere } from "./elsewhere.mjs";

const PUBLIC = new URL("../../public/", import.meta.url);

let beckon;
let chromium;
let elsewhere;
let origin;
before(async () => {
  [beckon, chromium] = await Promise.all([anyBeckon(), startChromium()]);
  elsewhere = await serveElsewhere();
  origin = elsewhere.url;
});
after(async () => {
  elsewhere?.close();
  await chromium?.close();
  await beckon?.close();
});

/** Every file that is ours and served, folders included. */
async function published() {
  const entries = await readdir(PUBLIC, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => path.relative(fileURLToPath(PUBLIC), path.join(parentPath, name)));
  assert.ok(files.includes("examples/index.html"));
  return files.filter((file) => !file.startsWith("_") && !file.startsWith("vendor"));
}

/** The modules that `entry` imports, with itself. */
async function graph(entry, found = new Set()) {
  if (found.has(entry)) return found;
  found.add(entry);
  const source = await readFile(new URL(entry, PUBLIC), "utf8");
  for (const [, name] of source.matchAll(/^(?:import|export) [^;]*?from ["'](\.[\w./-]+)["'];/gm))
    await graph(path.posix.join(path.posix.dirname(entry), name), found);
  return found;
}

test("imported from another origin it joins rooms, sends, receives and leaves, and touches nothing else", async () => {
  const devices = [await openDevice(chromium, origin), await openDevice(chromium, origin)];
  const [first, second] = devices.map(({ page }) => page);
  const join = async (library, link, name) => {
    const before = Object.getOwnPropertyNames(window).length;
    const { join } = await import(library);
    if (Object.getOwnPropertyNames(window).length !== before) throw new Error("the import left something behind");
    const room = join(link, { name });
    window.room = room;
    window.heard = [];
    window.seen = [];
    window.ended = false;
    room.addEventListener("left", ({ peer }) => window.seen.push(`${peer.name} left`));
    (async () => {
      for await (const { from, data } of room) window.heard.push(`${from.name}: ${data}`);
      window.ended = true;
    })();
    await room.ready;
    return room.link;
  };
  const library = new URL("/beckon.js", beckon.url).href;
  const link = await first.evaluate(join, library, beckon.url.href, "Amber");
  assert.equal(await second.evaluate(join, library, link, "Blue"), link);
  await until(first, "the other is connected", () => window.room.peers[0]?.state === "open" && window.room.peers[0].path === "direct");
  await until(second, "the name has arrived", () => window.room.peers[0]?.name === "Amber");
  assert.deepEqual(await first.evaluate(async () => (await window.room.broadcast("hello world")).map(({ name }) => name)), ["Blue"]);
  await until(second, "the message", () => window.heard.includes("Amber: hello world"));
  const thrown = (page, data, how) =>
    page.evaluate(
      (data, how) => {
        try {
          window.room.peers[0].send(data, how);
        } catch ({ name, code }) {
          return `${name} ${code}`;
        }
      },
      data,
      how,
    );
  assert.equal(await second.evaluate(() => window.room.peers[0].connection instanceof RTCPeerConnection), true);

  const long = (page, length) => page.evaluate((length) => window.room.peers[0].send("x".repeat(length)).then(() => "arrived"), length);
  assert.deepEqual([await long(first, 256_000), await long(first, 256_001)], ["arrived", "arrived"]);
  assert.deepEqual(await second.evaluate(() => window.heard.map(({ length }) => length)), [18, 256_007, 256_008]);

  await first.evaluate(() => window.room.peers[0].send("may be lost", { reliable: false }));
  await until(second, "what may be lost has not been", () => window.heard.includes("Amber: may be lost"));
  assert.equal(await thrown(first, "x".repeat(16_385), { reliable: false }), "BeckonError too-long");
  await first.evaluate(() => window.room.peers[0].send({ answer: [42, null] }));
  await until(second, "a value", () => window.heard.includes("Amber: [object Object]"));

  await second.evaluate(() => {
    window.room.onrequest = (value, peer) => [value, peer.name];
    window.room.presence = { at: 1 };
  });
  assert.deepEqual(await first.evaluate(() => window.room.peers[0].request("who?")), ["who?", "Amber"]);
  await until(first, "what the other shows", () => window.room.peers[0].presence?.at === 1);
  assert.equal(await second.evaluate(() => window.room.peers[0].request("who?").catch(({ code }) => code)), "no-handler");

  await first.evaluate(() => window.room.close());
  await until(first, "the iteration ended", () => window.ended && window.room.state === "closed" && window.room.error.code === "closed");
  await until(second, "it was seen to leave", () => window.seen.includes("Amber left") && !window.room.peers.length);
  for (const { troubles, close } of devices) {
    assert.deepEqual(troubles, []);
    await close();
  }
});

/** Two pages join a fresh room, and note what they hear. */
async function meet(first, second) {
  const join = async (base, link) => {
    const { join } = await import(new URL("/beckon.js", base).href);
    window.room = join(link);
    window.heard = [];
    window.room.addEventListener("message", ({ data }) => window.heard.push(data));
    await window.room.ready;
    return window.room.link;
  };
  const link = await first.evaluate(join, beckon.url.href, beckon.url.href);
  await second.evaluate(join, beckon.url.href, link);
}

test("in a sandboxed frame without an origin, without storage, and with a policy that trusts nothing it joins, and says who it is at once", async () => {
  const { page, troubles, close } = await openDevice(chromium, origin);
  await page.evaluate(
    async (library, server) => {
      const { join } = await import(library);
      window.room = join(server);
      window.heard = [];
      window.room.addEventListener("message", ({ from, data }) => window.heard.push([from.name, data]));
      await window.room.ready;
      const policy = `default-src 'none'; script-src 'nonce-ours' ${new URL(library).origin}; connect-src ${server.replace("http", "ws")}; require-trusted-types-for 'script'; trusted-types 'none'`;
      const program = `import { join } from "${library}";
        const room = join("${window.room.link}", { name: "Sandboxed" });
        for await (const { from, data } of room) from.send({ origin, name: room.name, data });`;
      const frame = Object.assign(document.createElement("iframe"), {
        srcdoc: `<meta http-equiv="Content-Security-Policy" content="${policy}"><script type="module" nonce="ours">${program}</${"script"}>`,
      });
      frame.sandbox.add("allow-scripts");
      document.body.append(frame);
    },
    new URL("/beckon.js", beckon.url).href,
    beckon.url.href,
  );
  await until(page, "it is connected", () => window.room.peers[0]?.state === "open" && window.room.peers[0].name === "Sandboxed");
  await page.evaluate(() => window.room.broadcast("hello"));
  await until(page, "its answer", () => window.heard.length);
  assert.deepEqual(await page.evaluate(() => window.heard), [["Sandboxed", { origin: "null", name: "Sandboxed", data: "hello" }]]);
  assert.deepEqual(troubles, []);
  await close();
});

test("bytes, and much at once: whole, in order, and never more in a channel than it bears", async () => {
  const devices = [await openDevice(chromium, origin), await openDevice(chromium, origin)];
  const [first, second] = devices.map(({ page }) => page);
  await meet(first, second);
  await until(
    first,
    "the path and its latency are known",
    () => window.room.peers[0]?.path === "direct" && window.room.peers[0].latency >= 0 && window.room.peers[0].latency !== null,
  );
  const most = await first.evaluate(async () => {
    const [peer] = window.room.peers;
    const pieces = Array.from({ length: 60 }, (_, n) => new Uint8Array(250_000).fill(n));
    let most = 0;
    const { send } = RTCDataChannel.prototype;
    RTCDataChannel.prototype.send = function (data) {
      send.call(this, data);
      most = Math.max(most, this.bufferedAmount);
    };
    const sent = pieces.map((piece) => peer.send(piece));
    sent.push(peer.send("the end"));
    pieces[59].fill(0); // what was sent is not changed by what comes after
    await Promise.all(sent);
    return most;
  });
  assert.ok(most > 0 && most < 2_000_000, `${most} bytes in a channel`);
  const heard = await second.evaluate(() =>
    window.heard.map((data) =>
      typeof data === "string" ? data : data.byteLength === 250_000 && new Set(new Uint8Array(data)).size === 1 && new Uint8Array(data)[0],
    ),
  );
  assert.deepEqual(heard, [...Array(60).keys(), "the end"]);
  await first.evaluate(() => window.room.peers[0].send(new Uint16Array([1, 2]), { reliable: false }));
  await until(second, "loose bytes", () => window.heard.length === 62);
  assert.deepEqual(await second.evaluate(() => [...new Uint16Array(window.heard[61])]), [1, 2]);
  for (const { troubles, close } of devices) {
    assert.deepEqual(troubles, []);
    await close();
  }
});

test("a network that lets requests through and blocks sockets is told from a server that is away, however it blocks them", async () => {
  const filters = await Promise.all(Object.values(BLOCKS).map((block) => openFilter(beckon.url, block)));
  const context = await chromium.createBrowserContext();
  const page = await context.newPage();
  await page.goto(origin);
  await page.evaluate(
    async (library, links) => {
      const { join } = await import(library);
      window.rooms = links.map((link) => join(link));
    },
    new URL("/beckon.js", beckon.url).href,
    filters.map(({ url }) => url.href),
  );
  await until(page, "all say that the network blocks them", () =>
    window.rooms.every((room) => room.state === "away" && room.error?.code === "socket-blocked" && room.retryAt > 0),
  );
  for (const { through } of filters) through.sockets = true;
  await page.evaluate(() => window.rooms.forEach((room) => room.retry()));
  await until(page, "all are let in", () => window.rooms.every((room) => room.state === "open" && room.error === null));
  await context.close();
  for (const { close } of filters) close();
});

test("a damaged link and an aborted join are errors with a code", async () => {
  const { page, close } = await openDevice(chromium, origin);
  const codes = await page.evaluate(async (base) => {
    const { join, BeckonError } = await import(new URL("/beckon.js", base).href);
    const codes = [];
    try {
      join(`${base}#short`);
    } catch (error) {
      codes.push(error instanceof BeckonError && error.code);
    }
    const abort = new AbortController();
    const room = join(base, { signal: abort.signal });
    abort.abort();
    codes.push(await room.ready.catch(({ code }) => code), room.state);
    codes.push(await join(base, { signal: AbortSignal.abort() }).ready.catch(({ code }) => code));
    return codes;
  }, beckon.url.href);
  assert.deepEqual(codes, ["damaged-link", "closed", "closed", "closed"]);
  await close();
});

test("a message whose confirmation was lost with its connection is sent again, and delivered once", async () => {
  const devices = [await openDevice(chromium, origin), await openDevice(chromium, origin)];
  const [first, second] = devices.map(({ page }) => page);
  for (const page of [first, second]) {
    await page.evaluate(() => {
      const { send } = RTCDataChannel.prototype;
      RTCDataChannel.prototype.send = function (data) {
        if (!window.silent || !String(data).includes('"ack"')) send.call(this, data);
      };
    });
  }
  await meet(first, second);
  const connected = () => window.room.peers[0]?.state === "open";
  await until(first, "connected", connected);
  await until(second, "connected", connected);
  await second.evaluate(() => (window.silent = true));
  await first.evaluate(() => {
    window.receipts = [];
    for (const text of ["one", "two"]) window.room.peers[0].send(text).then(() => window.receipts.push(text));
  });
  await until(second, "both have arrived", () => window.heard.length === 2);
  assert.deepEqual(await first.evaluate(() => window.receipts), []);
  await second.evaluate(() => {
    window.silent = false;
    window.room.peers[0].connection.close(); // what a failure looks like to the other side
  });
  await until(first, "both are confirmed", () => window.receipts.join() === "one,two");
  await first.evaluate(() => window.room.peers[0].send("three"));
  assert.deepEqual(await second.evaluate(() => window.heard), ["one", "two", "three"]);
  for (const { close } of devices) await close();
});

test("every module of the library may be imported from elsewhere, and the first says where its types are", async () => {
  const types = (await beckon.fetch("/beckon.js")).headers.get("x-typescript-types") ?? "";
  const { status, headers } = await beckon.fetch(new URL(types, "https://beckon.example/beckon.js").pathname);
  assert.deepEqual([types, status, headers.get("access-control-allow-origin")], ["./beckon.d.ts", 200, "*"]);
  for (const file of await graph("beckon.js")) {
    const { status, headers } = await beckon.fetch(`/${file}`);
    assert.deepEqual([status, headers.get("access-control-allow-origin"), headers.get("cross-origin-resource-policy")], [200, "*", "cross-origin"], file);
  }
});

test("the library weighs at most 15.54 kB, with everything it imports, as it is served", async () => {
  let weight = 0;
  const wanted = ["beckon.js"];
  for (const file of wanted) {
    const source = await (await beckon.fetch(`/${file}`)).text();
    weight += gzipSync(source).length;
    for (const [, name] of source.matchAll(/(?:from|import)\s*["']\.\/([\w.-]+)["']/g)) if (!wanted.includes(name)) wanted.push(name);
  }
  console.log(`# ${weight} bytes, gzipped, in ${wanted.length} files`);
  assert.ok(weight <= 15_540, `${weight} bytes`);
});

test("the page weighs at most 30.55 kB, with the library and all that comes before anything is clicked", async () => {
  const context = await chromium.createBrowserContext();
  const page = await context.newPage();
  const loaded = new Map();
  page.on("response", async (response) => response.request().method() === "GET" && loaded.set(new URL(response.url()).pathname, response));
  // What a page looks at every 8 s is no part of its beginning, however long that takes.
  await page.evaluateOnNewDocument(() => {
    const { setInterval } = window;
    Object.assign(window, { setInterval: (act, ms, ...rest) => (ms === 8_000 ? 0 : setInterval(act, ms, ...rest)) });
  });
  await page.goto(beckon.url.href, { waitUntil: "networkidle0" });
  await until(page, "a code", () => document.querySelector("#qr path"));
  const weigh = async () => {
    const weights = {};
    // The manifest and the icon in the tab are fetched by the browser itself, where no test sees it.
    for (const path of new Set([...loaded.keys(), "/manifest.webmanifest", "/icon.svg"]))
      weights[path] = gzipSync(await (await beckon.fetch(path)).text()).length;
    return weights;
  };
  const sum = (weights) => Object.values(weights).reduce((total, weight) => total + weight, 0);
  const first = await weigh();
  const other = await context.newPage();
  await other.goto(await link(page));
  await until(page, "they are connected", () => document.querySelector("[data-state=open]"));
  await page.bringToFront();
  await press(page, "#people summary");
  await until(page, "the details", () => document.querySelectorAll("#people dt").length);
  const later = sum(await weigh()) - sum(first);
  await context.close();
  console.log(
    `# ${sum(first)} bytes, gzipped: ${Object.entries(first)
      .map(([path, weight]) => `${path} ${weight}`)
      .join(", ")}; ${later} more when somebody opens the details`,
  );
  for (const path of ["/", "/lib/key-store.js", "/vendor/lean-qr.mjs"]) assert.ok(path in first, `${path} is counted`);
  assert.ok(later > 500, "the details come when they are opened");
  assert.ok(sum(first) <= 30_550, `${sum(first)} bytes`);
});

test("what is for reading is served as it was written", async () => {
  const examples = (await published()).filter((file) => file.startsWith("examples/") && file.endsWith(".js"));
  for (const file of ["classroom/classroom.js", "beckon.d.ts", ...examples]) {
    assert.equal(await (await beckon.fetch(`/${file}`)).text(), await readFile(new URL(file, PUBLIC), "utf8"));
  }
});

test("no page puts text where markup is read, nor makes code of it", async () => {
  const sinks =
    /innerHTML|outerHTML|insertAdjacentHTML|setHTML|parseFromString|createContextualFragment|document\.write|\beval\(|new Function|set(?:Timeout|Interval)\(\s*['"`]|srcdoc|javascript:|execCommand|importScripts|createPolicy/i;
  for (const file of (await published()).filter((file) => /\.(js|html)$/.test(file))) {
    const source = await readFile(new URL(file, PUBLIC), "utf8");
    assert.doesNotMatch(source, sinks, file);
    if (file.endsWith(".html")) assert.doesNotMatch(source, /<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|<base|<iframe|<object|<embed|http-equiv/i, file);
  }
});
