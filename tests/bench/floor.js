// The platform's floor: the least that a Durable Object with hibernation can do for PeerJS's clients, in plain JavaScript. It relays
// with `src` set, answers heartbeats without waking, and refuses ids that are taken. It has no queue for absent peers (frames to
// them are lost), no limits, no rooms, no checks of what comes: what Beckon has beyond this is what is measured.
import { DurableObject } from "cloudflare:workers";

export default {
  /** @param {Request} request @param {{ ROOM: any }} env */
  fetch(request, env) {
    const key = new URL(request.url).searchParams.get("key");
    return env.ROOM.getByName(key).fetch(request);
  },
};

export class Room extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('{"type":"HEARTBEAT"}', "pong"));
    this.sockets = new Map();
    this.ids = new Map();
    for (const socket of ctx.getWebSockets()) {
      const { id } = socket.deserializeAttachment();
      this.sockets.set(id, socket);
      this.ids.set(socket, id);
    }
  }

  fetch(request) {
    const query = new URL(request.url).searchParams;
    const id = query.get("id");
    const token = query.get("token");
    const [client, server] = Object.values(new WebSocketPair());
    const holder = this.sockets.get(id);
    if (holder && holder.deserializeAttachment().token !== token) {
      server.accept();
      server.send('{"type":"ID-TAKEN","payload":{"msg":"ID is taken"}}');
      server.close();
    } else {
      this.ctx.acceptWebSocket(server);
      server.serializeAttachment({ id, token });
      this.sockets.set(id, server);
      this.ids.set(server, id);
      server.send('{"type":"OPEN"}');
    }
    return new Response(null, { status: 101, webSocket: client });
  }

  webSocketMessage(socket, text) {
    const { type, dst, payload } = JSON.parse(text);
    this.sockets.get(dst)?.send(JSON.stringify({ type, src: this.ids.get(socket), dst, payload }));
  }

  webSocketClose(socket) {
    const id = this.ids.get(socket);
    this.ids.delete(socket);
    if (this.sockets.get(id) === socket) this.sockets.delete(id);
  }
}
