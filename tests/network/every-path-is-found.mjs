// Two devices in networks of every kind find the best path there is, and the library says which one it is.
import assert from "node:assert/strict";
import { name, press, untilHello, untilText } from "../browser/browser.mjs";
import { standing } from "../../public/shared/sentences.js";
import { exchange, pairs, untilPath } from "./devices.mjs";
import { ROUTERS } from "./network.mjs";
import { STUN_URL } from "./turn.mjs";

/** @type {import('./network.mjs').Engine[][]} */
const BOTH = [
  ["chromium", "chromium"],
  ["chromium", "firefox"],
];

/** @param {import('./lab.mjs').Scenario} scenario */
export default function register(scenario) {
  for (const engines of BOTH) {
    const who = engines.join(" and ");
    const long = engines.includes("firefox");
    scenario(
      `${who} in one network connect directly, without any server in between`,
      async (lab) => {
        const devices = await lab.meet({ on: ["a", "a2"], engines });
        await untilPath("direct", devices);
        for (const pair of await pairs(devices)) assert.ok(inside(pair.local) && inside(pair.remote), `not within the network: ${JSON.stringify(pair)}`);
        await exchange(devices);
      },
      { long },
    );

    scenario(`${who} behind two NATs connect directly, with the addresses that STUN tells them`, async (lab) => {
      const devices = await lab.meet({ engines, stun: STUN_URL });
      await untilPath("stun", devices);
      for (const pair of await pairs(devices)) {
        assert.ok(reflexive(pair.local) && reflexive(pair.remote), `not through the NATs: ${JSON.stringify(pair)}`);
      }
      await exchange(devices);
    });
  }

  for (const [what, how, stun] of /** @type {[string, import('./network.mjs').Routers, string][]} */ ([
    ["behind two NATs without STUN", {}, ""],
    ["behind two symmetric NATs", { ra: { nat: "symmetric" }, rb: { nat: "symmetric" } }, STUN_URL],
    ["one of which may not use UDP", { rb: { only: "tcp" } }, STUN_URL],
  ])) {
    scenario(
      `devices ${what} have no direct path: what is small goes through the server, and the library says so`,
      async (lab) => {
        for (const router of ROUTERS) if (how[router]) lab.network.route(router, how[router]);
        const devices = await lab.meet({ stun });
        await untilPath("server", devices);
        await exchange(devices);
        for (const device of devices) {
          assert.ok(await device.ask(() => lab.peer.connection?.connectionState !== "connected"), "there was a path after all");
        }
      },
      { long: what !== "behind two NATs without STUN" },
    );
  }

  scenario("Beckon's page says that a click goes through the server when it does, and how two who reach each other do", async (lab) => {
    for (const [stun, path] of /** @type {[string, 'server' | 'stun'][]} */ ([
      ["", "server"],
      [STUN_URL, "stun"],
    ])) {
      const [one, other] = (await lab.meet({ stun, page: true })).slice(-2);
      const words = standing(/** @type {import('../../public/beckon.js').Peer} */ ({ state: "open", path, latency: null }));
      for (const { page } of [one, other]) await untilText(page, words);
      const from = await name(one.page);
      await press(one.page, "#hello");
      await untilHello(other.page, from);
    }
  });
}

/** A check that comes before the other's name is found (mDNS) makes a candidate of its own kind; there is no STUN and no NAT here. */
const inside = (type) => type === "host" || type === "prflx";
/** A check that comes before the other's candidate makes one of its own kind. */
const reflexive = (type) => type === "srflx" || type === "prflx";
