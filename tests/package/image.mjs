// `node tests/package/image.mjs` (as root, after npm run pack): builds what the Dockerfile says in folders, on Debian's own packages (mmdebstrap) and
// this machine's Node.js, and runs the image in a chroot as its user: it answers, it is healthy, it says hello from socket to socket, and it
// has no shell. For machines without docker. It takes a minute, and is no part of npm test.
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  chownSync,
  cpSync,
  existsSync,
  globSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createConnection } from "node:net";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { open } from "../worker/socket.mjs";

const ROOT = new URL("../../", import.meta.url).pathname;
const work = mkdtempSync("/var/tmp/beckon-image-");
process.on("exit", () => rmSync(work, { recursive: true, force: true }));
const say = (/** @type {string} */ text) => console.error(`image: ${text}`);
const run = (/** @type {string[]} */ [program = "", ...args], options = {}) =>
  execFileSync(program, args, { stdio: ["ignore", "inherit", "inherit"], ...options });

/** What `FROM node:22-bookworm-slim` has, as far as it matters here. @param {string} root */
function debianWithNode(root) {
  run(["mmdebstrap", "--mode=root", "--variant=minbase", "--quiet", "--dpkgopt=force-unsafe-io", "bookworm", root, "http://deb.debian.org/debian"]);
  const npm = dirname(dirname(realpathSync(execFileSync("sh", ["-c", "command -v npm"], { encoding: "utf8" }).trim())));
  cpSync(process.execPath, join(root, "usr/local/bin/node"));
  cpSync(npm, join(root, "usr/local/lib/node_modules/npm"), { recursive: true, dereference: true });
  for (const name of ["npm", "npx"]) symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(root, "usr/local/bin", name));
  // A network that looks into what is fetched is part of the network.
  const { NODE_EXTRA_CA_CERTS } = process.env;
  if (NODE_EXTRA_CA_CERTS) cpSync(NODE_EXTRA_CA_CERTS, join(root, "etc/extra-authorities"), { dereference: true });
  cpSync("/etc/resolv.conf", join(root, "etc/resolv.conf"), { dereference: true });
}

/** A command in a stage. @param {string} root @param {string} cwd @param {string} script */
const inside = (root, cwd, script) =>
  run([
    "unshare",
    ...["--mount", "--pid", "--fork", "--kill-child", "sh", "-ec"],
    'mount -t proc proc "$0/proc"; mount --rbind /dev "$0/dev"; exec chroot "$0" /usr/bin/env -i "$@"',
    root,
    ...["PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "NODE_EXTRA_CA_CERTS=/etc/extra-authorities", "DEBIAN_FRONTEND=noninteractive"],
    ...["sh", "-ec", `cd ${cwd}; ${script}`],
  ]);

/** @type {Map<string, string>} */
const stages = new Map();
let root = "";
let cwd = "/";
/** What the image says about itself. @type {{ user: string, env: string[], volumes: string[], ports: string[], health: string[], entry: string[] }} */
const image = { user: "", env: [], volumes: [], ports: [], health: [], entry: [] };
const instructions = readFileSync(join(ROOT, "Dockerfile"), "utf8")
  .replace(/^#.*\n/gm, "")
  .split("\n")
  .filter(Boolean);
for (const line of instructions) {
  const [what, ...words] = line.split(" ");
  const rest = words.join(" ");
  say(line);
  if (what === "FROM") {
    [root, cwd] = [join(work, `stage-${stages.size}`), "/"];
    stages.set(words[2] ?? "last", root);
    if (words[0] === "scratch") mkdirSync(root);
    else debianWithNode(root);
  } else if (what === "RUN") inside(root, cwd, rest);
  else if (what === "WORKDIR") mkdirSync(join(root, (cwd = rest)), { recursive: true });
  else if (what === "COPY") {
    const options = words.filter((word) => word.startsWith("--"));
    const [from = "", to = ""] = words.filter((word) => !word.startsWith("--"));
    const stage = options.find((option) => option.startsWith("--from="))?.slice("--from=".length);
    const target = join(root, to.startsWith("/") ? to : join(cwd, to));
    if (stage) {
      cpSync(join(stages.get(stage) ?? "", from), target, { recursive: true });
      const owner = options.find((option) => option.startsWith("--chown="))?.match(/\d+/g) ?? ["0", "0"];
      chownSync(target, Number(owner[0]), Number(owner[1]));
    } else for (const file of globSync(from, { cwd: ROOT })) cpSync(join(ROOT, file), join(target, basename(file)));
  } else if (what === "USER") image.user = rest;
  else if (what === "ENV") image.env.push(rest);
  else if (what === "VOLUME") image.volumes.push(rest);
  else if (what === "EXPOSE") image.ports.push(rest);
  else if (what === "HEALTHCHECK") image.health = JSON.parse(rest.slice(rest.indexOf("[")));
  else if (what === "ENTRYPOINT") image.entry = JSON.parse(rest);
  else assert.equal(what, "STOPSIGNAL", line);
}

const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => lstatSync(join(root, name)).isFile());
const bytes = files.reduce((sum, name) => sum + statSync(join(root, name)).size, 0);
say(`${files.length} files, ${Math.round(bytes / 1e6)} MB`);
assert.deepEqual(
  files.filter((name) => /(^|\/)(node|npm|sh|bash|dash|busybox|apt|dpkg)$/.test(name)),
  [],
  "no Node.js, no shell, no packages",
);
assert.deepEqual([image.ports, image.volumes, image.user], [["8787"], ["/data"], "65532:65532"]);

for (const place of ["dev", "proc"]) mkdirSync(join(root, place)); // which every container is given
/** The volume, which begins as the image's folder. */
const data = join(work, "data");
run(["cp", "-a", join(root, "data"), data]);
/** As a container is run that may write to its volumes alone: processes of its own, and no more than what is set. */
const CONTAINER = `cd /; mount --bind "$0" "$0"; mount -o remount,bind,ro "$0"
mount --rbind /dev "$0/dev"; mount -t proc proc "$0/proc"; mount --bind "$0/../data" "$0/data"; mount -t tmpfs tmpfs "$0/tmp"
exec chroot "$@"`;
/** @param {string[]} command @param {string[]} env */
const contained = (command, env) => ({
  args: ["--mount", "--pid", "--fork", "--kill-child", "sh", "-ec", CONTAINER, root, `--userspec=${image.user}`, root, ...command],
  env: { PATH: process.env.PATH, PWD: "/", ...Object.fromEntries([...image.env, ...env].map((line) => line.split(/=(.*)/s).slice(0, 2))) },
});

/** Whether anything takes connections. @returns {Promise<boolean>} */
const answers = () =>
  new Promise((settle) => {
    const socket = createConnection(8787, "127.0.0.1", () => (socket.destroy(), settle(true)));
    socket.on("error", () => settle(false));
  });

async function start(/** @type {string[]} */ env = []) {
  const { args, env: all } = contained(image.entry, env);
  const child = spawn("unshare", args, { env: all, stdio: ["ignore", "inherit", "inherit"], detached: true });
  const kill = () => {
    // The group: whoever becomes another user is no longer ended with its parent.
    if (child.exitCode === null && child.signalCode === null) process.kill(-(/** @type {number} */ (child.pid)), "SIGKILL");
  };
  process.on("exit", kill);
  while (!(await answers())) {
    assert.equal(child.exitCode, null, "it ended before it answered");
    await sleep(20);
  }
  return async () => {
    const ended = new Promise((settle) => child.on("exit", settle));
    kill();
    await ended;
    while (await answers()) await sleep(20); // what is large takes a moment to go
  };
}
const healthy = () => {
  const { args, env } = contained(image.health, []);
  return spawnSync("unshare", args, { env, encoding: "utf8" });
};

const url = new URL("http://127.0.0.1:8787/");
assert.notEqual(healthy().status, 0, "nothing answers yet, and it is said to be well");
let stop = await start(["TURN_URLS=turn:turn.example.org:3478", "TURN_SECRET=a secret", "ICE_FOR_ALL=true"]);
const health = await (await fetch(new URL("/health", url))).json();
say(`it answers: ${health.name} ${health.version}`);
assert.match(await (await fetch(url)).text(), /<title>[^<]*Beckon/);
const { iceServers } = await (await fetch(new URL("/peerjs/ice", url))).json();
assert.ok(
  iceServers.some(({ urls, credential }) => String(urls).includes("turn.example.org") && credential),
  JSON.stringify(iceServers),
);
assert.ok(
  iceServers.some(({ urls }) => String(urls).includes("stun:")),
  "STUN is as in wrangler.toml",
);
const [alice, bob] = [await open(url, { key: "peerjs", id: "alice", token: "a" }), await open(url, { key: "peerjs", id: "bob", token: "b" })];
await Promise.all([alice.next(), bob.next()]);
alice.send({ type: "OFFER", dst: "bob", payload: "hello" });
assert.equal(JSON.parse(await bob.next()).payload, "hello");
await Promise.all([alice.close(), bob.close()]);
const checked = healthy();
assert.equal(checked.status, 0, checked.stderr);

// What keeps nothing goes, once it has rested; what is young, and what holds something, stays.
const objects = join(data, "Room");
const kept = readdirSync(objects).filter((name) => name.endsWith(".sqlite"));
assert.ok(kept.length >= 1 && kept.every((name) => statSync(join(objects, name)).uid === 65_532), "its data is its own");
await stop();
const page = Buffer.alloc(4096);
const full = Buffer.alloc(4096);
full.writeUInt16BE(3, 103);
const made = { young: page, old: page, full };
const names = Object.fromEntries(Object.keys(made).map((name, at) => [name, `${String(at).repeat(64)}.sqlite`]));
for (const [name, bytes] of Object.entries(made)) {
  const file = join(objects, names[name] ?? "");
  writeFileSync(file, bytes);
  chownSync(file, 65_532, 65_532);
  if (name !== "young") utimesSync(file, 1, 1);
}
stop = await start();
const swept = healthy();
assert.equal(swept.status, 0, swept.stderr);
assert.deepEqual(
  Object.keys(made).filter((name) => existsSync(join(objects, names[name] ?? ""))),
  ["young", "full"],
);
await stop();

// A variable that makes no sense is an illness.
stop = await start(["CONCURRENT_LIMIT=many"]);
assert.notEqual(healthy().status, 0);
await stop();
say(`all is well (${dirname(root)} is removed)`);
process.exit(0);
