// The result of all the checks: one sentence, and what to do.
import { join, t } from "../shared/language.js";
import { sentence, WAYS } from "./verdicts.js";

/** @typedef {import('./checks.js').Check} Check */
/** @typedef {import('./checks.js').Verdict} Verdict */
/** @typedef {import('./checks.js').Finding} Finding */
/** @typedef {Partial<Record<Check, Finding>>} Findings */
/** @typedef {{ verdict: Verdict, code: string, title: string, text: string }} Overall */

const RELAYS = /** @type {Check[]} */ (["turn-udp", "turn-tcp", "turn-tls"]);
const HOME = "From here only devices in your own network can be reached. Try the same Wi-Fi, or a phone hotspot.";

/** @param {Verdict} verdict @param {string} code @param {string} title @param {string} text @param {import('../shared/language.js').Values} [values] @returns {Overall} */
const result = (verdict, code, title, text, values) => ({ verdict, code, title: t(title, values), text: t(text, values) });
/** The same where only one's own network is left. @param {Overall} said @returns {Overall} */
const home = (said) => ({ ...said, text: join([said.text, t(HOME)]) });

/**
 * @param {Findings} findings
 * @returns {Overall}
 */
export function overall(findings) {
  const { pair, loopback } = findings;
  // Without one of these nothing else matters.
  for (const check of /** @type {Check[]} */ (["secure", "webrtc", "server"])) {
    const finding = findings[check];
    if (finding?.verdict === "fail") return { verdict: "fail", code: finding.code, ...sentence(check, finding) };
  }
  // Two devices that were tried say more than one alone.
  if (pair?.verdict === "fail" || pair?.verdict === "warn") return { verdict: pair.verdict, code: `pair-${pair.code}`, ...sentence("pair", pair) };
  if (RELAYS.some((check) => findings[check]?.code === "relayed")) return withRelay(findings);
  if (loopback?.verdict === "fail") return { verdict: "fail", code: `loopback-${loopback.code}`, ...sentence("loopback", loopback) };
  const alone = withoutRelay(findings);
  if (alone.verdict !== "fail" || !["stun", "turn-udp", "turn-tcp", "turn-tls"].includes(pair?.code ?? "")) return alone;
  return result("warn", "pair-only", "These two devices reach each other", "What was found out from here alone says that others may not be reached.");
}

/** @param {Findings} findings @returns {Overall} */
function withRelay(findings) {
  const stun = findings.stun?.code;
  const bad = RELAYS.filter((check) => ["fail", "warn"].includes(findings[check]?.verdict ?? "")).map((check) => t(WAYS[check] ?? ""));
  if (findings.loopback?.verdict === "fail") {
    return result(
      "warn",
      "relay-only",
      "Only a relay works from here",
      "A setting, an extension or a firewall keeps direct connections away from this browser. It works, a little slower.",
    );
  }
  if (stun === "unanswered" && findings["turn-udp"]?.code !== "relayed") {
    return result(
      "warn",
      "udp-blocked",
      "This network blocks the fast way, but the relay works",
      "Your devices can connect to other networks through it, a little slower.",
    );
  }
  if (stun === "unanswered") {
    return result(
      "warn",
      "stun-away",
      "The relay works; direct connections reach only your own network",
      "Nobody outside could tell this device its address. If that is so in other networks too, tell whoever runs this site.",
    );
  }
  if (stun === "none") {
    return result(
      "warn",
      "stun-none",
      "The relay works; direct connections reach only your own network",
      "This server names nobody who could tell a device its address: whoever runs this site can set that up (STUN).",
    );
  }
  if (bad.length) {
    return result(
      "warn",
      "one-way",
      "It works: directly, and by relay",
      "But the relay does not answer {ways}, which matters to networks that let out nothing else. Whoever runs this site should know.",
      { ways: bad },
    );
  }
  if (stun === "symmetric") {
    return result(
      "ok",
      "symmetric",
      "Everything works, often by relay",
      "Your network rarely lets other networks connect directly; the relay is there for that.",
    );
  }
  return result("ok", "all", "Everything works", "Your devices can connect directly, and by relay where a network blocks that.");
}

/** Why there is no relay that works, what tells most first: alone, and where direct connections work. @type {Record<string, [title: string, besides: string, text: string]>} */
const NO_RELAY = {
  refused: [
    "The relay turned us away",
    "Direct connections work; the relay turned us away",
    "Its pass had expired or is wrong. Check again; if it stays, tell whoever runs this site.",
  ],
  degraded: [
    "There is no pass for the relay at the moment",
    "Direct connections work; there is no pass for the relay at the moment",
    "The service that hands out passes did not answer. Check again in a minute.",
  ],
  busy: ["The relay is full", "Direct connections work; the relay is full", "Check again later; if it stays, tell whoever runs this site."],
  stuck: [
    "The relay let us in, but carried nothing",
    "Direct connections work; the relay let us in, but carried nothing",
    "Between two networks it may still work: check with a second device.",
  ],
  unreachable: [
    "The relay does not answer",
    "Direct connections work; the relay does not answer",
    "Until it does, devices on strict networks will not reach each other.",
  ],
  malformed: [
    "The relay has an address that makes no sense",
    "Direct connections work; the relay has an address that makes no sense",
    "Until whoever runs this site mends it, devices on strict networks will not reach each other.",
  ],
};

/** @param {Findings} findings @returns {Overall} */
function withoutRelay(findings) {
  const stun = findings.stun?.code;
  const codes = RELAYS.map((check) => findings[check]?.code ?? "");
  const why = Object.keys(NO_RELAY).find((code) => codes.includes(code));
  if (stun === "unanswered" && why === "unreachable") {
    return home(
      result(
        "fail",
        "nothing-through",
        "No way to other networks from here",
        "Nobody outside answers, not even the relay: this network blocks them, or they are down.",
      ),
    );
  }
  if (why) {
    const [title, besides, text] = NO_RELAY[why] ?? ["", "", ""];
    if (findings.stun?.verdict === "ok") return result("warn", `relay-${why}`, besides, text);
    const said = result("fail", `relay-${why}`, title, text);
    return why === "stuck" ? said : home(said);
  }
  if (stun === "unanswered")
    return home(result("fail", "no-way", "No way to other networks from here", "This one blocks direct connections, and this server has no relay."));
  if (stun === "symmetric")
    return home(
      result(
        "fail",
        "symmetric-no-relay",
        "Other networks will rarely reach you",
        "Yours gives each one another door to knock at, and this server has no relay.",
      ),
    );
  if (stun === "none")
    return result(
      "warn",
      "home-only",
      "Only devices in one network can connect",
      "This server names nobody who helps between networks: whoever runs this site can set that up (STUN, TURN).",
    );
  return result(
    "warn",
    "no-relay",
    "Direct connections work; no relay is set up here",
    "In most networks that is enough, but devices on strict networks will not reach each other.",
  );
}
