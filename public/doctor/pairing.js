// The doctor's last check: two devices with one link, and the path they find. It uses the library as every page does.
import { join } from "../beckon.js";
import { foreign } from "./checks.js";
import { t } from "../shared/language.js";
import { describe } from "../shared/statistics.js";

/** How often the connection is looked at, in ms, beside the room's own events. */
const LOOK_MS = 2_000;

/** @typedef {import('./checks.js').Finding} Finding */

/**
 * Enters the room of a link, or of a fresh one, and keeps telling what there is to say about whoever came last.
 * @param {URL} link
 * @param {(finding: Finding) => void} tell
 * @returns {string} the link, to be opened on the other device
 * @throws {import('../beckon.js').BeckonError} when there cannot be a room
 */
export function openPair(link, tell) {
  const room = join(link);
  const started = performance.now();
  /** Who came last, and when. @type {{ peer: import('../beckon.js').Peer, at: number } | null} */
  let other = null;
  /** How long it took to connect, in ms. @type {number | undefined} */
  let ms;
  let looking = false;

  async function look() {
    if (looking) return; // what has changed meanwhile is seen at the next look
    looking = true;
    tell(await examine());
    looking = false;
  }

  /** @returns {Promise<Finding>} */
  async function examine() {
    if (room.error) return { verdict: "fail", code: room.error.code, facts: () => [[t("It says"), foreign(room.error?.message ?? "")]] };
    if (room.state === "away") return { verdict: "fail", code: "away" };
    if (!other) return { verdict: "none", code: room.state === "open" ? "waiting" : "joining" };
    const { peer, at } = other;
    if (peer.state === "left") return { verdict: "none", code: "left" };
    const facts = peer.connection ? await describe(peer.connection).catch(() => () => []) : () => [];
    if (peer.error) return { verdict: "fail", code: peer.error.code, facts };
    if (peer.state !== "open" || !peer.path) return { verdict: "none", code: "connecting", facts };
    ms ??= performance.now() - Math.max(at, started);
    return { verdict: peer.path === "server" ? "warn" : "ok", code: peer.path, ms, facts, ...(peer.latency === null ? {} : { roundTrip: peer.latency }) };
  }

  room.addEventListener("state", look);
  room.addEventListener("left", look);
  room.addEventListener("peer", ({ peer }) => {
    other = { peer, at: performance.now() };
    ms = undefined;
    peer.addEventListener("state", look);
    peer.addEventListener("path", look);
    look();
  });
  setInterval(() => document.hidden || look(), LOOK_MS);
  look();
  return room.link;
}
