// Methods and targets that no browser sends: each is answered, and none is an exception in the log.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { serve } from "../../tools/serve.mjs";
import { startBeckon } from "./beckon.mjs";

const LINES = [
  "CONNECT example.com:443",
  "CONNECT 127.0.0.1:22",
  "CONNECT /peerjs",
  "CONNECT [::1]:80",
  "CONNECT *",
  "OPTIONS *",
  "GET *",
  "HEAD *",
  "POST *",
  "TRACE *",
  "PRI *",
  "TRACE /",
  "TRACE /peerjs/id",
  "TRACK /",
  "PROPFIND /",
  "PROPFIND /peerjs/id",
  "MKCOL /x",
  "COPY /beckon.js",
  "LOCK /x",
  "PURGE /x",
  "M-SEARCH /",
  "NONSENSE /peerjs/id",
  "get /peerjs/id",
  "Get /",
  "G\u00cbT /",
  "QUERY /peerjs/id",
  "DELETE /peerjs/id",
  "PUT /paths/stun",
  "PATCH /health",
  "GET http://example.com/peerjs/id",
  "GET https://example.com:99999/peerjs/id",
  "GET http://user:word@example.com/peerjs/id",
  "OPTIONS http://example.com/peerjs/id",
  "GET ftp://example.com/peerjs/id",
  "GET http://",
  "GET http:///",
  "GET //",
  "GET //example.com/peerjs/id",
  "GET /\\peerjs\\id",
  "GET /%",
  "GET /%00",
  "GET /?%",
  "GET ?",
  "GET peerjs/id",
  "GET /#x",
  `GET /${"x".repeat(9_000)}`,
];
const HOSTS = ["localhost", "a b", "[::1", "a:99999", "*", "%", "a,b", "ex\u00e4mple", ""];

/** What a server says to one request, as bytes: the status of its answer. */
function said(port, request) {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: false });
  return new Promise((resolve, reject) => {
    let text = "";
    socket.setTimeout(20_000, () => reject(new Error(`no answer to ${request.slice(0, 80)}`)));
    socket.on("error", reject).on("close", () => resolve(Number(/^HTTP\/1\.\d (\d+)/.exec(text)?.[1])));
    socket.on("data", (data) => {
      text += data.toString("latin1");
      if (/\r\n\r\n/.test(text)) socket.destroy();
    });
    socket.write(Buffer.from(request, "latin1"));
  });
}

const SOCKET = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
const requests = [
  ...LINES.map((line) => `${line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`),
  ...HOSTS.flatMap((host) => ["/", "/peerjs/id", "*"].map((path) => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)),
  ...HOSTS.map((host) => `GET /peerjs?key=k&id=a&token=t HTTP/1.1\r\nHost: ${host}\r\n${SOCKET}\r\n`),
  ...["CONNECT", "TRACE", "POST", "OPTIONS"].map((method) => `${method} /peerjs?key=k&id=a&token=t HTTP/1.1\r\nHost: localhost\r\n${SOCKET}\r\n`),
  "GET /peerjs/id HTTP/1.0\r\n\r\n",
  "GET /peerjs/id HTTP/1.1\r\nConnection: close\r\n\r\n",
  "GET /peerjs/id HTTP/0.9\r\n\r\n",
];

test("on a machine of your own", async (t) => {
  const data = mkdtempSync(join(tmpdir(), "beckon-odd-"));
  const server = await serve({ port: 0, ip: "127.0.0.1", data, log: "pipe" });
  t.after(async () => {
    await server.close();
    rmSync(data, { recursive: true, force: true });
  });
  for (const request of requests) {
    const status = await said(server.port, request);
    assert.ok(status >= 101 && status < 600 && status !== 500, `${status} for ${request.slice(0, 120)}`);
  }
  assert.equal(await said(server.port, "OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), 405, "as for the root, which is a page");
  assert.equal(await said(server.port, "GET /peerjs/id HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n"), 400);
  assert.equal((await fetch(`http://127.0.0.1:${server.port}/peerjs/id`)).status, 200, "it goes on");
  assert.equal(server.logged(), "");
});

test("behind Cloudflare's own tools: the Worker logs nothing", async (t) => {
  const beckon = await startBeckon();
  t.after(() => beckon.close());
  // Of CONNECT, and of what is no URL, the tools' own front makes a 500; of the rest none is.
  const front = (request) => /^CONNECT|^\S+ \*|^\S+ .*\r\nHost: (?!localhost)/.test(request);
  for (const request of requests.filter((request) => !front(request))) {
    const status = await said(Number(beckon.url.port), request);
    assert.ok(status >= 101 && status < 600 && status !== 500, `${status} for ${request.slice(0, 120)}`);
  }
  const logged = () => beckon.logs().filter(({ level }) => level === "error" || level === "warn");
  assert.deepEqual(logged(), []);
  for (const request of requests.filter(front)) await said(Number(beckon.url.port), request);
  assert.equal((await beckon.fetch("/peerjs/id")).status, 200);
  // What the front throws is in the same log. (Above, the Worker has been asked the same without a front, and logged nothing.)
  const FRONT = /: failed: remote\.jsg\.(Error: Handler does not export a connect\(\) function|TypeError: Invalid URL string)\.$/;
  assert.deepEqual(
    logged().filter(({ message }) => !FRONT.test(message)),
    [],
  );
});
