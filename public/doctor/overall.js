// The result of all the checks: one sentence, and what to do.
import { sentence, WAYS } from "./verdicts.js";

/** @typedef {import('./checks.js').Check} Check */
/** @typedef {import('./checks.js').Verdict} Verdict */
/** @typedef {import('./checks.js').Finding} Finding */
/** @typedef {Partial<Record<Check, Finding>>} Findings */
/** @typedef {{ verdict: Verdict, code: string, title: string, text: string }} Overall */

const RELAYS = /** @type {Check[]} */ (["turn-udp", "turn-tcp", "turn-tls"]);
const HOME = "From here only devices in your own network can be reached. Try the same Wi-Fi, or a phone hotspot.";
const STRICT = "devices on strict networks will not reach each other";

/** @param {Verdict} verdict @param {string} code @param {string} title @param {string} text @returns {Overall} */
const say = (verdict, code, title, text) => ({ verdict, code, title, text });

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
  return say("warn", "pair-only", "These two devices reach each other", "What was found out from here alone says that others may not be reached.");
}

/** @param {Findings} findings @returns {Overall} */
function withRelay(findings) {
  const stun = findings.stun?.code;
  const bad = RELAYS.filter((check) => ["fail", "warn"].includes(findings[check]?.verdict ?? "")).map((check) => WAYS[check]);
  if (findings.loopback?.verdict === "fail") {
    return say(
      "warn",
      "relay-only",
      "Only a relay works from here",
      "A setting, an extension or a firewall keeps direct connections away from this browser. It works, a little slower.",
    );
  }
  if (stun === "unanswered" && findings["turn-udp"]?.code !== "relayed") {
    return say(
      "warn",
      "udp-blocked",
      "This network blocks the fast way, but the relay works",
      "Your devices can connect to other networks through it, a little slower.",
    );
  }
  if (stun === "unanswered") {
    return say(
      "warn",
      "stun-away",
      "The relay works; direct connections reach only your own network",
      "Nobody outside could tell this device its address. If that is so in other networks too, tell whoever runs this site.",
    );
  }
  if (stun === "none") {
    return say(
      "warn",
      "stun-none",
      "The relay works; direct connections reach only your own network",
      "This server names nobody who could tell a device its address: whoever runs this site can set that up (STUN).",
    );
  }
  if (bad.length) {
    return say(
      "warn",
      "one-way",
      "It works: directly, and by relay",
      `But the relay does not answer ${bad.join(" and ")}, which matters to networks that let out nothing else. Whoever runs this site should know.`,
    );
  }
  if (stun === "symmetric") {
    return say("ok", "symmetric", "Everything works, often by relay", "Your network rarely lets other networks connect directly; the relay is there for that.");
  }
  return say("ok", "all", "Everything works", "Your devices can connect directly, and by relay where a network blocks that.");
}

/** Why there is no relay that works, what tells most first. @type {Record<string, [title: string, text: string]>} */
const NO_RELAY = {
  refused: ["the relay turned us away", "Its pass had expired or is wrong. Check again; if it stays, tell whoever runs this site."],
  degraded: ["there is no pass for the relay at the moment", "The service that hands out passes did not answer. Check again in a minute."],
  busy: ["the relay is full", "Check again later; if it stays, tell whoever runs this site."],
  stuck: ["the relay let us in, but carried nothing", "Between two networks it may still work: check with a second device."],
  unreachable: ["the relay does not answer", `Until it does, ${STRICT}.`],
  malformed: ["the relay has an address that makes no sense", `Until whoever runs this site mends it, ${STRICT}.`],
};

/** @param {Findings} findings @returns {Overall} */
function withoutRelay(findings) {
  const stun = findings.stun?.code;
  const codes = RELAYS.map((check) => findings[check]?.code ?? "");
  const why = Object.keys(NO_RELAY).find((code) => codes.includes(code));
  if (stun === "unanswered" && why === "unreachable") {
    return say(
      "fail",
      "nothing-through",
      "No way to other networks from here",
      `Nobody outside answers, not even the relay: this network blocks them, or they are down. ${HOME}`,
    );
  }
  if (why) {
    const [title, text] = NO_RELAY[why] ?? ["", ""];
    if (findings.stun?.verdict === "ok") return say("warn", `relay-${why}`, `Direct connections work; ${title}`, text);
    return say("fail", `relay-${why}`, `${title.charAt(0).toUpperCase()}${title.slice(1)}`, `${text} ${why === "stuck" ? "" : HOME}`.trim());
  }
  if (stun === "unanswered")
    return say("fail", "no-way", "No way to other networks from here", `This one blocks direct connections, and this server has no relay. ${HOME}`);
  if (stun === "symmetric")
    return say(
      "fail",
      "symmetric-no-relay",
      "Other networks will rarely reach you",
      `Yours gives each one another door to knock at, and this server has no relay. ${HOME}`,
    );
  if (stun === "none")
    return say(
      "warn",
      "home-only",
      "Only devices in one network can connect",
      "This server names nobody who helps between networks: whoever runs this site can set that up (STUN, TURN).",
    );
  return say("warn", "no-relay", "Direct connections work; no relay is set up here", `In most networks that is enough, but ${STRICT}.`);
}
