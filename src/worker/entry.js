// The deployed entry: the Worker itself, its Durable Object, and what other Workers are built with.
import { WorkerEntrypoint } from "cloudflare:workers";
import { administer } from "./admin.js";
import { answer } from "./door.js";

export { beckon } from "./host.js";
export { realmName } from "./objects.js";
export { Room } from "./room.js";

export default class extends WorkerEntrypoint {
  fetch(request) {
    return administer(request, this.env) ?? answer(request, this.env);
  }

  /** CONNECT: we are nobody's proxy. Without a handler the runtime answers 500 and logs an exception for each. */
  connect(socket) {
    return socket.close();
  }
}
