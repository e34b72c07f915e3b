// Why there is no path to a peer, or none that can be trusted, as an error with a code.
import { BeckonError } from "./events.js";

/**
 * @param {string} name of the peer
 * @param {{ iceServers: RTCIceServer[], degraded: boolean }} ice
 * @param {boolean} relayRefused
 */
export function noPath(name, { iceServers, degraded }, relayRefused) {
  const hasRelay = /"turns?:/.test(JSON.stringify(iceServers));
  const why = relayRefused ? "relay-refused" : hasRelay ? "no-path" : degraded ? "relay-missing" : "no-direct-path";
  return new BeckonError(why, `No path to ${name}`);
}

/** Somebody's browser makes no direct connections. @param {boolean} ours whether it is ours */
export function noWebRTC(ours) {
  const why = ours ? "no-webrtc" : "no-webrtc-there";
  return new BeckonError(why, "Direct connections are off");
}

/** What came is not by whoever it should be, or by a page of another version. @param {string} [reason] */
export function mistrust(reason) {
  const why = reason?.startsWith("outdated") ? reason : "tampered";
  return new BeckonError(why, "Someone changed the introduction, or one of the pages is older");
}
