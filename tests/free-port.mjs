// Ports for programs that have to be told one. What the system gives to whoever wants just any (to listen, or to connect from) begins far above these: the
// system gives nobody one of them between our look and its use, nor while a server is away that comes back.
import { createSocket } from "node:dgram";
import { createServer } from "node:net";

const [FIRST, COUNT] = [12_000, 8_000];
/** Processes that look at the same time begin at different ones. */
let next = (process.pid * 397) % COUNT;

/** A port of this machine that nobody listens at. @returns {Promise<number>} */
export async function freePort() {
  for (let looked = 0; looked < COUNT; looked++) {
    const port = FIRST + (next++ % COUNT);
    const [server, socket] = [createServer(), createSocket("udp4")];
    const [isFree, isFreeByUdp] = await Promise.all([
      new Promise((settle) => server.on("error", () => settle(false)).listen(port, "127.0.0.1", () => settle(true))),
      new Promise((settle) => socket.on("error", () => settle(false)).bind(port, "127.0.0.1", () => settle(true))),
    ]);
    await Promise.all([isFree && new Promise((settle) => server.close(settle)), new Promise((settle) => socket.close(() => settle(undefined)))]);
    if (isFree && isFreeByUdp) return port;
  }
  throw new Error(`no port from ${FIRST} to ${FIRST + COUNT - 1} is free`);
}
