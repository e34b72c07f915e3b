// Proves who is at the other end of a connection: its certificate must be one that came sealed. The browser compares them too, when
// DTLS begins. We look again at the one it really uses, and accept no hash weaker than SHA-256.
import { hex } from "./seal.js";

const FINGERPRINT = /^a=fingerprint:(\S+) ([\da-f:]+)\r?\n/gim;
/** SHA-256 in SDP's spelling (RFC 8122): 32 bytes. */
const SHA_256 = /^([\dA-F]{2}:){31}[\dA-F]{2}$/;

/**
 * A description without the fingerprints of other hashes: the browser cannot accept one that it never sees.
 * @param {unknown} sdp
 */
export function strongOnly(sdp) {
  return String(sdp).replace(FINGERPRINT, (line, hash) => (hash.toLowerCase() === "sha-256" ? line : ""));
}

/** @param {string} sdp */
export function fingerprints(sdp) {
  const prints = Array.from(sdp.matchAll(FINGERPRINT), ([, , print]) => (print ?? "").toUpperCase());
  return prints.filter((print) => SHA_256.test(print));
}

/**
 * @param {RTCPeerConnection} pc connected
 * @param {Set<string>} announced
 */
export async function isAnnounced(pc, announced) {
  const used = await certificate(pc);
  return used.length > 0 && used.every((print) => announced.has(print));
}

/**
 * The fingerprints of the certificate in use, from the best witness that this browser has.
 * @param {RTCPeerConnection} pc
 */
async function certificate(pc) {
  const [raw] = pc.sctp?.transport?.getRemoteCertificates?.() ?? [];
  if (raw?.byteLength) {
    return [
      hex(await crypto.subtle.digest("SHA-256", raw))
        .join(":")
        .toUpperCase(),
    ];
  }
  /** @type {any[]} */
  const stats = [];
  (await pc.getStats()).forEach((report) => stats.push(report));
  const id = stats.find((report) => report.remoteCertificateId)?.remoteCertificateId;
  const report = stats.find((report) => report.id === id && report.fingerprintAlgorithm === "sha-256");
  if (report) return [String(report.fingerprint).toUpperCase()];
  return fingerprints((pc.currentRemoteDescription ?? pc.remoteDescription)?.sdp ?? "");
}
