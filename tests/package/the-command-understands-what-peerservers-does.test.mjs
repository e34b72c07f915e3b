// The options of the command: every one of PeerServer's own, in each spelling that its users write, and a plain sentence for what has no meaning here.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { nameOf } from "../../package/command/init.js";
import { main } from "../../package/command/main.js";
import { about, isRunning } from "../../package/command/processes.js";
import { DEPLOY, SERVE, UsageError, described, parse, variables } from "../../package/command/options.js";

const ROOT = new URL("../../", import.meta.url).pathname;
const heard = (/** @type {string} */ line) => parse(line.split(" ").filter(Boolean), SERVE).values;
const refused = (/** @type {string} */ line, /** @type {RegExp} */ why) =>
  assert.throws(
    () => heard(line),
    (error) => error instanceof UsageError && why.test(error.message),
    line,
  );

test("every option that PeerServer's command lists is one of ours, by each of its names", () => {
  const { stdout } = spawnSync(process.execPath, [`${ROOT}node_modules/peer/dist/bin/peerjs.js`, "--help"], { encoding: "utf8" });
  const listed = [...stdout.matchAll(/^ +(?:-(\w), )?--(\w+) +(.*)$/gm)]
    .filter(([, , name]) => !/^(help|version)$/.test(name))
    .map(([, short, name, rest]) => ({
      short,
      name,
      kind: /\[(boolean|number|string|array)\]/.exec(rest)?.[1] ?? (/\[default: \d+\]/.test(rest) ? "number" : "string"),
    }));
  assert.ok(listed.length >= 12, stdout);
  for (const { short, name, kind } of listed) {
    const value = { boolean: "", number: "5" }[kind] ?? "x";
    const spellings = [name, name.replaceAll("_", "-"), name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase())].map((spelling) => `--${spelling}`);
    for (const spelling of [...spellings, ...(short ? [`-${short}`, `--${short}`] : [])])
      for (const line of [
        ...(value ? [`${spelling} ${value}`, `${spelling}=${value}`] : [spelling, `${spelling}=true`, `${spelling} true`]),
        ...(short && value ? [`-${short}${value}`] : []),
      ])
        assert.deepEqual(Object.values(heard(line)).flat(), [kind === "boolean" ? true : value === "5" ? 5 : value], line);
  }
});

test("numbers are written as yargs has them", () => {
  for (const line of ["-p9007", "-p=9007", "--port=9007", "--port 9007.0", "--port 0x232f", "--port 9.007e3"])
    assert.deepEqual(heard(line), { port: 9007 }, line);
});

test("what takes several, one each time, or nothing", () => {
  assert.deepEqual(heard("--cors https://a.example https://b.example --port 1 --cors https://c.example").cors, [
    "https://a.example",
    "https://b.example",
    "https://c.example",
  ]);
  assert.deepEqual(heard("--var A=1 --var B=2").var, ["A=1", "B=2"]);
  assert.deepEqual(heard("--proxied false --no-allow_discovery --lan"), { proxied: false, allow_discovery: false, lan: true });
  assert.deepEqual(parse(["a", "--port", "1", "--", "--port", "x"], SERVE), { values: { port: 1 }, rest: ["a", "--port", "x"] });
  assert.deepEqual(parse(["--dry-run", "--name=x"], DEPLOY).values, { dry_run: true, name: "x" });
});

test("what has no meaning here is named, with the reason", () => {
  refused("--cleanup_out_msgs 1000", /^--cleanup_out_msgs has no meaning here: EXPIRE comes on time here/);
  refused("--generateClientId x", /^--generateClientId has no meaning here: ids are UUIDs/);
  refused("--createWebSocketServer=x", /no meaning here/);
  refused("--nonsense", /^There is no option --nonsense\.$/);
  refused("-xy", /^There is no option -xy\.$/);
  refused("-port 9000", /^There is no option -port: write --port\.$/);
  refused("-p9x", /^--port is a whole number, and not 9x\.$/);
  refused("--port", /^--port needs N\.$/);
  refused("--port --lan", /^--port needs N\.$/);
  refused("--port 80x", /^--port is a whole number, and not 80x\.$/);
  refused("--proxied=maybe", /^--proxied is true or false, and not maybe\.$/);
  refused("--no-port 1", /^There is no option --no-port\.$/);
});

test("variables are known by their names, and keep what is in them", () => {
  assert.deepEqual(variables(["A=b=c:d", "B="], ["A", "B"]), { A: "b=c:d", B: "" });
  assert.throws(() => variables(["C=1"], ["A", "B"]), /^Error: There is no variable C; there are A, B\.$/);
  assert.throws(() => variables(["=1"], ["A"]), /--var needs NAME=VALUE/);
});

/** What the command says when it is called so, and what it ends with. */
async function said(t, ...given) {
  const { mock } = t.mock.method(console, "error", () => {});
  const build = { version: "1.2.3", worker: { modules: [], date: "", flags: [], vars: { ROOM_CAPACITY: "16" }, objects: [] }, site: "", docs: "" };
  await main(given, build);
  const status = process.exitCode;
  process.exitCode = undefined;
  mock.restore();
  return [status, mock.calls.map(({ arguments: [line] }) => line).join("\n")];
}

/** Until the test ends. */
function inNewFolder(t) {
  const [folder, before] = [mkdtempSync(join(tmpdir(), "beckon-command-")), process.cwd()];
  process.chdir(folder);
  t.after(() => (process.chdir(before), rmSync(folder, { recursive: true })));
}

test("an unknown name is refused wherever a variable is set", async (t) => {
  inNewFolder(t);
  const [status, words] = await said(t, "--var", "ROOM_CAPACTY=3");
  assert.match(words, /^beckon: There is no variable ROOM_CAPACTY; there are ROOM_CAPACITY, TOKEN_KEY, /);
  writeFileSync(".dev.vars", "TOKEN_KEY=a\nROOM_CAPACTY=3\n");
  assert.deepEqual(await said(t), [status, words.replace("CAPACTY;", "CAPACTY (in .dev.vars);")]);
});

test("the help is named where it would help, and nowhere else", async (t) => {
  inNewFolder(t);
  const hint = /\nbeckon --help lists what there is\.$/;
  for (const given of [["--nonsense"], ["nonsense"], ["--port", "x"], ["--port", "1", "deploy"], ["deploy", "nonsense"], ["init", "a", "b"]]) {
    const [status, words] = await said(t, ...given);
    assert.equal(status, 2);
    assert.match(words, hint);
  }
  for (const [given, why] of [
    [["--port", "70000"], /^beckon: A port is a whole number up to 65535, and not 70000\.$/],
    [["--metrics", "nonsense"], /^beckon: --metrics has a port, or an address and a port, and not nonsense\.$/],
    [["--port", "8787", "--ip", "192.0.2.77"], /^beckon: 192\.0\.2\.77:8787 is no address of this machine\. Choose another one with --ip\.$/],
    [["--port", "0", "--data", "/dev/null"], /^beckon: Nothing can be kept in \/dev\/null \(.*\)\. Choose another folder with --data\.$/],
    [["init", "/dev/null"], /^beckon: No project can be in \/dev\/null \(.*\): name a new folder\.$/],
    [["deploy", "--name", "Bad Name!"], /^beckon: A Worker's name has small letters .*: Bad Name! is none\.$/],
    [["deploy", "--name=-a"], / is none\.$/],
    [["deploy", "--name", "a".repeat(64)], / is none\.$/],
  ]) {
    const [status, words] = await said(t, .../** @type {string[]} */ (given));
    assert.equal(status, 1);
    assert.match(words, /** @type {RegExp} */ (why));
  }
});

test("a folder's process is known by when it began, and has ended even if nobody has looked how", async (t) => {
  const { began } = about(process.pid);
  assert.deepEqual([isRunning(process.pid, began), isRunning(process.pid, `${began}0`)], [true, false]);
  // cat waits for no child: one that ends once it is cat's stays in the list of processes.
  const shell = spawn("sh", ["-c", "sleep 1000 & echo $!; exec cat"], { stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => shell.kill());
  const [pid = 0] = (await once(shell.stdout, "data")).map(Number);
  while (about(shell.pid ?? 0).command[0] !== "cat") await turn();
  process.kill(pid);
  while (!about(pid).isDead) await turn();
  assert.equal(isRunning(pid, about(pid).began), false);
});

test("a project's name is one that Cloudflare takes", () => {
  const long = "a".repeat(62);
  for (const [folder = "", name] of [
    ["My Café!", "my-cafe"],
    ["-a_b.c-", "a-b-c"],
    ["漢字", "my-beckon"],
    [`${long} bc`, long],
    [`${long}bc`, `${long}b`],
  ])
    assert.equal(nameOf(folder), name);
});

test("the help has a line of each option, no wider than most terminals", () => {
  const lines = described(SERVE).split("\n");
  assert.equal(lines.length, SERVE.length);
  for (const line of lines) assert.ok(line.length <= 120, line);
});
