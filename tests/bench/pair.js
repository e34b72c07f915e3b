// Two peers who open connections to each other as stock clients do: an offer and eight candidates one way, an answer and eight
// candidates the other.
import { setTimeout as pause } from "node:timers/promises";
import { answer, candidate, connectionId, offer } from "./frames.js";
import { assertRelayed } from "./relay.js";
import { clientFrame } from "./socket.js";

/** Candidates that each side sends. */
const CANDIDATES = 8;

/** Frames that one connection takes. */
export const FRAMES = 2 * (1 + CANDIDATES);

/**
 * @param {import("./socket.js").Wire} caller
 * @param {import("./socket.js").Wire} callee
 * @param {{ trickleMs?: number }} [options]  between a side's frames, as browsers find their candidates; 0: all at once
 */
export function makePair(caller, callee, { trickleMs = 0 } = {}) {
  const named = connectionId(caller.id);
  const trickle = (/** @type {string} */ dst) => Array.from({ length: CANDIDATES }, (_, n) => clientFrame(candidate(dst, named, n)));
  const call = [clientFrame(offer(callee.id, named)), ...trickle(callee.id)];
  const take = [clientFrame(answer(caller.id, named)), ...trickle(caller.id)];
  let missing = 0;
  let taken = false;
  /** @type {() => void} */
  let done = () => {};
  const arrived = (/** @type {Buffer} */ payload) => {
    assertRelayed(payload);
    if (--missing === 0) done();
  };
  /** @param {import("./socket.js").Wire} wire @param {Buffer[]} frames */
  const say = async (wire, frames) => {
    for (const [at, frame] of frames.entries()) {
      if (at && trickleMs) await pause(trickleMs);
      wire.send(frame);
    }
  };
  caller.onText = arrived;
  callee.onText = (payload) => {
    if (!taken) {
      taken = true;
      void say(callee, take);
    }
    arrived(payload);
  };
  return {
    /** Opens one connection; settles when both sides have all that the other has said. @returns {Promise<void>} */
    connect: () =>
      new Promise((settle) => {
        missing = FRAMES;
        taken = false;
        done = settle;
        void say(caller, call);
      }),
  };
}
