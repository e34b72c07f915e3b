// `node tools/own-names.mjs`: prints how esbuild is told which names of properties are the library's own, and may be shortened inside its one file.
// No app and no platform knows them: tests/client/what-is-documented-is-there.test.mjs compares them with beckon.d.ts and with what browsers have.

/** What follows these words and a capital letter. */
const BEGINNINGS = "on may is send receive expect cancel measure make give socket my read seen lost prefer open round realm load by up as";
/** Whole names. */
const WORDS =
  "tidy unacknowledged expiry resend acknowledge loose rename gone facts failures distrust spoke doubt me proven retired hurry beside hasty relayRefused serverIsBack toEpoch setName setState setPath announced describe receive calling met meet moved fire know handles working epoch introduce answered arrived transmit leave knows agree mine sealed works early signer retired greeting ours asks whenRead trust blame care card keeping past";
const either = (/** @type {string} */ words) => words.split(" ").join("|");

export const SHORTENED = `^((${either(BEGINNINGS)})[A-Z].*|${either(WORDS)})$`;
/** The platform's and the app's, among those that look so. */
export const RESERVED = "^(isArray|isConnected|isFinite|isSafeInteger|isView|onProgress|openCursor|readyState)$";

if (process.argv[1] === import.meta.filename) console.log(`--mangle-props=${SHORTENED} --reserve-props=${RESERVED}`);
