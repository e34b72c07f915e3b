// What is too long for one message: a Blob, a File, and long text or bytes. It goes in pieces beside the messages, and both sides know how far it has
// come, so that a new connection goes on where the last one ended. This is loaded when the first of them goes or comes.
import { openIncoming } from "./incoming.js";
import { openOutgoing } from "./outgoing.js";
import { readTransfer } from "./transfer-format.js";

/**
 * What is needed of the present peer, and what it needs.
 * @typedef {object} Port
 * @property {() => import('./connection.js').Connection | null} connection the present one
 * @property {(control: object) => void} tell
 * @property {(data: any, type?: string, facts?: object) => void} deliver fires an event
 * @property {(key: object, act: () => void) => void} ready acts as soon as the app is not behind with reading; a later act takes the place of an earlier one
 * @property {typeof import('./events.js').BeckonError} BeckonError
 * @property {() => void} [flush] as below
 * @property {(frame: ArrayBuffer) => void} [take] a piece, or nonsense
 */

/** @typedef {ReturnType<typeof transfersWith>} Transfers */

/**
 * Those with one peer, also with the peer that it is after it was away.
 * @param {import('./delivery.js').Long[]} waiting what is to be sent; whatever has gone, or cannot go, is taken out
 * @param {number} [most] of all that comes and is not whole, in bytes
 */
export function transfersWith(waiting, most) {
  /** @type {Port} */
  let port;
  const present = () => port;
  const outgoing = openOutgoing(waiting, present);
  const incoming = openIncoming(present, most);

  /** There is more to send, a new connection, or room in the present one. @returns {string | undefined} the page load at its other end */
  function flush() {
    const [epoch] = port.connection()?.remote?.split(".") ?? [];
    if (epoch) incoming.meet(epoch);
    outgoing.flush();
    return epoch;
  }

  const transfers = {
    flush,
    /**
     * There is this peer now, and perhaps more to send.
     * @param {Port} now
     * @param {string} heard text about transfers, or nonsense
     * @param {string} epoch the page load that has said it
     */
    attach(now, heard, epoch) {
      port = Object.assign(now, { flush, take: incoming.take });
      const present = flush();
      const control = readTransfer(heard);
      if (!epoch || (present && epoch !== present)) return; // it waited until now, and is of an earlier page load
      if (control?.what === "got") outgoing.got(control);
      else if (control?.what === "refused") outgoing.refused(control);
      else if (control) incoming.hear(control, epoch);
    },
    /** Nothing goes or comes any more. @param {import('./events.js').BeckonError} why */
    end(why) {
      outgoing.end(why);
      incoming.end(why);
    },
  };
  return transfers;
}
