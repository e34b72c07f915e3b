// A stock PeerJS client in Node: the npm package as it is, on the WebRTC of node-datachannel. A test talks to it over IPC.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import * as webrtc from "node-datachannel/polyfill";

/**
 * libdatachannel (0.24.5, setRemoteDescription) gives its ICE an answer first, and keeps it as the remote description after that. A handshake that
 * comes between the two is refused, for there is no fingerprint yet to check it by, and that ends the connection: of those that were made on a
 * machine with much to do, one in some thirty. So the other side hears where to send it only when its answer has been taken: until then our
 * candidates are held back. It may take a browser as long to find its own.
 */
class CarefulConnection extends webrtc.RTCPeerConnection {
  /** Events that wait for the answer. */
  #held = [];

  dispatchEvent(event) {
    if (event.type !== "icecandidate" || this.signalingState !== "have-local-offer") return super.dispatchEvent(event);
    this.#held.push(event);
    return true;
  }

  async setRemoteDescription(description) {
    await super.setRemoteDescription(description);
    for (const event of this.#held.splice(0)) super.dispatchEvent(event);
  }

  /** Of a connection that is closed nothing more is heard (W3C WebRTC 4.4.2, the operations chain). PeerJS stumbles over it. */
  async addIceCandidate(candidate) {
    try {
      await super.addIceCandidate(candidate);
    } catch (error) {
      if (this.signalingState === "closed") return new Promise(() => {});
      throw error;
    }
  }
}

// Nor does a page end with a promise that nobody has caught.
process.on("unhandledRejection", (error) => console.error(error));

for (const [name, value] of Object.entries(webrtc)) if (name.startsWith("RTC")) globalThis[name] = value;
globalThis.RTCPeerConnection = /** @type {any} */ (CarefulConnection); // not quite what a browser has
// What the client asks a browser for: who it is, and where its page is.
const define = (name, value) => Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
define("window", globalThis);
define("location", { protocol: "http:", hostname: "localhost" });
define("navigator", { userAgent: "node", platform: "node", mediaDevices: {} });
define("Peer", createRequire(import.meta.url)("peerjs").Peer);
(0, eval)(readFileSync(new URL("agent.js", import.meta.url), "utf8"));

process.on("message", async ({ call, method, args }) => {
  try {
    const member = window.agent[method];
    process.send({ call, value: (await (typeof member === "function" ? member(...args) : member)) ?? null });
  } catch (error) {
    process.send({ call, error: String(error.stack ?? error) });
  }
});
process.on("disconnect", () => process.exit());
process.send("ready");
