// A network path to a server that can fall silent, as a lost Wi-Fi does: nothing passes, and nobody is told.
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** @param {URL} url the server behind it */
export async function openPath(url) {
  const pairs = new Set();
  const server = net.createServer((near) => {
    const far = net.connect(Number(url.port), url.hostname);
    const pair = { near, far, silent: false, answered: false };
    pairs.add(pair);
    far.once("data", () => (pair.answered = true));
    for (const [from, to] of [
      [near, far],
      [far, near],
    ]) {
      from.on("data", (data) => pair.silent || to.write(data));
      from.on("error", () => {});
      from.on("close", () => pair.silent || to.destroy());
    }
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return {
    url: new URL(`http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}/`),
    /** From now on the connections that are open are silent; new ones work. */
    drop() {
      for (const pair of pairs) pair.silent = true;
    },
    /** A new connection has had an answer: the server knows of it. */
    async answered() {
      while (![...pairs].some(({ silent, answered }) => answered && !silent)) await sleep(10);
    },
    close() {
      server.close();
      for (const { near, far } of pairs) for (const socket of [near, far]) socket.destroy();
    },
  };
}
