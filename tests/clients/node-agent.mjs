// A stock PeerJS client in Node: the npm package as it is, on the WebRTC of node-datachannel. A test talks to it over IPC.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import * as webrtc from "node-datachannel/polyfill";

/**
 * What W3C WebRTC (4.4.1.2, the operations chain) promises and the polyfill does not keep, on loopback, where answers come within a
 * millisecond: that an answer is not read before the offer is set, nor a candidate before the description that it belongs to and
 * the transport that it is for. Without this one connection in some fifty never opens, whatever the server. And that of a connection
 * that was closed meanwhile nothing more is heard: PeerJS stumbles over it.
 */
class PatientConnection extends webrtc.RTCPeerConnection {
  async setRemoteDescription(description) {
    while (description.type === "answer" && this.signalingState === "stable") await moment();
    await super.setRemoteDescription(description);
  }

  async addIceCandidate(candidate) {
    for (let patience = 100; ; patience--) {
      try {
        return await super.addIceCandidate(candidate);
      } catch (error) {
        if (this.signalingState === "closed") return new Promise(() => {});
        if (patience === 0) throw error;
      }
      await moment();
    }
  }
}

// Nor does a page end with a promise that nobody has caught.
process.on("unhandledRejection", (error) => console.error(error));

const moment = () => new Promise((done) => setTimeout(done, 10));

for (const [name, value] of Object.entries(webrtc)) if (name.startsWith("RTC")) globalThis[name] = value;
globalThis.RTCPeerConnection = PatientConnection;
// What the client asks a browser for: who it is, and where its page is.
const define = (name, value) => Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
define("window", globalThis);
define("location", { protocol: "http:", hostname: "localhost" });
define("navigator", { userAgent: "node", platform: "node", mediaDevices: {} });
({ Peer: globalThis.Peer } = createRequire(import.meta.url)("peerjs"));
(0, eval)(readFileSync(new URL("agent.js", import.meta.url), "utf8"));

process.on("message", async ({ call, method, args }) => {
  try {
    const member = globalThis.agent[method];
    process.send({ call, value: (await (typeof member === "function" ? member(...args) : member)) ?? null });
  } catch (error) {
    process.send({ call, error: String(error.stack ?? error) });
  }
});
process.on("disconnect", () => process.exit());
process.send("ready");
