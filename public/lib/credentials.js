// The ICE servers that the server names, and when their TURN credentials are to be renewed.
import { readIce } from "./parse.js";

/** Credentials are renewed when this much of their life is over: time enough to try again. */
const RENEW_AT = 0.8;
/** A request for them may stay without an answer this long, in ms, before it is sent again. */
const RENEW_AGAIN_MS = 30_000;

/**
 * @typedef {object} Ice
 * @property {RTCIceServer[]} iceServers
 * @property {number} until when the credentials among them end (Date.now()); 0 without any
 * @property {string[]} refused the URLs that this browser does not take, as far as it was asked
 * @property {boolean} degraded whether TURN servers are missing from them for now, because something failed
 */

export function openCredentials() {
  /** When to ask for fresh ones (Date.now()). */
  let renewAt = Infinity;

  return {
    /**
     * @param {unknown} payload of OPEN or ICE
     * @returns {Ice}
     */
    receive(payload) {
      const { iceServers, ttl, degraded } = readIce(payload);
      // Without credentials there is nothing that runs out.
      const expires = degraded || iceServers.some((server) => server.credential);
      renewAt = expires && ttl > 0 ? Date.now() + ttl * 1_000 * RENEW_AT : Infinity;
      return { iceServers, degraded, refused: [], until: degraded || !ttl ? 0 : Date.now() + ttl * 1_000 };
    },

    /** Whether to ask for fresh ones now. If so, the next time is a while later. */
    isDue() {
      if (Date.now() < renewAt) return false;
      renewAt = Date.now() + RENEW_AGAIN_MS;
      return true;
    },
  };
}
