// Beckon as a part of another Worker: it answers what is its own, and nothing else.
import * as wasm from "../../build/index.js";
import { administer } from "./admin.js";
import { answer, mayOpen, noAnswer, turnAway } from "./door.js";
import { ask } from "./guard.js";
import { overridden, overrides } from "./options.js";

/** What is kept with a peer, in bytes of JSON. It is in the socket's attachment, where it may take three times as much. */
const MOST_DATA = 1024;
/** The longest sentence with which a socket is refused, in characters. */
const MOST_SENTENCE = 512;

/**
 * Answers a request that is for Beckon; `null` for every other.
 * @param {Request} request
 * @param {any} env
 * @param {Record<string, any>} [options]
 * @returns {Promise<Response | null>}
 */
export async function beckon(request, env, options = {}) {
  const text = overrides(options);
  const own = overridden(env, text);
  const { pages, onBeforeConnect } = options;
  const administered = administer(request, own);
  if (administered) return administered;
  const claim = ask(() => wasm.hosted(request, own, Boolean(pages)));
  if (!claim) return pages ? page(request, pages) : null;
  // What is no socket may be asked of an object, too, and one without sockets does not know the options yet.
  if (!claim.length || !onBeforeConnect) return answer(giving(request, { text }), own);
  const [realm, token, roster, network, id] = claim;
  if (!(await mayOpen(own, network))) return turnAway(request, own);
  try {
    const verdict = read(await onBeforeConnect({ request, realm, id, token, roster: Boolean(roster) }));
    if (typeof verdict === "string") return turnAway(request, own, refusal(verdict, roster));
    return await answer(giving(request, { text, data: verdict.data }, roster ? undefined : verdict.id), own, true);
  } catch (error) {
    return noAnswer(request, own, new Error(`onBeforeConnect did not say who may come in: ${error}`));
  }
}

/** The frame that says why somebody may not come in: a room's client is told a code, too. */
const refusal = (msg, roster) => JSON.stringify({ type: "ERROR", payload: { msg, ...(roster && { code: "declined" }) } });

/** What onBeforeConnect has returned: a sentence, or what is known of the peer. */
function read(verdict) {
  if (verdict === undefined || verdict === null) return {};
  if (typeof verdict === "string") return verdict.slice(0, MOST_SENTENCE) || "You may not come in";
  const { id, data } = verdict;
  if (typeof verdict !== "object" || (id !== undefined && typeof id !== "string")) throw new TypeError("It returns nothing, a sentence, or { id, data }");
  const json = data === undefined ? undefined : JSON.stringify(data);
  if (json !== undefined && new TextEncoder().encode(json).length > MOST_DATA) throw new RangeError(`data has more than ${MOST_DATA} bytes of JSON`);
  return { id, data: json };
}

/** A request with what its object is to know. In `cf`, which nobody can send from outside; the header only says that there is something. */
function giving(request, given, id) {
  if (!given.text && given.data === undefined && id === undefined) return request;
  const url = new URL(request.url);
  if (id !== undefined) url.searchParams.set("id", id);
  const headers = new Headers(request.headers);
  headers.set(GIVEN, "1");
  return new Request(new Request(url, request), { headers, cf: { beckon: { ...given, proven: id !== undefined } } });
}
const GIVEN = "Beckon-Given";

/** What an object was given with a request. @param {any} request */
export const givenWith = (request) => (request.headers.has(GIVEN) ? request.cf?.beckon : undefined);

/** A page of ours, if there is one. */
async function page(request, pages) {
  if (!["GET", "HEAD"].includes(request.method) || request.headers.has("Upgrade")) return null;
  const response = await pages.fetch(request);
  return response.status === 404 ? null : response;
}
