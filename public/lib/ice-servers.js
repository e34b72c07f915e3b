// ICE servers that are no good: those that the browser does not take, which must not cost the others, and relays that do not take us. It comes with
// path-care.js.
import { tried } from "./parse.js";

/**
 * Leaves out what the browser does not take, and names it.
 * @param {import('./credentials.js').Ice & RTCConfiguration} ice from the server, perhaps nonsense
 * @returns {boolean} whether that has changed anything; it has not where the browser makes no connections at all
 */
export function weed({ iceServers, refused, ...how }) {
  const before = refused.length;
  const take = (/** @type {RTCIceServer[]} */ ...servers) => new RTCPeerConnection({ ...how, iceServers: servers }).close();
  const good = [];
  try {
    take();
  } catch {
    return false;
  }
  const each = iceServers.flatMap(({ urls, ...pass }) => [urls].flat().map((url) => ({ ...pass, urls: url })));
  for (const server of each) {
    try {
      take(server);
      good.push(server);
    } catch {
      refused.push(server.urls);
    }
  }
  iceServers.splice(0, Infinity, ...good);
  return refused.length > before;
}

/**
 * For what is gathered from now on.
 * @param {RTCPeerConnection} pc
 * @param {import('./credentials.js').Ice & RTCConfiguration} ice
 */
export function renew(pc, ice) {
  const configure = () => pc.setConfiguration(ice);
  try {
    configure();
  } catch (error) {
    console.debug("beckon:", error); // closed, or a stack that cannot (libdatachannel), or a server that the browser does not take
    if (weed(ice)) tried(configure);
  }
}

/** @param {RTCPeerConnection} pc @returns {() => boolean} whether a relay has refused the credentials since */
export function watchRelays(pc) {
  let refused = false;
  pc.onicecandidateerror = ({ errorCode, url }) => {
    if ((errorCode === 401 || errorCode === 403) && url?.startsWith("turn")) refused = true;
  };
  return () => refused;
}
