// Where no direct path can be, coturn carries it, set up as docs/turn.md says, with the credentials that Beckon makes: by UDP, TCP or TLS on
// 443, whatever the networks let through. Where coturn will not, the server carries what is small.
import assert from "node:assert/strict";
import { exchange, pairs, pause, stories, until, untilPath } from "./devices.mjs";
import { ROUTERS } from "./network.mjs";
import { credential, STUN_URL, tryCredential, TURN_URLS } from "./turn.mjs";

const { udp, tcp, tls } = TURN_URLS;
/** @type {import('./network.mjs').Routers} */
const SYMMETRIC = { ra: { nat: "symmetric" }, rb: { nat: "symmetric" } };

/** @param {import('./lab.mjs').Scenario} scenario */
export default function register(scenario) {
  for (const [
    what,
    how,
    turn,
    engines,
    long,
  ] of /** @type {[string, import('./network.mjs').Routers, string[], import('./network.mjs').Engine[], boolean?][]} */ ([
    ["behind two symmetric NATs: over UDP", SYMMETRIC, [udp, tcp, tls], ["chromium", "chromium"]],
    ["behind two symmetric NATs: over UDP", SYMMETRIC, [udp, tcp, tls], ["chromium", "firefox"], true],
    ["behind two symmetric NATs: over UDP", SYMMETRIC, [udp, tcp, tls], ["firefox", "chromium"], true],
    ["behind two symmetric NATs: over UDP", SYMMETRIC, [udp, tcp, tls], ["firefox", "firefox"], true],
    ["of which one may not use UDP: over TCP", { rb: { only: "tcp" } }, [tcp], ["chromium", "chromium"], true],
    ["none of which may use UDP: over TCP", { ra: { only: "tcp" }, rb: { only: "tcp" } }, [udp, tcp], ["chromium", "chromium"]],
    ["which may use port 443 only: over TLS", { ra: { only: "443" }, rb: { only: "443" } }, [udp, tcp, tls], ["chromium", "chromium"]],
    ["which may use port 443 only: over TLS", { ra: { only: "443" }, rb: { only: "443" } }, [udp, tcp, tls], ["chromium", "firefox"], true],
  ])) {
    scenario(
      `a relay connects ${engines.join(" and ")} in networks ${what}`,
      async (lab) => {
        for (const router of ROUTERS) if (how[router]) lab.network.route(router, how[router]);
        const protocol = what.split(" ").at(-1).toLowerCase();
        const devices = await lab.meet({ engines, stun: STUN_URL, turn });
        await untilPath(`turn-${protocol}`, devices);
        for (const { local, remote, relayProtocol } of await pairs(devices)) {
          assert.ok(local === "relay" || remote === "relay", `not relayed: ${local}, ${remote}`);
          if (local === "relay") assert.equal(relayProtocol, protocol);
        }
        await exchange(devices);
      },
      { long },
    );
  }

  // What wins when a connection is made is what was quick at that moment: here, what nothing else was allowed to overtake.
  for (const engines of /** @type {import('./network.mjs').Engine[][]} */ ([
    ["chromium", "chromium"],
    ["chromium", "firefox"],
    ["firefox", "chromium"],
    ["firefox", "firefox"],
  ])) {
    for (const [slow, first, path, better, then] of /** @type {[string, import('./network.mjs').Rules, RegExp, string, import('./network.mjs').Rules][]} */ ([
      ["by TCP or TLS", { nat: "symmetric", only: "tcp" }, /^turn-t/, "by UDP", { nat: "symmetric" }],
      ["by UDP", { only: "servers" }, /^turn-udp/, "no relay", {}],
    ])) {
      scenario(
        `${engines.join(" and ")} that were connected by a relay ${slow} when ${better} would do find that, without a message lost`,
        async (lab) => {
          for (const router of ROUTERS) lab.network.route(router, first);
          const devices = await lab.meet({ engines, stun: STUN_URL, turn: [udp, tcp, tls] });
          await until("they are connected", devices, async () => (await paths(devices)).every((one) => path.test(one)));
          for (const router of ROUTERS) lab.network.route(router, { ...then, keep: true });
          await exchange(devices);
          await untilPath(better === "by UDP" ? "turn-udp" : "stun", devices);
          await exchange(devices);
          assert.ok(!(await noticed(devices)).some(Boolean), `it cost an interruption\n${await stories(devices)}`);
        },
        { long: !(engines[0] === "chromium" && engines[1] === "firefox" && slow === "by TCP or TLS") },
      );
    }

    for (const [what, act] of /** @type {[string, (devices: import('./devices.mjs').Device[]) => Promise<void>][]} */ ([
      ["while nothing is said", async () => {}],
      ["while something is said", exchange],
    ])) {
      scenario(
        `when a relay forgets ${engines.join(" and ")} ${what}, it carries them again${act === exchange ? "" : " as soon as one of them notices, and both know"}`,
        async (lab) => {
          for (const router of ROUTERS) lab.network.route(router, SYMMETRIC[router]);
          // Nobody looks for a better path there, and so mends this one before it is missed.
          const devices = await lab.meet({ engines, turn: [udp], relayOnly: true });
          await untilPath("turn-udp", devices);
          await exchange(devices);
          await lab.turn.kill();
          await lab.turn.start();
          const at = Date.now();
          await act(devices);
          if (act !== exchange) await until("both notice", devices, async () => (await noticed(devices)).every(Boolean));
          console.log(`${act === exchange ? "what is said next has arrived" : "both know"} after ${Date.now() - at} ms`);
          await untilPath("turn-udp", devices);
          console.log(`both are back after ${Date.now() - at} ms`);
          await exchange(devices);
        },
        { long: true },
      );
    }
  }

  for (const [what, wrong] of /** @type {[string, () => { secret?: string, credential?: object }][]} */ ([
    ["signed with another secret", () => ({ secret: "not the one of coturn" })],
    ["that have expired", () => ({ credential: credential({ lifeS: -60 }) })],
  ])) {
    scenario(
      `credentials ${what} get no relay: the server carries what is small; a direct path takes no harm`,
      async (lab) => {
        lab.network.route("ra", SYMMETRIC.ra);
        lab.network.route("rb", SYMMETRIC.rb);
        const devices = await lab.meet({ stun: STUN_URL, turn: [udp], ...wrong() });
        await untilPath("server", devices);
        await exchange(devices);
        lab.network.route("ra");
        lab.network.route("rb");
        await untilPath("stun", await lab.meet({ on: ["a", "b"], stun: STUN_URL, turn: [udp], ...wrong() }));
      },
      { long: true },
    );
  }

  scenario("coturn's own tool gets an allocation with a fresh credential, and none with an expired or a forged one", async () => {
    for (const [given, accepted] of /** @type {[ReturnType<typeof credential>, boolean][]} */ ([
      [credential(), true],
      [credential({ lifeS: -60 }), false],
      [credential({ secret: "not the one of coturn" }), false],
      [{ ...credential(), username: `${Math.floor(Date.now() / 1000) + 7200}:lab` }, false],
    ])) {
      const answer = tryCredential("b", given);
      assert.equal(answer.accepted, accepted, answer.text);
    }
  });

  scenario(
    "when the relay dies, the server carries what is small; when it is back, the relay does, and no click is lost",
    async (lab) => {
      lab.network.route("ra", SYMMETRIC.ra);
      lab.network.route("rb", SYMMETRIC.rb);
      const devices = await lab.meet({ turn: [udp] });
      await untilPath("turn-udp", devices);
      await lab.turn.kill();
      await untilPath("server", devices);
      await exchange(devices);
      await lab.turn.start();
      await untilPath("turn-udp", devices);
      await exchange(devices);
    },
    { long: true },
  );

  scenario(
    "credentials are renewed in time: after the first ones have expired, a relay that was restarted takes the devices again",
    async (lab) => {
      lab.network.route("ra", SYMMETRIC.ra);
      lab.network.route("rb", SYMMETRIC.rb);
      const devices = await lab.meet({ turn: [udp], ttl: 60, relayOnly: true });
      await untilPath("turn-udp", devices);
      const user = () => devices[0].ask(() => lab.peer.connection.getConfiguration().iceServers.find(({ username }) => username).username);
      const first = await user();
      await until("the credentials are renewed", devices, async () => (await user()) !== first, 60_000);
      await pause(Number.parseInt(first, 10) * 1000 - Date.now() + 1_000);
      assert.ok(!(await noticed(devices)).some(Boolean), "the channel noticed");
      await lab.turn.kill();
      await lab.turn.start();
      await until("both notice the restart", devices, async () => (await noticed(devices)).every(Boolean));
      await untilPath("turn-udp", devices);
      await exchange(devices);
    },
    { long: true },
  );
}

/** Whether each has ever known that its path led nowhere. */
const noticed = (devices) => Promise.all(devices.map((device) => device.ask(() => lab.story.some(({ what }) => what.startsWith("reconnecting")))));

/** What each says about its path. */
const paths = (devices) => Promise.all(devices.map((device) => device.ask(() => String(lab.peer?.path))));
