// What tsc cannot know of what the tests see.

/** What tests leave in a page for themselves. */
type Left =
  | "agent"
  | "app"
  | "lab"
  | "askedAt"
  | "axe"
  | "channel"
  | "changes"
  | "channels"
  | "configured"
  | "connection"
  | "connections"
  | "cutAt"
  | "dial"
  | "ended"
  | "file"
  | "flashes"
  | "motions"
  | "heard"
  | "heardAt"
  | "hearing"
  | "held"
  | "ids"
  | "logged"
  | "opened"
  | "peer"
  | "positions"
  | "ready"
  | "readyId"
  | "receipts"
  | "refused"
  | "relayed"
  | "release"
  | "room"
  | "rooms"
  | "run"
  | "said"
  | "seen"
  | "shared"
  | "silent"
  | "socket"
  | "sockets"
  | "state"
  | "stated"
  | "stock"
  | "strangers"
  | "taking"
  | "testClock"
  | "times"
  | "tones"
  | "tripped"
  | "troubles"
  | "unheeded"
  | "worst"
  | "xss";
interface Window extends Record<Left, any> {}

/** Stands for something of the platform, or of the library, and has as much of it as the test needs. */
type Fake = any;

/** What they put onto parts of it. */
interface CSSStyleSheet { ofTest?: boolean }
interface WebSocket { owesAnAnswer?: boolean }
interface RTCPeerConnection { said?: string[] }

// Of the two kinds of animations that CSS makes.
interface Animation {
  animationName?: string;
  transitionProperty?: string;
}

// A selector does not say what it finds. A test that is wrong about it is red.
interface ParentNode {
  querySelector(selectors: string): any;
  querySelectorAll(selectors: string): NodeListOf<any>;
}
interface Document {
  getElementById(elementId: string): any;
}
interface Element {
  closest(selectors: string): any;
}

// A server of a test listens at a port, and at no pipe.
declare module "http" {
  interface Server<Request extends typeof IncomingMessage = typeof IncomingMessage, Response extends typeof ServerResponse<InstanceType<Request>> = typeof ServerResponse> {
    address(): import("net").AddressInfo;
  }
}

// Without a type, a promise may also settle with nothing.
interface PromiseConstructor {
  new <T>(executor: (resolve: (value?: T | PromiseLike<T>) => void, reject: (reason?: any) => void) => void): Promise<T>;
}

/** The classroom's, whose script is no module. */
declare const connections: Set<import("peerjs").DataConnection>;

/** The stock client, in pages that load it. */
declare const Peer: typeof import("peerjs").Peer;

// React has no types of its own, and ours know nothing of it.
declare module "react" {
  export function useCallback<F>(act: F, on: unknown[]): F;
  export function useEffect(act: () => unknown, on?: unknown[]): void;
  export function useRef<T>(first: T): { current: T };
  export function useSyncExternalStore<T>(subscribe: (tell: () => void) => () => void, look: () => T, atServer: () => T): T;
}
