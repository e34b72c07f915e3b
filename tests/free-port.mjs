// Ports for programs that have to be told one. What the system gives to whoever wants just any (to listen, or to connect from) begins far above these: nobody
// is given one of them between our look and its use, nor while a server is away that comes back.
import { createServer } from "node:net";

const [FIRST, COUNT] = [12_000, 8_000];
/** Processes that look at the same time begin at different ones. */
let next = (process.pid * 101) % COUNT;

/** A port of this machine that nobody listens at. @returns {Promise<number>} */
export async function freePort() {
  for (let looked = 0; looked < COUNT; looked++) {
    const port = FIRST + (next++ % COUNT);
    const server = createServer();
    const isFree = await new Promise((settle) => server.on("error", () => settle(false)).listen(port, "127.0.0.1", () => settle(true)));
    if (!isFree) continue;
    await new Promise((settle) => server.close(settle));
    return port;
  }
  throw new Error(`no port from ${FIRST} to ${FIRST + COUNT - 1} is free`);
}
