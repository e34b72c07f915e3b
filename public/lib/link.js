// A room's link, in whatever spelling mail filters, messengers and trackers have left it. The secret is what its fragment begins with, and nothing
// that follows: what is damaged must not become the link of another room.
import { BeckonError } from "./events.js";
import { tried } from "./parse.js";
import { freshSecret } from "./seal.js";

/** Longest link that is read, in characters; filters make theirs 2,000 long. */
const MAX_CHARS = 8_192;
/** This often a secret may be encoded, by one filter behind another. */
const LAYERS = 4;
/** Characters that nobody sees, put where a long word may be broken. */
const INVISIBLE = /[\u00ad\u200b-\u200f\u2060\ufeff]/g;
/**
 * A secret: 22 characters of base64url, of which the last carries only two bits and so is one of four. Signs may stand behind it, of which two are in
 * that alphabet.
 */
const SECRET = /^([\w-]{21}[AQgw])[_-]*$/;
/** A parameter, as trackers add them, perhaps without a value. Its name is shorter than a secret. */
const PARAMETER = /^[^\w-]*\w{1,20}=/;
/** Such as speak of no room: those of the big trackers. */
const NO_ROOM = /^((utm_\w+|[a-z]*clid|mc_[ce]id|xtor|_)=|$)/;
/** A reference into the text of a page. */
const DIRECTIVE = /:~:[^#]*/;
/** Something that may well be a secret. */
const LONG = /(^|[^\w-])[\w-]{21}[AQgw][_-]*($|[^\w-])/;
/** A tracker's value begins: the sign behind it is most likely a hashtag's. */
const CAMPAIGN = /[?&]utm_\w+=$/;

/**
 * What is before the sign of the fragment, the sign, and the fragment. In the path the sign may be encoded, perhaps more than once, and in the query
 * too where there is no other.
 */
const PARTS = [/^([^?#]*?)(%(?:25)*23)(.*)/s, /^([^#]*)(#)(.*)/s, /^(.*?)(%(?:25)*23)(.*)/s];
/** Where another link begins, encoded or not. */
const INNER = /[=/]https?(?::|%(?:25)*3a)/i;

/**
 * The address of the room's server with the secret behind it. Without a fragment it is a fresh room's.
 * @param {string | URL} link
 */
export function readLink(link) {
  let text = String(link).slice(0, MAX_CHARS);
  let [place, fragment] = [text, ""];
  for (let n = 0; n < LAYERS; n++) {
    const [, before = text, sign = "#", behind = ""] = PARTS.map((parts) => parts.exec(text)).find(Boolean) ?? [];
    if (CAMPAIGN.test(before) && sign !== "#" && !LONG.test(behind)) break;
    [place, fragment] = [before, behind];
    const last = before.slice(before.lastIndexOf("&") + 1);
    const at = last.search(INNER);
    if (sign === "#" || at < 0 || text.startsWith(`${globalThis.location?.origin}/`)) break;
    text = decoded(last.slice(at + 1) + sign + behind);
  }
  for (let n = 0; n < LAYERS; n++) fragment = decoded(fragment);
  const parts = fragment.replace(DIRECTIVE, "").split(/[&?#;\s]/);
  const first = parts.find((part) => /[\w-]/.test(part) && !PARAMETER.test(part));
  const [word = ""] = /[\w-]+/.exec(first ?? "") ?? [];
  // A secret in the path, or in the query without a name: the sign before it was lost.
  const lost = decoded(place)
    .split(/[&?/;]/)
    .some((part) => !PARAMETER.test(part) && LONG.test(part));
  const isFresh = parts.every((part) => NO_ROOM.test(part)) && !LONG.test(fragment) && !lost;
  const secret = SECRET.exec(word)?.[1] ?? (isFresh && freshSecret());
  const url = tried(() => new URL(place.slice(place.search(/https?:/i))));
  if (url && secret) return { url, secret };
  throw new BeckonError("damaged-link", "This link is damaged");
}

/** Decoded once, as far as it can be. @param {string} text */
function decoded(text) {
  return text.replace(/(%[\da-f]{2})+/gi, (run) => tried(() => decodeURIComponent(run)) ?? run).replace(INVISIBLE, "");
}
