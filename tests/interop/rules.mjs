import http from "./http.mjs";
import cors from "./cors.mjs";
import mounting from "./mounting.mjs";
import handshake from "./handshake.mjs";
import refusals from "./refusals.mjs";
import relay from "./relay.mjs";
import payload from "./payload.mjs";
import addressing from "./addressing.mjs";
import queue from "./queue.mjs";
import leaving from "./leaving.mjs";
import reattaching from "./reattaching.mjs";
import malformed from "./malformed.mjs";
import liveness from "./liveness.mjs";
import limits from "./limits.mjs";

const themes = { http, cors, mounting, handshake, refusals, relay, payload, addressing, queue, leaving, reattaching, malformed, liveness, limits };

/** Every rule of the contract. @type {import("./rule.mjs").Rule[]} */
export const rules = Object.entries(themes).flatMap(([theme, list]) => list.map((rule) => ({ ...rule, theme })));

// A rule is known by its name, here, in intended.mjs and in the report.
const names = new Set();
for (const { name } of rules) {
  if (names.has(name)) throw new Error(`two rules are called "${name}"`);
  names.add(name);
}
