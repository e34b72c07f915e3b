// Messages with one peer, over whatever transport there is: a connection, or the server. It carries messages, their acknowledgements and names.
import { openDelivery } from "./delivery.js";
import { BeckonError } from "./events.js";
import { isWhole, unpack } from "./frame.js";
import { readControl } from "./parse.js";
import { throttle } from "./rate-limit.js";

/** A message is acknowledged on the connection this often, at once and a second in the long run; a later one stands for those before it. */
const ACKS = /** @type {const} */ ([64, 100]);
/** So many texts of theirs may wait for what reads them. */
const MAX_EARLY = 64;
/** A name is shown this often. */
const NAMES = /** @type {const} */ ([4, 2]);

/** @typedef {import('./parse.js').Card} Card */
/** @typedef {{ mail?: string, ack?: number, here?: string, more?: object, serverOnly?: boolean }} Carried through the server: a message, an acknowledgement, a card */
/** @typedef {Partial<import('./negotiation.js').Signal> & Carried} Outgoing all that goes sealed to a peer */

/**
 * @param {object} options
 * @param {import('./delivery.js').DeliveryState} options.state of this peer so far
 * @param {() => import('./connection.js').Connection | null} options.connection the present one
 * @param {(message: Carried, epoch?: string) => void} options.sendSealed through the server; `epoch`: only to this page load
 * @param {() => Card} options.card what we say of ourselves
 * @param {(data: import('./frame.js').Data, type?: string, facts?: { epoch?: string }) => void} options.onData of the type `more`, it is what a card says beside the name, and
 *   `epoch` is the sender's
 * @param {import('./rate-limit.js').Limit} options.mayUseServer shared with all other peers
 * @param {(name: string) => void} options.onName
 * @param {import('./late.js').Care} options.care
 * @param {Pick<Parameters<import('./late.js').PathCare['careForMessages']>[0], 'found' | 'polite' | 'may' | 'restart' | 'silent'>} options.search `silent`: the connection should have brought something by now
 * @param {(peer: object, act: () => void) => void} options.whenRead acts as soon as the app is not behind with reading
 */
export function openMessaging({ state, connection, sendSealed, card, onData, mayUseServer, onName, care, search, whenRead }) {
  const delivery = openDelivery({
    state,
    write: (frame) => connection()?.write(frame) ?? false,
    sendUnreliable: (frame) => connection()?.sendUnreliable(frame),
    onData: (data) => onData(data),
  });
  /** What is needed for what goes in pieces; that sets the rest. @type {import('./transfers.js').Port} */
  const port = { connection, tell: sendControl, deliver: onData, ready: whenRead, BeckonError };
  /** What comes late. @type {ReturnType<import('./late.js').PathCare['careForMessages']> | undefined} */
  let late;
  const coming = care().then(
    ({ careForMessages }) =>
      (late = careForMessages({
        state,
        port,
        frames: delivery.frames,
        waiting: () => delivery.isWaiting,
        seal: sendSealed,
        limit: mayUseServer,
        ...search,
      })),
  );
  let early = MAX_EARLY;
  const names = throttle(onName, ...NAMES);
  const acks = throttle(acknowledge, ...ACKS);

  /** @param {number} seq @param {import('./connection.js').Connection} by the connection that brought it */
  function acknowledge(seq, by) {
    if (by !== connection()) return;
    const ack = JSON.stringify({ type: "ack", seq });
    by.sendControl(ack);
    by.sendUnreliable(ack);
  }

  /** @param {object} control */
  function sendControl(control) {
    connection()?.sendControl(JSON.stringify(control));
  }

  /** The page there takes pieces, as every card on a connection says. Older pages say nothing of it. */
  const sendCard = () => sendControl({ type: "name", ...card(), pieces: true });

  /** @param {string} name @param {Record<string, unknown> | undefined} more @param {string} epoch of the sender */
  function onCard(name, more, epoch) {
    onData(more, "more", { epoch });
    names.call(name);
  }

  /** @param {string} text @param {import('./connection.js').Connection | null} by @param {string} epoch of the sender */
  function onControl(text, by, epoch) {
    const control = readControl(text);
    if (control?.type === "name") {
      onCard(control.name, control.more, epoch);
      if (by) by.pieces = control.pieces;
      port.flush?.();
    } else if (control) delivery.acknowledge(control.seq);
    else if (late || early-- > 0) coming.then((late) => late.told(text, epoch));
  }

  return {
    sendCard,
    flush() {
      delivery.flush();
      port.flush?.();
    },
    /** What went through the server may be lost: it is due again. @param {BeckonError | null} never why nothing goes another way, if nothing ever will */
    makeDue: (never) => late?.forget(never),
    /** Whether anything that we have sent is unacknowledged. */
    get isWaiting() {
      return delivery.isWaiting;
    },

    /** @param {import('./frame.js').Packed} frame @param {import('./delivery.js').How} [how] */
    send(frame, how = {}) {
      late?.hearing.start();
      if (isWhole(frame)) return delivery.send(frame);
      return new Promise((/** @type {(value: void) => void} */ done, failed) => {
        state.outgoing?.push({ data: frame, how, done, failed });
        coming.then((late) => late.told(""));
      });
    },

    /** @param {Uint8Array<ArrayBuffer>} frame which may be lost */
    sendUnreliable(frame) {
      connection()?.sendUnreliable(frame);
    },

    /** Sends what is due through the server. */
    sendByServer: () => late?.due(),

    /** There is a new connection: our card, and everything unacknowledged. The receiver drops what it already has. */
    start() {
      late?.reset();
      sendCard();
      delivery.resend();
    },

    /** There is no connection. */
    pause: () => late?.pause(),

    /** There is a path. */
    measurePath: () => coming.then((late) => connection() && late.measure()),

    /** The server can be reached again. Messages that went through it because of a silence may be lost. */
    serverIsBack: () => late?.back(),

    /** The other side has left. @param {import('./events.js').BeckonError} why */
    leave(why) {
      names.stop();
      acks.stop();
      coming.then((late) => late.stop());
      delivery.leave(why);
    },

    /** @param {string | ArrayBuffer} data from a connection: a message, or text about messages */
    receive(data) {
      late?.hearing.heard();
      const by = connection();
      const [epoch = ""] = by?.remote?.split(".") ?? [];
      if (typeof data === "string") return onControl(data, by, epoch);
      const frame = unpack(data);
      if (!frame) port.take?.(data);
      else if (by) delivery.receive(epoch, frame, (seq) => whenRead(delivery, () => acks.call(seq, by)));
    },

    /**
     * Takes what came through the server.
     * @param {import('./parse.js').SealedMessage} message
     * @param {string} epoch of the sender
     */
    receiveByServer({ mail, ack, here, more }, epoch) {
      if (mail) delivery.receive(epoch, mail, (seq) => whenRead(delivery, () => late?.acks.call(seq, epoch)));
      delivery.acknowledge(ack ?? 0);
      if (here !== undefined) onCard(here, more, epoch);
    },
  };
}

/** Whether this came through the server for `receiveByServer`. @param {import('./parse.js').SealedMessage} message */
export function isCarried({ mail, ack, here }) {
  return mail !== undefined || ack !== undefined || here !== undefined;
}
