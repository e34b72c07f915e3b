// Beckon's Worker: as it is deployed, and as a part of yours (docs/embedding.md). Types of Cloudflare's own are those of your project.
import type { DurableObject } from "cloudflare:workers";

/** A peer, as the server knows it. */
export interface Peer<Data = unknown> {
  id: string;
  /** The key of its realm: PeerJS's option `key`, or what a room's link stands for. */
  realm: string;
  /** Whether it is a member of a room. */
  roster: boolean;
  /** When it came, in ms since 1970. Another socket of the same peer changes nothing. */
  since: number;
  /** What `onBeforeConnect` has given to it. */
  data?: Data;
}

/** A frame that a peer has sent. Payloads of rooms are sealed: only their members can read them. */
export interface Frame<Data = unknown> {
  type: string;
  /** The sender's id. */
  src: string;
  dst?: unknown;
  payload?: unknown;
  /** The sender. */
  peer: Peer<Data>;
}

/** How a peer has gone: it said goodbye, left its page, lost its connection, or was kicked. */
export type Ending = "left" | "unloaded" | "lost" | "kicked";

/** What a peer shows before it is let in. */
export interface Newcomer {
  request: Request;
  /** The key of its realm. */
  realm: string;
  /** The id that it asks for. A member of a room may ask for none. */
  id: string | undefined;
  token: string;
  /** Whether it wants to be a member of a room. */
  roster: boolean;
}

/** Nothing: come in. A sentence: stay out, and this is why. `id`: this is who you are (rooms have ids of their own). `data`: this is kept with you. */
export type Verdict = void | undefined | null | string | { id?: string; data?: unknown };

/** Options of the Worker around Beckon. Those with the name of a variable override it (docs/configuration.md). */
export interface Options {
  /** Where Beckon is, such as `/p2p`. Everything else is yours. */
  basePath?: string;
  /** What serves Beckon's pages, such as `env.ASSETS` where its directory is `node_modules/beckon/site`; without it they are not served. */
  pages?: { fetch(request: Request): Promise<Response> };
  /** The name of the binding of the Durable Object. Default: `ROOM`. */
  binding?: string;
  /** Asked before a socket is let in. One that throws lets nobody in. */
  onBeforeConnect?(newcomer: Newcomer): Verdict | Promise<Verdict>;
  allowedKeys?: string | string[];
  allowedOrigins?: string | string[];
  allowDiscovery?: boolean;
  concurrentLimit?: number;
  peersPerNetwork?: number;
  expireTimeoutMs?: number;
  aliveTimeoutMs?: number;
  ownerGraceMs?: number;
  roomCapacity?: number;
  framesPerSecond?: number;
  bytesPerSecond?: number;
  stunUrls?: string | string[];
  turnUrls?: string | string[];
  turnUsername?: string;
  turnKeyId?: string;
  turnTtlS?: number;
  iceForAll?: boolean;
  requireAudience?: boolean;
  locationHint?: "wnam" | "enam" | "sam" | "weur" | "eeur" | "apac" | "oc" | "afr" | "me";
  jurisdiction?: "eu" | "fedramp";
}

/** Answers a request that is for Beckon; `null` for every other one. */
export function beckon(request: Request, env: unknown, options?: Options): Promise<Response | null>;

/**
 * The name of the object of a realm, for `env.ROOM.getByName`.
 * `roster`: of the room with this key. `id` and `homes`: of the public realm, where `PUBLIC_HOMES` is not 1.
 */
export function realmName(key: string, which?: { roster?: boolean; id?: string; homes?: number }): string;

/** The Durable Object: one for each realm, and one for each room. A subclass may have hooks; all of them are called after the fact. */
export class Room<Env = any, Data = unknown> extends DurableObject<Env> {
  fetch(request: Request): Promise<Response>;
  /** Who is here. */
  peers(): Peer<Data>[];
  /** Closes a peer (4003), and keeps its id and its token out for so many seconds, a year at most (also for `Infinity`). Whether it was here. */
  kick(id: string, how?: { reason?: string; forSeconds?: number }): boolean;
  /** Says something (a value of JSON) to a member of a room, in a frame `SERVER`. Whether it is here. */
  send(id: string, value: unknown): boolean;
  /** A peer has come. */
  onConnect?(peer: Peer<Data>): void | Promise<void>;
  /** A peer has gone. */
  onDisconnect?(peer: Peer<Data>, how: Ending): void | Promise<void>;
  /** A peer has sent something. Heartbeats are not told of. */
  onMessage?(frame: Frame<Data>): void | Promise<void>;
}

/** The Worker as it is deployed. */
export default class Beckon {
  constructor(context: object, env: object);
  fetch(request: Request): Response | Promise<Response>;
}
