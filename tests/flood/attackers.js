// Ten attackers, in a process of their own: each tries to send a thousand frames a second, and comes back when it is thrown out.
import { connect } from "node:net";
import { clientFrame, serverFrames } from "../bench/socket.js";
import { seeded } from "../seeds/chance.mjs";

/** Ids that nobody has, masks and keys. */
const random = seeded(1);
const ATTACKERS = 10;
/** Frames of one attacker in a second; in a storm of joins, sockets in ten. */
const PER_SECOND = 1000;
/** They are sent this often, in ms. */
const TICK_MS = 10;
/** What the line of an attacker carries, in bytes a second: 100 Mbit/s. Long frames are fewer than a thousand for that. */
const LINE_BYTES = 12_500_000;
/** What an attacker has under way before it waits, in bytes: more is not faster. */
const BACKLOG_BYTES = 1 << 20;

const long = Buffer.concat([Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 4, 0x93, 0xe0, 0, 0, 0, 0]), Buffer.alloc(300_000, "x")]);

/** What each kind sends: the next frame of an attacker. @type {Record<string, (id: string) => Buffer>} */
export const KINDS = {
  valid: (id) => clientFrame(`{"type":"OFFER","payload":{"sdp":"${"x".repeat(500)}"},"dst":"${id}"}`),
  malformed: () => clientFrame('{"type":"OFFER","payload":{"sdp":'),
  oversized: () => long,
  "to absent ids": () => clientFrame(`{"type":"OFFER","payload":{"sdp":"${"x".repeat(500)}"},"dst":"${Buffer.from(random.bytes(8)).toString("hex")}"}`),
  "join storm": () => Buffer.alloc(0),
  heartbeats: () => clientFrame('{"type":"HEARTBEAT"}'),
};

const counts = { frames: 0, joins: 0, refused: 0, thrownOut: 0 };

/** @param {number} port @param {string} kind @param {number} number */
function attack(port, kind, number) {
  const id = `attacker-${number}`;
  const address = `198.51.100.${number + 1}`;
  const next = /** @type {(id: string) => Buffer} */ (KINDS[kind]);
  // Frames are made once: the attackers' own time is dear.
  const frames = kind === "oversized" ? [long] : Array.from({ length: 200 }, () => next(id));
  let socket = join(id);
  let [due, line] = [0, 0];
  setInterval(() => {
    due += (PER_SECOND * TICK_MS) / 1000;
    if (kind === "join storm") {
      for (; due >= 10; due -= 10) join(`${id}-${Buffer.from(random.bytes(6)).toString("hex")}`);
      return;
    }
    if (socket.destroyed) socket = join(id);
    line = Math.min(line + (LINE_BYTES * TICK_MS) / 1000, LINE_BYTES);
    const batch = [];
    for (; due >= 1; due--) {
      const frame = frames[counts.frames % frames.length] ?? long;
      if (frame.length > line || socket.writableLength > BACKLOG_BYTES) break;
      line -= frame.length;
      counts.frames++;
      batch.push(frame);
    }
    due = Math.min(due, PER_SECOND);
    if (batch.length) socket.write(Buffer.concat(batch));
  }, TICK_MS);

  /** @param {string} name */
  function join(name) {
    const opened = connect({ port, host: "127.0.0.1", noDelay: true });
    let rest = Buffer.alloc(0);
    let upgraded = false;
    counts.joins++;
    opened.write(
      `GET /peerjs?key=peerjs&id=${name}&token=t HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nCF-Connecting-IP: ${address}\r\nUpgrade: websocket\r\n` +
        `Connection: Upgrade\r\nSec-WebSocket-Key: ${Buffer.from(random.bytes(16)).toString("base64")}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    );
    opened.on("error", () => {});
    opened.on("data", (data) => {
      rest = rest.length ? Buffer.concat([rest, data]) : data;
      if (!upgraded) {
        const end = rest.indexOf("\r\n\r\n");
        if (end < 0) return;
        if (!rest.toString("latin1", 0, 16).startsWith("HTTP/1.1 101")) {
          counts.refused++;
          return void opened.destroy();
        }
        upgraded = true;
        rest = rest.subarray(end + 4);
      }
      const eaten = serverFrames(rest, (opcode, payload) => {
        // A refusal comes as a frame, and then the socket is closed.
        if (/"type":"(ERROR|ID-TAKEN)"/.test(payload.toString("latin1", 0, 40)) && kind === "join storm") counts.refused++;
        if (opcode !== 8) return;
        counts.thrownOut++;
        opened.destroy();
      });
      rest = Buffer.from(rest.subarray(eaten));
    });
    return opened;
  }
}

process.on("message", (/** @type {any} */ { port, kind }) => {
  if (port) {
    const kinds = kind === "everything" ? Object.keys(KINDS) : [kind];
    for (let number = 0; number < ATTACKERS; number++) attack(port, kinds[number % kinds.length], number);
  } else {
    process.send?.(counts);
  }
});
// Whoever asks is gone.
process.on("disconnect", () => process.exit());
