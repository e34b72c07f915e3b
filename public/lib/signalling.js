// The socket to the realm: PeerJS's protocol with a roster (src/wire/message.rs spells the frames). It comes back by itself
// after a cut, a deploy or sleep, and says so; data channels do not notice. It renews TURN credentials before they run out.
import { backoff } from "./backoff.js";
import { credentialsOf } from "./credentials.js";
import { HURRY_MS, openDeadline } from "./deadline.js";
import { openLoader } from "./late.js";
import { readFrame, readOpen, readRefusal } from "./parse.js";

/** Byte for byte what the runtime answers by itself, with a text that is not JSON, without waking the room. */
const HEARTBEAT = '{"type":"HEARTBEAT"}';
/**
 * Between heartbeats, in ms. The server doubts a socket that was silent for 10 s when somebody asks for it, and has to store that;
 * a heartbeat costs it nothing.
 */
const BEAT_MS = 8_000;
/** The answer to a heartbeat may take this long, in ms, before the socket counts as dead. */
const PONG_MS = 5_000;
/** The server may take this long to say OPEN, in ms: a phone on a bad line needs seconds for TCP and TLS. */
const OPEN_MS = 10_000;
/**
 * Waits between tries, in ms: a deploy closes every socket at once. Even the longest ends well before the others give us up (presence.js: GRACE_MS).
 * Otherwise a peer that was cut off several times would be gone when the server is back.
 */
const RETRY_MS = [300, 1_200, 2_000, 3_000, 4_000];
/** Waits between tries while the server refuses us, in ms: a seat may become free. */
const REFUSED_MS = [2_000, 4_000, 8_000];
/** Refusals that pass. The others are for good, or until someone does something about it. */
const PASSING = /^(room|realm|network)-full$|^too-many-joins$/;
/** A socket that lived this long, in ms, has earned a quick first retry. */
const SETTLED_MS = 5_000;
/** The server passes these on between peers. */
const RELAYED = /^(OFFER|ANSWER|CANDIDATE|MESSAGE)$/;
/** Seen from beckon.js, so that it is the same after the build. */
const REACHABILITY = "./lib/reachability.js";
/** Close code of a socket whose id another socket of ours took. */
const SUPERSEDED = 4001;
/** What a browser says where the other end said nothing (RFC 6455, 7.1.5). */
const NO_CODE = 1006;

/** @typedef {import('./credentials.js').Ice} Ice */

/**
 * @typedef {object} SignallingEvents
 * @property {(hello: { id: string, peers: string[] } & Ice) => void} open who is here; again after each return
 * @property {(ice: Ice) => void} ice what connections are to be configured with from now on
 * @property {(id: string) => void} join
 * @property {(id: string) => void} leave it said goodbye
 * @property {(id: string) => void} lost its socket is gone; its data channel may well live on
 * @property {(id: string) => void} expire nobody by that id took our offer
 * @property {(id: string, payload: unknown) => void} message
 * @property {(data: unknown) => void} server the Worker that Beckon is a part of says something
 * @property {(retryAt: number, why: Refusal | null) => void} away the server is not answering; the next try is at this time (Date.now())
 * @property {(refusal: Refusal) => void} refused and it will not try again
 */
/** @typedef {{ code: string, message: string }} Refusal */

/**
 * @param {URL} url
 * @param {(again?: string) => Promise<typeof import('./reachability.js')>} reachability loads what asks whether the server is there; `again`: by this address
 * @param {SignallingEvents} on
 */
export function openSignalling(url, reachability, on) {
  /** @type {WebSocket | null} */
  let socket = null;
  let open = false;
  let openedAt = 0;
  let tries = 0;
  let triedAt = 0;
  let retryAt = 0;
  /** @type {Refusal | null} */
  let refusal = null;
  /** Why it is away, as far as is known. @type {Refusal | null} */
  let why = null;
  /** When it last said itself that it does not let us in, in ms. */
  let heardAt = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let retry;
  /** What asks the server by requests. It comes while the server is there, or when a socket has failed. @type {import('./reachability.js').Reachability | undefined} */
  let asking;
  /** What it has lent us last. @type {Ice | undefined} */
  let ice;
  const load = openLoader(reachability, REACHABILITY);
  const ask = async () =>
    (asking ??= (await load()).watchServer({
      url,
      socket: () => socket,
      waits: () => retry,
      due: () => ice?.renewAt,
      connect,
      later,
      explained: blame,
    }));
  const deadline = openDeadline(() => lost(false));
  const beat = setInterval(() => check(), BEAT_MS);
  connect();

  function connect() {
    clearTimeout(retry);
    retry = undefined;
    refusal = null;
    triedAt = Date.now();
    const mine = new WebSocket(url);
    socket = mine;
    deadline.set(OPEN_MS);
    // Node 22's own says of a server that refuses only this; where there is more to say, that comes at once. And `ws` ends a process that does not listen.
    mine.onerror = () => setTimeout(() => mine === socket && lost(false));
    mine.onmessage = ({ data }) => {
      if (mine !== socket) return;
      if (open) deadline.met(); // whatever it says, it lives
      receive(readFrame(data));
    };
    mine.onclose = ({ code }) => {
      if (mine !== socket) return;
      if (code === SUPERSEDED) refusal = { code: "superseded", message: "Another tab is this device" };
      lost(code !== NO_CODE);
    };
  }

  /** @param {ReturnType<typeof readFrame>} frame */
  function receive({ type, src, payload }) {
    if (type === "OPEN") {
      deadline.met();
      open = true;
      openedAt = Date.now();
      why = null;
      on.open({ ...readOpen(payload), ...(ice = credentialsOf(payload)) });
    } else if (type === "ICE") on.ice((ice = credentialsOf(payload)));
    else if (type === "HEARTBEAT")
      check(); // somebody wants a seat in a full room: ours is taken, though a hidden page's timers sleep
    else if (type === "ID-TAKEN") refusal = { ...readRefusal(payload), code: "id-taken" };
    else if (type === "ERROR") refusal = readRefusal(payload);
    else if (type === "SERVER") on.server(payload);
    else if (!src) return;
    else if (type === "JOIN") on.join(src);
    else if (type === "LEAVE") on.leave(src);
    else if (type === "LOST") on.lost(src);
    else if (type === "EXPIRE") on.expire(src);
    else if (RELAYED.test(type)) on.message(src, payload);
  }

  /** @param {boolean} said whether the server said so itself */
  function lost(said) {
    // Said instead of OPEN, a refusal counts; later (a flood) it is a hiccup.
    const refused = !open || refusal?.code === "superseded" ? refusal : null;
    const opened = open;
    if (open && Date.now() - openedAt > SETTLED_MS) tries = 0;
    drop();
    if (refused && !PASSING.test(refused.code)) {
      clearInterval(beat);
      on.refused(refused);
      return;
    }
    if (refused || opened) why = refused;
    const wait = backoff(refused ? REFUSED_MS : RETRY_MS, tries++);
    later(wait, asking?.may && !said && !refused ? asking.probe : connect);
    // One failure that was quick may be chance. If the server can be reached all the same, more is behind it.
    if (refused || said) heardAt = Date.now();
    else if (!opened && (tries > 1 || Date.now() - triedAt > SETTLED_MS)) {
      const since = heardAt;
      const told = (/** @type {Refusal | null} */ found) => since === heardAt && blame(found);
      ask().then(
        ({ explain }) => explain(told),
        () => told(null), // what is not even given that module has no server
      );
    }
  }

  /** @param {Refusal | null} found why it is away, as it turns out: what it has said before need not count any more */
  function blame(found) {
    if (open || why === found || (!socket && retry === undefined)) return;
    why = found;
    on.away(retryAt, why);
  }

  /**
   * @param {number} wait in ms
   * @param {() => void} act
   */
  function later(wait, act) {
    retry = setTimeout(act, wait);
    on.away((retryAt = Date.now() + wait), why);
  }

  /** Lets go of the socket at once: a dead one would take minutes to say that it is closed. */
  function drop() {
    deadline.met();
    open = false;
    const old = socket;
    socket = null;
    old?.close();
  }

  /** Is the server there? */
  function check(patience = PONG_MS) {
    if (!open || !socket) return;
    socket.send(HEARTBEAT);
    deadline.set(patience);
    ask().then(
      ({ look }) => look(),
      () => {}, // it is asked for again with the next heartbeat
    );
  }

  return {
    /** Somebody wants to know, or the network changed. A try that waits is made now. */
    hurry() {
      if (retry !== undefined) connect();
      else check(HURRY_MS);
    },
    get open() {
      return open;
    },
    /**
     * Passes on what one peer says to another. It is sealed.
     * @param {string} dst
     * @param {string} type
     * @param {string} payload
     */
    send(dst, type, payload) {
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

/**
 * The address of a room's socket.
 * @param {URL} link of the room
 * @param {string} realmKey
 * @param {{ id: string, token: string }} identity
 */
export function socketUrl(link, realmKey, { id, token }) {
  const url = new URL("peerjs", link);
  url.protocol = url.protocol === "http:" ? "ws:" : "wss:";
  url.hash = "";
  url.search = String(new URLSearchParams({ key: realmKey, roster: "1", id, token }));
  return url;
}
