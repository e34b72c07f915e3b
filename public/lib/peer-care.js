// What one peer without a path is given: the way through the server, and the reason. It comes with path-care.js.
import { noPath, noWebRTC } from "./no-path.js";
import { relayViaServer } from "./server-relay.js";

/**
 * @param {object} options
 * @param {import('./peer-handle.js').Facts} options.fields
 * @param {() => boolean} options.possible whether the server can carry anything to the other side now
 * @param {() => '' | 'here' | 'there'} options.blocked whose browser makes no direct connections
 * @param {() => import('./credentials.js').Ice} options.ice
 * @param {() => import('./parse.js').Card} options.shown our card
 * @param {(message: import('./messaging.js').Carried) => void} options.say through the server
 * @param {() => void} options.tell our card, through the server
 * @param {() => void} options.carry sends what is due through the server
 * @param {(never: import('./events.js').BeckonError | null) => void} options.lose what went through the server is due again; `never`: why nothing goes another way
 * @param {(path: import('./path.js').Path | null) => void} options.found
 * @param {(state: import('./peer-handle.js').PeerState) => void} options.become
 * @param {() => void} options.notice the app is told that something has changed
 * @param {typeof import('./events.js').BeckonError} options.BeckonError
 */
export function careForPeer({ fields, possible, blocked, ice, shown, say, tell, carry, lose, found, become, notice, BeckonError }) {
  /** Which card of ours they were last told because messages go this way. @type {unknown} */
  let told;
  const turn = () => shown().more?.turn;
  function tellCard() {
    told = turn();
    tell();
  }

  const relay = relayViaServer({
    possible,
    ask: () => say({ serverOnly: blocked() === "here" || undefined }), // whoever is there answers, and names our page load
    due() {
      if (told !== turn()) tellCard();
      carry();
    },
    changed(open) {
      found(open ? "server" : null);
      if (!open) return fields.state === "open" && become("reconnecting");
      const whose = blocked();
      fields.error = whose ? new BeckonError(...noWebRTC(whose === "here")) : null;
      lose(fields.error);
      tellCard();
      become("open");
    },
  });

  return Object.assign(relay, {
    /** No connection works. @param {boolean} relayRefused */
    failed(relayRefused) {
      const unable = blocked() === "here";
      if (unable) fields.error = new BeckonError(...noWebRTC(true));
      else if (!fields.error?.code.startsWith("outdated")) fields.error = new BeckonError(...noPath(fields.name, ice(), relayRefused));
      if (unable) relay.hasten();
      if (!relay.open) return become("unreachable");
      notice(); // it is known now why messages go through the server
    },
  });
}
