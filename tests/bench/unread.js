// Below the floor: an object that passes frames on without reading them. It sends each on as it came, to whom its sender's first was for:
// what the platform takes by itself. With the variable SPLICED it finds the destination and sets `src`, but believes that the rest is
// JSON: one frame that is not would harm who gets it. With TOGETHER frames of a burst leave as Beckon's do, about a millisecond later.
import worker, { Room as Floor } from "./floor.js";

export default worker;

const DESTINATION = /^\{"type":"[A-Z]+",.*"dst":"([^"\\]+)"\}$/s;

/** So many events of a millisecond send at once (src/realm/effect.rs). */
const SENT_AT_ONCE = 2;

export class Room extends Floor {
  others = new Map();
  held = [];
  moment = 0;
  events = 0;

  webSocketMessage(socket, text) {
    if (this.env.SPLICED) {
      const dst = DESTINATION.exec(text)?.[1];
      return this.pass(this.sockets.get(dst), `${text.slice(0, -1)},"src":"${this.ids.get(socket)}"}`);
    }
    if (!this.others.has(socket)) this.others.set(socket, this.sockets.get(JSON.parse(text).dst));
    this.pass(this.others.get(socket), text);
  }

  /** @param {WebSocket | undefined} socket @param {string} text */
  pass(socket, text) {
    const now = Date.now();
    if (this.moment !== now) [this.moment, this.events] = [now, 0];
    if (!this.env.TOGETHER || (++this.events <= SENT_AT_ONCE && !this.held.length)) return socket?.send(text);
    // @ts-expect-error: the platform's own
    if (!this.held.length) scheduler.wait(0).then(() => this.held.splice(0).forEach(([socket, text]) => socket?.send(text)));
    this.held.push([socket, text]);
  }
}
