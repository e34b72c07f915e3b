// A WebSocket client that says whatever bytes it is told to (RFC 6455), and hears everything.
import { connect } from "node:net";
import { seeded } from "../seeds/chance.mjs";

/** Masks and keys. */
const random = seeded(1);

/** @typedef {{ fin?: boolean, rsv?: number, opcode?: number, masked?: boolean, length?: number | bigint }} Shape */

export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

/** One frame; `length` claims another length than it has. @param {string | Uint8Array} content @param {Shape} [shape] */
export function frame(content, { fin = true, rsv = 0, opcode = TEXT, masked = true, length } = {}) {
  const payload = Buffer.from(content);
  const size = length ?? payload.length;
  const head = [(fin ? 0x80 : 0) | (rsv << 4) | opcode];
  const mask = masked ? 0x80 : 0;
  if (size < 126) head.push(mask | Number(size));
  else if (size < 65536) head.push(mask | 126, Number(size) >> 8, Number(size) & 255);
  else head.push(mask | 127, ...Buffer.from(BigInt(size).toString(16).padStart(16, "0"), "hex"));
  if (!masked) return Buffer.concat([Buffer.from(head), payload]);
  const key = Buffer.from(random.bytes(4));
  return Buffer.concat([Buffer.from(head), key, payload.map((byte, at) => byte ^ key[at % 4])]);
}

/** A close frame. @param {number} [code] @param {string | Uint8Array} [reason] */
export function close(code, reason = "") {
  const payload = code === undefined ? Buffer.alloc(0) : Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]);
  return frame(payload, { opcode: CLOSE });
}

/**
 * Opens a socket. `next` gives what comes, one by one: `{ opcode, payload }`, and at the end `"ended"`.
 * @param {URL} url @param {Record<string, string>} query
 */
export async function openRaw(url, query) {
  const socket = connect({ port: Number(url.port), host: url.hostname, noDelay: true, allowHalfOpen: true });
  let rest = Buffer.alloc(0);
  let upgraded = false;
  const come = [];
  const waiting = [];
  const give = (item) => (waiting.length ? waiting.shift()(item) : come.push(item));
  const upgrade = new Promise((resolve, reject) => {
    socket.on("error", (error) => (reject(error), give("ended")));
    socket.on("close", () => (reject(new Error("closed before the upgrade")), give("ended")));
    socket.on("end", () => give("ended"));
    socket.on("data", (data) => {
      rest = Buffer.concat([rest, data]);
      if (!upgraded) {
        const end = rest.indexOf("\r\n\r\n");
        if (end < 0) return;
        if (!/^HTTP\/1\.1 101 /.test(rest.toString("latin1"))) return reject(new Error(rest.toString("latin1")));
        upgraded = true;
        rest = rest.subarray(end + 4);
        resolve(undefined);
      }
      for (let size; (size = read(rest, give)); rest = rest.subarray(size));
    });
  });
  socket.write(
    `GET /peerjs?${new URLSearchParams(query)} HTTP/1.1\r\nHost: ${url.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Key: ${Buffer.from(random.bytes(16)).toString("base64")}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
  );
  await upgrade;
  return {
    socket,
    write: (...pieces) => pieces.forEach((piece) => socket.write(piece)),
    /** @returns {Promise<any>} */
    next: () => (come.length ? Promise.resolve(come.shift()) : patiently(new Promise((resolve) => waiting.push(resolve)))),
    rest: () => come.splice(0),
  };
}

function read(bytes, give) {
  if (bytes.length < 2) return 0;
  let [begin, size] = [2, bytes[1] & 127];
  if (size === 126) [begin, size] = [4, bytes.length < 4 ? Infinity : bytes.readUInt16BE(2)];
  else if (size === 127) [begin, size] = [10, bytes.length < 10 ? Infinity : Number(bytes.readBigUInt64BE(2))];
  if (bytes.length < begin + size) return 0;
  const payload = bytes.subarray(begin, begin + size);
  const opcode = bytes[0] & 15;
  if (opcode === CLOSE) give({ opcode, code: payload.length < 2 ? 1005 : payload.readUInt16BE(0), reason: payload.subarray(2).toString() });
  else give({ opcode, payload: payload.toString() });
  return begin + size;
}

/** How long to wait for what must come, in ms. */
const PATIENCE = 30_000;

function patiently(promise) {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(reject, PATIENCE, new Error(`nothing within ${PATIENCE} ms`))));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
