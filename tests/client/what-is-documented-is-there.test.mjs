// beckon.d.ts is what people read and what their editors know: it names everything that the library has, and nothing else.
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { test } from "node:test";
import ts from "typescript";
import "./node-webrtc.mjs";
import * as library from "../../public/beckon.js";
import { RESERVED, SHORTENED } from "../../tools/own-names.mjs";

const text = await readFile(new URL("../../public/beckon.d.ts", import.meta.url), "utf8");
const declared = ts.createSourceFile("beckon.d.ts", text, ts.ScriptTarget.Latest, true).statements;
const isExported = (node) => node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
const classes = declared.filter((node) => ts.isClassDeclaration(node));
const functions = declared.filter((node) => ts.isFunctionDeclaration(node));

const COMMENT = /\/\*[^]*?\*\/|\/\/.*/g;
/** What an instance offers beyond what every EventTarget or Error does. */
const own = (prototype) =>
  Reflect.ownKeys(prototype)
    .filter((key) => key !== "constructor")
    .map((key) => String(key).replace("nodejs.", "Symbol.")); // Node names it so

test("everything that is exported is declared", () => {
  const names = [...classes, ...functions].filter(isExported).map(({ name }) => name.text);
  assert.deepEqual(Object.keys(library).sort(), names.sort());
});

test("each class has exactly the members that are declared", () => {
  const room = library.join("https://beckon.test/", { signal: AbortSignal.abort() });
  const fields = { Room: Object.keys(room), Peer: [], BeckonError: ["code"] };
  for (const { name, members } of classes) {
    const listed = members
      .filter((member) => member.name && !/^(add|remove)EventListener$/.test(member.name.getText()))
      .map((member) => member.name.getText().replace(/^\[Symbol\.(\w+)\]$/, "Symbol(Symbol.$1)"));
    const there = [...own(library[name.text].prototype), ...fields[name.text]];
    assert.deepEqual([...new Set(listed)].sort(), there.sort(), name.text);
  }
});

test("every code that the library gives to an error is in the documentation of BeckonError", async () => {
  const documented = classes.find(({ name }) => name.text === "BeckonError").getFullText();
  const modules = await readdir(new URL("../../public/lib/", import.meta.url));
  const codes = [];
  for (const file of ["beckon.js", ...modules.map((name) => `lib/${name}`)]) {
    const source = await readFile(new URL(`../../public/${file}`, import.meta.url), "utf8");
    // Directly, or by way of `why`, one of several.
    const given = [...source.matchAll(/new BeckonError\(\s*(["'][\w-]+["'])/g), ...source.matchAll(/const why =([^;]*);/g)];
    codes.push(...given.flatMap(([, found]) => [...found.matchAll(/["']([\w-]+)["']/g)].map(([, code]) => code)));
  }
  assert.ok(codes.length > 10, codes.join());
  for (const code of codes) assert.ok(documented.includes(`\`${code}\``), code);
});

/** Refusals that end no room: the library never causes them, or takes another id, or they come once the room is open. */
const ELSEWHERE = new Set(
  (
    "incomplete invalid-key bad-token id-taken too-long no-public-roster " +
    "not-a-message frame-too-long too-many-frames too-many-bytes too-much-at-once ice-too-soon"
  ).split(" "),
);

test("every refusal that a room can meet is in the documentation of its error", async () => {
  const room = classes.find(({ name }) => name.text === "Room");
  const documented = room.members.find((member) => member.name?.getText() === "error").getFullText();
  const read = (path) => readFile(new URL(`../../src/${path}`, import.meta.url), "utf8");
  const given = [...(await read("wire/refusal.rs")).matchAll(/=> "([\w-]+)",/g), ...(await read("worker/host.js")).matchAll(/code: "([\w-]+)"/g)];
  const met = given.map(([, code]) => code).filter((code) => !ELSEWHERE.has(code));
  assert.ok(met.length > 7 && met.includes("declined"), met.join());
  for (const code of met) assert.ok(documented.includes(`\`${code}\``), code);
});

test("the names that the build shortens are the library's own: no app and no platform knows them", async () => {
  const [shortened, reserved] = [new RegExp(SHORTENED), new RegExp(RESERVED)];
  assert.ok(shortened.test("onReceive") && !shortened.test("name") && reserved.test("isArray"));
  const folder = new URL("../../public/", import.meta.url);
  const sources = (await readdir(new URL("lib/", folder))).map((name) => `lib/${name}`).concat("beckon.js");
  const types = new URL("../../node_modules/typescript/lib/", import.meta.url);
  const platform = (await readdir(types)).filter((name) => /^lib\.(dom|es20..|es5|esnext)\..*d\.ts$/.test(name) || name === "lib.es5.d.ts");
  const words = async (where, names) => {
    const texts = await Promise.all(names.map(async (name) => (await readFile(new URL(name, where), "utf8")).replace(COMMENT, "")));
    return new Set(texts.flatMap((text) => text.match(/[A-Za-z]\w*/g) ?? []).filter((word) => shortened.test(word)));
  };
  const ours = await words(folder, sources);
  const theirs = new Set([...(await words(types, platform)), ...(await words(folder, ["beckon.d.ts"]))]);
  assert.ok(ours.size > 50 && theirs.has("isArray"), `${ours.size} names of ours`);
  assert.deepEqual(
    [...ours].filter((name) => theirs.has(name) && !reserved.test(name)),
    [],
  );
});

test("no shortened name is written as a string: there it would keep its length", async () => {
  const shortened = new RegExp(SHORTENED);
  const lib = new URL("../../public/lib/", import.meta.url);
  const sources = await Promise.all((await readdir(lib)).map((name) => readFile(new URL(name, lib), "utf8")));
  const strings = sources.flatMap((source) => [...source.replace(COMMENT, "").matchAll(/["'`](\w+)["'`]/g)].map(([, word = ""]) => word));
  assert.ok(strings.length > 50, `${strings.length} strings`);
  assert.deepEqual(
    strings.filter((word) => shortened.test(word)),
    [],
  );
});

test("no shortened name stands between the library's one file and what it loads later", async () => {
  const build = await readFile(new URL("../../tools/build.sh", import.meta.url), "utf8");
  const later = [...build.matchAll(/public\/lib\/(\S+\.js)\) options=\(--bundle/g)].map(([, name]) => name);
  for (const name of later) {
    const source = await readFile(new URL(`../../public/lib/${name}`, import.meta.url), "utf8");
    later.push(...Array.from(source.matchAll(/^export \{.*\} from "\.\/(.*)";$/gm), ([, part = ""]) => part));
  }
  assert.ok(later.length > 1);
  for (const name of later) {
    const source = await readFile(new URL(`../../public/lib/${name}`, import.meta.url), "utf8");
    const between = [...source.matchAll(/export (?:async )?function\*? (\w+)\((?:\{([^}]*)\})?/g)].flatMap(([, name = "", options = ""]) => [
      name,
      ...options.split(/[\s,]+/),
      ...Array.from(source.matchAll(/^    (?:get )?(\w+)[(,:]/gm), ([, name = ""]) => name), // what it gives back
    ]);
    assert.ok(between.length > 1 || source.includes("export {"), name);
    assert.deepEqual(
      between.filter((word) => new RegExp(SHORTENED).test(word)),
      [],
      name,
    );
  }
});
