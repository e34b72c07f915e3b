// Runs in the lab's internet: Beckon, the real Worker in workerd, once for each set of variables, behind TLS on an address of its own;
// and a page from elsewhere that uses the library. It is told what to start by messages.
import { readFileSync } from "node:fs";
import net from "node:net";
import tls from "node:tls";
import https from "node:https";
import { startBeckon } from "../worker/beckon.mjs";
import { FILES, WEB_ADDRESS } from "./network.mjs";

const certificate = { cert: readFileSync(`${FILES}/lab.crt`), key: readFileSync(`${FILES}/lab.key`) };
const listen = (server, n) => new Promise((resolve) => server.listen(443, WEB_ADDRESS(n), resolve));

/** miniflare listens on 127.0.0.1 only, here. */
async function serveBeckon(n, options) {
  const { url } = await startBeckon(options);
  const server = tls.createServer({ ...certificate, ALPNProtocols: ["http/1.1"] }, (near) => {
    const far = net.connect(Number(url.port), url.hostname);
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.on("close", () => (near.destroy(), far.destroy()));
    }
    near.pipe(far).pipe(near);
  });
  await listen(server, n);
}

async function servePage(n) {
  const files = {
    "/": ["text/html", "<!doctype html><meta charset=utf-8><title>lab</title><script type=module src=agent.js></script>"],
    "/agent.js": ["text/javascript", readFileSync(new URL("agent.js", import.meta.url))],
  };
  const server = https.createServer(certificate, ({ url }, response) => {
    const [type, body] = files[url] ?? ["text/plain", ""];
    response.writeHead(url in files ? 200 : 404, { "Content-Type": type }).end(body);
  });
  await listen(server, n);
}

process.on("message", async ({ n, options }) => {
  try {
    await (options ? serveBeckon(n, options) : servePage(n));
    process.send({ n });
  } catch (error) {
    process.send({ n, error: error.stack });
  }
});
process.on("disconnect", () => process.exit());
