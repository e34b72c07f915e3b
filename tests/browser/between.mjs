// A server between a browser and Beckon, which passes everything on, but for what a test wants otherwise.
import http from "node:http";
import net from "node:net";

/**
 * @param {URL} beckon
 * @param {object} how
 * @param {(request: http.IncomingMessage, response: http.ServerResponse) => boolean} [how.answers] itself, and has
 * @param {(html: string) => string} [how.change] of pages
 * @param {(request: http.IncomingMessage) => false | 'endless' | 'torn'} [how.holds] a page's last script never comes to its end, or the page ends in it
 * @param {(near: import('node:stream').Duplex) => boolean} [how.takes] a socket, and has
 */
export async function startBetween(beckon, { answers = () => false, change, holds = () => /** @type {const} */ (false), takes = () => false }) {
  /** @type {Set<import('node:stream').Duplex>} */
  const sockets = new Set();
  const to = { hostname: beckon.hostname, port: beckon.port };
  const server = http.createServer((request, response) => {
    if (answers(request, response)) return;
    const headers = change ? { ...request.headers, "accept-encoding": "identity" } : request.headers;
    const forwarded = http.request({ ...to, method: request.method, path: request.url, headers }, async (answer) => {
      const isChanged = change && answer.headers["content-type"]?.startsWith("text/html");
      if (isChanged) delete answer.headers["content-length"];
      response.writeHead(/** @type {number} */ (answer.statusCode), answer.headers);
      if (!isChanged) return answer.pipe(response);
      let text = "";
      for await (const data of answer.setEncoding("utf8")) text += data;
      const how = holds(request);
      const part = text.slice(0, how ? text.lastIndexOf("</script>") : undefined);
      if (how === "endless") response.write(change(part));
      else response.end(change(part));
    });
    request.pipe(forwarded.on("error", () => response.destroy()));
  });
  server.on("upgrade", (request, near, head) => {
    const follow = (/** @type {import('node:stream').Duplex} */ socket) => sockets.add(socket.on("close", () => sockets.delete(socket)));
    follow(near.on("error", () => {}));
    if (takes(near)) return;
    const far = net.connect(Number(to.port), to.hostname);
    follow(far);
    far.on("error", () => near.destroy()).on("close", () => near.destroy());
    near.on("close", () => far.destroy());
    const lines = request.rawHeaders.flatMap((name, at) => (at % 2 ? [] : [`${name}: ${request.rawHeaders[at + 1]}`]));
    far.write(`GET ${request.url} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
    far.write(head);
    near.pipe(far).pipe(near);
  });
  server.unref();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {net.AddressInfo} */ (server.address());
  return {
    url: new URL(`http://127.0.0.1:${port}/`),
    close: () => {
      server.close();
      server.closeAllConnections();
      for (const socket of sockets) socket.destroy();
    },
  };
}
