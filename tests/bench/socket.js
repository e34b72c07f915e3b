// A WebSocket client that costs its process next to nothing, so that the server is what saturates: frames are built (and masked,
// as browsers' are) once and sent many times, and what comes is looked at in place and not decoded.
import { connect } from "node:net";
import { seeded } from "../seeds/chance.mjs";

/** Masks and keys. */
const random = seeded(1);

/** Every socket reads into this: a read and its callback are one step. */
const shared = Buffer.allocUnsafeSlow(1 << 18);

/**
 * A text frame as a client sends it (RFC 6455, 5.2).
 * @param {string} text
 */
export function clientFrame(text) {
  const payload = Buffer.from(text);
  const mask = Buffer.from(random.bytes(4));
  const long = payload.length > 125;
  if (payload.length > 65535) throw new Error("longer than the bench needs");
  const head = Buffer.alloc(long ? 8 : 6);
  head[0] = 0x81;
  head[1] = 0x80 | (long ? 126 : payload.length);
  if (long) head.writeUInt16BE(payload.length, 2);
  mask.copy(head, head.length - 4);
  return Buffer.concat([head, payload.map((byte, at) => byte ^ /** @type {number} */ (mask[at % 4]))]);
}

/**
 * Cuts what has come into frames, and gives each one's payload.
 * @param {Buffer} bytes
 * @param {(opcode: number, payload: Buffer) => void} take
 * @returns {number} how many bytes were whole frames
 */
export function serverFrames(bytes, take) {
  let at = 0;
  while (bytes.length - at >= 2) {
    const first = /** @type {number} */ (bytes[at]);
    let size = /** @type {number} */ (bytes[at + 1]);
    let begin = at + 2;
    if (!(first & 0x80) || size & 0x80) throw new Error("a frame in pieces, or masked: no server here sends these");
    if (size === 126) {
      if (bytes.length - at < 4) break;
      size = bytes.readUInt16BE(at + 2);
      begin = at + 4;
    } else if (size === 127) {
      if (bytes.length - at < 10) break;
      size = Number(bytes.readBigUInt64BE(at + 2));
      begin = at + 10;
    }
    if (bytes.length < begin + size) break;
    take(first & 0x0f, bytes.subarray(begin, begin + size));
    at = begin + size;
  }
  return at;
}

/**
 * An open socket.
 * @typedef {object} Wire
 * @property {string} id
 * @property {(frame: Buffer) => void} send  what `clientFrame` has made
 * @property {(payload: Buffer) => void} onText  called with every text frame; the buffer is good until it returns
 * @property {() => void} close
 * @property {Promise<void>} closed
 */

/** An address for each peer, as Cloudflare's edge says it: peers come from everywhere. @param {string} id */
function addressOf(id) {
  const hash = [...id].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) >>> 0, 7);
  return `10.${(hash >>> 16) & 255}.${(hash >>> 8) & 255}.${hash & 255}`;
}

/**
 * Opens a socket to a server that speaks PeerServer's protocol, and waits until it is OPEN.
 * @param {number} port
 * @param {{ id: string, key?: string, query?: string, heard?: Wire["onText"] }} who  `heard`: what follows OPEN, which may come together with it
 * @returns {Promise<Wire>}
 */
export function open(port, { id, key = "peerjs", query = "", heard }) {
  return new Promise((resolve, reject) => {
    let upgraded = false;
    /** @type {Buffer} */
    let rest = Buffer.alloc(0);
    /** @type {() => void} */
    let ended = () => {};
    /** @type {Wire} */
    const wire = {
      id,
      send: (frame) => void socket.write(frame),
      onText: (payload) => {
        const text = payload.toString();
        if (text.startsWith('{"type":"OPEN"')) {
          wire.onText = heard ?? wire.onText;
          return resolve(wire);
        }
        reject(new Error(`${id} is answered ${text}`));
      },
      close: () => void socket.destroy(),
      closed: new Promise((settle) => (ended = settle)),
    };
    /** @param {number} opcode @param {Buffer} payload */
    const take = (opcode, payload) => {
      if (opcode === 1) wire.onText(payload);
      else if (opcode === 8) socket.destroy();
    };
    /** @param {Buffer} bytes */
    const eat = (bytes) => {
      if (!upgraded) {
        const end = bytes.indexOf("\r\n\r\n");
        if (end < 0) return bytes;
        const status = bytes.toString("latin1", 0, bytes.indexOf("\r\n"));
        if (!/^HTTP\/1\.1 101 /.test(status)) {
          reject(new Error(`${id} is answered ${bytes.toString("latin1")}`));
          socket.destroy();
          return bytes.subarray(bytes.length);
        }
        upgraded = true;
        bytes = bytes.subarray(end + 4);
      }
      return bytes.subarray(serverFrames(bytes, take));
    };
    const socket = connect({
      port,
      host: "127.0.0.1",
      noDelay: true,
      onread: {
        buffer: shared,
        callback: (size) => {
          const come = shared.subarray(0, size);
          const left = eat(rest.length ? Buffer.concat([rest, come]) : come);
          rest = left.length ? Buffer.from(left) : left;
          return true;
        },
      },
    });
    socket.on("connect", () =>
      socket.write(
        `GET /peerjs?key=${key}&id=${id}&token=t${id}&version=1.5.5${query} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\n` +
          `CF-Connecting-IP: ${addressOf(id)}\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${Buffer.from(random.bytes(16)).toString("base64")}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
      ),
    );
    socket.on("error", reject);
    socket.on("close", () => {
      reject(new Error(`${id} was closed before it was open`));
      ended();
    });
  });
}

/**
 * Opens many sockets, some at a time.
 * @param {number} port
 * @param {{ id: string, key?: string, query?: string }[]} all
 * @param {number} [atOnce]
 */
export async function openAll(port, all, atOnce = 32) {
  /** @type {Wire[]} */
  const wires = [];
  for (let at = 0; at < all.length; at += atOnce) {
    wires.push(...(await Promise.all(all.slice(at, at + atOnce).map((who) => open(port, who)))));
  }
  return wires;
}
