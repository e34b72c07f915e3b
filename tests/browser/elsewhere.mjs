// A server of somebody else's, whose pages import the library from ours.
import http from "node:http";

/** A page with nothing in it. @type {http.RequestListener} */
const blank = (_request, response) => {
  response.setHeader("Content-Type", "text/html").end("<!doctype html><title>elsewhere</title>");
};

/** @param {http.RequestListener} [answer] a blank page to every question, if nothing is said */
export async function serveElsewhere(answer = blank) {
  const server = http.createServer(answer);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close() };
}
