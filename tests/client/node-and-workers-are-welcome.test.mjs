// Where there is no page: what is called `window` need not be one, and sockets differ.
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import http from "node:http";
import { test } from "node:test";
import { WebSocket as Ws } from "ws";
import "./node-webrtc.mjs";
import { watchPage } from "../../public/lib/page-lifecycle.js";
import { openSignalling } from "../../public/lib/signalling.js";

test("a `window` that is no page is no trouble", (t) => {
  for (const window of [globalThis, {}, { document: {} }]) {
    Object.assign(globalThis, { window });
    t.after(() => Reflect.deleteProperty(globalThis, "window"));
    watchPage(new AbortController().signal, { gone() {}, back() {}, look() {}, moved() {} });
  }
});

/** What asks by requests does not come from a server that is not there. @returns {Promise<any>} */
const nowhere = () => Promise.reject(new Error("away"));

/** Opens a socket that fails, and gives how often it was told to be away. */
async function failing(t, fail) {
  class Failing extends EventEmitter {
    onerror = null;
    onclose = null;
    onmessage = null;
    constructor() {
      super();
      queueMicrotask(() => fail(this));
    }
    close() {}
    send() {}
  }
  const real = globalThis.WebSocket;
  globalThis.WebSocket = /** @type {Fake} */ (Failing);
  t.after(() => (globalThis.WebSocket = real));
  const away = [];
  const on = new Proxy(/** @type {Fake} */ ({}), { get: (_, name) => (at) => name === "away" && away.push(at - Date.now()) });
  const signalling = openSignalling(new URL("wss://beckon.example/peerjs"), nowhere, on);
  t.after(() => signalling.close());
  await null; // it has failed
  await new Promise((resolve) => setTimeout(resolve, 1)); // and what that has left for a later turn is done
  return away;
}

test("a server that refuses is tried again soon, where the socket says `error` alone (Node 22), and where both come", async (t) => {
  for (const fail of [
    (socket) => socket.onerror?.({ type: "error" }),
    (socket) => (socket.onerror?.({ type: "error" }), socket.onclose?.({ code: 1006 })),
    (socket) => socket.onclose?.({ code: 1006 }),
  ]) {
    const [wait = Infinity, ...more] = await failing(t, fail);
    assert.ok(wait < 1_000, `${wait} ms`);
    assert.deepEqual(more, [], "once");
  }
});

for (const [name, Socket] of Object.entries({ "Node's own": globalThis.WebSocket, ws: Ws })) {
  test(`${name} WebSocket, whose server refuses it: away for a moment, and no process dies of it`, { timeout: 60_000 }, async (t) => {
    const server = http.createServer((_request, response) => response.writeHead(403).end());
    server.on("upgrade", (_request, socket) => socket.end("HTTP/1.1 403 Forbidden\r\n\r\n"));
    await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
    t.after(() => server.close());
    const real = globalThis.WebSocket;
    globalThis.WebSocket = /** @type {Fake} */ (Socket);
    t.after(() => (globalThis.WebSocket = real));
    const { port } = /** @type {Fake} */ (server.address());
    const wait = await new Promise((resolve) => {
      const on = new Proxy(/** @type {Fake} */ ({}), { get: (_, name) => (at) => name === "away" && resolve(at - Date.now()) });
      const signalling = openSignalling(new URL(`ws://127.0.0.1:${port}/peerjs`), nowhere, on);
      t.after(() => signalling.close());
    });
    assert.ok(wait < 1_000, `${wait} ms`);
  });
}
