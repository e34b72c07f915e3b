// What is known of other processes: whether what has started this one is still there, and who has a port.
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { isIPv4 } from "node:net";
import { endianness } from "node:os";
import { basename } from "node:path";

/** How often it is looked whether npm is still there, in ms. No platform tells a program that its parent has ended. */
const LOOK_MS = 250;
/** A state in /proc/net/tcp: it listens. */
const LISTEN = "0A";

/** @param {string} file */
function text(file) {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return ""; // this is no Linux, or the process has ended
  }
}

/** What Linux says of a process: its parent, since when it runs, whether it has ended, and its command. Nothing of it elsewhere. @param {number | string} pid */
export function about(pid) {
  // proc_pid_stat(5): the second field is a name, and may have anything in it.
  const stat = text(`/proc/${pid}/stat`).replace(/^.*\)/s, "").split(" ");
  const isDead = /^[ZX]$/.test(stat[1] ?? ""); // nobody has looked how it ended
  return { parent: Number(stat[2] ?? 0), began: stat[20] ?? "", isDead, command: text(`/proc/${pid}/cmdline`).split("\0") };
}

/** Whether a process runs that began then. @param {number} pid @param {string} began  as `about` has it */
export function isRunning(pid, began) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM"; // somebody else's
  }
  const now = about(pid);
  return now.began === began && !now.isDead;
}

/**
 * Calls back once npm (or its like) is gone, if that has started this process: npm passes on some signals, only to the shell between them, and none
 * when it is killed. Whoever else has started it may want it to outlive a shell.
 * @param {() => void} then
 */
export function whenOrphaned(then) {
  if (!process.env.npm_config_user_agent) return;
  const parent = process.ppid;
  // npm's own shell may wait for us when npm has ended. Elsewhere than on Linux it is replaced by what it runs.
  const { command, parent: above } = about(parent);
  const shell = /(^|\/)(ba|da)?sh$/.test(command[0] ?? "") && command[1] === "-c";
  const timer = setInterval(() => {
    if (process.ppid === parent && (!shell || about(parent).parent === above)) return;
    clearInterval(timer);
    then();
  }, LOOK_MS).unref();
}

/** An address of IPv4 as /proc/net/tcp has it: a number of this machine's. @param {string} ip */
function hexOf(ip) {
  const bytes = Buffer.from(ip.split(".").map(Number));
  return (endianness() === "LE" ? bytes.reverse() : bytes).toString("hex").toUpperCase();
}

/** Linux: the sockets that listen there, or at any address. @param {string} ip @param {number} port */
function listening(ip, port) {
  const rows = `${text("/proc/net/tcp")}\n${text("/proc/net/tcp6")}`.split("\n").map((line) => line.trim().split(/\s+/));
  const isThere = (/** @type {string} */ local) => {
    const [address = "", there = ""] = local.split(":");
    return Number.parseInt(there, 16) === port && (!isIPv4(ip) || ip === "0.0.0.0" || /^0+$/.test(address) || address.endsWith(hexOf(ip)));
  };
  return new Set(rows.filter(([, local = "", , state]) => state === LISTEN && isThere(local)).map((row) => `socket:[${row[9]}]`));
}

/** Linux: who has one of these sockets open. @param {Set<string>} sockets */
function owner(sockets) {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      for (const fd of readdirSync(`/proc/${pid}/fd`)) if (sockets.has(readlinkSync(`/proc/${pid}/fd/${fd}`))) return pid;
    } catch {
      // Somebody else's, or it has ended.
    }
  }
  return null;
}

/** Who has a port, in words; null where this user may not know. @param {string} ip @param {number} port */
export function holderOf(ip, port) {
  if (process.platform === "win32") return null;
  if (process.platform !== "linux") {
    try {
      const told = execFileSync("lsof", ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-Fpc"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
      const [, pid, name] = /^p(\d+)\nc(.*)$/m.exec(told) ?? [];
      return pid ? `${name} (process ${pid})` : null;
    } catch {
      return null;
    }
  }
  const pid = owner(listening(ip, port));
  if (!pid) return null;
  const { parent } = about(pid);
  const isOurs = about(parent).command.some((word) => /(^|\/)(beckon(\.js)?|serve\.mjs)$/.test(word));
  return isOurs ? `another Beckon (process ${parent})` : `${basename(about(pid).command[0] ?? "")} (process ${pid})`;
}
