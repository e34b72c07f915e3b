// The networks: two homes with a router each, and the internet between them.
//
//     a, a2 -- lan a -- router ra -- road -- wan (web .20 and up, TURN and STUN .10) -- router rb -- lan b -- b
//
// Routers are nftables: a mapping that keeps the port is what RFC 4787 calls endpoint-independent (a "cone"), one with a random port
// for every destination address- and port-dependent ("symmetric"). Both let in only what answers something.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { seedsOf } from "../seeds/seeds.mjs";

/** Everything that is written goes here: memory of this namespace alone. */
export const FILES = "/run/lab";
export const TURN_ADDRESS = "203.0.113.10";
/** Where Beckon and the pages are: a name for each Worker, which has variables of its own. */
export const WEB_ADDRESS = (n) => `203.0.113.${20 + n}`;
const PUBLIC = { ra: ["203.0.113.2", "203.0.113.102"], rb: ["203.0.113.3", "203.0.113.103"] };
/** A neighbour that never answers. Without a default route, sending to an address that is nowhere is an error, and coturn ends the allocation. */
const NOWHERE = "203.0.113.254";

/** road.rs, as lab.sh has built it. */
const ROAD = new URL("../../target/lab/road", import.meta.url).pathname;

/**
 * What a router lets through.
 * @typedef {object} Rules
 * @property {'cone' | 'symmetric'} [nat]
 * @property {'anything' | 'servers' | 'tcp' | '443'} [only] what may leave; `servers`: nothing that goes to another router
 * @property {boolean} [keep] whether the mappings that there are outlive it
 */
/** The routers of the two homes. @type {('ra' | 'rb')[]} */
export const ROUTERS = ["ra", "rb"];
/** What some routers let through. @typedef {{ ra?: Rules, rb?: Rules }} Routers */
/** The browsers of the lab. @typedef {'chromium' | 'firefox'} Engine */

/** What the program is run in: the network of one machine of the lab. @returns {[string, string[]]} */
export const within = (machine, ...command) => ["nsenter", [`--net=/run/netns/${machine}`, ...command]];

/** Runs a program on a machine and gives what it printed. */
export function run(machine, ...command) {
  return execFileSync(...within(machine, ...command), { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

const ip = (machine, words) => run(machine, "ip", ...words.split(" "));
const here = (...command) => execFileSync(command[0], command.slice(1), { stdio: ["ignore", "pipe", "pipe"] });

function machine(name) {
  here("ip", "netns", "add", name);
  ip(name, "link set lo up");
  // The link-local address that becomes valid a second later is a change of network in Chromium's eyes.
  run(name, "sh", "-c", "echo 1 2>/dev/null >/proc/sys/net/ipv6/conf/all/disable_ipv6 || true");
}

/** A cable from a machine to a bridge of another. */
function cable(from, device, to, bridge) {
  ip(from, `link add ${device} type veth peer name ${from} netns ${to}`);
  ip(to, `link set dev ${from} master ${bridge} up`);
}

function bridge(on, name, address) {
  ip(on, `link add ${name} type bridge`);
  ip(on, `addr add ${address}/24 dev ${name}`);
  ip(on, `link set ${name} up`);
}

function plugIn(name, router, address, gateway) {
  machine(name);
  cable(name, "eth0", router, "lan");
  ip(name, `addr add ${address}/24 dev eth0`);
  ip(name, "link set eth0 up");
  ip(name, `route add default via ${gateway}`);
}

function openRouter(name, lan) {
  bridge(name, "lan", lan);
  ip(name, `addr add ${PUBLIC[name][0]}/24 dev out`);
  ip(name, "link set out up");
  ip(name, `route add default via ${NOWHERE}`);
  ip(name, `neigh add ${NOWHERE} lladdr 02:00:00:00:00:fe dev out nud permanent`);
  run(name, "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward");
}

/** Builds the networks, with nothing lost and no firewalls. */
export async function openNetwork() {
  for (const name of ["wan", "ra", "rb"]) machine(name);
  bridge("wan", "net", "203.0.113.1");
  for (let n = 10; n < 40; n++) ip("wan", `addr add 203.0.113.${n}/24 dev net`);
  ip("wan", `route add default via ${NOWHERE}`);
  ip("wan", `neigh add ${NOWHERE} lladdr 02:00:00:00:00:fe dev net nud permanent`);

  const [seed] = seedsOf("road");
  console.log(`the road's seed: ${seed}`);
  const road = spawn(...within("wan", ROAD, "road-wan", "road-ra", String(seed)), { stdio: ["pipe", "pipe", "inherit"] });
  await once(road.stdout, "data");
  ip("wan", "link set dev road-wan master net up");
  ip("wan", "link set road-ra netns ra name out");
  cable("rb", "out", "wan", "net");

  openRouter("ra", "10.0.1.1");
  openRouter("rb", "10.0.2.1");
  plugIn("a", "ra", "10.0.1.2", "10.0.1.1");
  plugIn("a2", "ra", "10.0.1.3", "10.0.1.1");
  plugIn("b", "rb", "10.0.2.2", "10.0.2.1");
  const GATEWAYS = { a: "10.0.1.1", a2: "10.0.1.1", b: "10.0.2.1" };
  const publicAddress = { ra: PUBLIC.ra[0], rb: PUBLIC.rb[0] };

  return {
    /**
     * Sets up a router: its kind of NAT and its firewall.
     * @param {'ra' | 'rb'} router
     * @param {Rules} [how]
     */
    route(router, { nat = "cone", only = "anything", keep = false } = {}) {
      const firewall = {
        anything: "",
        servers: `ip daddr { ${Object.values(PUBLIC).flat().join()} } drop`,
        tcp: "meta l4proto udp drop",
        443: 'iifname "lan" tcp dport != 443 drop; meta l4proto udp drop',
      }[only];
      const rules = `flush ruleset
        table ip lab {
          chain leave { type nat hook postrouting priority 100; oifname "out" masquerade ${nat === "symmetric" ? "fully-random" : ""}; }
          # What nobody asked for must not even be seen: it would take the port of the mapping that it came for.
          chain arrive { type filter hook input priority 0; iifname "out" ct state new drop; }
          chain pass { type filter hook forward priority 0; iifname "out" ct state new drop; ${firewall}; }
        }`;
      execFileSync(...within(router, "nft", "-f", "-"), { input: rules });
      if (!keep) run(router, "conntrack", "-F");
    },

    /** The provider gives a router another address, and every mapping is gone. */
    changeAddress(router) {
      const [one, two] = PUBLIC[router];
      const next = publicAddress[router] === one ? two : one;
      ip(router, `addr del ${publicAddress[router]}/24 dev out`); // and with it the route
      ip(router, `addr add ${next}/24 dev out`);
      ip(router, `route replace default via ${NOWHERE}`);
      run(router, "conntrack", "-F");
      publicAddress[router] = next;
    },

    unplug: (name) => ip(name, "link set eth0 down"),
    plug(name) {
      ip(name, "link set eth0 up");
      ip(name, `route add default via ${GATEWAYS[name]}`);
    },

    /** The road between ra and the internet: `delay` in ms one way, `loss` in percent, `rate` in kbit/s (0: any), for each direction. */
    road: ({ delay = 0, loss = 0, rate = 0 } = {}) => road.stdin.write(`${delay} ${loss * 10} ${rate}\n`),

    close: () => road.kill(),
  };
}
