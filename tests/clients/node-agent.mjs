// A stock PeerJS client in Node: the npm package as it is, on the WebRTC of node-datachannel. A test talks to it over IPC.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import * as webrtc from "node-datachannel/polyfill";

/**
 * In a browser no candidate is heard of before the description that it belongs to. libdatachannel gathers as soon as it knows the
 * other's offer, so its first candidates overtake its answer; without this they are lost, and now and then the connection with them.
 */
class PatientConnection extends webrtc.RTCPeerConnection {
  #described = false;
  #early = [];

  async setRemoteDescription(description) {
    await super.setRemoteDescription(description);
    this.#described = true;
    for (const candidate of this.#early.splice(0)) await super.addIceCandidate(candidate);
  }

  async addIceCandidate(candidate) {
    if (this.#described) return super.addIceCandidate(candidate);
    this.#early.push(candidate);
  }
}

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
