// The socket to the realm: PeerJS's protocol with a roster (src/wire/message.rs spells the frames). It comes back by itself
// after a cut, a deploy or sleep, and says so; data channels do not notice. It renews TURN credentials before they run out.
import { readFrame, readHello, readIce, readRefusal } from './parse.js';

/** Byte for byte what the runtime answers by itself, with a text that is not JSON, without waking the room. */
const HEARTBEAT = '{"type":"HEARTBEAT"}';
/**
 * Between heartbeats, in ms. The server doubts a socket that was silent for 10 s when somebody asks for it, and has to store that;
 * a heartbeat costs it nothing.
 */
const BEAT_MS = 8_000;
/** How long an answer to a heartbeat may take, in ms, before the socket counts as dead; and when there is reason to think that it is. */
const PONG_MS = 5_000;
const HURRY_MS = 2_000;
/** How long the server may take to say OPEN, in ms: a phone on a bad line needs seconds for TCP and TLS. */
const OPEN_MS = 10_000;
/** A timer that is so late, in ms, has slept. */
const LATE_MS = 1_000;
/**
 * Waits between tries in ms, each halved to half as much again by chance: a deploy closes every socket at once. Even the longest ends
 * well before the others give us up (peer.js: GRACE_MS), or a server that is back would find who was cut off several times gone.
 */
const RETRY_MS = [300, 1_200, 2_000, 3_000, 4_000];
/**
 * After so many sockets that failed, the server is first asked for a file, so often (in ms, by chance as above): browsers delay a socket
 * after others have failed, Firefox by up to a minute, Chromium by up to 5 s, but no request.
 */
const SOCKETS = 2;
const KNOCK_MS = 2_000;
/** A socket that lived this long, in ms, has earned a quick first retry. */
const SETTLED_MS = 5_000;
/** TURN credentials are renewed when this much of their life is over: time enough to try again. */
const RENEW_AT = 0.8;
/** How long a request for them may stay without an answer, in ms, before it is sent again. */
const RENEW_AGAIN_MS = 30_000;
/** What the server passes on between peers. */
const RELAYED = new Set(['OFFER', 'ANSWER', 'CANDIDATE', 'MESSAGE']);
/** Close code of a socket whose id another socket of ours took. */
const SUPERSEDED = 4001;

/**
 * @typedef {object} Ice
 * @property {RTCIceServer[]} iceServers
 * @property {number} until when the credentials among them end (Date.now()); 0 without any
 * @property {boolean} degraded whether TURN servers are missing from them for now, because something failed
 */

/**
 * @typedef {object} SignalEvents
 * @property {(hello: { id: string, peers: string[] } & Ice) => void} open who is here; again after each return
 * @property {(ice: Ice) => void} ice what connections are to be configured with from now on
 * @property {(id: string) => void} join
 * @property {(id: string) => void} leave it said goodbye
 * @property {(id: string) => void} lost its socket is gone; its data channel may well live on
 * @property {(id: string) => void} expire nobody by that id took our offer
 * @property {(id: string, payload: unknown) => void} told
 * @property {(retryAt: number) => void} away the server is not answering; the next try is at this time (Date.now())
 * @property {(refusal: { code: string, message: string }) => void} refused and it will not try again
 */

/**
 * @param {URL} url
 * @param {SignalEvents} on
 */
export function openSignal(url, on) {
  /** @type {WebSocket | null} */
  let socket = null;
  let open = false;
  let openedAt = 0;
  let tries = 0;
  /** When to ask for fresh ICE servers (Date.now()). */
  let renewAt = Infinity;
  /** @type {{ code: string, message: string } | null} */
  let refusal = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let retry;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let deadline;
  /** Whether this page may ask the server for a file: tried once while it is there. @type {boolean | undefined} */
  let mayKnock;
  const beat = setInterval(() => check(), BEAT_MS);
  connect();

  function connect() {
    clearTimeout(retry);
    retry = undefined;
    refusal = null;
    const mine = new WebSocket(url);
    socket = mine;
    expect(OPEN_MS);
    mine.onmessage = ({ data }) => {
      if (mine !== socket) return;
      if (open) clearTimeout(deadline); // whatever it says, it lives
      hear(readFrame(data));
    };
    mine.onclose = ({ code }) => {
      if (mine !== socket) return;
      if (code === SUPERSEDED) refusal = { code: 'superseded', message: 'Another tab is this device' };
      lost();
    };
  }

  /** @param {ReturnType<typeof readFrame>} frame */
  function hear({ type, src, payload }) {
    if (type === 'OPEN') {
      clearTimeout(deadline);
      open = true;
      openedAt = Date.now();
      on.open({ ...readHello(payload), ...takeIce(payload) });
    } else if (type === 'ICE') on.ice(takeIce(payload));
    else if (type === 'ID-TAKEN') refusal = { ...readRefusal(payload), code: 'id-taken' };
    else if (type === 'ERROR') refusal = readRefusal(payload);
    else if (!src) return;
    else if (type === 'JOIN') on.join(src);
    else if (type === 'LEAVE') on.leave(src);
    else if (type === 'LOST') on.lost(src);
    else if (type === 'EXPIRE') on.expire(src);
    else if (RELAYED.has(type)) on.told(src, payload);
  }

  /**
   * @param {unknown} payload
   * @returns {Ice}
   */
  function takeIce(payload) {
    const { iceServers, ttl, degraded } = readIce(payload);
    // Without credentials there is nothing that runs out.
    const renewed = degraded || iceServers.some((server) => server.credential);
    renewAt = renewed && ttl > 0 ? Date.now() + ttl * 1_000 * RENEW_AT : Infinity;
    return { iceServers, degraded, until: degraded || !ttl ? 0 : Date.now() + ttl * 1_000 };
  }

  function lost() {
    // Said instead of OPEN, a refusal is final until someone does something about it; later (a flood) it is a hiccup.
    const final = refusal && (!open || refusal.code === 'superseded');
    if (open && Date.now() - openedAt > SETTLED_MS) tries = 0;
    drop();
    if (final && refusal) {
      clearInterval(beat);
      on.refused(refusal);
      return;
    }
    const step = RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)] ?? 0;
    later(step, mayKnock && tries > SOCKETS ? knock : connect);
  }

  /**
   * @param {number} ms
   * @param {() => void} act
   */
  function later(ms, act) {
    const wait = ms * (0.5 + Math.random());
    retry = setTimeout(act, wait);
    on.away(Date.now() + wait);
  }

  async function knock() {
    const mine = retry;
    const there = await answers();
    if (retry !== mine) return; // somebody was faster
    if (there) connect();
    else later(KNOCK_MS, knock);
  }

  function answers() {
    const file = new URL('beckon.js', url);
    file.protocol = file.protocol.replace('ws', 'http');
    const request = { method: 'HEAD', mode: /** @type {const} */ ('no-cors'), cache: /** @type {const} */ ('no-store') };
    return fetch(file, { ...request, signal: AbortSignal.timeout(OPEN_MS) }).then(
      () => true,
      () => false,
    );
  }

  /** Lets go of the socket at once: a dead one would take minutes to say that it is closed. */
  function drop() {
    clearTimeout(deadline);
    open = false;
    const old = socket;
    socket = null;
    old?.close();
  }

  /**
   * Something must come within so many ms. Who wakes up much later than that has slept, and may find it in the post.
   * @param {number} ms
   */
  function expect(ms) {
    const due = Date.now() + ms;
    clearTimeout(deadline);
    deadline = setTimeout(() => (Date.now() - due < LATE_MS ? lost() : expect(HURRY_MS)), ms);
  }

  /** Is the server there? */
  function check(patience = PONG_MS) {
    if (!open || !socket) return;
    socket.send(HEARTBEAT);
    if (Date.now() >= renewAt) {
      renewAt = Date.now() + RENEW_AGAIN_MS;
      socket.send('{"type":"ICE"}');
    }
    expect(patience);
    if (mayKnock === undefined) {
      mayKnock = false;
      answers().then((there) => (mayKnock = there));
    }
  }

  return {
    /** Somebody wants to know, or the network changed. Waiting for a retry: try now. */
    hurry() {
      if (retry !== undefined) connect();
      else check(HURRY_MS);
    },
    get open() {
      return open;
    },
    /**
     * Everything that one peer tells another through the server goes through here, and it is sealed.
     * @param {string} dst
     * @param {string} type
     * @param {string} payload
     */
    tell(dst, type, payload) {
      if (open) socket?.send(JSON.stringify({ type, dst, payload }));
    },
    /** Leaves: says so, and does not come back. */
    close() {
      if (open) socket?.send('{"type":"LEAVE"}');
      clearTimeout(retry);
      retry = undefined;
      clearInterval(beat);
      drop();
    },
  };
}
