// The package in an empty project, built by Vite, esbuild, Rollup and webpack as each of them is: the pages join rooms in Chromium and Firefox and say
// hello, and have what the library loads later. And the example with React, as it is in the package.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { cpSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import resolve from "@rollup/plugin-node-resolve";
import * as esbuild from "esbuild";
import { rollup } from "rollup";
import { createServer, build as vite } from "vite";
import webpack from "webpack";
import { anyBeckon, eventually, openDevice, press, startChromium, startFirefox, until, untilText, within, write } from "../browser/browser.mjs";
import { VERSION } from "../../tools/built.mjs";
import { newProject, serveFolder } from "./apps.mjs";

const ROOT = new URL("../../", import.meta.url).pathname;

/** It joins the room that its address names after the question mark, and answers whoever comes. */
const APP = `
  import { join } from "beckon";
  const link = (location.search.slice(1) || "nowhere") + location.hash;
  const room = (globalThis.room = join(link, { name: navigator.userAgent.includes("Firefox") ? "Firefox" : "Chromium" }));
  globalThis.heard = [];
  room.addEventListener("peer", ({ peer }) => peer.send({ hello: "world" }));
  room.addEventListener("message", ({ from, data }) => globalThis.heard.push([from.name, data]));
`;

/** What comes later, and what this app makes come: a key is kept, a path is cared for, a server is looked for. */
const LATER = ["key-store", "path-care", "reachability"];

/** @type {Record<string, (folder: string, out: string) => Promise<unknown>>} */
const BUILDERS = {
  vite: (root, out) => vite({ root, base: "./", configFile: false, logLevel: "error", build: { outDir: out } }),
  esbuild: (folder, out) =>
    esbuild.build({ entryPoints: [join(folder, "main.js")], bundle: true, splitting: true, minify: true, format: "esm", outdir: out, logLevel: "error" }),
  async rollup(folder, out) {
    const onwarn = (/** @type {import("rollup").RollupLog} */ { message }) => assert.fail(message);
    const bundle = await rollup({ input: join(folder, "main.js"), plugins: [resolve({ browser: true })], onwarn });
    await bundle.write({ dir: out });
    await bundle.close();
  },
  webpack: (context, path) =>
    new Promise((done, fail) => {
      // Not minimised: terser, which would do it, is told nothing new by our code, and takes two seconds of a processor.
      const compiler = webpack(
        { mode: "production", context, entry: "./main.js", output: { path }, optimization: { minimize: false, chunkIds: "named" } },
        (error, stats) => {
          if (error || !stats || stats.hasErrors() || stats.hasWarnings()) fail(error ?? new Error(String(stats)));
          else compiler?.close(done);
        },
      );
    }),
};

let beckon;
let browsers;
let project;
let site;
before(async () => {
  [beckon, project, ...browsers] = await Promise.all([
    anyBeckon(),
    newProject("node-datachannel", "react", "react-dom", "vite", "@vitejs/plugin-react", "@types/react", "@types/react-dom"),
    startChromium(),
    startFirefox(),
  ]);
  writeFileSync(join(project.folder, "main.js"), APP);
  writeFileSync(join(project.folder, "index.html"), '<!doctype html><title>an app</title><script type="module" src="/main.js"></script>');
  for (const [name, build] of Object.entries(BUILDERS)) await build(project.folder, join(project.folder, "built", name));
  for (const name of Object.keys(BUILDERS).filter((name) => name !== "vite"))
    writeFileSync(join(project.folder, `built/${name}/index.html`), `<!doctype html><title>an app</title><script type="module" src="main.js"></script>`);
  site = await serveFolder(join(project.folder, "built"));
});
after(async () => {
  site?.close();
  await Promise.all((browsers ?? []).map((browser) => browser.close()));
  await beckon?.close();
  project?.close();
});

/** What a builder has written, as it is asked for. @param {string} name */
const scripts = (name) =>
  readdirSync(join(project.folder, "built", name), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".js"))
    .map((file) => `/${name}/${file}`);

for (const name of Object.keys(BUILDERS)) {
  test(`${name}: its pages say hello in Chromium and Firefox, know their path, and load all that comes later`, async () => {
    const one = await openDevice(browsers[0], `${site.url}${name}/?${beckon.url}`);
    const hash = await one.page.evaluate(() => window.room.ready.then(() => new URL(window.room.link).hash));
    const other = await openDevice(browsers[1], `${site.url}${name}/?${beckon.url}${hash}`);
    for (const { page, from } of [
      { ...one, from: "Firefox" },
      { ...other, from: "Chromium" },
    ]) {
      await until(page, "hello", () => window.heard.length === 1);
      assert.deepEqual(await page.evaluate(() => window.heard), [[from, { hello: "world" }]]);
      // What looks for the path comes later: without it there would be a connection and no path.
      await until(page, "the path", () => window.room.peers[0].path); // which one it is, is told elsewhere
    }
    // What asks whether the server is there comes when somebody wants to know.
    await one.page.evaluate(() => window.room.retry());
    const built = scripts(name);
    for (const module of LATER) {
      const file = built.find((path) => path.includes(module));
      assert.ok(file, `${module} is none of ${built}`);
      await eventually(`somebody asks for ${file}`, () => site.asked.has(file));
    }
    // The rest is whole, too, whatever it waits for.
    for (const file of built.filter((path) => !site.asked.has(path))) await one.page.evaluate((file) => import(file), file);
    for (const { troubles, close } of [one, other]) {
      assert.deepEqual(troubles, []);
      await close();
    }
  });
}

test("a program in Node.js with node-datachannel says hello to a page, by the package", async () => {
  const { page, troubles, close } = await openDevice(browsers[0], `${site.url}esbuild/?${beckon.url}`);
  const link = await page.evaluate(() => window.room.ready.then(() => window.room.link));
  cpSync(join(ROOT, "tests/everywhere/program.mjs"), join(project.folder, "program.mjs"));
  const program = spawn(process.execPath, ["program.mjs", link], { cwd: project.folder, stdio: ["ignore", "inherit", "inherit"] });
  const ended = new Promise((settle) => program.on("close", (...how) => settle(how)));
  try {
    await until(page, "hello from the program", () => window.heard.length);
    assert.deepEqual(await page.evaluate(() => window.heard), [["Program", { hello: "from the program" }]]);
    assert.deepEqual(await within("it ends", ended), [0, null]);
  } finally {
    program.kill();
  }
  assert.deepEqual(troubles, []);
  await close();
});

test("Node.js imports both without a browser's globals, and renders what asks for a room", () => {
  const program = `
    for (const name of ["WebSocket", "RTCPeerConnection", "navigator", "crypto", "fetch", "window", "document", "localStorage"]) delete globalThis[name];
    const before = Object.getOwnPropertyNames(globalThis).length;
    const { join } = await import("beckon");
    const { useMessages, useRoom } = await import("beckon/react");
    if (Object.getOwnPropertyNames(globalThis).length !== before) throw new Error("an import left something behind");
    const { createElement } = await import("react");
    const { renderToString } = await import("react-dom/server");
    function App() {
      const { room, state, peers } = useRoom("https://beckon.example/");
      useMessages(room, () => {});
      return createElement("p", null, state, " ", peers.length, " ", typeof join);
    }
    console.log(renderToString(createElement(App)).replaceAll("<!-- -->", ""));`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { cwd: project.folder, encoding: "utf8" });
  assert.deepEqual([stdout, stderr], ["<p>connecting 0 function</p>\n", ""]);
});

test("the example with React is built by what its package.json names, and says hello in both; its code may change under it, and it stays in the room", async (t) => {
  const example = join(project.folder, "react");
  cpSync(join(project.folder, "node_modules/beckon/examples/react"), example, { recursive: true });
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(example, "package.json"), "utf8"));
  const ours = { beckon: VERSION, ...JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).devDependencies };
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) assert.equal(version, ours[name], name);

  process.env.VITE_BECKON = beckon.url.href;
  t.after(() => delete process.env.VITE_BECKON);
  const judged = spawnSync(join(ROOT, "node_modules/.bin/tsc"), { cwd: example, encoding: "utf8" });
  assert.deepEqual([judged.status, judged.stdout], [0, ""]);
  await vite({ root: example, logLevel: "error", build: { outDir: join(project.folder, "built/react") } });
  process.env.NODE_ENV = "development"; // the build has made it "production", for good
  const developed = await createServer({ root: example, logLevel: "error", server: { port: 0, host: "127.0.0.1" } });
  t.after(() => developed.close());
  await developed.listen();

  const one = await openDevice(browsers[0], String(developed.resolvedUrls?.local[0]));
  await until(one.page, "its room is in its address", () => location.hash);
  const hash = await one.page.evaluate(() => location.hash);
  const other = await openDevice(browsers[1], `${site.url}react/${hash}`);
  const people = ({ page }) => page.$$eval("[aria-label=People] li", (rows) => rows.map((row) => row.textContent));
  for (const { page } of [one, other]) await until(page, "one other", () => /: open$/.test(document.querySelector("[aria-label=People]")?.textContent ?? ""));
  for (const { from, to, text } of [
    { from: one, to: other, text: "hello from Chromium" },
    { from: other, to: one, text: "hello from Firefox" },
  ]) {
    await write(from.page, "[aria-label=Message]", text);
    await press(from.page, "button");
    await untilText(to.page, `: ${text}`);
  }

  // Its code changes: React's refresh mounts it anew in the same page, and nobody sees it go.
  const here = await people(other);
  await one.page.evaluate(() => (window.ready = true));
  await other.page.evaluate(() => {
    const list = /** @type {Element} */ (document.querySelector("[aria-label=People]"));
    window.changes = 0;
    new MutationObserver(() => window.changes++).observe(list, { childList: true, characterData: true, subtree: true });
  });
  const file = join(example, "src/App.tsx");
  writeFileSync(
    file,
    readFileSync(file, "utf8").replace("Say hello", "Say goodbye").replace("useState<Line[]>([])", 'useState<Line[]>([{ from: "Beckon", text: "anew" }])'),
  );
  await untilText(one.page, "Say goodbye");
  await untilText(one.page, "Beckon: anew");
  await write(other.page, "[aria-label=Message]", "still here?");
  await press(other.page, "button");
  await untilText(one.page, ": still here?");
  assert.deepEqual(await people(other), here);
  assert.equal(await other.page.evaluate(() => window.changes), 0);
  assert.equal(await one.page.evaluate(() => window.ready), true, "it is the same page");
  for (const { troubles, close } of [one, other]) {
    assert.deepEqual(troubles, []);
    await close();
  }
});
