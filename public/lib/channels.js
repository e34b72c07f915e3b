// The two data channels of a connection: a reliable, ordered one, and an unreliable one for copies and for what may be lost. Both are negotiated:
// there is no round trip in which only one side knows of them.
import { bounded } from "./frame.js";
import { sizeOf } from "./memory.js";

/** The unreliable channel drops everything above this, in bytes: its messages are of use now or not at all. */
const UNRELIABLE_BYTES = 65_536;
/** The reliable channel takes no more above this, in bytes: enough to keep any line busy. Browsers break a channel at 16 MiB. */
const FULL_BYTES = 1024 * 1024;
/** It takes more again below this, in bytes. */
const ROOM_BYTES = 256 * 1024;
/**
 * This much may come before the other side is checked, in bytes: twice what anybody sends before something of it is acknowledged (delivery.js). On
 * the unreliable channel it is little.
 */
const UNCHECKED_BYTES = 32 * 1024 * 1024;

/**
 * @param {object} options
 * @param {RTCPeerConnection} options.pc
 * @param {{ ours: string, theirs: string }} options.greeting what each side says first on the reliable channel: who speaks to whom. A certificate does
 *   not say for whom it speaks (RFC 8844), so a member could introduce two others to each other as itself.
 * @param {() => void} options.onOpen it is open, and they have greeted
 * @param {() => void} options.onForged they mean somebody else
 * @param {(data: string | ArrayBuffer) => boolean} options.onProbe true if it was a ping or a pong
 * @param {(data: string | ArrayBuffer) => void} options.onReceive from the other side, once it is checked
 * @param {() => void} options.onDrain `write` takes more
 * @param {() => void} options.onClose closed by the other side, or it says more than anybody of ours would
 */
export function openChannels({ pc, greeting, onOpen, onForged, onProbe, onReceive, onDrain, onClose }) {
  /** @type {RTCDataChannel | null} */
  let reliable = null;
  /** @type {RTCDataChannel | null} */
  let unreliable = null;
  /** Messages that came before the other side was checked. @type {(string | ArrayBuffer)[] | null} */
  let unchecked = [];
  let uncheckedBytes = 0;
  let greeted = false;
  /** Whether anything may be sent: to a stranger nothing is. */
  let trusted = false;

  function meet() {
    if (greeted && reliable?.readyState === "open") onOpen();
  }

  /** The first message of the reliable channel. @param {string | ArrayBuffer} data */
  function greet(data) {
    if (data !== greeting.theirs) return onForged();
    greeted = true;
    meet();
  }

  /** @param {string | ArrayBuffer} data @param {number} most that may wait for the check, in bytes @returns {boolean} whether it was not too much */
  function receive(data, most) {
    if (onProbe(data)) return true;
    if (!unchecked) onReceive(data);
    else if (uncheckedBytes + sizeOf(data) > most) return false;
    else {
      uncheckedBytes += sizeOf(data);
      unchecked.push(data);
    }
    return true;
  }

  return {
    /** Makes the channels when they are needed: some stacks (libdatachannel) offer as soon as there is one. */
    open() {
      if (reliable) return;
      reliable = pc.createDataChannel("beckon", { negotiated: true, id: 0 });
      reliable.onopen = () => {
        if (reliable) sent(reliable, greeting.ours);
        meet();
      };
      unreliable = pc.createDataChannel("beckon burst", { negotiated: true, id: 1, ordered: false, maxRetransmits: 0 });
      reliable.binaryType = unreliable.binaryType = "arraybuffer";
      reliable.bufferedAmountLowThreshold = ROOM_BYTES;
      reliable.onbufferedamountlow = onDrain;
      reliable.onmessage = ({ data }) => (greeted ? receive(data, UNCHECKED_BYTES) || onClose() : greet(data));
      unreliable.onmessage = ({ data }) => receive(data, UNRELIABLE_BYTES);
      reliable.onclose = onClose; // the other side left, reloaded, or made another connection
    },
    get isOpen() {
      return reliable?.readyState === "open";
    },
    /** How much the reliable one has taken and not sent yet, in bytes. */
    get waiting() {
      return reliable?.bufferedAmount ?? 0;
    },
    get isChecked() {
      return !unchecked;
    },

    /** The other side is who was introduced: it may be spoken to. */
    trust: () => (trusted = true),

    /** And what it has said so far counts. */
    check() {
      const early = unchecked ?? [];
      unchecked = null;
      early.forEach(onReceive);
    },

    /** @param {string} text about the messages, not one of them */
    sendControl(text) {
      if (trusted && reliable?.readyState === "open" && reliable.bufferedAmount < 2 * FULL_BYTES) sent(reliable, text);
    },

    /** @param {Uint8Array<ArrayBuffer>} frame @returns {boolean} false if there is no channel, or it is full @throws if it is too long for the other side */
    write(frame) {
      if (!trusted || reliable?.readyState !== "open" || reliable.bufferedAmount >= FULL_BYTES) return false;
      return sent(reliable, bounded(frame, pc.sctp?.maxMessageSize ?? Infinity)); // old browsers do not tell; then it is enough
    },

    /** @param {string | Uint8Array<ArrayBuffer>} data which may be lost */
    sendUnreliable(data) {
      if (trusted && unreliable?.readyState === "open" && unreliable.bufferedAmount < UNRELIABLE_BYTES) sent(unreliable, data);
    },

    /** Hears nothing any more. */
    stop() {
      if (reliable) reliable.onopen = reliable.onmessage = reliable.onclose = reliable.onbufferedamountlow = null;
      if (unreliable) unreliable.onmessage = null;
    },
  };
}

/**
 * Whether a channel has taken something. One that still says 'open' may be closed already (libdatachannel); `onclose` comes next.
 * @param {RTCDataChannel} channel
 * @param {string | Uint8Array<ArrayBuffer>} data
 */
function sent(channel, data) {
  try {
    channel.send(/** @type {any} */ (data));
    return true;
  } catch {
    return false;
  }
}
