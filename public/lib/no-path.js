// Why there is no path to a peer, as what an error is made of: a code, and a sentence. It comes with path-care.js.

/**
 * @param {string} name of the peer
 * @param {{ iceServers: RTCIceServer[], degraded: boolean }} ice
 * @param {boolean} relayRefused
 * @returns {[code: string, message: string]}
 */
export function noPath(name, { iceServers, degraded }, relayRefused) {
  const hasRelay = /"turns?:/.test(JSON.stringify(iceServers));
  const why = relayRefused ? "relay-refused" : hasRelay ? "no-path" : degraded ? "relay-missing" : "no-direct-path";
  return [why, `No path to ${name}`];
}

/** Somebody's browser makes no direct connections. @param {boolean} ours whether it is ours @returns {[code: string, message: string]} */
export function noWebRTC(ours) {
  const why = ours ? "no-webrtc" : "no-webrtc-there";
  return [why, "Direct connections are off"];
}
