// `node tests/package/first-answer.mjs [ROUNDS]`: how long one line takes until it answers, Beckon's and PeerServer's in turn, without npm's cache and
// with it. Both come from a registry of this machine; with REGISTRY=https://registry.npmjs.org/ all but Beckon's own tarball comes from there.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../free-port.mjs";
import { newMachine } from "./machine.mjs";

const rounds = Number(process.argv[2] ?? 3);
const registry = process.env.REGISTRY;
const machine = await newMachine();
const { NODE_EXTRA_CA_CERTS = "" } = process.env; // of a network that looks into what is fetched
const env = registry ? { npm_config_registry: registry, NODE_EXTRA_CA_CERTS } : {};

/** Milliseconds until it answers. @param {string[]} command @param {string} cwd */
async function taken(command, cwd) {
  const port = await freePort();
  const began = performance.now();
  const server = machine.begin([...command, "--port", `${port}`], { cwd, env });
  let ended = false;
  void server.ended.then(() => (ended = true));
  while (
    !(await fetch(`http://127.0.0.1:${port}/peerjs/id`).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (ended) throw new Error(server.printed());
    await sleep(10);
  }
  const ms = performance.now() - began;
  server.kill("SIGKILL");
  await server.ended;
  return ms;
}

const COMMANDS = {
  PeerServer: ["npx", "--yes", "--package", "peer@1.0.2", "peerjs"],
  Beckon: ["npx", "--yes", "--package", registry ? machine.tarball : "beckon", "beckon"],
};
const median = (/** @type {number[]} */ all) => all.sort((a, b) => a - b)[all.length >> 1] ?? 0;
const rows = Object.fromEntries(Object.keys(COMMANDS).map((name) => [name, { "without npm's cache": [], "with it": [] }]));
for (let round = 0; round < rounds; round++) {
  for (const [name, command] of Object.entries(COMMANDS)) {
    rmSync(join(machine.home, "npm"), { recursive: true, force: true });
    const folder = machine.empty(`${name}-${round}`);
    rows[name]["without npm's cache"].push(await taken(command, folder));
    rows[name]["with it"].push(await taken(command, folder));
  }
}
console.log(`ms until the first answer; medians of ${rounds}`);
console.table(
  Object.fromEntries(
    Object.entries(rows).map(([name, cells]) => [name, Object.fromEntries(Object.entries(cells).map(([what, all]) => [what, Math.round(median(all))]))]),
  ),
);
machine.close();
