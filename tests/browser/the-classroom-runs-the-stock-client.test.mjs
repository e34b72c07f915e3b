import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import http from "node:http";
import { test } from "node:test";
import { openDevice, openDoor, ownBeckon, press, stage, until, untilText, within, write } from "./browser.mjs";
import { connectedPupils, pupil } from "./classroom.mjs";

const { beckon, chromium } = await stage({}, ownBeckon);

test("type my id, type the other one, connect, click: the other browser alerts hello world, both ways", async () => {
  const [osama, layla] = await connectedPupils(chromium, beckon.url);
  for (const [from, to] of [
    [layla, osama],
    [osama, layla],
  ]) {
    const heard = to.said();
    await press(from.page, "#hello");
    assert.equal(await within("an alert", heard), "alert: hello world");
  }
  await layla.page.close({ runBeforeUnload: true });
  await untilText(osama.page, "layla is gone");
  assert.deepEqual([...osama.troubles, ...layla.troubles], []);
  await osama.close();
  await layla.close();
});

test("a taken id, an impossible id, an absent peer and a lost server are said in the words of the stock client", async () => {
  const door = await openDoor(beckon.url);
  const first = await pupil(chromium, door.url, "fatima");
  await untilText(first.page, "You are fatima");
  const second = await pupil(chromium, door.url, "fatima");
  await untilText(second.page, 'ID "fatima" is taken');
  await write(second.page, "#my-id", "no@way");
  await press(second.page, "#start");
  await untilText(second.page, 'ID "no@way" is invalid');
  await press(second.page, "#connect");
  await untilText(second.page, "First type your own id and start.");
  await press(second.page, "#hello");
  await untilText(second.page, "Connect to another device first.");
  await write(first.page, "#other-id", "nobody");
  await press(first.page, "#connect");
  await untilText(first.page, "Could not connect to peer nobody");
  door.shut();
  await untilText(first.page, "Lost connection to server.");
  assert.deepEqual([...first.troubles, ...second.troubles], []);
  await first.close();
  await second.close();
});

test("the program that is shown is the program that runs", async () => {
  const { page, close } = await openDevice(chromium, new URL("/classroom.html", beckon.url));
  const source = await readFile(new URL("../../public/classroom/classroom.js", import.meta.url), "utf8");
  await until(page, "the program", () => document.getElementById("code").textContent);
  assert.equal(await page.$eval("#code", (code) => code.textContent), source);
  assert.deepEqual(await page.$$eval("script", (scripts) => scripts.map(({ src }) => new URL(src).pathname)), [
    "/shared/loading.js",
    "/vendor/peerjs.min.js",
    "/classroom/classroom.js",
    "/classroom/lesson.js",
  ]);
  const [served, stock] = [
    await beckon.fetch("/vendor/peerjs.min.js"),
    await readFile(new URL("../../node_modules/peerjs/dist/peerjs.min.js", import.meta.url), "utf8"),
  ];
  assert.equal(await served.text(), stock, "the client is the unmodified one");
  await close();
});

test("a page of another origin uses the stock client with our host, port, path and secure, and nothing else", async () => {
  const client = await readFile(new URL("../../node_modules/peerjs/dist/peerjs.min.js", import.meta.url));
  const elsewhere = http.createServer((request, response) => {
    if (request.url === "/peerjs.min.js") return response.end(client);
    response.setHeader("Content-Type", "text/html");
    response.end('<!doctype html><title>elsewhere</title><script src="/peerjs.min.js"></script>');
  });
  elsewhere.unref();
  await new Promise((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${elsewhere.address().port}/`;
  const [one, two] = [await openDevice(chromium, origin), await openDevice(chromium, origin)];
  const options = { host: beckon.url.hostname, port: Number(beckon.url.port), path: "/", secure: false };
  const start = (options) =>
    new Promise((resolve, reject) => {
      window.heard = [];
      const listen = (connection) => connection.on("data", (data) => window.heard.push(data));
      window.peer = new Peer(options); // no id: it asks GET /peerjs/id, across origins
      window.dial = (id) => {
        window.connection = window.peer.connect(id);
        listen(window.connection);
        window.connection.on("open", () => window.connection.send("hello world"));
      };
      window.peer.on("connection", (connection) => {
        listen(connection);
        connection.on("open", () => connection.send("and to you"));
      });
      window.peer.on("open", resolve);
      window.peer.on("error", (error) => reject(error.type));
    });
  const [id, other] = [await one.page.evaluate(start, options), await two.page.evaluate(start, options)];
  for (const given of [id, other]) assert.match(given, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  await two.page.evaluate((id) => window.dial(id), id);
  await until(one.page, "hello world arrived", () => window.heard.includes("hello world"));
  await until(two.page, "the answer arrived", () => window.heard.includes("and to you"));
  assert.deepEqual([...one.troubles, ...two.troubles], []);
  await one.close();
  await two.close();
  elsewhere.close();
});
