// The papers and package.json speak of files, headings, commands and variables: all of them exist. And what Cloudflare's deploy
// button and dashboard read is as they want it.
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { animate, chunks } from "../../tools/animation.mjs";
import * as known from "../stages.mjs";

const ROOT = new URL("../../", import.meta.url).pathname;
const read = (file) => readFileSync(join(ROOT, file), "utf8");
const documents = globSync("{*,docs/*}.md", { cwd: ROOT });
const manifest = JSON.parse(read("package.json"));

/** The anchors of a document's headings, as GitHub makes them. */
const anchors = (file) =>
  new Set([...read(file).replace(/^```[^]*?^```/gm, "").matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading.toLowerCase().replace(/[^\w\- ]/g, "").replaceAll(" ", "-")));

test("every link within the repository leads somewhere", () => {
  assert.ok(documents.length >= 12, documents.join());
  let links = 0;
  for (const file of documents) {
    for (const [, target] of read(file).matchAll(/\]\(((?!https?:)[^)\s]+)\)/g)) {
      const [path, anchor] = target.split("#");
      const there = path ? join(dirname(file), path) : file;
      assert.ok(existsSync(join(ROOT, there)), `${file}: ${target}`);
      if (anchor) assert.ok(anchors(there).has(anchor), `${file}: ${target}`);
      links++;
    }
  }
  assert.ok(links > 30, `${links} links`);
});

test("every file that is named is there", () => {
  for (const file of documents) {
    for (const [, path] of read(file).matchAll(/`((?:src|public|tests|tools|docs)\/[\w./-]+\.\w+)`/g)) assert.ok(existsSync(join(ROOT, path)), `${file}: ${path}`);
  }
});

test("every npm script that is named is there, and every stage", () => {
  const stages = [...Object.keys(known.stages), ...Object.keys(known.groups)];
  for (const file of [...documents, "tools/setup.sh", "tools/lan.mjs"]) {
    for (const [, script] of read(file).matchAll(/\bnpm run ([\w:-]+)/g)) assert.ok(script in manifest.scripts, `${file}: npm run ${script}`);
    for (const [, stage] of read(file).matchAll(/\bnpm test -- (\w+)/g)) assert.ok(stages.includes(stage), `${file}: npm test -- ${stage}`);
  }
  for (const script of ["start", "dev", "test", "check", "build", "deploy"]) assert.ok(script in manifest.scripts, script);
});

test("the deploy button asks for no secret, and explains what can be set", () => {
  const { label, products, bindings } = manifest.cloudflare;
  assert.ok(label && products.length >= 1 && products.length <= 3 && manifest.name && manifest.description);
  const example = read(".dev.vars.example");
  assert.doesNotMatch(example, /^[^#\s]/m, "a line without # is a field that must be filled in");
  const secrets = [...example.matchAll(/^# ([A-Z_]+)="/gm)].map(([, name]) => name);
  const config = read("wrangler.toml");
  const known = new Set([...secrets, ...[...config.matchAll(/^([A-Z_]+) = /gm)].map(([, name]) => name), ...[...config.matchAll(/^name = "([A-Z_]+)"/gm)].map(([, name]) => name)]);
  for (const [name, { description }] of Object.entries(bindings)) assert.ok(known.has(name) && description, name);
  for (const secret of secrets) assert.match(bindings[secret]?.description ?? "", /^Optional: /, secret);
});

test("what the dashboard shows is there, and has no commands for a shell", () => {
  const [, shown] = read("README.md").match(/<!-- dash-content-start -->([^]*)<!-- dash-content-end -->/) ?? [];
  assert.ok(shown?.trim().length > 200);
  assert.doesNotMatch(shown, /```|^ {4}|\b(npm|npx|wrangler|curl) /m);
});

test("the licence is the same wherever it is named", () => {
  assert.equal(manifest.license, "MIT OR Apache-2.0");
  assert.match(read("Cargo.toml"), /^license = "MIT OR Apache-2\.0"$/m);
  assert.match(read("LICENSE-MIT"), /^(The )?MIT License|Permission is hereby granted, free of charge/m);
  assert.match(read("LICENSE-APACHE"), /Apache License\s+Version 2\.0/);
  assert.match(read("docs/openapi.yaml"), /identifier: MIT OR Apache-2\.0/);
  assert.equal(read("docs/openapi.yaml").match(/^ {2}version: (.*)$/m)?.[1], manifest.version);
});

test("every source file is on the map, and nothing else is", () => {
  const map = read("docs/architecture.md");
  const sources = globSync("{src,public}/**/*.{rs,js}", { cwd: ROOT }).filter((path) => !/\/(vendor|examples)\//.test(path)).map((path) => basename(path));
  assert.ok(sources.length > 80, `${sources.length} files`);
  for (const name of sources) assert.ok([`\`${name}\``, `/${name}\``].some((text) => map.includes(text)), `docs/architecture.md does not say what ${name} does`);
  for (const [, name] of map.matchAll(/`(?:[\w-]+\/)*([\w-]+\.(?:rs|js))`/g)) assert.ok(sources.includes(name), `docs/architecture.md names ${name}`);
});

test("the changelog begins with what is not released, and knows the present version", () => {
  const versions = [...read("CHANGELOG.md").matchAll(/^## \[(.*?)\]/gm)].map(([, version]) => version);
  assert.equal(versions[0], "Unreleased");
  assert.equal(versions[1], manifest.version);
});

test("the papers that are linked from elsewhere are there, and say what is looked for", () => {
  assert.match(read("SECURITY.md"), /^## How to report$/m);
  assert.match(read("SECURITY.md"), /^## The promise$/m);
  assert.match(read("PRIVACY.md"), /^## On the server$/m);
  for (const paper of ["SECURITY.md", "PRIVACY.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/configuration.md", "docs/performance.md", "docs/moving-from-peerserver.md"]) {
    assert.ok(read("README.md").includes(`](${paper})`), `the README leads to ${paper}`);
  }
});

test("the README's picture moves, and weighs at most 600 kB", () => {
  const [, path] = read("README.md").match(/!\[[^\]]{20,}\]\(([^)]+\.webp)\)/) ?? [];
  const file = readFileSync(join(ROOT, path ?? ""));
  assert.ok(file.length <= 600_000, `${file.length} bytes`);
  assert.equal(file.readUInt32LE(4), file.length - 8, "it is whole");
  const frames = chunks(file).filter(({ name }) => name === "ANMF");
  assert.ok(frames.length >= 5, `${frames.length} frames`);
});

test("pictures that are put together are the same pictures, one after the other", () => {
  // The container alone: what is in a picture is the browser's business.
  const picture = (text) => {
    const file = Buffer.concat([Buffer.from("RIFF____WEBPVP8 ____"), Buffer.from(text)]);
    file.writeUInt32LE(file.length - 8, 4);
    file.writeUInt32LE(text.length, 16);
    return file;
  };
  const [kind, ring, ...frames] = chunks(animate(300, 2, [{ picture: picture("odd"), ms: 70_000 }, { picture: picture("even"), ms: 1 }]));
  assert.deepEqual([kind.name, [...kind.data]], ["VP8X", [2, 0, 0, 0, 43, 1, 0, 1, 0, 0]]);
  assert.deepEqual([ring.name, [...ring.data]], ["ANIM", [0, 0, 0, 0, 0, 0]]);
  assert.deepEqual(frames.map(({ name, data }) => [name, data.readUIntLE(6, 3) + 1, data.readUIntLE(9, 3) + 1, data.readUIntLE(12, 3)]), [["ANMF", 300, 2, 70_000], ["ANMF", 300, 2, 1]]);
  assert.deepEqual(frames.map(({ data }) => data.toString("latin1", 16, 20) + data.readUInt32LE(20) + data.toString("latin1", 24, 27)), ["VP8 3odd", "VP8 4eve"]);
  assert.throws(() => chunks(Buffer.from("GIF89a, and more of it")), /no WebP file/);
});
