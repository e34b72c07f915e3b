// Every state that the room page can be in: how it comes about, with real parts, and what the page then says, word for word. The
// tests of the sentences, of accessibility and of the layout go through all of them, and so do the screenshots.
import { introduces } from "../malicious/liar.mjs";
import { BLOCKS, held, press, stopClock, until, untilConnected } from "./browser.mjs";

/** Candidates are heard of only if they are of this type: what a network that blocks the others looks like from inside. */
const hear = (type) => (page) =>
  page.evaluateOnNewDocument((type) => {
    const { addIceCandidate, setRemoteDescription } = RTCPeerConnection.prototype;
    const heard = (line) => type !== "" && line.includes(`typ ${type}`);
    RTCPeerConnection.prototype.addIceCandidate = function (candidate) {
      return heard(candidate?.candidate ?? "") ? Reflect.apply(addIceCandidate, this, [candidate]) : Promise.resolve();
    };
    RTCPeerConnection.prototype.setRemoteDescription = function ({ type, sdp }) {
      return Reflect.apply(setRemoteDescription, this, [{ type, sdp: sdp.replace(/^a=(candidate.*)\r\n/gm, (line) => (heard(line) ? line : "")) }]);
    };
  }, type);
const deaf = hear("");

/** A server from before there was a way through it: to that, what goes that way is nothing. */
const noWayAround = (page) =>
  page.evaluateOnNewDocument(() => {
    const { send } = WebSocket.prototype;
    WebSocket.prototype.send = function (text) {
      if (!text.includes('"MESSAGE"')) send.call(this, text);
    };
  });

const withoutWebRTC = (page) => page.evaluateOnNewDocument(() => delete window.RTCPeerConnection);

/** Neither a path nor a way through the server. */
const cut = async (page) => {
  await deaf(page);
  await noWayAround(page);
};

/** The other side never gets as far as an answer. */
const hesitant = (page) =>
  page.evaluateOnNewDocument(() => {
    RTCPeerConnection.prototype.setRemoteDescription = () => new Promise(() => {});
  });

/** Two who never get as far as a path, nor by the server. The clocks of both stand still: after a while they would give up. */
const withoutPath = async (pair) => {
  const second = async (page) => {
    await hesitant(page);
    await noWayAround(page);
  };
  const { page, other } = await pair({ second, connected: false, patient: true });
  await stopClock(other);
  return { page };
};

/** What needs more than one machine, as the browser's statistics tell of it; the network lab has it in real networks. By type of report. */
const pretend = (fields) => (page) =>
  page.evaluateOnNewDocument((fields) => {
    const { getStats } = RTCPeerConnection.prototype;
    RTCPeerConnection.prototype.getStats = async function () {
      const reports = new Map(await getStats.call(this));
      for (const [id, report] of reports) reports.set(id, { ...report, ...fields[report.type] });
      return reports;
    };
  }, fields);

/** Whatever introduces two devices is changed on its way. @param {(payload: string) => string} change */
const altered =
  (change) =>
  async ({ pair, liar }) => {
    const server = await liar();
    server.lie = (frame) => [introduces(frame) ? { ...frame, payload: change(frame.payload) } : frame];
    return pair({ at: server.url, connected: false });
  };

const OUT_OF_REACH = "Both networks block direct connections";
const KEPT = "Your hello is kept until there is one.";

/**
 * `says`: first and second line, `{peer}` being the other one's name. `lists`: how the other one stands in the list. `slow`: it is reached by waiting,
 * and the clock of its page, or of all pages, is hurried. `reach` gives the page that is in the state, or soon will be: as soon as it is, it is held (scene.mjs).
 * @type {Record<string, { says: [title: string, text: string], lists?: string, slow?: "here" | "everywhere", reach(tools: any): Promise<{ page: any }> }>}
 */
export const STATES = {
  alone: {
    says: ["Waiting for another device", "Open the link or scan the code on it."],
    reach: ({ alone }) => alone(),
  },
  "socket-blocked": {
    says: [
      "This network does not let the connection through",
      "It blocks what this page needs (WebSockets), as some companies' filters do. Try another network, or a phone hotspot. It is tried again by itself.",
    ],
    reach: async ({ alone, filter }) => alone({ at: (await filter(BLOCKS.forbids)).url, waits: false }),
  },
  opening: {
    says: ["Opening a room…", ""],
    reach: async ({ alone, filter }) => alone({ at: (await filter(BLOCKS.hangs)).url, waits: false }),
  },
  "hello-waits": {
    says: ["Your hello is waiting", "The first device that comes will hear it."],
    reach: async ({ alone }) => {
      const { page } = await alone();
      await press(page, "#hello");
      return { page };
    },
  },
  connecting: {
    says: ["Go on, press it", ""],
    lists: "connecting",
    reach: ({ pair }) => withoutPath(pair),
  },
  "on-its-way": {
    says: ["On its way to {peer}…", "It arrives as soon as there is a path."],
    lists: "connecting",
    reach: async ({ pair }) => {
      const { page } = await withoutPath(pair);
      await press(page, "#hello");
      return { page };
    },
  },
  searching: {
    says: ["Still looking for a path to {peer}…", "Networks sometimes take a few seconds."],
    lists: "connecting",
    slow: "here",
    reach: ({ pair }) => withoutPath(pair),
  },
  connected: {
    says: ["Go on, press it", ""],
    lists: "connected, direct, {ms}",
    reach: ({ pair }) => pair(),
  },
  "hello-said": {
    says: ["Said to {peer}", ""],
    lists: "connected, direct, {ms}",
    reach: async ({ pair }) => {
      const { page } = await pair();
      await press(page, "#hello");
      return { page };
    },
  },
  "hello-heard": {
    says: ["Go on, press it", ""],
    lists: "connected, direct, {ms}, said hello",
    reach: async ({ pair }) => {
      const { page, other } = await pair();
      await press(other, "#hello");
      return { page };
    },
  },
  "three-hellos": {
    says: ["Said to {peers}", ""],
    reach: async ({ pair, more }) => {
      const { page, other } = await pair();
      const others = [other, await more(page), await more(page)];
      await untilConnected(page, 3);
      await stopClock(page); // or the first of them would not wait for the last
      for (const other of others) await press(other, "#hello");
      await until(page, "three hellos", () => document.querySelectorAll("[role=alert]").length === 3);
      await press(page, "#hello");
      return { page };
    },
  },
  "said-to-one": {
    says: ["Said to {peer}", "On its way to {third}…"],
    reach: async ({ pair, more }) => {
      const { page } = await pair();
      // Its clock stands still: after a while it would look for another way to the third.
      const there = held(page, "the third is there", () => document.querySelector("[data-state=connecting]"));
      await Promise.all([more(page, hesitant), there]);
      await press(page, "#hello");
      return { page };
    },
  },
  left: {
    says: ["Waiting for another device", "Open the link or scan the code on it."],
    lists: "left",
    reach: async ({ pair }) => {
      const { page, other } = await pair();
      await stopClock(page); // who has left is listed for a while only
      await other.goto("about:blank");
      return { page };
    },
  },
  details: {
    says: ["Go on, press it", ""],
    lists: "connected, direct, {ms}",
    reach: async ({ pair }) => {
      const { page } = await pair();
      await press(page, "#people summary");
      await until(page, "the figures", () => document.querySelectorAll("#people dt").length > 5);
      return { page };
    },
  },
  "through-the-server": {
    says: ["Go on, press it", "What you say to {peer} goes through the server, sealed."],
    lists: "connected, through the server (still sealed)",
    slow: "everywhere",
    reach: ({ pair }) => pair({ first: deaf, second: deaf }),
  },
  "through-the-server-relay-refused": {
    says: ["Go on, press it", "The relay turned us away. What you say to {peer} goes through the server, sealed."],
    lists: "connected, through the server (still sealed)",
    slow: "everywhere",
    reach: async ({ pair, relay }) => pair({ at: await relay("udp", "another secret"), first: deaf, second: deaf }),
  },
  "through-the-server-relay-missing": {
    says: ["Go on, press it", "The relay is out of order right now. What you say to {peer} goes through the server, sealed."],
    lists: "connected, through the server (still sealed)",
    slow: "everywhere",
    reach: async ({ pair, noRelayService }) => pair({ at: await noRelayService(), first: deaf, second: deaf }),
  },
  "no-direct-path": {
    says: ["No direct path to {peer}", `${OUT_OF_REACH} and this server has no relay. Try the same Wi-Fi, or a phone hotspot.`],
    lists: "no path",
    slow: "everywhere",
    reach: ({ pair }) => pair({ first: cut, second: cut, connected: false }),
  },
  "no-direct-path-hello": {
    says: ["No direct path to {peer}", `${OUT_OF_REACH} and this server has no relay. Try the same Wi-Fi, or a phone hotspot. ${KEPT}`],
    lists: "no path",
    slow: "everywhere",
    reach: async ({ pair }) => {
      const { page } = await pair({ first: cut, second: cut, connected: false });
      await press(page, "#hello");
      return { page };
    },
  },
  "relay-refused": {
    says: ["The relay turned us away", "Its pass had expired or is wrong. Reload; if it stays, tell whoever runs this site."],
    lists: "no path",
    slow: "everywhere",
    reach: async ({ pair, relay }) => pair({ at: await relay("udp", "another secret"), first: cut, second: cut, connected: false }),
  },
  "relay-missing": {
    says: ["No direct path to {peer}", `${OUT_OF_REACH}, and the relay for that is out of order right now. It is asked again by itself.`],
    lists: "no path",
    slow: "everywhere",
    reach: async ({ pair, noRelayService }) => pair({ at: await noRelayService(), first: cut, second: cut, connected: false }),
  },
  "no-path": {
    says: ["No path to {peer}", "Not even through the relay. Try another network."],
    lists: "no path",
    slow: "everywhere",
    reach: async ({ pair, relay }) => pair({ at: await relay("udp"), first: cut, second: cut, connected: false }),
  },
  "relayed-udp": {
    says: ["Go on, press it", ""],
    lists: "connected, relayed (still encrypted), {ms}",
    reach: async ({ pair, relay }) => pair({ at: await relay("udp"), first: hear("relay"), second: hear("relay") }),
  },
  "relayed-tcp": {
    says: ["Connected through a relay", "This network blocks the fast way; it works, a little slower."],
    lists: "connected, relayed by TCP (still encrypted), {ms}",
    reach: async ({ pair, relay }) => pair({ at: await relay("tcp"), first: hear("relay"), second: hear("relay") }),
  },
  "relayed-tls": {
    says: ["Connected through a relay", "This network blocks the fast way; it works, a little slower."],
    lists: "connected, relayed by TLS (still encrypted), 48 ms",
    reach: ({ pair }) =>
      pair({ first: pretend({ "local-candidate": { candidateType: "relay", relayProtocol: "tls" }, "candidate-pair": { currentRoundTripTime: 0.048 } }) }),
  },
  "between-networks": {
    says: ["Go on, press it", ""],
    lists: "connected, direct between networks, under 1 ms",
    reach: ({ pair }) => pair({ first: pretend({ "local-candidate": { candidateType: "srflx" }, "candidate-pair": { currentRoundTripTime: 0.0004 } }) }),
  },
  away: {
    says: ["The meeting point is not answering", "Devices already connected stay connected. Trying again in {n} s."],
    lists: "connected, direct, {ms}",
    reach: async ({ pair, door }) => {
      const way = await door();
      const { page } = await pair({ at: way.url });
      way.shut();
      return { page };
    },
  },
  "away-trying": {
    says: ["The meeting point is not answering", "Devices already connected stay connected. Trying again…"],
    reach: async ({ alone, door }) => {
      const way = await door();
      const { page } = await alone({ at: way.url });
      // A server that takes the connection and says nothing.
      await way.mute();
      return { page };
    },
  },
  tampered: {
    says: ["Stopped: someone changed the introduction", "The messages that connect you were altered on the way. Nothing was sent."],
    lists: "stopped: introduction changed",
    reach: altered((payload) => payload.slice(0, 4) + payload.slice(4).toLowerCase()),
  },
  outdated: {
    says: ["Reload this page: {peer} has a newer one", ""],
    reach: altered((payload) => `Aw${payload.slice(2)}`), // version 3
  },
  "outdated-there": {
    says: ["{peer} has to reload: the page there is older than this one", ""],
    reach: altered((payload) => `AQ${payload.slice(2)}`), // version 1
  },
  "something-false": {
    says: ["Something false was ignored", "Someone between you altered a message that connects you. It was thrown away; who is connected stays connected."],
    lists: "connected, direct, {ms}",
    reach: async ({ pair, liar, every }) => {
      const server = await liar();
      const { page } = await pair({ at: server.url });
      // Each is spoken of for a while only.
      every(1_000, () => server.say(server.clients[0].id, { type: "OFFER", src: server.clients[1].id, payload: "a lie" }));
      return { page };
    },
  },
  full: {
    says: ["This room is full (2 devices)", "Ask someone to leave, or start another room. This page joins as soon as there is a seat."],
    reach: async ({ pair, server, more }) => {
      const at = await server({ vars: { STUN_URLS: "", ROOM_CAPACITY: "2" } });
      return { page: await more((await pair({ at })).page) };
    },
  },
  damaged: {
    says: ["This link is damaged", "Some characters at its end are missing. Ask for the link again."],
    reach: ({ alone, plain }) => alone({ at: new URL("/#AAAAAAAAAAAAAAAAAAAA", plain), waits: false }),
  },
  insecure: {
    says: ["This page must be opened over https", "Device connections only work on secure pages."],
    reach: ({ alone }) =>
      alone({ waits: false, prepare: (page) => page.evaluateOnNewDocument(() => Object.defineProperty(crypto, "subtle", { value: undefined })) }),
  },
  "no-webrtc-alone": {
    says: [
      "Waiting for another device",
      "Open the link or scan the code on it. This browser has direct connections switched off: what you say will go through the server, sealed.",
    ],
    reach: ({ alone }) => alone({ prepare: withoutWebRTC }),
  },
  "no-webrtc": {
    says: ["Go on, press it", "This browser has direct connections switched off. What you say to {peer} goes through the server, sealed."],
    lists: "connected, through the server (still sealed)",
    reach: ({ pair }) => pair({ first: withoutWebRTC, connected: false }),
  },
  "no-webrtc-there": {
    says: ["Go on, press it", "The other browser has direct connections switched off. What you say to {peer} goes through the server, sealed."],
    lists: "connected, through the server (still sealed)",
    reach: ({ pair }) => pair({ second: withoutWebRTC, connected: false }),
  },
  "no-webrtc-and-no-way": {
    says: ["This browser has direct connections switched off", "A privacy setting or extension blocks them (WebRTC)."],
    lists: "no path",
    reach: ({ pair }) => pair({ first: withoutWebRTC, second: noWayAround, connected: false }),
  },
  refused: {
    says: ["The meeting point turned us away", "Server has reached its concurrent user limit. It is asked again by itself."],
    reach: async ({ alone, server }) => alone({ at: await server({ vars: { CONCURRENT_LIMIT: "0" } }), waits: false }),
  },
};
