// Stands before a Worker in the bench alone, and counts what happens to its objects: how often they are made (after sleep, say),
// and how often a socket's frame, a close, a request, an alarm or another home wakes them. `GET /counts` tells. With HOOKED the objects
// have hooks, whose calls are counted too.
import beckon, { Room as Counted } from "./entry.js";

const counts = { constructed: 0, message: 0, close: 0, fetch: 0, alarm: 0, take: 0 };
const hooks = ["onConnect", "onDisconnect", "onMessage"];

/** Beckon's entry is a class, the floor's a plain object. */
const isClass = typeof beckon === "function";

export default {
  fetch(request, env, ctx) {
    if (new URL(request.url).pathname === "/counts") return Response.json(counts);
    return isClass ? new beckon(ctx, env).fetch(request) : /** @type {any} */ (beckon).fetch(request, env, ctx);
  },
};

export class Room extends Counted {
  constructor(ctx, env) {
    super(ctx, env);
    counts.constructed++;
    if (env.HOOKED) for (const name of hooks) this[name] = () => void (counts[name] = (counts[name] ?? 0) + 1);
  }

  fetch(request) {
    counts.fetch++;
    return super.fetch(request);
  }

  takeParcel(...parcel) {
    counts.take++;
    return super.takeParcel(...parcel);
  }

  alarm() {
    counts.alarm++;
    return super.alarm?.();
  }

  webSocketMessage(socket, message) {
    counts.message++;
    return super.webSocketMessage(socket, message);
  }

  webSocketClose(...args) {
    counts.close++;
    return super.webSocketClose(...args);
  }
}
