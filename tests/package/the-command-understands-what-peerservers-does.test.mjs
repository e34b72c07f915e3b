// The options of the command: every one of PeerServer's own, in each spelling that its users write, and a plain sentence for what has no meaning here.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
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
    for (const spelling of [...spellings, ...(short ? [`-${short}`] : [])])
      for (const line of value ? [`${spelling} ${value}`, `${spelling}=${value}`] : [spelling, `${spelling}=true`, `${spelling} true`])
        assert.deepEqual(Object.values(heard(line)).flat(), [kind === "boolean" ? true : value === "5" ? 5 : value], line);
  }
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

test("the help has a line of each option, no wider than most terminals", () => {
  const lines = described(SERVE).split("\n");
  assert.equal(lines.length, SERVE.length);
  for (const line of lines) assert.ok(line.length <= 120, line);
});
