// Gives Node the browser's WebRTC, so that the client runs in it as it is: import this before joining a room.
import * as webrtc from "node-datachannel/polyfill";

for (const [name, value] of Object.entries(webrtc)) if (name.startsWith("RTC")) globalThis[name] = value;

/** Until the test ends, there is none. @param {import('node:test').TestContext} t */
export function withoutWebRTC(t) {
  const real = globalThis.RTCPeerConnection;
  Reflect.deleteProperty(globalThis, "RTCPeerConnection");
  t.after(() => (globalThis.RTCPeerConnection = real));
}
