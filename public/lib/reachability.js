// Whether the server is reached by requests where it is not reached by sockets, and the renewal of what it lends for a while. It is loaded with the first
// heartbeat, or when a socket has failed.
import { backoff } from "./backoff.js";
import { timeout } from "./deadline.js";

/** What our server answers where its socket is, to a request that wants none. No other does: a page of somebody else's is no sign of it. */
const UPGRADE_REQUIRED = 426;
/**
 * A server that is gone without a word is asked by a request, this often, in ms, until it answers. Browsers delay a socket after others of the same
 * address have failed, Chromium by up to 5 s, Firefox by up to a minute; they delay no request.
 */
const PROBE_MS = 2_000;
/** Its answer may take so long, in ms. */
const PATIENCE_MS = 10_000;
/** A request for fresh credentials may stay without an answer this long, in ms, before it is sent again. */
const RENEW_AGAIN_MS = 30_000;
/** A network that lets requests through, but no sockets: a company's filter, an old proxy. */
const BLOCKED = { code: "socket-blocked", message: "This network lets no WebSocket through" };

/** @typedef {ReturnType<typeof watchServer>} Reachability */
/** @typedef {{ code: string, message: string }} Refusal */

/**
 * @param {object} options
 * @param {URL} options.url of the server's socket
 * @param {() => WebSocket | null} options.socket the present one
 * @param {() => unknown} options.waits what the next try waits for
 * @param {() => number | undefined} options.due when fresh credentials are to be asked for (Date.now())
 * @param {() => void} options.connect tries
 * @param {(wait: number, act: () => void) => void} options.later tries so many ms later
 * @param {(found: null) => void} options.explained why it is away: nothing that it has said
 */
export function watchServer({ url, socket, waits, due, connect, later, explained }) {
  /** Whether this page may ask: tried once while the server is there. @type {boolean | undefined} */
  let may;
  /** When credentials are to be renewed, as it was said last, and when they are to be asked for next. */
  let [said, next] = [due(), due()];

  function renew() {
    if (said !== due()) said = next = due();
    if (!(Date.now() >= (next ?? Infinity))) return;
    next = Date.now() + RENEW_AGAIN_MS;
    socket()?.send('{"type":"ICE"}');
  }

  /** Whether the server answers a request where its socket is: the program itself, which may be out of order where its files still come. */
  function answers() {
    const room = new URL("?roster=1", url);
    room.protocol = room.protocol.replace("ws", "http");
    return fetch(room, { cache: "no-store", signal: timeout(PATIENCE_MS) }).then(
      ({ status }) => status === UPGRADE_REQUIRED,
      () => false,
    );
  }

  async function probe() {
    const mine = waits();
    const there = await answers();
    if (waits() !== mine) return; // somebody was faster
    if (there) return connect();
    explained(null);
    later(backoff([PROBE_MS], 0), probe);
  }

  return {
    get may() {
      return may;
    },
    probe,

    /** The server is there. */
    async look() {
      renew();
      if (may !== undefined) return;
      may = false;
      const asked = socket();
      const there = await answers();
      may = there || (socket() === asked ? false : undefined); // where the socket is lost meanwhile, no answer says nothing
    },

    /** Several tries have failed, and the server has not said why. @param {(found: Refusal | null) => void} tell */
    explain: async (tell) => tell((await answers()) ? BLOCKED : null),
  };
}
