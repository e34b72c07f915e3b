/// <reference lib="esnext.disposable" />

/**
 * Beckon in any page: everyone who has a room's link is connected to everyone else, device to device.
 *
 * ```js
 * import { join } from 'https://beckon.example/beckon.js';
 * const room = join('https://beckon.example/');        // a fresh room; `room.link` is what the others open
 * room.addEventListener('peer', ({ peer }) => peer.send(`Hello ${peer.name}`));
 * for await (const { from, data } of room) console.log(from.name, data);
 * ```
 */

/** Options of {@link join}. */
export interface JoinOptions {
  /**
   * What the others call this device, in this tab from now on. Left out: what it was called before a reload, or a friendly name made from its id. At
   * most 32 characters are kept.
   */
  name?: string;
  /**
   * Connects by relay (TURN) or not at all, so that the others never see this device's address; they learn the relay's, and the relay
   * learns both. What is small goes through the server, sealed, as long as there is no relay. Left out: whether the link asks for it
   * (`?relay-only` before its `#`). Browsers keep to it; libdatachannel, in Node, says only the relay's address but may still send from its own.
   */
  relayOnly?: boolean;
  /** Leaves the room when it aborts. */
  signal?: AbortSignal;
}

/**
 * Joins the room of a link, or, when the link has no fragment, a fresh room at that server.
 * The link may be spelt as mail filters, messengers and trackers leave it. What is damaged is refused: another room is never joined.
 * It returns at once; {@link Room.ready} says when the server has answered.
 * @throws {BeckonError} `damaged-link` or `insecure-context`
 */
export function join(link: string | URL, options?: JoinOptions): Room;

/**
 * - `connecting`: the server has not answered yet
 * - `open`: people can come
 * - `away`: the server is not answering, or refuses us for now; open channels stay open, and it is tried again at {@link Room.retryAt}
 * - `closed`: by {@link Room.close}, or refused: see {@link Room.error}
 */
export type RoomState = 'connecting' | 'open' | 'away' | 'closed';

/** What JSON carries. Whatever has a `toJSON`, such as a Date, is what that says. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value | undefined };

/** What a request and its answer may be: text, bytes, or what JSON carries. */
export type Short = string | ArrayBuffer | ArrayBufferView | Value;

/** What can be sent: text or bytes of up to 64 MiB, a Blob or File of up to 4 GiB, or what JSON carries, of up to 256,000 bytes. */
export type Sendable = Short | Blob;

/** How something is sent. */
export interface SendOptions {
  /** Left out: true. With `false` it is sent once, if there is a connection, and may be lost, or overtake others. It has at most 16,384 bytes, and is no Blob. */
  reliable?: boolean;
  /** Stops what goes in pieces: a Blob, and what is longer than 256,000 bytes. The promise is rejected with its reason. */
  signal?: AbortSignal;
  /**
   * Called while something goes in pieces: how many bytes the other side has taken over, and of how many. After its page was loaded again, or
   * had given up waiting for us, they may be less. Of a broadcast it is called for each peer, and does not say for whom.
   */
  onProgress?: (done: number, size: number) => void;
  /** What JSON carries, at most 16,384 bytes: goes with what goes in pieces, and the other side has it before the first of them ({@link Incoming.metadata}). */
  metadata?: Value;
}

/**
 * A message: text as text, bytes as an ArrayBuffer, a Blob as a Blob or File, and a value as it was sent. It is by somebody else, so it may be
 * anything: look before you use it. The type of a Blob is what the sender says, too: never open it as a page of yours.
 */
export interface Message {
  readonly from: Peer;
  readonly data: any;
}

/**
 * Something that comes in pieces, from its first word on: a Blob, a File, or text or bytes of more than 256,000 bytes. It is not asked for: a page
 * that wants only what it has agreed to calls `cancel` for all else. When it is whole, it is a message too. The event `progress` says that more has come.
 *
 * Of one peer at most four come at a time, with 4 GiB in all; of everybody at most 64, with 16 GiB. What is more is refused (`too-much`).
 */
export interface Incoming extends EventTarget {
  /** Of a File, as the sender says; without what hides or turns the writing direction. */
  readonly name: string;
  /** As the sender says. */
  readonly type: string;
  /** In bytes. */
  readonly size: number;
  /** How many of them have come. */
  readonly received: number;
  /** What the sender has said with it. */
  readonly metadata: any;
  /** The message, or a {@link BeckonError}: `left`, `cancelled` (by either side), `too-much` or `failed`. It need not be looked at. */
  readonly result: Promise<any>;
  /** Takes no more of it. The sender's promise is rejected with `cancelled`. */
  cancel(): void;
}

/** Something long begins to come. */
export interface IncomingEvent extends Event {
  readonly from: Peer;
  readonly incoming: Incoming;
}

/** A message's event. */
export interface MessageEvent extends Event, Message {
  /** What was said with it, if it came in pieces. */
  readonly metadata?: any;
}

/** Someone came, left, changed state or name. */
export interface PeerEvent extends Event {
  readonly peer: Peer;
}

/**
 * Something came through the server that was not, unchanged, what a peer had sealed for us, and was dropped. Without it everything goes
 * on: what is connected stays connected. `reason`: `unsealed`, `altered`, `impersonated` (somebody who has the link, but not the key that
 * the id belongs to), `replayed`, `stale` (of an earlier page load: a replay, or just late), or by a page that this one cannot read:
 * `outdated` (this page is older) and `outdated-there` (the other is).
 */
export interface RefusedEvent extends Event {
  /** Whose it was supposed to be. */
  readonly from: string;
  readonly reason: 'unsealed' | 'altered' | 'impersonated' | 'replayed' | 'stale' | 'outdated' | 'outdated-there';
}

/** The Worker that Beckon is a part of says something (`Room.send` of `beckon/worker`). It is by the server, and by no peer. */
export interface ServerEvent extends Event {
  readonly data: any;
}

/** What answers requests: it returns the answer, of at most 256,000 bytes, or a promise of it, or nothing. */
export type RequestHandler = (value: any, peer: Peer) => Short | void | PromiseLike<Short | void>;

/** The room's own state changed. */
export interface RoomEvent extends Event {
  readonly room: Room;
}

interface RoomEvents {
  /** Someone came. Messages can be sent at once: they wait until the connection is there. */
  peer: PeerEvent;
  /** Someone left. */
  left: PeerEvent;
  message: MessageEvent;
  incoming: IncomingEvent;
  /** Somebody's {@link Peer.presence} changed. */
  presence: PeerEvent;
  refused: RefusedEvent;
  server: ServerEvent;
  state: RoomEvent;
}

interface PeerEvents {
  message: MessageEvent;
  incoming: IncomingEvent;
  state: PeerEvent;
  name: PeerEvent;
  presence: PeerEvent;
  /** {@link Peer.path} or {@link Peer.latency} changed. */
  path: PeerEvent;
  /** {@link Peer.connection} is another one, not connected yet: what listened to the last one has to listen to this. */
  connection: PeerEvent;
}

type Listener<E> = ((event: E) => void) | { handleEvent(event: E): void } | null;

/**
 * A room, from the moment it is joined. Iterate it for its messages: the iteration begins when it is asked for and ends with the room. It throws
 * a {@link BeckonError} (`too-much`) when more than 64 MiB of them wait to be read. One alone may always wait, and of a Blob nothing counts, as it is not in memory.
 */
export class Room extends EventTarget implements AsyncIterable<Message> {
  private constructor();
  /** Fulfilled when the server has let us in, rejected with a {@link BeckonError} when it never will. A full room may have a seat later. */
  readonly ready: Promise<void>;
  /** What another device opens to join. Whoever has it can join. */
  readonly link: string;
  readonly state: RoomState;
  /**
   * Why the room is closed, or, as far as it is known, `away`: `socket-blocked` where requests reach the server and WebSockets do not (it is said
   * within 15 s), `room-full` and the server's other refusals that pass (`realm-full`, `network-full`, `too-many-joins`). It is null again as soon as
   * the room is `open`.
   *
   * The server's refusals that close the room: `kicked` (its operator has closed this device's connection, and lets it come back later), `declined`
   * (the app around the server lets it not in, and `message` is what the app says), `wrong-origin` (its operator lets other pages only in), and
   * `no-rooms` (it has none).
   */
  readonly error: BeckonError | null;
  /** When the server is tried again, as `Date.now()` counts; of meaning while `state` is `away`. */
  readonly retryAt: number;
  /** Whether this browser has WebRTC. Where it has not, all that is said goes through the server: {@link Peer.path} is `server`. */
  readonly hasWebRTC: boolean;
  /**
   * The URLs of ICE servers (STUN, TURN) that this browser does not take, as the server names them: without them the others are used. They are
   * known when the first connection is made.
   */
  readonly refusedServers: string[];
  /**
   * This device's id; empty until it is known. It is the hash of a key that never leaves the browser, so nobody else can have it. Kept over a
   * reload; a duplicated tab gets its own, and so does a page whose id somebody else holds at the server.
   */
  readonly id: string;
  /** What the others see as {@link Peer.fingerprint} of this device; empty until the id is known. */
  readonly fingerprint: string;
  /** What this device is called. Setting it tells everyone, now and when they come. Empty until the id is known, if nobody has said. */
  name: string;
  /**
   * What this device shows of itself: a status, the place of a cursor, whatever JSON carries, in at most 1,024 bytes. The others see it as
   * {@link Peer.presence}, those who come later too. Only the last counts, so it may be set as often as it changes: it is sent a few times a second.
   * What is read here is a copy. null until it is set.
   * @throws {TypeError} at once, if JSON does not carry it
   * @throws {BeckonError} at once: `too-long`
   */
  get presence(): any;
  set presence(value: Value);
  /**
   * What answers the {@link Peer.request}s of the others. It is called once for each, with the value, which may be anything, and with who asks. What
   * it returns is the answer; if it throws, or returns what cannot be sent, the other side hears `failed` and nothing more, and the console here has
   * the error. At most 128 requests of one peer are worked on at a time. While it is null, the others hear `no-handler`.
   */
  onrequest: RequestHandler | null;
  /** An animal for it, an emoji; empty until the id is known. It comes from the id, so everyone sees the same. */
  readonly face: string;
  /** A colour for it: a hue in degrees, from the id too. */
  readonly hue: number;
  /** Who is here, connected or not. */
  readonly peers: Peer[];
  /**
   * Sends to everyone who is here now, as {@link Peer.send} does.
   * @returns those who confirmed it, when everyone has or has left; rejected if it could not be sent (`too-much`)
   * @throws as {@link Peer.send} does
   */
  broadcast(data: Sendable, options?: SendOptions): Promise<Peer[]>;
  /** Tries again what is being waited for, now. */
  retry(): void;
  /** Leaves. */
  close(): void;
  [Symbol.asyncDispose](): Promise<void>;
  [Symbol.asyncIterator](): AsyncGenerator<Message, void, undefined>;
  addEventListener<K extends keyof RoomEvents>(type: K, listener: Listener<RoomEvents[K]>, options?: boolean | AddEventListenerOptions): void;
  removeEventListener<K extends keyof RoomEvents>(type: K, listener: Listener<RoomEvents[K]>, options?: boolean | EventListenerOptions): void;
}

/**
 * - `connecting`: for the first time
 * - `open`: what is sent arrives
 * - `reconnecting`: the path was lost and is being mended; what is sent waits
 * - `unreachable`: no path was found, see {@link Peer.error}; it is tried again now and then, and what is sent waits
 * - `left`: for good. Whoever comes back is a new {@link Peer}
 */
export type PeerState = 'connecting' | 'open' | 'reconnecting' | 'unreachable' | 'left';

/**
 * What way a peer's messages take:
 * - `direct`: device to device on one network, or with public addresses at both ends
 * - `stun`: device to device, through the address translation (NAT) of one network or both
 * - `turn-udp`, `turn-tcp`, `turn-tls`: by a relay, which carries them encrypted; reached by UDP, TCP or TLS, by whichever of the two devices
 *   needs it (between two browsers TCP is always this: neither listens for it)
 * - `server`: as long as there is nothing else, through the room's own server, sealed. Messages of up to 16 kB arrive, a few a second, and larger
 *   ones wait
 */
export type Path = 'direct' | 'stun' | 'turn-udp' | 'turn-tcp' | 'turn-tls' | 'server';

/** An `RTCPeerConnection`, where there is such a type: Deno has none of its own. */
type Connection = typeof globalThis extends { RTCPeerConnection: { prototype: infer Connection } } ? Connection : any;

/** Another device in the room. */
export class Peer extends EventTarget {
  private constructor();
  /** The hash of its key: what is sent here arrives at the holder of that key, or nowhere. */
  readonly id: string;
  /** The id in groups of four, for two people to compare: if it is the same on both screens, it is that device and no other. */
  readonly fingerprint: string;
  /** As it calls itself: untrusted text, without control and bidirectional characters, at most 32 characters. */
  readonly name: string;
  /** An animal, an emoji, and a colour, a hue in degrees: from its id, so everyone sees the same. */
  readonly face: string;
  readonly hue: number;
  /** What it shows of itself, as it set {@link Room.presence} last: untrusted. null as long as it shows nothing. */
  readonly presence: any;
  readonly state: PeerState;
  /** null while unknown. */
  readonly path: Path | null;
  /** The round trip on that path in milliseconds, looked at every few seconds while the page is visible; null while unknown. */
  readonly latency: number | null;
  /** Why it is `unreachable`, or `path` is `server`: `no-direct-path` (and there is no relay), `relay-missing` (there should be one, but its service does not answer), `no-path` or `relay-refused`; `no-webrtc` when this browser makes no direct connections and `no-webrtc-there` when the other does not; `tampered` when someone changes what introduces us, or pretends to be it; `outdated` when this page is older than the other and has to be reloaded, `outdated-there` when the other one is. */
  readonly error: BeckonError | null;
  /** The connection itself, while there is one. It is replaced when it has failed, which the event `connection` tells: do not keep it. */
  readonly connection: Connection | null;
  /**
   * Sends a message: text (counted as UTF-8), bytes, which are copied, or what JSON carries (counted as its JSON). It is kept until the other side confirms it,
   * over as many connections as that takes, and delivered once and in order. To send many, wait for some of them to arrive before
   * sending more: with a few messages under way at a time the line is busy and little is kept. At most 16 MiB are kept for one peer;
   * beyond that, it is rejected with `too-much`. What goes in pieces is not among them: of long messages at most 64 MiB are kept beside them, and with
   * Blobs at most 1,000 things wait.
   *
   * A Blob or a File goes in pieces, and so does text or bytes of more than 256,000 bytes, which both pages hold as a whole: it has at most
   * 64 MiB. A value goes in one piece: it has at most 256,000 bytes. Each arrives whole, as one message, and may arrive after what was sent later. Four at a time go to one peer, with 4 GiB in all, and share the line; the others wait: a Blob has at most 4 GiB. A lost connection
   * costs nothing that has arrived. Pieces need a direct connection or a relay (TURN): without any they wait, and where there never is one, it is
   * rejected with `no-webrtc` or `no-webrtc-there`. A page of before them takes none: it is rejected with `outdated-there`.
   *
   * With `reliable: false` it is sent once, if there is a connection, and may be lost, or overtake others: for what the next one
   * makes obsolete, such as a cursor's position. It has at most 16,384 bytes.
   *
   * A page that iterates the room and is slow slows the sender: what it has not read yet counts as not arrived, once that is more than 1 MiB, with Blobs.
   * @returns fulfilled when it has arrived (or, if it may be lost, is on its way), rejected when it never will: with `left`, with `too-much`, with
   * `too-long` if the other browser takes less in one piece, with `unreadable` if a file has gone or changed, with `cancelled` or `failed` if the other side does not
   * want it or cannot keep it. It need not be awaited: then a failure is an unhandled rejection, unless it is `left`, or the room was closed
   * @throws {TypeError} at once, if it is something else (a Map, a function, NaN)
   * @throws {BeckonError} at once: `too-long`
   */
  send(data: Sendable, options?: SendOptions): Promise<void>;
  /**
   * Asks for an answer: the other side's {@link Room.onrequest} gets the value, and what it returns comes back (`undefined` if it returns nothing). Both have at
   * most 256,000 bytes, and neither is a Blob. A request outlives its connection as a message does, and is never worked on twice. At most 64 wait for
   * their answers at a time, with 4 MB in all; more are rejected with `too-much`.
   * @param options `timeoutMs`: how long to wait, 30 s if nothing is said. When `signal` aborts, its reason is what the promise is rejected with
   * @returns the answer, or rejected with a {@link BeckonError}: `timeout`; `left` when the other side left, or was loaded anew, before it answered
   * (`closed` when this room was); `no-handler` when it answers no requests, or is a page of before there were any; `failed` when its handler threw
   * @throws as {@link Peer.send} does
   */
  request(value: Short, options?: { timeoutMs?: number; signal?: AbortSignal }): Promise<any>;
  addEventListener<K extends keyof PeerEvents>(type: K, listener: Listener<PeerEvents[K]>, options?: boolean | AddEventListenerOptions): void;
  removeEventListener<K extends keyof PeerEvents>(type: K, listener: Listener<PeerEvents[K]>, options?: boolean | EventListenerOptions): void;
}

/**
 * What went wrong. `code` is stable: `damaged-link`, `insecure-context`, `room-full` and the server's other
 * refusals, `blocked` (by the browser), `socket-blocked` (by the network), `closed`, `left`, `timeout`, `no-handler`, `failed`, `too-long`, `too-much`, `cancelled`, `unreadable`, `no-direct-path`, `relay-missing`, `no-path`, `relay-refused`, `no-webrtc`, `no-webrtc-there`, `outdated`, `outdated-there`, `tampered`. `message` is a sentence for people.
 */
export class BeckonError extends Error {
  constructor(code: string, message: string, options?: ErrorOptions);
  readonly code: string;
}
