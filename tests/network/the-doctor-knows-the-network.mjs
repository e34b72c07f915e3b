// The doctor, in networks of every kind: what it says is what they are.
import assert from "node:assert/strict";
import { press } from "../browser/browser.mjs";
import { diagnosis, HEALTHY, NO_RELAY, untilFound } from "../browser/doctor.mjs";
import { freshSecret, openDevice } from "./devices.mjs";
import { ROUTERS } from "./network.mjs";
import { credential, SECRET, STUN_URL, TURN_URLS } from "./turn.mjs";

const RELAYS = Object.values(TURN_URLS);
/** @type {import('./network.mjs').Routers} */
const SYMMETRIC = { ra: { nat: "symmetric" }, rb: { nat: "symmetric" } };
const turns = (udp, tcp, tls) => ({ "turn-udp": udp, "turn-tcp": tcp, "turn-tls": tls });
const [good, dead, refused] = ["ok relayed", "fail unreachable", "fail refused"];

/**
 * How the doctor is asked: in which network, and with what else.
 * @typedef {{ rules?: import('./network.mjs').Routers, long?: boolean, before?: (lab: import('./lab.mjs').Lab) => unknown } & Visit} Patient
 */

/** @param {import('./lab.mjs').Scenario} scenario */
export default function register(scenario) {
  for (const [
    where,
    { rules = {}, turn = RELAYS, long = false, engine = "chromium", before = async () => {}, ...how },
    expected,
  ] of /** @type {[string, Patient, Record<string, string>][]} */ ([
    ["behind a NAT", {}, { overall: "ok all", stun: "ok seen", ...turns(good, good, good) }],
    ["behind a NAT", { engine: "firefox", long: true }, { overall: "ok all", stun: "ok seen", ...turns(good, good, good) }],
    ["behind a NAT, without a relay", { turn: [] }, { overall: "warn no-relay", stun: "ok seen", ...NO_RELAY }],
    ["without UDP", { rules: { ra: { only: "tcp" } } }, { overall: "warn udp-blocked", stun: "fail unanswered", ...turns(dead, good, good) }],
    [
      "without UDP",
      { rules: { ra: { only: "tcp" } }, engine: "firefox", long: true },
      { overall: "warn udp-blocked", stun: "fail unanswered", ...turns(dead, good, good) },
    ],
    [
      "without UDP, without a relay",
      { rules: { ra: { only: "tcp" } }, turn: [], long: true },
      { overall: "fail no-way", stun: "fail unanswered", ...NO_RELAY },
    ],
    [
      "with nothing but port 443",
      { rules: { ra: { only: "443" } }, long: true },
      { overall: "warn udp-blocked", stun: "fail unanswered", ...turns(dead, dead, good) },
    ],
    [
      "whose relay has another secret",
      { secret: "not the one of coturn", long: true },
      { overall: "warn relay-refused", stun: "ok seen", ...turns(refused, refused, refused) },
    ],
    [
      "whose pass has expired",
      { credential: () => credential({ lifeS: -60 }), long: true },
      { overall: "warn relay-refused", stun: "ok seen", ...turns(refused, refused, refused) },
    ],
    [
      "whose relay is down",
      { before: (lab) => lab.turn.kill(), long: true },
      { overall: "fail nothing-through", stun: "fail unanswered", ...turns(dead, dead, dead) },
    ],
  ])) {
    scenario(
      `the doctor in ${engine} knows a network ${where}`,
      async (lab) => {
        for (const router of ROUTERS) if (rules[router]) lab.network.route(router, rules[router]);
        await before(lab);
        const [{ page }] = await visit(lab, { turn, engine, ...how });
        const { title, ...found } = await diagnosis(page);
        assert.deepEqual(found, { ...expected, ...HEALTHY, pair: "none idle" }, title);
        if (expected.stun !== "ok seen") return;
        await press(page, '[data-check="stun"] .seen button');
        assert.match(await page.$eval(".address", (span) => span.textContent), /^203\.0\.113\.(2|102)$/, "the router's address");
      },
      { long },
    );
  }

  for (const [where, rules, path, long] of /** @type {[string, import('./network.mjs').Routers, string, boolean?][]} */ ([
    ["behind two NATs", {}, "ok stun"],
    ["behind two symmetric NATs", SYMMETRIC, "ok turn-udp", true],
    ["one of which lets out nothing but port 443", { ra: { only: "443" }, rb: { nat: "symmetric" } }, "ok turn-", true],
  ])) {
    scenario(
      `the doctors of two devices ${where} name the path between them`,
      async (lab) => {
        for (const router of ROUTERS) if (rules[router]) lab.network.route(router, rules[router]);
        const pages = await visit(lab, { on: ["a", "b"], hash: `#${freshSecret()}` });
        for (const { page } of pages) await untilFound(page, "pair", path);
      },
      { long },
    );
  }
}

/**
 * On which machines, with which browser, with what of Beckon's.
 * @typedef {{ on?: string[], turn?: string[], engine?: import('./network.mjs').Engine, secret?: string, credential?: () => object, hash?: string }} Visit
 */
/**
 * Opens the doctor on some machines.
 * @param {import('./lab.mjs').Lab} lab
 * @param {Visit} how
 */
async function visit(lab, { on = ["a"], turn = RELAYS, engine = "chromium", secret = SECRET, credential, hash = "" }) {
  const host = await lab.beckon({ vars: { STUN_URLS: STUN_URL, TURN_URLS: turn.join() }, secrets: turn.length ? { TURN_SECRET: secret } : {} });
  const open = async (machine) => {
    const browser = await lab.browsers.get(engine, machine);
    return openDevice(browser, machine, `https://${host}/doctor.html${hash}`, (page) => lab.replaceCredential(page, credential?.()));
  };
  const devices = await Promise.all(on.map(open));
  lab.devices.push(...devices);
  return devices;
}
