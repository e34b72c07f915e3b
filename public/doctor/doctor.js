// The connection doctor: makes the checks one after the other, as far as they do not depend on each other all at once, and shows what
// they come to.
import { offerLanguages, t } from "../shared/language.js";
import { showCode, showCopied, showLink } from "../shared/link-card.js";
import { canShare, copy, share } from "../shared/share.js";
import { checkLoopback, checkSecure, checkStun, checkTurn, checkWebRtc, foreign } from "./checks.js";
import { overall } from "./overall.js";
import { openPair } from "./pairing.js";
import { report } from "./report.js";
import { checkServer } from "./server-check.js";
import { sentence } from "./verdicts.js";
import * as page from "./view.js";

/** @typedef {import('./checks.js').Check} Check */
/** @typedef {import('./checks.js').Finding} Finding */

/** A network that comes or goes is looked at when it has had so long to settle, in ms: its event comes before its addresses do. */
const SETTLE_MS = 1_000;

/** Each check ends by then, in ms, whatever a browser or a server does: none takes as long by itself. */
const DEADLINE_MS = 25_000;

const ALONE = /** @type {Check[]} */ (["secure", "webrtc", "server", "loopback", "stun", "turn-udp", "turn-tcp", "turn-tls"]);

/** What was found so far. @type {import('./overall.js').Findings} */
let findings = {};
/** When the last check was done, if all are. @type {Date | null} */
let completed = null;
let running = new AbortController();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let settling;
/** The link for the other device, once there is one. */
let link = "";

page.listen({
  again: examine,
  invite: pair,
  copy: async () => showCopied(await copy(link)),
  share: () => share(link),
  copyReport: async () => page.showReportCopied(await copy(compose())),
  addresses: () => page.showReport(compose()),
});
// A network that comes or goes makes everything that was found old.
for (const event of ["online", "offline"]) {
  addEventListener(event, () => {
    begin();
    settling = setTimeout(examine, SETTLE_MS);
  });
}
addEventListener("hashchange", () => location.reload());
note("pair", { verdict: "none", code: "idle" });
if (location.hash.length > 1) {
  page.pairFirst();
  pair();
}
examine();
// Everything that was found is said anew.
offerLanguages("doctor", () => {
  for (const check of /** @type {Check[]} */ (Object.keys(findings))) show(check);
  completed ? conclude() : page.showOverall(null);
});

/** Forgets what was found by this device alone. */
function begin() {
  clearTimeout(settling);
  running.abort();
  running = new AbortController();
  completed = null;
  const { pair } = findings;
  findings = pair ? { pair } : {};
  page.showOverall(null);
  page.showProgress(0, ALONE.length);
  for (const check of ALONE) page.showState(check, "waiting");
}

/**
 * What a check finds, or that it could not be finished.
 * @param {() => Finding | Promise<Finding>} look
 * @returns {Promise<Finding>}
 */
async function inTime(look) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(`nothing in ${DEADLINE_MS / 1_000} s`)), DEADLINE_MS)));
  try {
    return await Promise.race([look(), /** @type {Promise<never>} */ (late)]);
  } catch (error) {
    return { verdict: "warn", code: "unfinished", facts: () => [[t("It says"), foreign(String(error))]] };
  } finally {
    clearTimeout(timer);
  }
}

async function examine() {
  begin();
  const { signal } = running;

  /** @param {Check} check @param {() => Finding | Promise<Finding>} look */
  const make = async (check, look) => {
    page.showState(check, "running");
    const finding = await inTime(look);
    if (signal.aborted) throw signal.reason;
    note(check, finding);
    return finding;
  };
  try {
    await make("secure", checkSecure);
    const { verdict } = await make("webrtc", checkWebRtc);
    /** Checks that need what is missing are left out. @param {Check} check @param {string} lacks @param {() => Promise<Finding>} look */
    const makeIf = (check, lacks, look) => make(check, lacks ? () => ({ verdict: "none", code: lacks }) : look);
    const lacks = verdict === "fail" ? "no-webrtc" : "";
    let ice = /** @type {import('./server-check.js').Ice | null} */ (null);
    await Promise.all([
      makeIf("loopback", lacks, () => checkLoopback(signal)),
      make("server", async () => {
        const answer = await checkServer(new URL(location.href), signal);
        ice = answer.ice;
        return answer.finding;
      }),
    ]);
    const named = ice ?? { servers: [], degraded: false };
    const missing = lacks || (ice ? "" : "no-server");
    await Promise.all([
      makeIf("stun", missing, () => checkStun(named, signal)),
      .../** @type {const} */ (["udp", "tcp", "tls"]).map((transport) => makeIf(`turn-${transport}`, missing, () => checkTurn(transport, named, signal))),
    ]);
    completed = new Date();
    conclude();
  } catch (error) {
    if (!signal.aborted) throw error; // else the next examination has begun
  }
}

/**
 * @param {Check} check
 * @param {Finding} finding
 */
function note(check, finding) {
  findings[check] = finding;
  show(check);
  page.showProgress(ALONE.filter((check) => findings[check]).length, ALONE.length);
  if (completed) conclude();
}

/** @param {Check} check that has been made */
function show(check) {
  const finding = findings[check];
  if (finding) page.showFinding(check, finding, () => sentence(check, finding));
}

function conclude() {
  page.showOverall(overall(findings));
  page.showReport(compose());
}

function pair() {
  try {
    link = openPair(new URL(location.href), (finding) => note("pair", finding));
  } catch (error) {
    return note("pair", { verdict: "fail", code: /** @type {import('../beckon.js').BeckonError} */ (error).code });
  }
  history.replaceState(null, "", link);
  page.showInvitation();
  showLink(link, canShare);
  showCode(link);
}

function compose() {
  const checks = [...ALONE, /** @type {const} */ ("pair")];
  const entries = checks.flatMap((check) => {
    const finding = findings[check];
    return finding ? [{ check, finding, sentence: sentence(check, finding) }] : [];
  });
  const result = completed ? overall(findings) : { title: t("Not yet known"), text: t("The checks were still running.") };
  return report({
    site: location.origin,
    at: completed ?? new Date(),
    browser: navigator.userAgent,
    overall: result,
    entries,
    addresses: page.withAddresses(),
  });
}
