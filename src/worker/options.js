// Options of the Worker around this one: they override variables. The door reads them, and so does the object, which may have been evicted:
// so each of its sockets carries them in its tags.

/** Each option has the name of its variable, in camel case: `roomCapacity` is ROOM_CAPACITY. Homes wake without a socket, so PUBLIC_HOMES is no option. */
const VARIABLES = new Set(
  (
    "BASE_PATH ALLOWED_KEYS ALLOWED_ORIGINS ALLOW_DISCOVERY CONCURRENT_LIMIT PEERS_PER_NETWORK EXPIRE_TIMEOUT_MS ALIVE_TIMEOUT_MS OWNER_GRACE_MS " +
    "ROOM_CAPACITY FRAMES_PER_SECOND BYTES_PER_SECOND STUN_URLS TURN_URLS TURN_USERNAME TURN_KEY_ID TURN_TTL_S ICE_FOR_ALL REQUIRE_AUDIENCE " +
    "LOCATION_HINT JURISDICTION"
  ).split(" "),
);
/** Those that are none of the variables. */
const OWN = new Set(["binding", "pages", "onBeforeConnect"]);
/** A tag has at most so many bytes behind its brace, and a socket ten tags: one is a brace alone, to be looked for, and one its network. */
const TAG = 255;
const TAGS = 8;

/**
 * What options override, as JSON; empty where they override nothing.
 * @param {Record<string, any>} options
 */
export function overrides({ binding, ...options }) {
  const vars = {};
  for (const [name, value] of Object.entries(options)) {
    const variable = name.replace(/[A-Z]/g, "_$&").toUpperCase();
    if (VARIABLES.has(variable) && value !== undefined) vars[variable] = String(value);
    else if (!VARIABLES.has(variable) && !OWN.has(name)) throw new TypeError(`beckon has no option ${name}: docs/embedding.md lists them`);
  }
  if (binding !== undefined && binding !== "ROOM") vars.ROOM = binding;
  // Nothing but ASCII: bytes are characters then, and no character is cut in two.
  const text = Object.keys(vars).length ? JSON.stringify(vars).replace(/[^ -~]/g, escaped) : "";
  if (text.length > TAG * TAGS) throw new TypeError("The options of beckon are too long: set variables instead");
  return text;
}

/** As JSON may spell a character, of which some have two parts. @param {string} part */
const escaped = (part) => `\\u${part.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** The last bindings with overrides: nearly always the next ones, too. Rust reads the variables of each object anew. */
let last = { env: undefined, text: "", own: undefined };

/** The bindings with overrides. @param {any} env @param {string} text */
export function overridden(env, text) {
  if (!text) return env;
  if (last.env !== env || last.text !== text) {
    const { ROOM = "ROOM", ...vars } = JSON.parse(text);
    // Whom another home wakes has no socket that knows the name.
    if (ROOM !== "ROOM" && Number(env.PUBLIC_HOMES ?? 1) > 1) throw new TypeError("With PUBLIC_HOMES the object has to be bound as ROOM");
    last = { env, text, own: Object.assign(Object.create(env), vars, { ROOM: env[ROOM] }) };
  }
  return last.own;
}

/** What an object's sockets with options are found by. */
export const MARK = "{";

/** The tags that carry overrides: each begins with the mark. @param {string} text @returns {string[]} */
export const tagsOf = (text) =>
  text ? [MARK, ...Array.from({ length: Math.ceil(text.length / TAG) }, (_, n) => MARK + text.slice(n * TAG, (n + 1) * TAG))] : [];

/** The overrides that some tags carry. @param {string[]} tags */
export const textOf = (tags) =>
  tags
    .filter((tag) => tag.startsWith(MARK))
    .map((tag) => tag.slice(MARK.length))
    .join("");
