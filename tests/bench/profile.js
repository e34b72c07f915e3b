// Where the time goes: `perf` looks at a server while it relays (apt-get install linux-perf).
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { contenders, withServers } from "./contest.js";
import { relayRound } from "./relay.js";

export const title = "What servers are busy with while they relay";

/** Makes V8 name what it compiles, for perf. */
const NAMED = ["--perf-basic-prof", "--interpreted-frames-native-stack"];

/** @param {import("./contest.js").Options} options */
export async function measure(options) {
  const onWorkerd = contenders(options, { v8Flags: NAMED }).filter(({ name }) => name !== "PeerServer");
  for (const contender of onWorkerd) {
    await withServers([contender], async ([server]) => {
      if (!server) return;
      const load = relayRound(server, { pairs: 32, seconds: options.seconds + 2 });
      await pause(2000);
      await profile(server, options.seconds, load);
    });
  }
}

/** @param {string[]} args @param {import("node:child_process").StdioOptions} stdio */
const perf = (args, stdio) => new Promise((settle, reject) => spawn("perf", args, { stdio }).on("error", reject).on("exit", settle));

/**
 * Looks at a server for some seconds, and prints what it was busy with, by library and by function.
 * @param {import("./servers.js").Server} server
 * @param {number} seconds
 * @param {Promise<unknown>} load  what keeps it busy meanwhile
 */
async function profile({ name, pid }, seconds, load) {
  const file = join(tmpdir(), `beckon-perf-${pid}.data`);
  await perf(["record", "-q", "-F", "997", "-g", "-p", String(pid), "-o", file, "--", "sleep", String(seconds)], ["ignore", "ignore", "inherit"]);
  await load;
  console.log(`\n${name}`);
  const from = ["report", "-i", file, "--stdio", "--no-children", "-g", "none", "-w", "0,100"];
  await perf([...from, "--sort", "dso", "--percent-limit", "1"], "inherit");
  await perf([...from, "--sort", "symbol,dso", "--percent-limit", "0.3"], "inherit");
  rmSync(file, { force: true });
  rmSync(join("/tmp", `perf-${pid}.map`), { force: true }); // where V8 puts it, whatever TMPDIR says
}
