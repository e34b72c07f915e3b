/** Beckon's Worker as it is deployed: wrangler's `main` may be a module that extends it. */
export default class Beckon {
  constructor(context: object, env: object);
  fetch(request: Request): Response | Promise<Response>;
}

/** Its Durable Object: wrangler.toml binds it as `ROOM`. */
export class Room {
  constructor(context: object, env: object);
  fetch(request: Request): Promise<Response>;
}
