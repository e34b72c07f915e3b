// The ICE servers that the server names, and when their TURN credentials are to be renewed.
import { readIce } from "./parse.js";

/** Credentials are renewed when this much of their life is over: time enough to try again. */
const RENEW_AT = 0.8;

/**
 * @typedef {object} Ice
 * @property {RTCIceServer[]} iceServers
 * @property {number} until when the credentials among them end (Date.now()); 0 without any
 * @property {number} [renewAt] when fresh ones are to be asked for (Date.now())
 * @property {string[]} refused the URLs that this browser does not take, as far as it was asked
 * @property {boolean} degraded whether TURN servers are missing from them for now, because something failed
 */

/**
 * @param {unknown} payload of OPEN or ICE
 * @returns {Ice}
 */
export function credentialsOf(payload) {
  const { iceServers, ttl, degraded } = readIce(payload);
  // Without credentials there is nothing that runs out.
  const expires = degraded || iceServers.some((server) => server.credential);
  const life = ttl * 1_000;
  const now = Date.now();
  return { iceServers, degraded, refused: [], until: degraded || !ttl ? 0 : now + life, renewAt: expires && ttl ? now + life * RENEW_AT : Infinity };
}
