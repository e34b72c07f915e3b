// A way to a server that takes time: a proxy on loopback that keeps every byte for a while, in both directions.
import net from "node:net";

/**
 * A connection opens at once: handshakes would cost each request that goes beside another one a round trip here, where pages come by HTTP/1.1, but
 * none where they come over one connection, as from Cloudflare.
 * @param {number} port
 * @param {number} roundTrip in ms
 */
export async function openFarWay(port, roundTrip) {
  /** @type {Set<net.Socket>} */
  const all = new Set();
  const server = net.createServer({ noDelay: true }, (near) => {
    const far = net.connect({ port, host: "127.0.0.1", noDelay: true });
    for (const [from, to] of /** @type {const} */ ([
      [near, far],
      [far, near],
    ])) {
      all.add(from);
      from.on("data", (data) => setTimeout(() => to.write(data), roundTrip / 2));
      from.on("end", () => setTimeout(() => to.end(), roundTrip / 2));
      from.on("error", () => to.destroy());
      from.on("close", () => all.delete(from));
    }
  });
  await new Promise((settle) => server.listen(0, "127.0.0.1", () => settle(undefined)));
  return {
    port: /** @type {net.AddressInfo} */ (server.address()).port,
    close: () => {
      server.close();
      for (const socket of all) socket.destroy();
    },
  };
}
