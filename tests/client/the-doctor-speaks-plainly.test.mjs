// What the doctor says, for everything that its checks can find: one sentence each, and one for all of it.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { overall } from "../../public/doctor/overall.js";
import { report } from "../../public/doctor/report.js";
import { sentence } from "../../public/doctor/verdicts.js";
import { withoutAddresses } from "../../public/shared/addresses.js";

const RELAY = {
  relayed: "ok",
  stuck: "warn",
  busy: "warn",
  degraded: "warn",
  refused: "fail",
  unreachable: "fail",
  malformed: "fail",
  none: "none",
  "not-offered": "none",
};
/** Every code of every check, and the verdict that goes with it. */
const CODES = {
  secure: { secure: "ok", insecure: "fail" },
  webrtc: { there: "ok", off: "fail" },
  server: { open: "ok", refused: "fail", offline: "fail", "no-socket": "fail", away: "fail" },
  loopback: { unfinished: "warn", heard: "ok", stuck: "fail", "no-candidates": "fail", "no-webrtc": "none" },
  stun: {
    malformed: "fail",
    unfinished: "warn",
    seen: "ok",
    unchanged: "ok",
    symmetric: "warn",
    unanswered: "fail",
    none: "none",
    "no-webrtc": "none",
    "no-server": "none",
  },
  "turn-udp": RELAY,
  "turn-tcp": RELAY,
  "turn-tls": RELAY,
  pair: {
    idle: "none",
    joining: "none",
    waiting: "none",
    connecting: "none",
    left: "none",
    direct: "ok",
    stun: "ok",
    "turn-udp": "ok",
    "turn-tcp": "ok",
    "turn-tls": "ok",
    server: "warn",
    away: "fail",
    "no-direct-path": "fail",
    "no-path": "fail",
    "relay-refused": "fail",
    "relay-missing": "fail",
    "no-webrtc-there": "fail",
    "socket-blocked": "fail",
    tampered: "fail",
    "damaged-link": "fail",
    "insecure-context": "fail",
    "no-webrtc": "fail",
  },
};
/** @returns {Fake} a finding */
const finding = (check, code) => ({ verdict: CODES[check][code], code });
/** Words of the trade; "relay" and "https" are words of everybody's. */
const JARGON = /\b(WebRTC|ICE|NAT|STUN|TURN|SDP|DTLS|SCTP|UDP|TCP|TLS|WebSocket|srflx|candidate)/;

/** Holds for every sentence: a first line for everybody, an end to what follows, and nothing that is missing. */
function assertPlain({ title, text }, what) {
  assert.match(title, /^[A-Z].*[^.]$/, what);
  assert.doesNotMatch(title, JARGON, what);
  assert.doesNotMatch(`${title} ${text}`, /undefined|null|\$\{|NaN/, what);
  if (text) assert.match(text, /^[A-Z].*\.$/, what);
}

test("every finding has a sentence of its own, whose first line has no word of the trade", () => {
  for (const [check, codes] of Object.entries(CODES)) {
    for (const code of Object.keys(codes)) {
      const said = sentence(/** @type {Fake} */ (check), finding(check, code));
      assertPlain(said, `${check} ${code}`);
      // What the page falls back to.
      if (code !== "refused") assert.doesNotMatch(said.title, /^The meeting point turned us away/, `${check} ${code} has no sentence`);
    }
  }
});

test("whatever is found, all of it comes to one plain sentence; everything works only where it does", () => {
  const relays = Object.keys(RELAY);
  let cases = 0;
  for (const loopback of ["heard", "stuck", "no-candidates"]) {
    for (const stun of ["seen", "unchanged", "symmetric", "unanswered", "none"]) {
      for (const udp of relays) {
        for (const tcp of relays) {
          for (const tls of relays) {
            const found = { loopback, stun, "turn-udp": udp, "turn-tcp": tcp, "turn-tls": tls };
            const findings = Object.fromEntries(Object.entries(found).map(([check, code]) => [check, finding(check, code)]));
            findings.secure = finding("secure", "secure");
            findings.server = finding("server", "open");
            const said = overall(findings);
            const what = JSON.stringify(found);
            assertPlain(said, what);
            const codes = [udp, tcp, tls];
            const relay = codes.includes("relayed");
            const verdicts = Object.values(findings).map(({ verdict }) => verdict);
            if (said.verdict === "ok") assert.ok(relay && !verdicts.includes("fail"), what);
            if (/relay works/i.test(said.title)) assert.ok(relay, what);
            if (said.verdict === "fail") assert.ok(!relay && (stun !== "seen" || loopback !== "heard"), what);
            if (
              relay &&
              loopback === "heard" &&
              (stun === "seen" || stun === "unchanged") &&
              codes.every((code) => code === "relayed" || code === "not-offered")
            )
              assert.equal(said.code, "all", what);
            cases++;
          }
        }
      }
    }
  }
  assert.equal(cases, 3 * 5 * 9 ** 3);
});

test("what makes everything else idle comes first, and a pair that was tried counts for more than one device alone", () => {
  const well = {
    secure: finding("secure", "secure"),
    webrtc: finding("webrtc", "there"),
    server: finding("server", "open"),
    loopback: finding("loopback", "heard"),
    stun: finding("stun", "seen"),
    "turn-udp": finding("turn-udp", "relayed"),
  };
  assert.equal(overall(well).code, "all");
  assert.equal(overall({ ...well, server: finding("server", "away"), webrtc: finding("webrtc", "off") }).code, "off");
  assert.equal(overall({ ...well, server: finding("server", "away") }).title, "The meeting point is not answering");
  assert.equal(overall({ ...well, pair: finding("pair", "no-path") }).title, "No path to the other device");
  assert.equal(overall({ ...well, pair: finding("pair", "server") }).code, "pair-server");
  assert.equal(overall({ ...well, pair: finding("pair", "turn-tls") }).code, "all");
});

test("a report keeps addresses of every kind to itself, and nothing but them", () => {
  const hidden = [
    "203.0.113.7",
    "10.0.0.1:50000",
    "2001:db8::1",
    "[2001:db8:1:2:3:4:5:6]:3478",
    "fe80::1%eth0",
    "::1",
    "::ffff:192.0.2.1",
    "fd00::2",
    "3ff4a0da-5c4a-4eef-906a-2334cc358b5d.local",
  ];
  for (const address of hidden) {
    const left = withoutAddresses(`turn:${address} and ${address}, (${address})`);
    assert.equal(left.match(/\(address left out\)/g)?.length, 3, `${address}: ${left}`);
    assert.doesNotMatch(left.replaceAll("(address left out)", "X"), /\d{2,}\.|::|[\da-f]{4}:|\.local/, left);
  }
  for (const text of [
    "turn:turn.example.org:3478?transport=udp",
    "at 20:24:05",
    "1.3, TLS_AES_128_GCM_SHA256",
    "stun: seen (155 ms)",
    "701 Failed: no answer in 8.0 s",
  ]) {
    assert.equal(withoutAddresses(text), text);
  }
  const at = new Date("2026-01-02T03:04:05Z");
  /** @type {Fake[]} */
  const entries = [
    {
      check: "stun",
      finding: { ...finding("stun", "seen"), ms: 12.4, facts: () => [["Asked", "stun:192.0.2.1:1"]], addresses: ["203.0.113.7"] },
      sentence: { title: "A", text: "" },
    },
  ];
  const what = { site: "https://192.0.2.9", at, browser: "X/156.0.0.0", overall: { title: "T", text: "" }, entries };
  const without = report({ ...what, addresses: false });
  assert.doesNotMatch(without, /192\.0\.2|203\.0\.113/);
  assert.match(without, /X\/156\.0\.0\.0/);
  assert.match(report({ ...what, addresses: true }), /Seen from outside as: 203\.0\.113\.7/);
});

test("the page has a row for every check, and the codes above are those that the checks can find", async () => {
  const read = (name) => readFile(new URL(`../../public/${name}`, import.meta.url), "utf8");
  const html = await read("doctor.html");
  assert.deepEqual(
    [...html.matchAll(/data-check="([\w-]+)"/g)].map(([, check]) => check),
    Object.keys(CODES),
  );
  const source = (await Promise.all(["checks.js", "server-check.js", "pairing.js"].map((name) => read(`doctor/${name}`)))).join("\n");
  const known = new Set(Object.values(CODES).flatMap((codes) => Object.keys(codes)));
  const found = [...source.matchAll(/\bcode: ["']([\w-]+)["']/g)].map(([, code]) => code);
  assert.ok(found.length > 10, found.join());
  for (const code of found) assert.ok(known.has(code), code);
});
