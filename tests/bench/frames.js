// What the stock client (peerjs 1.5.5) sends, key for key in its order, for one data connection.

/** The stock client's heartbeat, every 5 s. */
export const HEARTBEAT = '{"type":"HEARTBEAT"}';

/** The size of an offer or answer on the wire, in bytes of JSON. */
export const OFFER_BYTES = 2500;

const HEADER = [
  "v=0",
  "o=- 4611731400430051336 2 IN IP4 127.0.0.1",
  "s=-",
  "t=0 0",
  "a=group:BUNDLE 0",
  "a=extmap-allow-mixed",
  "a=msid-semantic: WMS",
  "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
  "c=IN IP4 0.0.0.0",
  "a=ice-ufrag:4ZcD",
  "a=ice-pwd:2/1muCWoOi3uLifh0NuRHlpQ",
  "a=ice-options:trickle",
  `a=fingerprint:sha-256 ${Array.from({ length: 32 }, (_, n) => ((n * 37) % 256).toString(16).padStart(2, "0").toUpperCase()).join(":")}`,
  "a=setup:actpass",
  "a=mid:0",
  "a=sctp-port:5000",
  "a=max-message-size:262144",
];

/** A line of a candidate. @param {number} n */
const candidateLine = (n) =>
  `candidate:${842163049 + n} 1 udp ${1677729535 - n} 203.0.113.${n % 256} ${46154 + n} typ srflx raddr 192.168.1.${n % 256} rport ${46154 + n} generation 0 ufrag 4ZcD network-cost 999`;

/**
 * SDP of a data channel whose JSON string has `bytes` bytes: with as many candidates as fit, and one line to fill the rest.
 * @param {number} bytes
 */
function sdp(bytes) {
  const lines = [...HEADER];
  const size = () => JSON.stringify(`${lines.join("\r\n")}\r\n`).length;
  for (let n = 0; size() + candidateLine(n).length + 30 < bytes; n++) lines.push(`a=${candidateLine(n)}`);
  const missing = bytes - size() - "a=x:\\r\\n".length;
  if (missing > 0) lines.push(`a=x:${"x".repeat(missing)}`);
  return `${lines.join("\r\n")}\r\n`;
}

/** Fills a frame's SDP until the frame has OFFER_BYTES. @param {(sdp: string) => string} frame */
const filled = (frame) => frame(sdp(OFFER_BYTES - frame("").length + 2));

/** @param {string} dst @param {string} connectionId */
export const offer = (dst, connectionId) =>
  filled((sdp) =>
    JSON.stringify({
      type: "OFFER",
      payload: { sdp: { type: "offer", sdp }, type: "data", connectionId, label: connectionId, reliable: false, serialization: "binary" },
      dst,
    }),
  );

/** @param {string} dst @param {string} connectionId */
export const answer = (dst, connectionId) =>
  filled((sdp) => JSON.stringify({ type: "ANSWER", payload: { sdp: { type: "answer", sdp }, type: "data", connectionId }, dst }));

/** @param {string} dst @param {string} connectionId @param {number} n */
export const candidate = (dst, connectionId, n) =>
  JSON.stringify({
    type: "CANDIDATE",
    payload: {
      candidate: { candidate: candidateLine(n), sdpMLineIndex: 0, sdpMid: "0", usernameFragment: "4ZcD" },
      type: "data",
      connectionId,
    },
    dst,
  });

/** A connection id as the stock client makes it. @param {string} name */
export const connectionId = (name) => `dc_${name.padEnd(11, "0").slice(0, 11)}`;
