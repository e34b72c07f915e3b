// Peers as the library makes them, in Node and without WebRTC: connections that say yes to everything, and are only counted.
import { subtle } from "node:crypto";
import { openPeer } from "../../public/lib/peer.js";

/** The certificate at the other end of every connection here, and what is said of it in a description. */
const CERTIFICATE = Uint8Array.of(1);
const hash = Buffer.from(await subtle.digest("SHA-256", CERTIFICATE))
  .toString("hex")
  .toUpperCase();
export const SDP = `v=0\r\na=ice-ufrag:x\r\na=fingerprint:sha-256 ${hash.match(/../g).join(":")}\r\n`;

/** Every connection that was made. */
export const connections = { made: 0 };

class FakeConnection {
  signalingState = "stable";
  connectionState = "new";
  localDescription = null;
  channels = [];
  sctp = { transport: { getRemoteCertificates: () => [CERTIFICATE] } };
  constructor() {
    connections.made++;
  }
  createDataChannel() {
    const channel = { readyState: "connecting", bufferedAmount: 0, sent: [], send: (data) => channel.sent.push(data) };
    this.channels.push(channel);
    return channel;
  }
  async setLocalDescription() {
    const type = this.signalingState === "have-remote-offer" ? "answer" : "offer";
    this.signalingState = type === "offer" ? "have-local-offer" : "stable";
    this.localDescription = { type, sdp: SDP };
  }
  async setRemoteDescription({ type }) {
    this.signalingState = type === "offer" ? "have-remote-offer" : "stable";
  }
  async addIceCandidate() {}
  async getStats() {
    return new Map();
  }
  restartIce() {}
  setConfiguration() {}
  close() {
    this.signalingState = "closed";
    for (const channel of this.channels) channel.readyState = "closed";
  }
}
globalThis.RTCPeerConnection = /** @type {Fake} */ (FakeConnection);

/** Our id: the other side is polite. */
const ME = "~me";

/** A peer in our room: what it sends and fires is noted. @param {(message: object) => void} sendSealed */
export function meet(id, mayUseServer, sendSealed) {
  const seen = { heard: [], names: 0, states: 0, left: false, state: { sent: 0 } };
  const peer = openPeer({
    id,
    epoch: "ours",
    me: ME,
    ice: () => ({ iceServers: [], refused: [], degraded: false, until: 0 }),
    connect: () => new RTCPeerConnection(),
    isOnline: () => true,
    card: () => ({ name: "Me" }),
    state: seen.state,
    sendSealed,
    onData: (data, type) => type === undefined && seen.heard.push(data),
    mayUseServer,
    whenRead: (_, act) => act(),
    care: () => import("../../public/lib/path-care.js"),
    onLeft: () => (seen.left = true),
  });
  peer.handle.addEventListener("name", () => seen.names++);
  peer.handle.addEventListener("state", () => seen.states++);
  return { ...seen, seen, peer };
}

/** Opens its connection, as an answer and the browser would. @returns {Promise<any>} its reliable channel */
export async function connect({ peer }, epoch) {
  peer.call();
  const wait = () => new Promise((resolve) => setImmediate(resolve));
  await wait();
  const { connection } = peer.handle;
  peer.receiveSealed({ from: `${epoch}.1`, description: { type: "answer", sdp: SDP } }, epoch, true);
  await wait();
  connection.connectionState = "connected";
  const [channel, unreliable] = connection.channels;
  channel.readyState = unreliable.readyState = "open";
  channel.onopen();
  channel.onmessage({ data: JSON.stringify([peer.handle.id, ME]) });
  while (peer.handle.state !== "open") await wait();
  return channel;
}
