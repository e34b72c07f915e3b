// One other device, for as long as it is in the room: its connection, replaced when it has failed, and the server as long as no connection works.
import { BeckonError } from "./events.js";
import { isCarried, openMessaging } from "./messaging.js";
import { openPeerHandle } from "./peer-handle.js";
import { openPresence } from "./presence.js";
import { openPeerLimits } from "./rate-limit.js";
import { openReconnect } from "./reconnect.js";

/** @typedef {ReturnType<typeof openPeer>} OpenPeer */
/**
 * @param {object} options
 * @param {string} options.id
 * @param {string} options.me our id
 * @param {string} options.epoch this page load: a message's number means something only together with it
 * @param {() => import('./credentials.js').Ice & RTCConfiguration} options.ice
 * @param {(configuration: RTCConfiguration) => RTCPeerConnection} options.connect
 * @param {() => boolean} options.isOnline whether the server can carry an introduction now
 * @param {() => import('./messaging.js').Card} options.card what we say of ourselves
 * @param {import('./delivery.js').DeliveryState} options.state of this id so far
 * @param {(message: import('./messaging.js').Outgoing, epoch?: string) => void} options.sendSealed through the server; `epoch`: only to this page load
 * @param {Parameters<typeof openMessaging>[0]['onData']} options.onData
 * @param {import('./rate-limit.js').Limit} options.mayUseServer
 * @param {import('./late.js').Care} options.care
 * @param {(peer: object, act: () => void) => void} options.whenRead acts as soon as the app is not behind with reading
 * @param {(why: import('./events.js').BeckonError) => void} options.onLeft
 */
export function openPeer({ id, me, epoch, ice, connect, isOnline, card, state, sendSealed, onData, mayUseServer, care, whenRead, onLeft }) {
  let opened = false; // a connection has worked
  /** Whose browser makes no direct connections, as far as is known: ours, theirs. */
  let [unable, serverOnly] = [false, false];
  const { mayAnswer, mayDescribe, mayIntroduce } = openPeerLimits();
  /** @param {import('./messaging.js').Outgoing} message lost if it has made us say too much */
  const introduce = (message) => mayIntroduce() && sendSealed(message);

  const { handle, facts, fire, gone, blame, setName, setState, setPath } = openPeerHandle({
    id,
    connection: () => reconnect.connection?.pc ?? null,
    send,
    isThroughServer: () => relay?.open ?? false,
  });
  const presence = openPresence(leave);
  const messaging = openMessaging({
    state,
    connection: () => reconnect.connection,
    sendSealed, // which has a limit of its own
    card,
    onData,
    mayUseServer,
    onName: setName,
    care,
    whenRead,
    search: {
      polite: me < id,
      found: (path, latency) => reconnect.works && setPath(path, latency),
      may: () => presence.isHere && isOnline() && reconnect.works && !messaging.isWaiting,
      restart: () => reconnect.restartIce(true),
      silent: bypass,
    },
  });
  const reconnect = openReconnect({
    epoch,
    polite: me < id,
    greeting: { ours: JSON.stringify([me, id]), theirs: JSON.stringify([id, me]) },
    ice,
    connect,
    care,
    isOnline,
    isWanted: () => presence.isHere && !serverOnly,
    sendSignal: introduce,
    onBuilt: () => fire("connection"),
    onChange: changed,
    onReceive: messaging.receive,
    onDrain: messaging.flush,
  });
  /** The way through the server, and what is said of peers that have no path. It comes late. @type {ReturnType<import("./late.js").PathCare["careForPeer"]> | undefined} */
  let relay;
  const coming = care().then(
    ({ careForPeer }) =>
      (relay = careForPeer({
        fields: facts,
        possible: () => presence.isHere && isOnline(),
        blocked: () => (unable ? "here" : serverOnly ? "there" : ""),
        ice,
        shown: card,
        say: introduce,
        tell: tellCard,
        carry: messaging.sendByServer,
        lose: messaging.makeDue,
        found: setPath,
        become: setState,
        notice: () => fire("state"),
        BeckonError,
      })),
  );
  /** Tells it something, when it has come. @param {'start' | 'stop' | 'hasten' | 'assist' | 'replied'} what */
  const tellRelay = (what) => coming.then((relay) => relay[what]());
  tellRelay("start");

  /** @param {import('./frame.js').Packed} frame @param {import('./peer-handle.js').Sending} [how] */
  async function send(frame, how) {
    if (how?.reliable === false) return messaging.sendUnreliable(frame);
    const receipt = messaging.send(frame, how);
    if (relay?.open && isOnline()) messaging.sendByServer();
    return receipt;
  }

  /** Through the server. */
  function tellCard() {
    const { name: here, more } = card();
    introduce({ here, more, serverOnly: unable || undefined });
  }

  /** The path leads nowhere, most likely, whatever the browser still thinks: a better one is looked for, and there is the server. */
  function bypass() {
    if (!presence.isHere || !isOnline()) return;
    if (reconnect.works) {
      reconnect.restartIce();
      tellRelay("assist");
    } else if (opened) tellRelay("hasten");
  }

  /** @param {import('./reconnect.js').Change} now @param {boolean} relayRefused */
  function changed(now, relayRefused) {
    if (now === "open" || now === "resumed") return connected(now === "open");
    // No connection works. If that lasts, there is another way.
    messaging.pause();
    if (!relay?.open) setPath(null);
    tellRelay("start");
    unable = now === "unable"; // not any more, if there is another one
    if (now === "failed" || now === "forged" || unable) failed(relayRefused).then(() => now === "forged" && distrust());
    else if (now === "interrupted" || facts.state === "open") setState("reconnecting");
    if (now === "interrupted" && !presence.isHere) presence.giveUp();
  }

  /** @param {boolean} isNew whether it is a new connection */
  function connected(isNew) {
    presence.keep();
    if (relay?.open) setPath(null);
    tellRelay("stop");
    if (isNew) messaging.start();
    opened = true;
    unable = serverOnly = false;
    facts.error = null;
    setState("open");
    messaging.measurePath();
  }

  /** @param {boolean} relayRefused */
  async function failed(relayRefused) {
    if (!presence.isHere || (opened && reconnect.failures === 1)) {
      if (opened) setState("reconnecting");
      return presence.isHere || presence.giveUp();
    }
    const late = await coming;
    if (facts.state !== "left" && !reconnect.works) late.failed(relayRefused);
  }

  /** Someone has tried something, or one of the pages is older. Nothing was sent; what comes unaltered still counts. @param {string} [reason] */
  const distrust = (reason) => reconnect.works || blame(reason);

  function leave() {
    if (facts.state === "left") return;
    close();
    setState("left");
    messaging.leave(gone());
    onLeft(gone());
  }

  function close() {
    presence.keep();
    messaging.pause();
    tellRelay("stop");
    reconnect.close();
  }

  return {
    handle,
    facts,
    send,
    sendCard: messaging.sendCard,
    leave,
    close,
    distrust,
    /** Whether there is a connection that works. */
    get isConnected() {
      return reconnect.works;
    },
    /** There are fresh ICE servers, for what is gathered from now on. The present path stays. */
    configure: () => reconnect.connection?.configure(ice()),
    /** We are the newcomer: we offer. */
    call: reconnect.call,
    /** It is the newcomer, or came back: its offer is on its way. */
    expectOffer() {
      presence.arrived();
      reconnect.expectOffer();
    },

    /** Its socket is gone. That does not touch an open channel. @param {boolean} goodbye whether it said so, or may have been cut off */
    socketGone(goodbye) {
      const known = presence.gone(goodbye);
      if (reconnect.works) return;
      relay?.close();
      reconnect.cancelRebuild();
      if (goodbye || !known) presence.giveUp();
    },

    /**
     * Takes what came through the server. Nobody has changed it.
     * @param {import('./parse.js').SealedMessage} message
     * @param {string} theirEpoch
     * @param {boolean} proven whether it is for this page load, and so no replay
     */
    receiveSealed(message, theirEpoch, proven) {
      presence.spoke();
      const introduces = message.description || message.candidate;
      if (introduces) serverOnly = false;
      if (proven && !introduces) tellRelay("replied");
      if (proven && message.serverOnly && !reconnect.works && !serverOnly) {
        serverOnly = true;
        reconnect.close();
        tellRelay("hasten");
      }
      if (isCarried(message)) {
        if (proven) messaging.receiveByServer(message, theirEpoch);
        return proven && reconnect.seenEpoch(theirEpoch);
      }
      // Messages that come too often are ignored: they come again if they matter.
      if (message.description ? !mayDescribe() : !introduces && !mayAnswer()) return;
      if (!introduces) tellCard(); // it asks who is here
      reconnect.receiveSignal(message, theirEpoch, proven);
    },

    /** The server can carry our messages again, and the peer is here. */
    serverIsBack() {
      presence.arrived();
      reconnect.doubt();
      messaging.serverIsBack();
    },

    /** Somebody looks at the page. @param {boolean} [moved] perhaps from another network */
    retry(moved = false) {
      if (moved && reconnect.connection) reconnect.restartIce();
      else if (presence.isHere || reconnect.connection) reconnect.repeat();
    },
  };
}
