// The presence of one peer, as an app sees it. It comes with extras.js.
import { presenceText, read } from "./frame.js";
import { throttle } from "./rate-limit.js";

/** A presence is shown this often, at once and a second in the long run: it may be the place of a cursor. */
const SHOWN = /** @type {const} */ ([8, 20]);
const NONE = presenceText(null);

/**
 * @param {object} options
 * @param {EventTarget} options.room
 * @param {EventTarget & { readonly state: string }} options.peer
 * @param {{ presence: import('./frame.js').Data }} options.fields of the peer
 * @param {typeof import('./events.js').BeckonEvent} options.BeckonEvent
 */
export function openShowing({ room, peer, fields, BeckonEvent }) {
  /** What came last: of which page load, and the how manieth of its changes. */
  let [page, last] = ["", 0];
  /** As it was shown last. */
  let shown = NONE;
  const { call } = throttle(
    (/** @type {string} */ text) => {
      if (text === shown || peer.state === "left") return; // what had to wait may come after the end
      fields.presence = read((shown = text));
      for (const target of [peer, room]) target.dispatchEvent(new BeckonEvent("presence", { peer }));
    },
    ...SHOWN,
  );

  /**
   * An older one may come later, by another way. A page load that has never said one has none.
   * @param {Record<string, unknown>} more from the other side: it may be nonsense
   * @param {string} epoch
   */
  return function show({ turn, presence }, epoch) {
    const at = Number.isSafeInteger(turn) ? Number(turn) : 0;
    if (epoch === page && at <= last) return;
    [page, last] = [epoch, at];
    call(typeof presence === "string" && presence.length <= MAX_CHARS ? presence : NONE);
  };
}

/** Longest presence that is taken, in characters: more than anybody of ours sends. */
const MAX_CHARS = 1_024;
