// A real coturn on this machine, and nowhere else: STUN, and TURN over UDP, TCP and TLS, with credentials that a shared secret signs.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../free-port.mjs";
import { DEADLINE_MS } from "./browser.mjs";

const HOST = "127.0.0.1";

/**
 * Starts coturn on free ports and waits until it listens.
 * @param {string} secret what Beckon shares with it
 * @param {string[]} [flags] of coturn's. By default it relays to this machine, where everything is
 */
export async function startTurn(secret, flags = ["--allow-loopback-peers"]) {
  const files = mkdtempSync(join(tmpdir(), "beckon-turn-"));
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key.pem", "-out", "cert.pem"];
  execFileSync("openssl", ["req", "-x509", ...key, "-days", "2", "-subj", "/CN=localhost"], { cwd: files, stdio: "ignore" });
  const [port, tlsPort] = await Promise.all([freePort(), freePort()]);
  // Other ports than a server beside it, most likely; coturn passes over those that are taken.
  const relays = 20_000 + (process.pid % 19) * 500;
  const options = {
    "listening-ip": HOST,
    "relay-ip": HOST,
    "listening-port": port,
    "tls-listening-port": tlsPort,
    "min-port": relays,
    "max-port": relays + 499,
    cert: "cert.pem",
    pkey: "key.pem",
    realm: "beckon.test",
    "static-auth-secret": secret,
    userdb: "turndb",
    pidfile: "turn.pid",
    "log-file": "stdout",
  };
  const words = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  const server = spawn("turnserver", ["-n", "--use-auth-secret", "--fingerprint", "--no-cli", "--no-dtls", ...flags, ...words], {
    cwd: files,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  for (const stream of [server.stdout, server.stderr]) stream.on("data", (data) => (log = (log + data).slice(-20_000)));
  let failed = "";
  server.on("error", (error) => (failed = `coturn could not be started: ${error.message}`));
  const ended = once(server, "exit").catch(() => {});
  const end = Date.now() + DEADLINE_MS;
  while (!(await answers(tlsPort)) || !(await answers(port))) {
    assert.ok(!failed && server.exitCode === null && Date.now() < end, failed || `coturn does not listen:\n${log}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    stun: `stun:${HOST}:${port}`,
    udp: `turn:${HOST}:${port}?transport=udp`,
    tcp: `turn:${HOST}:${port}?transport=tcp`,
    tls: `turns:localhost:${tlsPort}?transport=tcp`, // Firefox ignores turns: with an address
    log: () => log,
    async close() {
      server.kill("SIGKILL");
      await ended;
      rmSync(files, { recursive: true, force: true });
    },
  };
}

/** @param {number} port */
function answers(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, HOST, () => (socket.destroy(), resolve(true)));
    socket.on("error", () => resolve(false));
  });
}
