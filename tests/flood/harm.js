// Strangers, and members of a room, who do what is allowed a frame at a time, as much of it as they can: in a process of their own.
import { connect } from "node:net";
import { setPriority } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { deflateRawSync } from "node:zlib";
import { serverFrames } from "../bench/socket.js";
import { frameOf, member } from "../client/members.mjs";
import { deriveKeys, freshEpoch } from "../../public/lib/seal.js";
import { seeded } from "../seeds/chance.mjs";

// They would be on other machines: what they compute is to cost victims nothing.
setPriority(10);
const random = seeded(1);
/** They send this often, in ms. */
const TICK_MS = 20;
/** How long one who was thrown out stays away, in ms. */
const AWAY_MS = 500;
/** How many frames that cost time to make are made in advance. */
const READY = 2_000;
/** What one has under way before it waits, in bytes: more is not faster. */
const BACKLOG_BYTES = 4 << 20;
/** A payload of the largest size that a frame may have. */
const LARGE = 256 * 1024;
/** All of them are one network (RFC 5737). */
const ADDRESS = "198.51.100.7";

const counts = { frames: 0, bytes: 0, got: 0, joins: 0, refused: 0, thrownOut: 0, compressed: false };

/** A text frame as a client sends it, its mask all zeros; `packed`: by permessage-deflate (RFC 7692). @param {string} text */
function frame(text, packed = false) {
  // What a client leaves out at the end: four bytes that say that nothing more comes.
  const payload = packed ? deflateRawSync(text, { finishFlush: 2 }).subarray(0, -4) : Buffer.from(text);
  const head = Buffer.alloc(14);
  head[0] = packed ? 0xc1 : 0x81;
  head[1] = 0xff;
  head.writeBigUInt64BE(BigInt(payload.length), 2);
  return { wire: Buffer.concat([head, payload]), bytes: Buffer.byteLength(text) };
}

/** Text that compresses to a three hundredth, or to no less than three quarters. @param {number} length @param {boolean} packed */
function filler(length, packed) {
  if (packed) return "x".repeat(length);
  return Buffer.from(random.bytes(Math.ceil(length * 0.75)))
    .toString("base64")
    .slice(0, length);
}

/** Opens a socket; `send` gives up where too much is under way. */
function dial(port, { id, key = "peerjs", roster = false, packed = false, deaf = false, onGone = () => {} }) {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  let [rest, upgraded] = [Buffer.alloc(0), false];
  counts.joins++;
  socket.write(
    `GET /peerjs?key=${key}&id=${id}&token=t${roster ? "&roster=1" : ""} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nCF-Connecting-IP: ${ADDRESS}\r\n` +
      `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.from(random.bytes(16)).toString("base64")}\r\n` +
      `${packed ? "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; server_no_context_takeover\r\n" : ""}\r\n`,
  );
  const take = (opcode, payload) => {
    if (opcode === 8) {
      counts.thrownOut++;
      return void socket.destroy();
    }
    counts.got += payload.length;
    if (/"type":"(ERROR|ID-TAKEN)"/.test(payload.toString("latin1", 0, 40))) counts.refused++;
  };
  socket.on("error", () => {});
  socket.on("close", onGone);
  socket.on("data", (data) => {
    rest = rest.length ? Buffer.concat([rest, data]) : data;
    if (!upgraded) {
      const end = rest.indexOf("\r\n\r\n");
      if (end < 0) return;
      const head = rest.toString("latin1", 0, end);
      if (!head.startsWith("HTTP/1.1 101")) return void (counts.refused++, socket.destroy());
      upgraded = true;
      counts.compressed ||= packed && /permessage-deflate/i.test(head);
      rest = rest.subarray(end + 4);
      if (deaf) return void socket.pause();
    }
    rest = Buffer.from(rest.subarray(serverFrames(rest, take)));
  });
  return {
    socket,
    send({ wire, bytes }) {
      if (!upgraded || socket.destroyed || socket.writableLength > BACKLOG_BYTES) return false;
      socket.write(wire);
      counts.frames++;
      counts.bytes += bytes;
      return true;
    },
  };
}

/** One who sends so many frames a second, and comes back when it is thrown out. */
function sender(port, who, perSecond, next) {
  let due = 0;
  let wire = come();
  setInterval(() => {
    due = Math.min(due + (perSecond * TICK_MS) / 1000, perSecond);
    for (let it; due >= 1 && (it = next()) && wire.send(it); due--);
  }, TICK_MS);
  function come() {
    return dial(port, { ...who, onGone: () => setTimeout(() => (wire = come()), AWAY_MS) });
  }
}

const absent = () => Buffer.from(random.bytes(6)).toString("hex");
const large = (dst, packed) => frame(`{"type":"OFFER","payload":"${filler(LARGE, packed)}","dst":"${dst}"}`, packed);
/** Those who hear nothing until it is over. @type {import("node:net").Socket[]} */
const deaf = [];

/** What they know of a room: its keys, and the id of a page in it. @typedef {{ keys: Awaited<ReturnType<typeof deriveKeys>>, page: string }} Known */

/** @type {Record<string, (port: number, packed: boolean, known: Known) => void>} */
const KINDS = {
  /** Sixteen pairs that have a server carry their data: 45 frames a second, which is within what is allowed in frames. */
  tunnel(port, packed) {
    for (let pair = 0; pair < 16; pair++) {
      const through = large(`tunnel-${pair}-b`, packed);
      const back = () => dial(port, { id: `tunnel-${pair}-b`, onGone: () => setTimeout(back, AWAY_MS) });
      back();
      sender(port, { id: `tunnel-${pair}-a`, packed }, 45, () => through);
    }
  },
  /** One who reads nothing, and four who write to it. */
  deaf(port, packed) {
    deaf.push(dial(port, { id: "deaf", deaf: true }).socket);
    const flood = large("deaf", packed);
    for (let writer = 0; writer < 4; writer++) sender(port, { id: `writer-${writer}`, packed }, 200, () => flood);
  },
  /** Small offers to nobody, each of which is stored. */
  rows(port) {
    for (let n = 0; n < 10; n++) sender(port, { id: `rows-${n}` }, 49, () => frame(`{"type":"OFFER","dst":"${absent()}"}`));
  },
  /** What fills the queue: three who write to whom nobody knows, large and small. */
  queue(port, packed) {
    for (let n = 0; n < 3; n++)
      sender(port, { id: `queue-${n}`, packed }, 40, () =>
        n === 0 ? large(absent(), packed) : frame(`{"type":"OFFER","payload":"${filler(8_000, packed)}","dst":"${absent()}"}`, packed),
      );
  },
  /** Members who send a page what every client answers at once, sealed, each new, as fast as frames may be. */
  answers(port, _, { keys, page }) {
    for (let n = 0; n < 2; n++) {
      const epoch = freshEpoch();
      const mine = member();
      /** @type {ReturnType<typeof frame>[]} */
      const ready = [];
      let seq = 0;
      (async () => {
        for (;;) {
          for (; ready.length < READY; seq++) {
            const context = { to: page, epoch, toEpoch: seq % 3 ? "" : freshEpoch(), seq: seq + 1 };
            ready.push(frame(`{"type":"MESSAGE","payload":"${await frameOf(keys, await mine, context, {})}","dst":"${page}"}`));
          }
          await pause(TICK_MS);
        }
      })();
      mine.then(({ id }) => sender(port, { id, key: keys.realmKey, roster: true }, 900, () => ready.shift()));
    }
  },
  /** Members who come and go, three hundred times a second, each under a new name. */
  comings(port, _, { keys }) {
    const leave = frame('{"type":"LEAVE"}');
    setInterval(() => {
      for (let n = 0; n < (300 * TICK_MS) / 1000; n++) {
        const { socket } = dial(port, { id: absent(), key: keys.realmKey, roster: true });
        socket.once("data", () => socket.write(leave.wire));
      }
    }, TICK_MS);
  },
};

process.on("message", async (/** @type {any} */ { port, kind, packed, listen, secret, page }) => {
  if (port) return void KINDS[kind]?.(port, packed, /** @type {Known} */ (secret && { keys: await deriveKeys(secret), page }));
  for (const socket of listen ? deaf : []) socket.resume();
  process.send?.(counts);
});
// Whoever asks is gone.
process.on("disconnect", () => process.exit());
