// A server that takes no time: pages from memory, and frames passed on within one process. It serves Beckon's own pages with a room
// behind them, and `/bare`, two pages that do nothing but connect.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { gzipSync } from "node:zlib";
import { WebSocketServer } from "ws";
import { headersFor, parseHeaders } from "../../package/server/site/headers.js";
import { isText, typeOf } from "../../package/server/site/types.js";

const SITE = new URL("../../build/site/", import.meta.url);
const BARE = '<!doctype html><link rel="icon" href="data:,"><title>Bare</title><script type="module" src="/bare.js"></script>';

/** @typedef {{ type: string, body: Buffer, headers: Iterable<[string, string]> }} Page */

/** Everything that can be asked for, ready to be sent. @returns {Map<string, Page>} */
function pages() {
  const rules = parseHeaders(readFileSync(new URL("_headers", SITE), "utf8"));
  const all = new Map(
    /** @type {[string, Page][]} */ ([
      ["/bare", { type: "text/html; charset=utf-8", body: gzipSync(BARE), headers: [] }],
      ["/bare.js", { type: "text/javascript", body: gzipSync(readFileSync(new URL("bare.js", import.meta.url))), headers: [] }],
    ]),
  );
  for (const name of readdirSync(SITE, { recursive: true, encoding: "utf8" })) {
    if (!statSync(new URL(name, SITE)).isFile() || !isText(typeOf(name))) continue;
    const path = `/${name}`.replace(/\/index\.html$/, "/");
    all.set(path, { type: typeOf(name), body: gzipSync(readFileSync(new URL(name, SITE))), headers: headersFor(path, rules) });
  }
  return all;
}

/** @typedef {import("ws").WebSocket} Socket */

export async function serveInstantly() {
  const all = pages();
  const server = createServer((request, response) => {
    const page = all.get((request.url ?? "").replace(/\?.*/, ""));
    if (!page) return void response.writeHead(404).end();
    for (const [name, value] of page.headers) response.setHeader(name, value);
    response.writeHead(200, { "Content-Type": page.type, "Content-Encoding": "gzip" }).end(page.body);
  });
  const sockets = new WebSocketServer({ server });
  /** Who is where. @type {Map<string, Map<string, Socket>>} */
  const rooms = new Map();
  let count = 0;
  sockets.on("connection", (socket, request) => {
    const query = new URL(request.url ?? "", "http://localhost").searchParams;
    const key = query.get("key") ?? "";
    const room = rooms.get(key) ?? new Map();
    rooms.set(key, room);
    const id = query.get("id") ?? `peer-${count++}`;
    const others = [...room.keys()];
    socket.on("close", () => room.delete(id));
    if (key) {
      socket.send(JSON.stringify({ type: "OPEN", payload: { id, peers: others, iceServers: [], ttl: 3600 } }));
      for (const other of room.values()) other.send(JSON.stringify({ type: "JOIN", src: id }));
    } else if (others.length) {
      socket.send('{"present":true}');
    }
    room.set(id, socket);
    socket.on("message", (data) => {
      const words = JSON.parse(String(data));
      if (!key) [...room.keys()].filter((other) => other !== id).forEach((other) => room.get(other)?.send(String(data)));
      else if (words.type === "HEARTBEAT") socket.send("pong");
      else room.get(words.dst)?.send(JSON.stringify({ ...words, src: id }));
    });
  });
  await new Promise((settle) => server.listen(0, "127.0.0.1", () => settle(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    url: new URL(`http://127.0.0.1:${port}/`),
    close: () => (sockets.clients.forEach((socket) => socket.terminate()), server.closeAllConnections(), server.close()),
  };
}
