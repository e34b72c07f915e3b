// The deploy button builds on a machine that has Node and no Rust. tools/setup.sh fetches Rust there, or says in one sentence why it does
// not; seen on a machine that is made of a PATH.
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

const ROOT = new URL("../../", import.meta.url).pathname;
/** What every system has. */
const USUAL = ["bash", "sh", "cat", "cmp", "cp", "dirname", "env", "flock", "mkdir", "node", "npm", "rm", "sed", "sleep", "tail"];
const RUSTUP = "--proto =https --tlsv1.2 --fail --silent --show-error https://sh.rustup.rs";

/** What the real installer does, as far as setup.sh can tell. */
const INSTALLER = `
echo "$@" >"$HOME/asked"
mkdir -p "$CARGO_HOME/bin" "$RUSTUP_HOME/wasm32"
for program in cargo rustc rustup; do
  printf '#!/bin/sh\\ncase "$*" in *target-libdir*) echo "%s";; esac\\n' "$RUSTUP_HOME/wasm32" >"$CARGO_HOME/bin/$program"
  /bin/chmod +x "$CARGO_HOME/bin/$program"
done`;

/** A machine with these programs beside the usual ones. @param {Record<string, string>} programs  names and scripts */
function machine(t, programs) {
  const home = mkdtempSync(join(tmpdir(), "beckon-machine-"));
  t.after(() => rmSync(home, { recursive: true }));
  const bin = join(home, "bin");
  mkdirSync(bin);
  for (const name of USUAL) symlinkSync(execFileSync("/bin/sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim(), join(bin, name));
  for (const [name, script] of Object.entries(programs)) writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const tools = join(home, "tools");
  const script = join(ROOT, "tools/setup.sh");
  const own = { PATH: bin, HOME: home, BECKON_TOOLS: tools };
  return {
    home,
    tools,
    setUp: (env = {}, purpose = "serve") => spawnSync("bash", [script, purpose], { env: { ...own, ...env }, encoding: "utf8", timeout: 60_000 }),
    /** Begins it, and tells how it ends. */
    begin() {
      const child = spawn("bash", [script], { env: own, stdio: ["ignore", "ignore", "pipe"] });
      t.after(() => child.kill("SIGKILL"));
      const begun = { child, said: "", ended: new Promise((settle) => child.on("close", settle)) };
      child.stderr.on("data", (data) => (begun.said += data));
      return begun;
    },
  };
}
/** A curl that writes down what it was asked for, and answers with this. */
const curl = (answer) => `echo "$@" >>"$HOME/fetched"\n${answer}`;
const sentences = (text) =>
  text
    .replace(/\x1b\[\d*m/g, "")
    .trim()
    .split("\n");

test("where nothing may be downloaded, one sentence says what is missing and what to do", (t) => {
  const { home, setUp } = machine(t, { curl: curl("exit 1") });
  const { status, stdout, stderr } = setUp({ RUSTUP_AUTO_INSTALL: "0" });
  assert.equal(status, 1, stderr);
  assert.equal(stdout, "");
  assert.deepEqual(sentences(stderr), [
    "beckon: Rust is missing, and RUSTUP_AUTO_INSTALL=0 says that it is not to be downloaded: install it from https://rustup.rs, then run this again.",
  ]);
  assert.equal(existsSync(join(home, "fetched")), false);
});

test("npm start needs no Rust where the Worker of the same sources was packed, and a change to them asks for it", (t) => {
  const { tools, setUp } = machine(t, { curl: curl("exit 1") });
  const sources = execFileSync(process.execPath, [join(ROOT, "tools/made-of.mjs"), "sources"], { encoding: "utf8" }).trim();
  const packed = (/** @type {string} */ what) => {
    mkdirSync(join(tools, "packed", what), { recursive: true });
    writeFileSync(join(tools, "packed", what, "made-of"), "");
  };
  packed(`${sources.slice(1)}0`); // of others
  assert.match(setUp({ RUSTUP_AUTO_INSTALL: "0" }, "start").stderr, /Rust is missing/);
  packed(sources);
  const { status, stderr } = setUp({ RUSTUP_AUTO_INSTALL: "0" }, "start");
  assert.deepEqual([status, stderr], [0, ""]);
  assert.match(setUp({ RUSTUP_AUTO_INSTALL: "0" }, "serve").stderr, /Rust is missing/);
});

test("so it does without curl, without a network, and without a linker", (t) => {
  const told = (programs) => {
    const { status, stderr } = machine(t, programs).setUp();
    assert.equal(status, 1, stderr);
    return sentences(stderr).at(-1);
  };
  assert.match(told({}), /^beckon: Rust is missing, and so is curl, .*: install it from https:\/\/rustup\.rs, then run this again\.$/);
  assert.match(told({ cc: "", curl: "exit 6" }), /^beckon: Rust is missing and could not be downloaded: install it from /);
  assert.match(told({ curl: curl("exit 1") }), /^beckon: missing: a linker for Rust \(gcc libc6-dev\)\. .*: install them by hand, then run this again\.$/);
});

test("where it may, Rust comes from its own installer, with what the build needs, once, and changes nothing of the user's", (t) => {
  const { home, tools, setUp } = machine(t, { cc: "", curl: curl(`cat <<'END'\n${INSTALLER}\nEND`) });
  for (const _ of ["at first", "again"]) {
    const { status, stderr } = setUp();
    assert.equal(status, 0, stderr);
  }
  assert.equal(readFileSync(join(home, "fetched"), "utf8"), `${RUSTUP}\n`);
  const asked = "-y --quiet --no-modify-path --profile minimal --component clippy --component rustfmt --target wasm32-unknown-unknown\n";
  assert.equal(readFileSync(join(home, "asked"), "utf8"), asked);
  assert.ok(existsSync(join(tools, "cargo/bin/cargo")) && !existsSync(join(home, ".cargo")));
});

test("where nothing may be downloaded and Debian has a Rust, it is Debian's, and all packages come at once; a step that fails shows why", (t) => {
  const debian = {
    id: "echo 0",
    dpkg: "",
    "apt-cache": `[ -e "$HOME/updated" ]`,
    "apt-get": `case "$*" in *update*) : >"$HOME/updated";; *) echo "$@" >>"$HOME/packages"; echo "E: no room" >&2; exit 100;; esac`,
  };
  for (const env of [{ RUSTUP_AUTO_INSTALL: "0" }, {}]) {
    const { home, setUp } = machine(t, debian);
    const { status, stderr } = setUp(env);
    assert.equal(status, 1, stderr);
    assert.match(
      readFileSync(join(home, "packages"), "utf8"),
      /^[^\n]* install --no-install-recommends gcc libc6-dev rustc-web cargo-web rust-web-src lld ca-certificates\n$/,
    );
    const said = sentences(stderr);
    assert.match(said[0], /^beckon: steps to do: \d: installing gcc .*; building Rust's standard library for wasm32/);
    assert.match(
      stderr,
      /beckon:.* step 1 of \d failed: installing gcc libc6-dev rustc-web .* What it printed is in .*\/tools\/logs\/debian\.log, and ends so:/,
    );
    assert.equal(said.at(-1), "E: no room");
  }
});

test("what is set up is said in a line for each step, and nothing where nothing is missing", (t) => {
  const { setUp } = machine(t, { cc: "", curl: curl(`cat <<'END'\n${INSTALLER}\nEND`) });
  const said = sentences(setUp().stderr).map((line) => line.replace(/\d+ s$/, "N s"));
  const rust = "installing Rust from https://sh.rustup.rs into ";
  assert.ok(said[0].startsWith(`beckon: steps to do: 2: ${rust}`) && said[0].endsWith("; building the tool that writes the Worker's JavaScript"), said[0]);
  assert.ok(said[1].startsWith(`beckon: step 1 of 2: ${rust}`) && said[1].endsWith(": N s"), said[1]);
  assert.deepEqual(said.slice(2), ["beckon: step 2 of 2: building the tool that writes the Worker's JavaScript: N s", "beckon: set up in N s"]);
});

test("on a terminal it is one line that is written again, no wider than the terminal", () => {
  const steps = `set -e; cd "${ROOT}"; . tools/env.sh; . tools/steps.sh; do_one() { sleep 1.2; }; do_two() { :; }; step one "${"long ".repeat(40)}"; step two "the second thing" one; run_steps finished`;
  const home = mkdtempSync(join(tmpdir(), "beckon-machine-"));
  const { stdout, status } = spawnSync("script", ["-qec", `bash -c '${steps}'`, "/dev/null"], {
    env: { ...process.env, TERM: "xterm", BECKON_TOOLS: home },
    encoding: "utf8",
    timeout: 60_000,
  });
  rmSync(home, { recursive: true });
  assert.equal(status, 0, stdout);
  const shown = stdout.replace(/\x1b\[\d*m/g, "").split("\r\x1b[K");
  assert.match(shown[1], /^beckon: step 1 of 2: long /);
  assert.ok(shown.includes("beckon: step 2 of 2: the second thing, 0 s"), stdout);
  assert.ok(
    shown.every((line) => line.length < 80),
    stdout,
  );
  assert.match(shown.at(-1), /^beckon: finished in \d+ s\r\n$/);
});

test("Rust that is too old is told, with what to do", (t) => {
  const version = (text) =>
    machine(t, { cc: "", cargo: "", rustc: `case "$1" in --version) echo "rustc ${text} (0 2022-08-08)";; *) echo "$HOME";; esac` }).setUp();
  const { status, stderr } = version("1.63.0");
  assert.equal(status, 1, stderr);
  assert.match(sentences(stderr).at(-1), /^beckon: This machine's Rust \(rustc 1\.63\.0 .*\) is older than what Beckon needs, 1\.\d+: run rustup update /);
  for (const newer of ["1.90.0", "1.100.0", "2.0.0"]) assert.equal(version(newer).status, 0, newer);
});

/** Until it is so; node's own limit ends a test that waits in vain. @param {() => boolean} so */
const until = async (so) => {
  while (!so()) await sleep(20);
};

for (const [signal, code] of /** @type {[NodeJS.Signals, number][]} */ ([
  ["SIGINT", 130],
  ["SIGTERM", 143],
])) {
  test(`whoever ends it with ${signal} ends all that it has begun`, async (t) => {
    const { home, begin } = machine(t, { cc: "", curl: 'echo $$ >"$HOME/new" && /bin/mv "$HOME/new" "$HOME/pid"\nexec sleep 1000' });
    const { child, ended } = begin();
    await until(() => existsSync(join(home, "pid")));
    child.kill(signal);
    assert.equal(await ended, code);
    const pid = Number(readFileSync(join(home, "pid"), "utf8"));
    const lives = () => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };
    await until(() => !lives());
  });
}

test("two at once wait for each other, and the second finds done what the first did", async (t) => {
  const { home, begin } = machine(t, { cc: "", curl: `${curl(`while [ ! -e "$HOME/go" ]; do sleep 0.1; done\ncat <<'END'\n${INSTALLER}\nEND`)}` });
  const first = begin();
  await until(() => existsSync(join(home, "fetched")));
  const second = begin();
  await until(() => second.said.includes("another set-up is running; waiting for it"));
  writeFileSync(join(home, "go"), "");
  assert.deepEqual([await first.ended, await second.ended], [0, 0], first.said + second.said);
  assert.equal(readFileSync(join(home, "fetched"), "utf8"), `${RUSTUP}\n`);
});

test("an installer that was interrupted is run again", (t) => {
  const { home, setUp } = machine(t, { cc: "", curl: curl(`cat <<'END'\n${INSTALLER}\n[ -e "$HOME/once" ] || { : >"$HOME/once"; exit 1; }\nEND`) });
  assert.equal(setUp().status, 1);
  const { status, stderr } = setUp();
  assert.equal(status, 0, stderr);
  assert.equal(readFileSync(join(home, "fetched"), "utf8"), `${RUSTUP}\n${RUSTUP}\n`);
});
