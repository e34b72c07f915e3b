// A server for what Beckon's page is compared with: `/bare`, two pages that do nothing but connect, with a server that passes on whatever it is
// given, and `/stock`, two pages with the stock client. Pages come from memory.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { gzipSync } from "node:zlib";
import { WebSocketServer } from "ws";

/** @param {string} title @param {string} scripts */
const page = (title, scripts) => `<!doctype html><link rel="icon" href="data:,"><title>${title}</title>${scripts}`;
/** @param {string} name */
const file = (name) => readFileSync(new URL(name, import.meta.url), "utf8");

const HTML = "text/html; charset=utf-8";
const SCRIPT = "text/javascript";
/** What can be asked for. @type {Record<string, [string, string]>} */
const PAGES = {
  "/bare": [HTML, page("Bare", '<script type="module" src="/bare.js"></script>')],
  "/bare.js": [SCRIPT, file("bare.js")],
  "/stock": [HTML, page("Stock", '<script src="/peerjs.js"></script><script src="/stock.js"></script>')],
  "/stock.js": [SCRIPT, file("stock.js")],
  "/peerjs.js": [SCRIPT, file("../../node_modules/peerjs/dist/peerjs.min.js")],
};

export async function serveBare() {
  const pages = new Map(Object.entries(PAGES).map(([path, [type, text]]) => [path, { type, body: gzipSync(text) }]));
  const server = createServer((request, response) => {
    const page = pages.get((request.url ?? "").replace(/\?.*/, ""));
    if (!page) return void response.writeHead(404).end();
    response.writeHead(200, { "Content-Type": page.type, "Content-Encoding": "gzip", "Content-Length": page.body.length }).end(page.body);
  });
  const sockets = new WebSocketServer({ server });
  sockets.on("connection", (socket) => {
    const others = () => [...sockets.clients].filter((other) => other !== socket);
    if (others().length) socket.send('{"present":true}');
    socket.on("message", (data) => others().forEach((other) => other.send(String(data))));
  });
  await new Promise((settle) => server.listen(0, "127.0.0.1", () => settle(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    port,
    close: () => (sockets.clients.forEach((socket) => socket.terminate()), server.closeAllConnections(), server.close()),
  };
}
