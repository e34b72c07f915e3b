// A machine has IPv6 or has none, and "localhost" is 127.0.0.1, or ::1 first, or both: wherever Beckon is started, a page at localhost finds
// it. Each such machine is a network namespace with a file of hosts of its own; where there can be none the test fails, as the network lab
// does: a test that is skipped proves nothing.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { builtConfig } from "../worker/built-config.mjs";

const SCRIPT = new URL("at-localhost.mjs", import.meta.url).pathname;
const CONFIG = builtConfig("localhost");
const [V4, V6] = ["127.0.0.1 localhost", "::1 localhost"];

/** @type {Record<string, { ipv6: boolean, hosts: string[], ips: string[] }>} */
const MACHINES = {
  "no IPv6": { ipv6: false, hosts: [V4], ips: ["127.0.0.1", "0.0.0.0"] },
  "no IPv6, but a localhost that has": { ipv6: false, hosts: [V6, V4], ips: ["127.0.0.1"] },
  "IPv6, and localhost is not it, or last": { ipv6: true, hosts: [V4, V6], ips: ["127.0.0.1", "::"] },
  "IPv6, and localhost is it first": { ipv6: true, hosts: [V6, V4], ips: ["127.0.0.1", "::1", "::"] },
};

for (const [name, { ipv6, hosts, ips }] of Object.entries(MACHINES)) {
  test(name, async (t) => {
    const home = mkdtempSync(join(tmpdir(), "beckon-network-"));
    t.after(() => rmSync(home, { recursive: true, force: true }));
    writeFileSync(join(home, "hosts"), `${hosts.join("\n")}\n`);
    const machine = `echo ${ipv6 ? 0 : 1} >/proc/sys/net/ipv6/conf/all/disable_ipv6; ip link set lo up && mount --bind "$1/hosts" /etc/hosts && shift && exec node "$@"`;
    const inside = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", machine, "sh", home, SCRIPT, CONFIG, ...ips];
    const child = spawn("unshare", inside, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, WRANGLER_HOME: home } });
    let [heard, complained] = ["", ""];
    child.stdout.on("data", (data) => (heard += data));
    child.stderr.on("data", (data) => (complained += data));
    const code = await new Promise((settle) => child.on("error", settle).on("close", settle));
    assert.equal(code, 0, `a machine of its own wants root and namespaces (in a container: --privileged); this one said: ${complained}${heard}`);
    assert.deepEqual(
      heard.trim().split("\n"),
      ["npm start", ...ips.map((ip) => `npm run serve at ${ip}`)].map((server) => `${server}, 200 alice: hello`),
    );
  });
}
