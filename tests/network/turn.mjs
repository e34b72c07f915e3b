// coturn on the lab's internet: STUN and TURN over UDP and TCP on 3478, over TLS on 443, with credentials that a shared secret signs.
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { FILES, TURN_ADDRESS, run, within } from "./network.mjs";

export const TURN_NAME = "turn.beckon.test";
export const SECRET = "a secret of the lab";
export const STUN_URL = `stun:${TURN_NAME}:3478`;
export const TURN_URLS = {
  udp: `turn:${TURN_NAME}:3478?transport=udp`,
  tcp: `turn:${TURN_NAME}:3478?transport=tcp`,
  tls: `turns:${TURN_NAME}:443?transport=tcp`,
};

/** What docs/turn.md tells an operator to write, with the lab's own addresses, names and files. */
function configuration() {
  const text = readFileSync(new URL("../../docs/turn.md", import.meta.url), "utf8");
  const [, advice] = /## With coturn[^]*?\n```conf\n([^]*?)```/.exec(text) ?? [];
  if (!advice) throw new Error("docs/turn.md has no configuration for coturn");
  const ours = {
    "static-auth-secret": SECRET,
    realm: "beckon.test",
    cert: `${FILES}/lab.crt`,
    pkey: `${FILES}/lab.key`,
    "listening-ip": TURN_ADDRESS,
    "relay-ip": TURN_ADDRESS,
    userdb: `${FILES}/turndb`,
    pidfile: `${FILES}/turn.pid`,
    "log-file": "stdout",
  };
  const theirs = advice.split("\n").filter((line) => !(line.split("=")[0] in ours));
  return [...theirs, ...Object.entries(ours).map((pair) => pair.join("="))].join("\n");
}

/** How long coturn may take to start, in ms. */
const START_MS = 10_000;

/** A TURN REST credential, as coturn checks it: who it is for and until when, signed with HMAC-SHA1. */
export function credential({ secret = SECRET, lifeS = 3600 } = {}) {
  const username = `${Math.floor(Date.now() / 1000) + lifeS}:lab`;
  return { username, credential: createHmac("sha1", secret).update(username).digest("base64") };
}

/** Starts coturn; it can be killed, and started again with all allocations gone. */
export async function openTurn() {
  writeFileSync(`${FILES}/turn.conf`, configuration());
  /** @type {import('node:child_process').ChildProcess | null} */
  let server = null;
  let log = "";

  const turn = {
    /** What it has said of late. */
    log: () => log,
    async start() {
      if (server) return;
      const mine = spawn(...within("wan", "turnserver", "-c", `${FILES}/turn.conf`), { stdio: ["ignore", "pipe", "pipe"] });
      server = mine;
      for (const stream of [mine.stdout, mine.stderr]) stream.on("data", (data) => (log = (log + data).slice(-100_000)));
      const end = Date.now() + START_MS;
      while (!listens()) {
        if (Date.now() > end || mine.exitCode !== null) throw new Error(`coturn does not listen:\n${log}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async kill() {
      const mine = server;
      server = null;
      if (!mine?.kill("SIGKILL")) return;
      await once(mine, "exit");
    },
  };
  await turn.start();
  return turn;
}

/** UDP comes last. */
const listens = () => run("wan", "ss", "-Hlntu").includes(`${TURN_ADDRESS}:443 `) && run("wan", "ss", "-Hlnu").includes(`${TURN_ADDRESS}:3478`);

/**
 * Asks coturn for an allocation with its own tool, and sends through it.
 * @returns {{ accepted: boolean, text: string }}
 */
export function tryCredential(machine, { username, credential }) {
  try {
    const text = run(machine, "timeout", "20", "turnutils_uclient", "-y", "-c", "-n", "3", "-u", username, "-w", credential, TURN_ADDRESS);
    return { accepted: /tot_recv_msgs=[1-9]/.test(text), text };
  } catch (error) {
    return { accepted: false, text: `${error.stdout}${error.stderr}` };
  }
}
