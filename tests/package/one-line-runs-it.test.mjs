// The package on a machine that has Node.js with npm and a shell: installed from its tarball, served, deployed as far as without an account, and
// begun as a project. No compiler is there, and whoever calls one is caught.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { VERSION } from "../../tools/built.mjs";
import { link, name, openDevice, press, startChromium, startFirefox, untilConnected, untilHello, within } from "../browser/browser.mjs";
import { configuration, start } from "../../package/server/workerd.js";
import { open } from "../worker/socket.mjs";
import { newMachine } from "./machine.mjs";

const ROOT = new URL("../../", import.meta.url).pathname;
/** What is uploaded, of a folder that wrangler has written: but for when, and what is beside it in ours. */
const uploaded = (folder) =>
  Object.fromEntries(
    readdirSync(folder)
      .filter((file) => /^entry\.js$|\.wasm$/.test(file))
      .map((file) => [file, readFileSync(join(folder, file))]),
  );
/** Every file of a folder, and what is in it. */
const contents = (folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.\w+$|_\w+$/.test(file))
    .sort()
    .map((file) => [file, readFileSync(join(folder, file), "latin1")]);

/** @type {Awaited<ReturnType<typeof newMachine>>} */
let machine;
let browsers;
/** The folder in which the tarball is installed, and how its command is called there without npx, which takes half a second. */
let here;
const BECKON = ["node", "node_modules/beckon/command/beckon.js"];
before(async () => {
  [, ...browsers] = await Promise.all([installed(), startChromium(), startFirefox()]);
});
async function installed() {
  machine = await newMachine();
  here = machine.empty("here");
  await machine.run(["npm", "install", machine.tarball], { cwd: here });
}
after(async () => {
  await Promise.all(browsers.map((browser) => browser.close()));
  machine.close();
});

/** Serves until the test ends. @param {string[]} command */
async function serve(t, command, more = {}) {
  const server = machine.begin(command, { cwd: here, ...more });
  t.after(() => (server.kill("SIGKILL"), server.ended));
  const [, url] = await server.prints(/ is at (https?:\/\/\S+), its data in /);
  return { ...server, url: new URL(url) };
}

/** Waits until it has ended, with all that it has begun, which has the same output. */
const gone = (server) => within("it has ended", server.ended);

/** Chromium says hello to Firefox, and Firefox to Chromium. */
async function hello(url) {
  const [chromium, firefox] = browsers;
  const one = await openDevice(chromium, url);
  await untilConnected(one.page, 0);
  const other = await openDevice(firefox, await link(one.page));
  await Promise.all([one, other].map(({ page }) => untilConnected(page, 1)));
  for (const [from, to] of [
    [one.page, other.page],
    [other.page, one.page],
  ]) {
    await press(from, "#hello");
    await untilHello(to, await name(from));
  }
  for (const { troubles, close } of [one, other]) {
    assert.deepEqual(troubles, []);
    await close();
  }
}

test("it is served by one line, says hello between Chromium and Firefox, and ends at once", async (t) => {
  const server = await serve(t, ["npx", "beckon", "--port", "0"]);
  assert.match(server.printed(), new RegExp(`^Beckon ${VERSION} is at http://localhost:\\d+/, its data in \\.beckon\\. Ctrl-C ends it\\.$`, "m"));
  await hello(server.url);
  // It tells nobody, and leaves its shell behind, which waits.
  server.child.kill("SIGHUP");
  await gone(server);
  await assert.rejects(fetch(server.url), "nothing is left that answers");
});

test("the version is the same wherever it is said", async (t) => {
  const server = await serve(t, [...BECKON, "--port", "0"]);
  const [{ version }, said] = await Promise.all([
    fetch(new URL("/health", server.url)).then((answer) => answer.json()),
    machine.run([...BECKON, "--version"], { cwd: here }),
  ]);
  const lock = JSON.parse(readFileSync(join(here, "package-lock.json"), "utf8")).packages["node_modules/beckon"];
  assert.deepEqual([version, said, machine.manifest.version, lock.version], [VERSION, `${VERSION}\n`, VERSION, VERSION]);
  assert.ok(machine.tarball.endsWith(`/beckon-${VERSION}.tgz`));
  server.kill("SIGINT"); // as a terminal does
  assert.equal(await gone(server), 0);
  await assert.rejects(fetch(server.url), "nothing is left that answers");
});

test("publint and arethetypeswrong find nothing", async () => {
  // `esm-only`: it is ECMAScript modules alone, as everything here.
  for (const check of [
    ["publint", "--strict"],
    ["attw", "--profile", "esm-only"],
  ]) {
    const [name = "", ...options] = check;
    const { status, stdout, stderr } = spawnSync(join(ROOT, "node_modules/.bin", name), [...options, machine.tarball], { encoding: "utf8" });
    assert.equal(status, 0, `${name}:\n${stdout}${stderr}`);
  }
});

test("an app imports the library by its name, with its types, and a bundler keeps only what is used", async () => {
  const app = `import { join, type PeerEvent, type Room } from "beckon";
    import { useRoom, type RoomView } from "beckon/react";
    export const View = (): RoomView => useRoom(null);
    const room: Room = join("https://beckon.example/", { name: "Kitchen tablet" });
    const meet = ({ peer }: PeerEvent) => void peer.send({ hi: [1, null] });
    room.addEventListener("peer", meet, { once: true });
    room.removeEventListener("peer", meet);
    for await (const { from, data } of room) console.log(from.name, data);`;
  writeFileSync(join(here, "app.mts"), app);
  // Strict, with what many projects have, and with no eye shut to our types (skipLibCheck).
  const options = ["--noEmit", "--strict", "--skipDefaultLibCheck", "--target", "es2022", "--lib", "es2022,dom,dom.iterable"];
  for (const resolution of [
    ["--module", "node16"],
    ["--module", "esnext", "--moduleResolution", "bundler"],
  ]) {
    const judged = spawnSync(join(ROOT, "node_modules/.bin/tsc"), [...options, ...resolution, "app.mts"], { cwd: here, encoding: "utf8" });
    assert.deepEqual([judged.status, judged.stdout], [0, ""], resolution.join(" "));
  }
  const bundled = (/** @type {string} */ contents) => {
    const bundle = ["--bundle", "--format=esm", "--minify", "--loader=ts"];
    return spawnSync(join(ROOT, "node_modules/.bin/esbuild"), bundle, { cwd: here, encoding: "utf8", input: contents }).stdout;
  };
  assert.match(bundled(app.replaceAll(/^.*(?:react|View).*$/gm, "")), /RTCPeerConnection/);
  assert.equal(bundled('import { join } from "beckon"; console.log(1)').trim(), "console.log(1);");
});

test("it has the licences of all that is in it", () => {
  const here = readdirSync(machine.folder);
  for (const file of ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"]) assert.ok(here.includes(file), file);
  const others = readFileSync(join(machine.folder, "THIRD-PARTY-LICENSES.txt"), "utf8");
  for (const name of ["serde_json", "worker", "wasm-bindgen", "peerjs", "lean-qr", "webrtc-adapter"]) assert.match(others, new RegExp(`^${name} \\d`, "m"));
  assert.doesNotMatch(others, /^syn \d/m, "what only builds is no part of it");
});

test("its papers lead to papers that are in it, and nowhere to where there is nothing yet", () => {
  const texts = contents(machine.folder).filter(([file]) => /\.(md|js|json|yaml|toml|html|txt)$/.test(file));
  const papers = texts.filter(([file]) => file.endsWith(".md"));
  assert.ok(papers.length >= 10, papers.map(([file]) => file).join());
  for (const [file, text] of papers) {
    const links = [...text.matchAll(/\]\(((?!https?:|#)[^)\s#]+)/g)].map(([, path = ""]) => path);
    for (const path of links) assert.ok(existsSync(join(machine.folder, dirname(file), path)), `${file}: ${path}`);
    if (file === "README.md") assert.ok(links.length > 8);
  }
  for (const [file, text] of texts) assert.doesNotMatch(text, /github\.com\/OWNER/, file);
});

test("the documentation of the types has everything that the types have", () => {
  for (const [name, file] of Object.entries({ beckon: "beckon.d.ts", "beckon/react": "react/react.d.ts", "beckon/worker": "worker/entry.d.ts" })) {
    const types = readFileSync(join(machine.folder, file), "utf8");
    const documented = readFileSync(join(machine.folder, `docs/api/${name}.md`), "utf8");
    const names = [...types.matchAll(/^export (?:declare )?(?:abstract )?(?:class|const|function|interface|type) (\w+)/gm)].map(([, exported]) => exported);
    assert.ok(names.length >= 3, `${name}: ${names}`);
    for (const exported of names) assert.match(documented, new RegExp(`^### ${exported}(\\(\\))?$`, "m"), name);
    // Each sentence about a class and its members, too, but for what TypeDoc makes links of.
    const said = [...types.matchAll(/^ {2}\/\*\* ([^{}*\n]{20,}) \*\/$/gm)].map(([, text = ""]) => text);
    for (const text of said) assert.ok(documented.includes(text), `${name}: ${text}`);
    assert.equal(readFileSync(new URL(`../../docs/api/${name}.md`, import.meta.url), "utf8"), documented, "docs/api/ is old: run npm run docs");
  }
});

test("Node.js without WebRTC is told so in one sentence, and with it may join", async () => {
  const script = `
    import { join } from "beckon";
    globalThis.WebSocket ??= class {};
    try { join("http://localhost:1/#AAAAAAAAAAAAAAAAAAAAAA"); } catch ({ code, message }) { console.log(code + ": " + message); }
    globalThis.RTCPeerConnection = class {};
    const room = join("http://localhost:1/#AAAAAAAAAAAAAAAAAAAAAA");
    console.log(room.state);
    process.exit();`;
  assert.match(
    await machine.run(["node", "--input-type=module", "-e", script], { cwd: here }),
    /^no-webrtc: Beckon's client is for browsers, and Node\.js has no RTCPeerConnection: npm install .*\nconnecting\n$/,
  );
});

test("its one dependency is workerd, as wrangler pins it", () => {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, "node_modules/wrangler/package.json"), "utf8"));
  assert.deepEqual(machine.manifest.dependencies, { workerd: dependencies.workerd });
  assert.deepEqual(
    readdirSync(join(here, "node_modules")).filter((name) => !name.startsWith(".")),
    ["@cloudflare", "beckon", "workerd"],
  );
});

test("a port or a folder that is taken is said to be, and by whom; so is what makes no sense; a server that is killed leaves nothing", async (t) => {
  const server = await serve(t, [...BECKON, "--port", "0"]);
  const { pid } = server.child;
  const other = createServer();
  await new Promise((ready) => other.listen(0, "127.0.0.1", () => ready(undefined)));
  t.after(() => other.close());
  const { port } = /** @type {import("node:net").AddressInfo} */ (other.address());
  const said = (/** @type {string[]} */ options, status) => machine.run([...BECKON, ...options], { cwd: here, status });
  assert.equal(
    await said(["--port", server.url.port, "--data", "other"], 1),
    `beckon: 127.0.0.1:${server.url.port} is taken by another Beckon (process ${pid}). End that, or choose another port with --port.\n`,
  );
  assert.equal(
    await said(["--port", "0", "--data", "other", "--metrics", `${port}`], 1),
    `beckon: 127.0.0.1:${port} is taken by node (process ${process.pid}). End that, or choose another port with --metrics.\n`,
  );
  assert.equal(
    await said(["--port", "0"], 1),
    `beckon: ${join(here, ".beckon")} is in use by another Beckon (process ${pid}). Choose another folder with --data.\n`,
  );
  assert.match(
    await said(["--port", "0", "--data", "other", "--cors", "nonsense"], 1),
    /^beckon: nothing is served: The variable ALLOWED_ORIGINS must be .* It is set by --cors\.$/m,
  );
  server.child.kill("SIGKILL");
  await gone(server);
  await assert.rejects(fetch(server.url), "nothing is left that answers");
});

test("options of PeerServer's command, variables, the environment and .dev.vars are all heard, in this order; and https with a certificate", async (t) => {
  writeFileSync(join(here, ".dev.vars"), 'ROOM_CAPACITY="3"\nPEERS_PER_NETWORK="7"\nOWNER_GRACE_MS="1"\n');
  t.after(() => writeFileSync(join(here, ".dev.vars"), ""));
  const { selfSigned } = await import("../../package/server/certificate.js");
  const { key, cert } = selfSigned([]);
  writeFileSync(join(here, "key.pem"), key);
  writeFileSync(join(here, "cert.pem"), cert);
  const options = ["--path=/app", "-k", "my-key", "-t", "4000", "--alive_timeout", "60000", "-c", "9", "--allow_discovery", "--var", "OWNER_GRACE_MS=5"];
  // As npm begins it, with a shell between them.
  const shell = ["sh", "-c", '"$@"; true', "npm", ...BECKON, "-p0", ...options, "--sslkey", "key.pem", "--sslcert", "cert.pem"];
  const server = await serve(t, shell, { env: { PEERS_PER_NETWORK: "8", OWNER_GRACE_MS: "9", npm_config_user_agent: "npm" } });
  const { url } = server;
  assert.equal(url.protocol, "https:");
  const question = `
    for (const path of ["app/health", "app/my-key/peers"]) console.log(await (await fetch("${url}" + path)).text());
    for (const key of ["my-key", "another"])
      await new Promise((settle) => {
        const socket = new WebSocket("${url}app/peerjs?id=a&token=t&key=" + key);
        socket.onmessage = ({ data }) => (console.log(data), socket.close(), settle());
      });`;
  const answers = await machine.run(["node", "--input-type=module", "-e", question], { cwd: here, env: { NODE_EXTRA_CA_CERTS: join(here, "cert.pem") } });
  const [health = "", peers, mine, others] = answers.split("\n");
  const { limits } = JSON.parse(health);
  assert.deepEqual(
    [limits.EXPIRE_TIMEOUT_MS, limits.ALIVE_TIMEOUT_MS, limits.CONCURRENT_LIMIT, limits.ROOM_CAPACITY, limits.PEERS_PER_NETWORK, limits.OWNER_GRACE_MS],
    [4000, 60000, 9, 3, 8, 5],
  );
  assert.equal(peers, "[]");
  assert.equal(mine, '{"type":"OPEN"}');
  assert.match(others ?? "", /"ERROR".*Invalid key/);
  // npm passes this on to the shell, and the shell to nobody.
  server.child.kill("SIGTERM");
  await gone(server);
  assert.match(server.printed(), /^beckon: npm, which has started this server, has ended/m);
});

test("a project of one's own is installed and deployed by the button's steps, and is Beckon", async (t) => {
  const said = await machine.run([...BECKON, "init", "my-project"], { cwd: here });
  const project = join(here, "my-project");
  assert.match(said, /^A project is in my-project\./);
  await machine.run(["npm", "ci"], { cwd: project });
  await machine.run(["npx", "wrangler", "deploy", "--dry-run", "--outdir", "out"], { cwd: project });
  assert.ok(existsSync(join(project, "out/index.js")));
  assert.deepEqual(contents(join(project, "node_modules/beckon/site")), contents(join(ROOT, "build/site")), "its pages are the repository's");

  const dev = machine.begin(["npx", "wrangler", "dev", "--port", "0", "--inspector-port", "0"], { cwd: project });
  t.after(() => (dev.kill("SIGKILL"), dev.ended));
  const [, url] = await dev.prints(/Ready on (http:\/\/\S+)/);
  await hello(new URL(url));
  assert.match(await machine.run([...BECKON, "init", "my-project"], { cwd: here, status: 1 }), /my-project is not empty/);
});

test("it is a part of another Worker, which wrangler builds and workerd runs, and whose own routes stay its own", async (t) => {
  const project = join(here, "my-project");
  const host = `import { beckon, Room } from "beckon/worker";
    export { Room };
    export default { fetch: async (request, env) =>
      (await beckon(request, env, { basePath: "/p2p" })) ?? new Response("mine: " + new URL(request.url).pathname) };`;
  writeFileSync(join(project, "src/host.js"), host);
  await machine.run(["npx", "wrangler", "deploy", "src/host.js", "--dry-run", "--outdir", "hosted"], { cwd: project });
  const built = join(project, "hosted");
  const wasm = readdirSync(built).filter((name) => name.endsWith(".wasm"));
  assert.equal(wasm.length, 1);
  const modules = [
    { name: "host.js", kind: /** @type {const} */ ("esModule"), file: join(built, "host.js") },
    ...wasm.map((name) => ({ name, kind: /** @type {const} */ ("wasm"), file: join(built, name) })),
  ];
  const worker = { modules, date: "2026-10-20", flags: [], vars: {}, objects: [{ binding: "ROOM", className: "Room" }] };
  const data = machine.empty("hosted-data"); // SQLite wants a disk
  const running = await start(join(project, "hosted.capnp"), configuration(worker, { address: "127.0.0.1:0", data }));
  t.after(() => running.close());
  const url = new URL(`http://127.0.0.1:${running.port}/`);
  for (const path of ["/", "/peerjs/id", "/health", "/p2p/unknown"]) assert.equal(await (await fetch(new URL(path, url))).text(), `mine: ${path}`);
  assert.equal((await fetch(new URL("/p2p/health", url))).status, 200);
  const ann = await open(url, { key: "peerjs", id: "ann", token: "t" }, "/p2p/peerjs");
  assert.equal(await ann.next(), '{"type":"OPEN"}');
  ann.cut();
});

test("what it deploys is byte for byte what the repository does", async () => {
  const out = join(here, "out");
  // In the project, where wrangler is: elsewhere npx would fetch the same.
  const said = await machine.run([...BECKON, "deploy", "--dry-run", "--outdir", out, "--name", "another", "--var", "ROOM_CAPACITY=4"], {
    cwd: join(here, "my-project"),
  });
  assert.match(said, /env\.ROOM_CAPACITY \("\(hidden\)"\)/); // as wrangler shows what it is told so
  assert.doesNotMatch(said, /WARNING/);
  const ours = uploaded(join(ROOT, "dist"));
  const used = Object.fromEntries(Object.entries(ours).filter(([file]) => file === "entry.js" || String(ours["entry.js"]).includes(file)));
  assert.equal(Object.keys(used).length, 2);
  assert.deepEqual(uploaded(out), used);
  const { unstable_readConfig: read } = await import("wrangler");
  const config = (/** @type {string} */ file) => {
    const { main, build, assets, no_bundle, minify, keep_names, find_additional_modules, base_dir, rules, ...more } = read({ config: file });
    return JSON.parse(JSON.stringify({ ...more, configPath: undefined, userConfigPath: undefined, topLevelName: undefined }));
  };
  assert.deepEqual(config(join(machine.folder, "wrangler.toml")), config(join(ROOT, "wrangler.toml")));
});

test("nobody has called a compiler", () => assert.equal(machine.trapped(), ""));
