// What the programs in docs/ use of Cloudflare's own module and globals: a project has the types of wrangler.
declare module "cloudflare:workers" {
  export abstract class DurableObject<Env = any> {
    protected ctx: any;
    protected env: Env;
    constructor(ctx: any, env: Env);
  }
}
declare const WebSocketPair: { new (): { 0: WebSocket; 1: WebSocket } };
interface ResponseInit {
  webSocket?: WebSocket;
}
