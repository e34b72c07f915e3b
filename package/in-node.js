// What Node.js imports as "beckon": the library, which says in one sentence what is missing there. Elsewhere it is beckon.js itself.
import { BeckonError, join as joinRoom } from "../public/beckon.js";

export { BeckonError, Peer, Room } from "../public/beckon.js";

/** What browsers have and Node.js may not have, and where it is to be had. */
const NEEDED = {
  RTCPeerConnection: 'npm install node-datachannel, and begin with Object.assign(globalThis, await import("node-datachannel/polyfill"))',
  WebSocket: 'take Node.js 22 or newer, or npm install ws, and begin with globalThis.WebSocket = (await import("ws")).WebSocket',
};

/** @type {typeof joinRoom} */
export const join = (link, options) => {
  for (const [name, remedy] of Object.entries(NEEDED))
    if (!(name in globalThis)) throw new BeckonError("no-webrtc", `Beckon's client is for browsers, and Node.js has no ${name}: ${remedy}.`);
  return joinRoom(link, options);
};
