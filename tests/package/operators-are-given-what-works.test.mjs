// What docs/operating.md gives to operators: a systemd unit, an image, and the two with coturn. (tests/package/image.mjs builds and runs the image.)
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { SERVE, parse } from "../../package/command/options.js";
import { pieces } from "../tree/papers.mjs";

const ROOT = new URL("../../", import.meta.url).pathname;
const read = (/** @type {string} */ file) => readFileSync(join(ROOT, file), "utf8");
/** What systemd says of how exposed a service is, from 0 to 10: less than this is its "OK". */
const MOST_EXPOSED = 2;

test("the unit is one that systemd takes, and shuts the service in", (t) => {
  const unit = pieces(read("docs/operating.md")).find(({ code }) => code.includes("[Service]"))?.code ?? "";
  const folder = mkdtempSync(join(tmpdir(), "beckon-unit-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const [, program = "", options = ""] = /^ExecStart=(\S+) \S+\/command\/beckon\.js (.*)$/m.exec(unit) ?? [];
  assert.equal(program, "/usr/bin/node");
  assert.deepEqual(parse(options.split(" "), SERVE).values, { proxied: true, data: "%S/beckon" });
  const analyze = (/** @type {string} */ text, /** @type {string[]} */ ...how) => {
    const file = join(folder, "beckon.service");
    writeFileSync(file, text.replace(program, process.execPath)); // wherever this machine has it
    return spawnSync("systemd-analyze", [...how, file], { encoding: "utf8" });
  };
  const verified = analyze(unit, "verify");
  assert.deepEqual([verified.status, verified.stdout, verified.stderr], [0, "", ""]);
  assert.notEqual(analyze(unit.replace("DynamicUser=yes", "DynamicUsers=maybe"), "verify").stderr, "", "a fault is found");
  const exposed = Number(/Overall exposure level for beckon\.service: ([\d.]+)/.exec(analyze(unit, "security", "--offline=yes").stdout)?.[1]);
  assert.ok(exposed < MOST_EXPOSED, `${exposed}`);
  for (const line of ["DynamicUser=yes", "ProtectSystem=strict"]) assert.ok(unit.split("\n").includes(line), line);
});

test("the image has the defaults of wrangler.toml, and a user of its own", () => {
  const docker = read("Dockerfile");
  assert.equal(/^ENV STUN_URLS=(.*)$/m.exec(docker)?.[1], /^STUN_URLS = "(.*)"$/m.exec(read("wrangler.toml"))?.[1]);
  // All others are the Worker's own where they are not set: those of wrangler.toml are the same (the stage tree), or empty.
  const last = docker.slice(docker.lastIndexOf("FROM "));
  assert.match(last, /^FROM scratch$/m);
  assert.match(last, /^USER \d+:\d+$/m);
  assert.match(last, /^HEALTHCHECK .*CMD \[/m);
  assert.doesNotMatch(last, /^(RUN|SHELL|CMD) /m);
});

test("coturn beside it refuses the same networks as in docs/turn.md, and both have one secret", () => {
  const compose = read("compose.yaml");
  const inPaper = [...read("docs/turn.md").matchAll(/^denied-peer-ip=(.*)$/gm)].map(([, range]) => range);
  assert.ok(inPaper.length > 10);
  assert.deepEqual(
    [...compose.matchAll(/--denied-peer-ip=(.*)$/gm)].map(([, range]) => range),
    inPaper,
  );
  assert.match(compose, /^ {6}TURN_SECRET: "\$\{TURN_SECRET:\?/m);
  assert.match(compose, /--static-auth-secret=\$\{TURN_SECRET\}/);
});
