// The way that a connection takes, and how long that is, from the browser's statistics (W3C webrtc-stats).

/**
 * `direct`: on one network, or without address translation. `stun`: device to device through NAT, by the addresses that STUN
 * showed. `turn-…`: through a relay, reached by UDP, TCP or TLS. `server`: through the room's own socket.
 * @typedef {'direct' | 'stun' | 'turn-udp' | 'turn-tcp' | 'turn-tls' | 'server'} Path
 */

/**
 * @typedef {object} Way
 * @property {Path} path
 * @property {string} relay by what we reach our relay, empty if we use none
 * @property {number | null} latency the round trip in ms, null while it is not measured
 * @property {number} bytes how many it has carried, both ways
 * @property {number} received how many have come by it
 * @property {boolean} slow whether the two use a relay, and one of them TCP or TLS where UDP might do
 * @property {boolean} relayed whether the two use a relay where none might do
 */

/**
 * @param {RTCPeerConnection} pc
 * @param {string} relay by what protocol the other side reaches its relay, as it says; empty if it does not
 * @param {string} [path] what its path is, as it says: the two may use different pairs of addresses
 * @returns {Promise<Way | null>}
 */
export async function findPath(pc, relay, path = "") {
  /** @type {Map<string, any>} */
  const byId = new Map();
  (await pc.getStats()).forEach((report) => byId.set(report.id, report));
  const all = [...byId.values()];
  // Chromium names the selected pair in the transport, Firefox marks the pair itself.
  const transport = all.find((report) => report.selectedCandidatePairId);
  const pair = byId.get(transport?.selectedCandidatePairId) ?? all.find((report) => report.selected);
  if (!pair) return null;
  const [local, remote] = [byId.get(pair.localCandidateId), byId.get(pair.remoteCandidateId)];
  const ours = local?.candidateType === "relay" ? String(local.relayProtocol || "udp") : "";
  const latency = typeof pair.currentRoundTripTime === "number" ? pair.currentRoundTripTime * 1_000 : null;
  const by = ours || (remote?.candidateType === "relay" ? relay || "udp" : "");
  // Where one of the two has left the relay already, a restart of ICE may lead back to it (Chromium tries no second pair like the one it has).
  const both = by && !/^(direct|stun)$/.test(path);
  const relayed = Boolean(both) && pc.getConfiguration?.().iceTransportPolicy !== "relay";
  const slow = Boolean(both) && [ours, by, path].some((name) => SLOW.test(name));
  const facts = { relay: ours, latency, bytes: pair.bytesSent + pair.bytesReceived || 0, received: pair.bytesReceived, slow, relayed };
  if (by) return { ...facts, path: /** @type {Path} */ (`turn-${/^t(cp|ls)$/.test(by) ? by : "udp"}`) };
  return { ...facts, path: isTranslated(local) || isTranslated(remote) ? "stun" : "direct" };
}

/** How a relay is reached where UDP does not get through, or was not quick enough. */
const SLOW = /^(turn-)?t(cp|ls)$/;

/**
 * Whether this end is seen at another address than its own. A peer-reflexive address (RFC 8445) may be either: on one network it is what
 * a device hides behind an mDNS name, and then private or not shown at all.
 * @param {{ candidateType?: string, address?: string | null, ip?: string | null } | undefined} candidate
 */
function isTranslated({ candidateType, address, ip } = {}) {
  if (candidateType !== "prflx") return candidateType === "srflx";
  const shown = address || ip || "";
  return /^\d+\.\d+\.\d+\.\d+$/.test(shown) && !/^(10|127|169\.254|172\.(1[6-9]|2\d|3[01])|192\.168)\./.test(shown);
}
