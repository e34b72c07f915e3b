// What workerd has that a browser has not, as far as tools and tests use it.

declare module "cloudflare:workers" {
  export class WorkerEntrypoint {
    constructor(ctx: any, env: any);
    ctx: any;
    env: any;
  }
  export class DurableObject {
    constructor(ctx: any, env: any);
    ctx: any;
    env: any;
    alarm?(): Promise<void>;
  }
}

/** The Worker's entry, beside which these files are put when it runs (src/). */
declare module "*/entry.js" {
  import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
  export default class Beckon extends WorkerEntrypoint {
    fetch(request: Request): Response | Promise<Response>;
  }
  export class Room extends DurableObject {
    fetch(request: Request): Response | Promise<Response>;
    takeParcel(...parcel: any[]): Promise<any>;
    webSocketMessage(socket: any, message: string | ArrayBuffer): Promise<void>;
    webSocketClose(...how: any[]): Promise<void>;
  }
}

interface ResponseInit {
  webSocket?: WebSocket;
}
declare class WebSocketPair {
  0: any;
  1: any;
}
declare class WebSocketRequestResponsePair {
  constructor(request: string, response: string);
}
