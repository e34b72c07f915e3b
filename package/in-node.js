// What Node.js imports as "beckon": the library, which says in one sentence what is missing there. Elsewhere it is beckon.js itself.
import { BeckonError, join as joinRoom } from "../public/beckon.js";

export { BeckonError, Peer, Room } from "../public/beckon.js";

/** What browsers have and Node.js may not have, and where it is to be had. */
const NEEDED = {
  RTCPeerConnection: 'import "node-datachannel/polyfill" first (npm install node-datachannel), or another WebRTC library',
  WebSocket: "take Node.js 22 or newer",
};

/** @type {typeof joinRoom} */
export const join = (link, options) => {
  for (const [name, remedy] of Object.entries(NEEDED))
    if (!(name in globalThis)) throw new BeckonError("no-webrtc", `Beckon's client is for browsers, and Node.js has no ${name}: ${remedy}.`);
  return joinRoom(link, options);
};
