// A server between WebKit and Beckon. WebDriver tells nothing of what goes wrong in a page, so that this puts a script into each page, before all others.
import http from "node:http";
import net from "node:net";

const WATCH = "/watch-of-the-test.js";

/** Runs in the page. Collects what no page of ours may ever do: throw, complain, or break its own content security policy. */
function watch() {
  const troubles = (window.troubles = /** @type {string[]} */ ([]));
  const collect = (/** @type {unknown[]} */ ...words) => troubles.push(words.map(String).join(" "));
  addEventListener("error", ({ message, error, target }) => collect("error:", message ?? /** @type {any} */ (target).outerHTML, error?.stack ?? ""), true);
  addEventListener("unhandledrejection", ({ reason }) => collect("rejected:", reason, reason?.stack ?? ""));
  addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => collect("CSP:", violatedDirective, blockedURI));
  const { error } = console;
  console.error = (...words) => {
    collect("console:", ...words);
    error.apply(console, words);
  };
}

/** What becomes of a file: it is not there, the line is cut, or it is written in what no browser understands. */
const FAULTS = {
  missing: (/** @type {http.ServerResponse} */ response) => response.writeHead(404, { "Content-Type": "text/plain" }).end("nothing here"),
  cut: (/** @type {http.ServerResponse} */ response) => response.destroy(),
  nonsense: (/** @type {http.ServerResponse} */ response) => response.writeHead(200, { "Content-Type": "text/javascript" }).end("let let = of;"),
};

/**
 * Beckon as it is, with pages that are watched, and that do not come whole.
 * @param {URL} beckon
 * @param {Map<string, keyof typeof FAULTS>} [faults] by path
 */
export async function startWatched(beckon, faults = new Map()) {
  /** @type {Set<import('node:stream').Duplex>} */
  const upgraded = new Set();
  const to = { hostname: beckon.hostname, port: beckon.port };
  const server = http.createServer((request, response) => {
    if (request.url === WATCH) return response.setHeader("Content-Type", "text/javascript").end(`(${watch})();`);
    const fault = faults.get(new URL(request.url ?? "", beckon).pathname);
    if (fault) return FAULTS[fault](response);
    const headers = { ...request.headers, "accept-encoding": "identity" };
    const forwarded = http.request({ ...to, method: request.method, path: request.url, headers }, async (answer) => {
      const isPage = answer.headers["content-type"]?.startsWith("text/html");
      if (isPage) delete answer.headers["content-length"];
      response.writeHead(/** @type {number} */ (answer.statusCode), answer.headers);
      if (!isPage) return answer.pipe(response);
      let text = "";
      for await (const data of answer.setEncoding("utf8")) text += data;
      response.end(text.replace("<head>", `<head><script src="${WATCH}"></script>`));
    });
    forwarded.on("error", () => response.destroy());
    request.pipe(forwarded);
  });
  server.on("upgrade", (request, near, head) => {
    const far = net.connect(Number(to.port), to.hostname);
    const lines = Array.from({ length: request.rawHeaders.length / 2 }, (_, at) => `${request.rawHeaders[2 * at]}: ${request.rawHeaders[2 * at + 1]}\r\n`);
    far.write(`GET ${request.url} HTTP/1.1\r\n${lines.join("")}\r\n`);
    far.write(head);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      upgraded.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
      one.pipe(other);
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {net.AddressInfo} */ (server.address());
  return {
    url: new URL(`http://127.0.0.1:${port}/`),
    close: () => {
      for (const socket of upgraded) socket.destroy();
      server.closeAllConnections();
      server.close();
    },
  };
}
