// Requests on their way: nearly each is a socket that opens, and is handed to its home. All others are Rust's to answer.
import * as wasm from "../../build/index.js";
import { ask, watched } from "./guard.js";
import { allows } from "./limiter.js";
import { objectNamed } from "./objects.js";

/** Answers a request. `counted`: its network has been counted already. */
export const answer = (request, env, counted = false) =>
  ask(() => {
    const way = wasm.wayIn(request, env);
    return way === undefined ? watched(wasm.fetch(request, env)) : handOver(request, env, way, counted);
  });

/** Whether a network may open one more socket. */
export const mayOpen = async (env, network) => !network || (await allows(env, "JOIN_LIMIT", network));

/** Hands a socket to its home. */
async function handOver(request, env, way, counted) {
  const [network] = way.split("\n", 1);
  const home = way.slice(network.length + 1);
  try {
    if (!counted && !(await mayOpen(env, network))) return turnAway(request, env);
    const response = await objectNamed(env, home).fetch(request);
    if (response.status === 403) return turnAway(request, env, await response.text());
    return response.status < 500 ? response : (noAnswer(request, env) ?? response);
  } catch (error) {
    return noAnswer(request, env, error);
  }
}

/** Turns a socket away: with a frame, or because its network has opened too many. */
export const turnAway = (request, env, told) => ask(() => wasm.turnAway(request, env, told));

/** What a socket is answered that nobody answers. */
export const noAnswer = (request, env, error) => ask(() => wasm.noAnswer(request, env, error));
