/** Frames as the stock client writes them, and the fences that turn "nothing came" into an observation without a wait. */
import { sleep } from "./driver.mjs";

export const HEARTBEAT = '{"type":"HEARTBEAT"}';
export const OPEN = '{"type":"OPEN"}';

/** A message in the stock client's own order of fields; a field given as undefined is left out. */
export const message = (type, dst, payload, more) => JSON.stringify({ type, payload, dst, ...more });
export const offer = (dst, /** @type {unknown} */ payload = "hello") => message("OFFER", dst, payload);
export const answer = (dst, /** @type {unknown} */ payload = "hello") => message("ANSWER", dst, payload);
export const candidate = (dst, /** @type {unknown} */ payload = "hello") => message("CANDIDATE", dst, payload);

/** What the server makes of a message. */
export const relayed = (type, src, dst, payload) => JSON.stringify({ type, src, dst, payload });

const MARK = "mark";

/**
 * Everything `receiver` gets before a mark that `sender` sends now. Messages of a pair keep their order, so whatever the sender has
 * caused at the receiver by then is in it; what is not in it was not sent.
 */
export async function receivedBy(receiver, sender = receiver) {
  await sender.send(candidate(receiver.id, MARK));
  return receiver.until(relayed("CANDIDATE", sender.id, receiver.id, MARK));
}

/** By now a socket has been closed that is to be, on a busy machine, too. */
export const settled = (socket) => Promise.race([socket.closed, sleep(15_000)]);
