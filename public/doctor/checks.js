// The doctor's checks. Each tries one thing for real, and says what became of it as a code and facts; verdicts.js puts that into words.
import { echo, gather } from "./loopback.js";
import { isolate, join, span, t } from "../shared/language.js";
import { plain } from "../shared/plain-text.js";
import { kinds } from "../shared/statistics.js";
import { whyNoWebRtc } from "../shared/webrtc.js";

/** @typedef {'secure' | 'webrtc' | 'server' | 'loopback' | 'stun' | 'turn-udp' | 'turn-tcp' | 'turn-tls' | 'pair'} Check */
/** @typedef {'ok' | 'warn' | 'fail' | 'none'} Verdict `none`: there was nothing to check, which is no fault */
/**
 * @typedef {object} Finding
 * @property {Verdict} verdict
 * @property {string} code what exactly
 * @property {number} [ms] how long it took to know
 * @property {number} [roundTrip] of a message between two devices, in ms
 * @property {() => Fact[]} [facts] for those who want to know more, in the language that they read now
 * @property {string[]} [addresses] of this device as others see it: only for whoever asks
 */
/** @typedef {[term: string, text: string]} Fact */
/** @typedef {import('./server-check.js').Ice} Ice */

/** Of what servers say, so much is shown, in characters. */
const MAX_FACT_CHARS = 1_000;
/** What a server or the browser wrote, fit to show, with a direction of its own. @param {string} text */
export const foreign = (text) => isolate(plain(text, MAX_FACT_CHARS));

/** Whether nobody on the way can have changed this page. @returns {Finding} */
export function checkSecure() {
  const ok = isSecureContext && Boolean(globalThis.crypto?.subtle);
  return { verdict: ok ? "ok" : "fail", code: ok ? "secure" : "insecure", facts: () => [[t("Opened by"), foreign(location.protocol.slice(0, -1))]] };
}

/** Whether the browser connects devices at all. @returns {Finding} */
export function checkWebRtc() {
  const refusal = whyNoWebRtc();
  return refusal ? { verdict: "fail", code: "off", facts: () => [[t("The browser says"), foreign(refusal)]] } : { verdict: "ok", code: "there" };
}

/**
 * Connects two ends within this page.
 * @param {AbortSignal} signal
 * @returns {Promise<Finding>}
 */
export async function checkLoopback(signal) {
  const { ending, ms, roundTrip, candidates } = await echo({}, signal);
  const facts = () => /** @type {Fact[]} */ ([[t("Candidates"), kinds(candidates.map(typeOf))]]);
  if (ending !== "done") return { verdict: "fail", code: candidates.length ? "stuck" : "no-candidates", ms, facts };
  return { verdict: "ok", code: "heard", ms, facts: () => [...facts(), [t("Round trip"), span(roundTrip ?? 0)]] };
}

/**
 * Asks the STUN servers what address this device has outside.
 * @param {Ice} ice
 * @param {AbortSignal} signal
 * @returns {Promise<Finding>}
 */
export async function checkStun({ servers }, signal) {
  // What is no relay belongs here, whatever it is.
  const named = servers.flatMap((server) => server.urls).filter((url) => !isTurn(url));
  if (!named.length) return { verdict: "none", code: "none" };
  const urls = named.filter(isTaken);
  const wrong = named.filter((url) => !isTaken(url));
  if (wrong.length) {
    const rest = urls.length ? await checkStun({ servers: [{ urls }], degraded: false }, signal) : null;
    const facts = () => [...wrong.map((url) => /** @type {Fact} */ ([foreign(url), t("this browser does not take this address")])), ...(rest?.facts?.() ?? [])];
    return { ...rest, verdict: rest && rest.verdict !== "fail" ? "warn" : "fail", code: "malformed", facts };
  }
  const { ending, ms, candidates, errors } = await gather({ iceServers: [{ urls }] }, "srflx", signal);
  const found = () => /** @type {Fact[]} */ ([[t("Asked"), foreign(urls.join(", "))], [t("Candidates"), kinds(candidates.map(typeOf))], ...complaints(errors)]);
  const seen = candidates.filter(({ type }) => type === "srflx");
  const addresses = [...new Set(seen.map(({ address }) => address))].filter(Boolean);
  if (!seen.length) {
    // An address that is the device's own is told nobody twice; were there no answer, that would be an error, or take long.
    const own = candidates.map(({ address }) => address).filter((address) => address && !address.endsWith(".local"));
    if (own.length && ending === "gathered" && !errors.length) return { verdict: "ok", code: "unchanged", ms, facts: found, addresses: [...new Set(own)] };
    return { verdict: "fail", code: "unanswered", ms, facts: found };
  }
  // One socket of ours that is seen at two ports of one address: a mapping for each destination (RFC 4787 section 4.1).
  const ports = new Map(addresses.map((address) => [address, new Set(seen.filter((one) => one.address === address).map(({ port }) => port))]));
  const symmetric = addresses.some((address) => !address.includes(":") && (ports.get(address)?.size ?? 0) > 1);
  /** @returns {Fact[]} */
  const facts = () => {
    if (urls.length < 2) return found();
    return [...found(), [t("Address translation"), symmetric ? t("another port for each destination") : t("the same port for all who answered")]];
  };
  return { verdict: symmetric ? "warn" : "ok", code: symmetric ? "symmetric" : "seen", ms, facts, addresses };
}

/**
 * Connects this page with itself by a relay and by nothing else. Where it has several addresses, one that works is enough.
 * @param {'udp' | 'tcp' | 'tls'} transport to the relay
 * @param {Ice} ice
 * @param {AbortSignal} signal
 * @returns {Promise<Finding>}
 */
export async function checkTurn(transport, { servers, degraded }, signal) {
  const offers = servers.flatMap(({ urls, ...pass }) => urls.filter(isTurn).map((url) => ({ url, pass })));
  const mine = offers.filter(({ url }) => transportOf(url) === transport);
  if (!mine.length && degraded) return { verdict: "warn", code: "degraded" };
  if (!mine.length) return { verdict: "none", code: offers.length ? "not-offered" : "none" };
  const started = performance.now();
  const enough = new AbortController();
  signal.addEventListener("abort", () => enough.abort(signal.reason));
  /** @type {{ url: string, code: string, text: () => string }[]} */
  const outcomes = [];
  await Promise.all(
    mine.map(async ({ url, pass }) => {
      const outcome = await tryRelay(url, pass, enough.signal).catch((error) => ({ code: "malformed", text: () => foreign(String(error)) }));
      if (enough.signal.aborted) return;
      outcomes.push({ url, ...outcome });
      if (outcome.code === "relayed") enough.abort();
    }),
  );
  if (signal.aborted) throw signal.reason;
  // What tells most comes first.
  const best = ["relayed", "stuck", "refused", "busy", "unreachable", "malformed"].find((code) => outcomes.some((outcome) => outcome.code === code));
  const verdict = best === "relayed" ? "ok" : best === "stuck" || best === "busy" ? "warn" : "fail";
  const facts = () =>
    mine.map(({ url }) => /** @type {Fact} */ ([foreign(url), outcomes.find((outcome) => outcome.url === url)?.text() ?? t("not needed any more")]));
  return { verdict, code: best ?? "unreachable", ms: performance.now() - started, facts };
}

/**
 * @param {string} url
 * @param {{ username?: string, credential?: string }} pass
 * @param {AbortSignal} signal
 */
async function tryRelay(url, pass, signal) {
  const { ending, ms, roundTrip, candidates, errors } = await echo({ iceServers: [{ urls: url, ...pass }], iceTransportPolicy: "relay" }, signal);
  const said = complaints(errors).map(([, text]) => text);
  if (ending === "done")
    return { code: "relayed", text: () => t("a message came back after {time}, round trip {trip}", { time: span(ms), trip: span(roundTrip ?? 0) }) };
  if (errors.some(({ code }) => code === 486 || code === 508)) return { code: "busy", text: () => said.join("; ") };
  if (candidates.length) return { code: "stuck", text: () => join([t("it gave an address, but nothing came through"), ...said], "; ") };
  if (ending === "refused") return { code: "refused", text: () => said.join("; ") };
  return { code: "unreachable", text: () => said.join("; ") || t("no answer in {time}", { time: span(ms) }) };
}

/** Whether the browser takes the address of a server. @param {string} url */
function isTaken(url) {
  try {
    new RTCPeerConnection({ iceServers: [{ urls: url }] }).close();
    return true;
  } catch {
    return false;
  }
}

const typeOf = (/** @type {import('./loopback.js').Candidate} */ { type }) => type;
export const isStun = (/** @type {string} */ url) => url.startsWith("stun");
export const isTurn = (/** @type {string} */ url) => url.startsWith("turn");

/** @param {string} url RFC 7065 */
function transportOf(url) {
  if (url.startsWith("turns:")) return "tls";
  return /[?&]transport=tcp/i.test(url) ? "tcp" : "udp";
}

/** What could not be done, each once, in the words of the browser. @param {import('./loopback.js').IceError[]} errors @returns {Fact[]} */
function complaints(errors) {
  const all = errors.map(({ code, text, url }) => /** @type {Fact} */ ([foreign(url), foreign(`${code} ${text}`.trim())]));
  return [...new Map(all.map((complaint) => [complaint.join(" "), complaint])).values()];
}
