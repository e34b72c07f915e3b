// Whether the server is reached by requests where it is not reached by sockets. It is loaded when a socket has failed.
import { timeout } from "./deadline.js";

/** What our server answers where its socket is, to a request that wants none. No other does: a page of somebody else's is no sign of it. */
const UPGRADE_REQUIRED = 426;

/**
 * Whether the server answers a request where its socket is: the program itself, which may be out of order where its files still come.
 * @param {URL} url of its socket
 * @param {number} patience in ms
 */
export function answers(url, patience) {
  const room = new URL("?roster=1", url);
  room.protocol = room.protocol.replace("ws", "http");
  return fetch(room, { cache: "no-store", signal: timeout(patience) }).then(
    ({ status }) => status === UPGRADE_REQUIRED,
    () => false,
  );
}
