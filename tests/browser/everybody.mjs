// Everybody that a room page may have to show: every hue in every state.
import { readFileSync } from "node:fs";
import { persona } from "../../public/lib/names.js";
import { standing } from "../../public/shared/sentences.js";

/** Somebody of each hue. */
export const HUES = new Map(Array.from({ length: 1_000 }, (_, n) => [persona(`device ${n}`).hue, persona(`device ${n}`)]));
const PEER = readFileSync(new URL("../../public/lib/peer-handle.js", import.meta.url), "utf8");
/** Every state that somebody can be in, from where they are written. */
export const STATES = ["me", ...Array.from(PEER.match(/@typedef \{(.*)\} PeerState/)[1].matchAll(/'(\w+)'/g), ([, state]) => state)];

export const everybody = [...HUES.values()].flatMap((person) =>
  STATES.map((state) => ({
    ...person,
    id: `${person.hue}-${state}`,
    state,
    standing: state === "me" ? "this device" : standing(/** @type {any} */ ({ state, path: "direct", latency: 12, error: null })),
  })),
);
