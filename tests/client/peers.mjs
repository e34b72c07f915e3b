// Peers as the library makes them, in Node and without WebRTC: connections that say yes to everything, and are only counted.
import { subtle } from 'node:crypto';
import { openPeer } from '../../public/lib/peer.js';

/** The certificate at the other end of every connection here, and what is said of it in a description. */
const CERTIFICATE = Uint8Array.of(1);
const hash = Buffer.from(await subtle.digest('SHA-256', CERTIFICATE)).toString('hex').toUpperCase();
export const SDP = `v=0\r\na=ice-ufrag:x\r\na=fingerprint:sha-256 ${hash.match(/../g).join(':')}\r\n`;

/** Every connection that was made. */
export const connections = { made: 0 };

globalThis.RTCPeerConnection = class {
  signalingState = 'stable';
  connectionState = 'new';
  localDescription = null;
  channels = [];
  sctp = { transport: { getRemoteCertificates: () => [CERTIFICATE] } };
  constructor() {
    connections.made++;
  }
  createDataChannel() {
    const channel = { readyState: 'connecting', bufferedAmount: 0, sent: [], send: (data) => channel.sent.push(data) };
    this.channels.push(channel);
    return channel;
  }
  async setLocalDescription() {
    const type = this.signalingState === 'have-remote-offer' ? 'answer' : 'offer';
    this.signalingState = type === 'offer' ? 'have-local-offer' : 'stable';
    this.localDescription = { type, sdp: SDP };
  }
  async setRemoteDescription({ type }) {
    this.signalingState = type === 'offer' ? 'have-remote-offer' : 'stable';
  }
  async addIceCandidate() {}
  async getStats() {
    return new Map();
  }
  restartIce() {}
  setConfiguration() {}
  close() {
    this.signalingState = 'closed';
    for (const channel of this.channels) channel.readyState = 'closed';
  }
};

/** A member of our room: what it is told, hears and fires is noted. @param {(words: object) => void} tell */
export function meet(id, pace, tell) {
  const seen = { heard: [], names: 0, states: 0, left: false, tally: { sent: 0 } };
  const member = openPeer({
    id,
    session: 'ours',
    polite: false,
    ice: () => ({ iceServers: [] }),
    online: () => true,
    myName: () => 'Me',
    tally: seen.tally,
    tell,
    heard: (data) => seen.heard.push(data),
    pace,
    left: () => (seen.left = true),
  });
  member.peer.addEventListener('name', () => seen.names++);
  member.peer.addEventListener('state', () => seen.states++);
  return { ...seen, seen, member };
}

/** Opens its link, as an answer and the browser would. @returns {Promise<any>} its reliable channel */
export async function connect({ member }, epoch) {
  member.call();
  const wait = () => new Promise((resolve) => setImmediate(resolve));
  await wait();
  const { connection } = member.peer;
  member.told({ from: `${epoch}.1`, description: { type: 'answer', sdp: SDP } }, epoch, true);
  await wait();
  connection.connectionState = 'connected';
  const [channel, burst] = connection.channels;
  channel.readyState = burst.readyState = 'open';
  channel.onopen();
  while (member.peer.state !== 'open') await wait();
  return channel;
}
