// The papers (README, docs/ and their neighbours) are read by people in a hurry: sentences are short and begin with their subject, the README
// is short, and every piece of code is checked.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import ts from "typescript";
import { complaints, pieces, sentences, words } from "./papers.mjs";

const ROOT = new URL("../../", import.meta.url).pathname;
const read = (file) => readFileSync(join(ROOT, file), "utf8");
const documents = [...globSync("*.md", { cwd: ROOT }), ...globSync("{docs,package,package/project}/*.md", { cwd: ROOT })].sort();

/** A sentence has at most so many words. The README's have fewer than so many on average, and it has at most so many lines. */
const MOST_WORDS = 30;
const README_AVERAGE = 14;
const README_LINES = 160;

test("sentences are short and begin with their subject", () => {
  assert.ok(documents.length >= 11, documents.join());
  const found = documents.flatMap((file) => complaints(read(file), MOST_WORDS).map((why) => `${file}: ${why}`));
  assert.deepEqual(found, []);
});

test("the README is read in four minutes", () => {
  const readme = read("README.md");
  const lines = readme.trimEnd().split("\n").length;
  assert.ok(lines <= README_LINES, `${lines} lines`);
  const all = sentences(readme);
  const average = all.reduce((sum, sentence) => sum + words(sentence), 0) / all.length;
  assert.ok(all.length > 40 && average < README_AVERAGE, `${all.length} sentences of ${average.toFixed(1)} words`);
});

test("what is not plain is found", () => {
  const long = `It ${"very ".repeat(29)}long.`;
  const text = `# Who reads a heading\n\nShort, with \`a b c\`. [Two words](docs/x.md).\n\n${long}\n\n| ${long} |\n\n\`\`\`sh\n${long}\n\`\`\`\n\n* Whoever comes.\n* Who comes? A guest.\n`;
  assert.deepEqual(sentences(text).map(words), [3, 2, 31, 2, 2, 2]);
  assert.deepEqual(
    complaints(text, MOST_WORDS).map((why) => why.split(":")[0]),
    ["31 words", "no subject at its beginning"],
  );
});

/** All pieces of code. */
const code = documents.flatMap((file) => pieces(read(file)).map((piece) => ({ ...piece, at: `${file}:${piece.line}` })));
const written = (...languages) => code.filter(({ language }) => languages.includes(language));

test("every piece of code says what it is written in", () => {
  for (const { at, language } of code) assert.match(language, /^(js|html|sh|toml|sql|text|conf|json)$/, at);
  // Indented code, which has no language, is none of ours.
  for (const file of documents) assert.doesNotMatch(read(file).replace(/^```[^]*?^```$/gm, ""), /\n\n {4}\S/, file);
});

/** What pieces of code use without saying where it comes from: the lines before them have it. */
const GIVEN = {
  Peer: 'import { Peer } from "peerjs";',
  peer: "declare const peer: import('peerjs').Peer;",
  token: "declare const token: string;",
  user: "declare const user: { id: string };",
  response: "declare const response: { json(value: object): void };",
};

/** A piece of code as a module that TypeScript can judge. */
function module({ language, code }) {
  const program = language === "html" ? (code.match(/<script type="module">([^]*?)<\/script>/)?.[1] ?? "") : code;
  const given = Object.entries(GIVEN).filter(
    ([name]) =>
      new RegExp(`\\b${name}\\b`).test(program.replace(/["'`][^"'`\n]*["'`]/g, "")) && !new RegExp(`\\b(const|let|import) [^=\n]*\\b${name}\\b`).test(program),
  );
  return `${given.map(([, line]) => line).join("\n")}\n${program.replace(/https:\/\/[\w.-]+\/beckon\.js|(?<=from ")beckon(?=")/g, "./beckon.js")}\nexport {};\n`;
}

/** What TypeScript has to say against modules, which are taken for neighbours of the library. */
function judge(modules) {
  const options = {
    strict: false,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    skipLibCheck: true,
    lib: ["lib.es2023.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
    types: ["node"],
    paths: { "beckon/worker": [join(ROOT, "package/worker/entry.d.ts")] },
  };
  const host = ts.createCompilerHost(options);
  const texts = new Map(modules.map((text, n) => [join(ROOT, `public/paper-${n}.ts`), text]));
  const { getSourceFile, fileExists } = host;
  host.fileExists = (file) => texts.has(file) || fileExists(file);
  host.getSourceFile = (file, ...rest) => (texts.has(file) ? ts.createSourceFile(file, texts.get(file), ts.ScriptTarget.ES2022) : getSourceFile(file, ...rest));
  const program = ts.createProgram([...texts.keys(), join(ROOT, "tests/tree/cloudflare-workers.d.ts")], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ file, messageText }) => `${file?.fileName.match(/paper-(\d+)/)?.[1]}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`);
}

test("every program is one, and uses the library and PeerJS as they are", () => {
  const programs = written("js", "html");
  assert.ok(programs.length >= 5, `${programs.length} programs`);
  assert.deepEqual(
    judge(programs.map(module)).map((why) => why.replace(/^\d+/, (n) => programs[n].at)),
    [],
  );
});

test("a program that is none, or asks for what is not there, is found", () => {
  const found = judge(["import { join } from './beckon.js';\njoin('https://x/').shout();", "const = 1;"]);
  assert.match(found.join("\n"), /^0: Property 'shout' does not exist on type 'Room'/m);
  assert.match(found.join("\n"), /^1: /m);
});

test("the back end of docs/signed-ids.md signs an id", async () => {
  const { code: program } = pieces(read("docs/signed-ids.md")).find(({ language }) => language === "js");
  const body = program.replace(/^import .*$/gm, "").replaceAll("process.env.TOKEN_KEY", '"a key"');
  /** @type {any} */
  let answer;
  Function("createHmac", "user", "response", body)(createHmac, { id: "osama" }, { json: (value) => (answer = value) });
  const [header, payload, signature] = answer.token.split(".");
  const json = (part) => JSON.parse(Buffer.from(part, "base64url").toString());
  assert.deepEqual([answer.id, json(header).alg, json(payload).sub], ["osama", "HS256", "osama"]);
  assert.ok(json(payload).exp > Date.now() / 1000);
  assert.equal(signature, createHmac("sha256", "a key").update(`${header}.${payload}`).digest("base64url"));
});

test("what is for a shell is read by one, and names programs that people have", () => {
  const PROGRAMS =
    /^(npm|npx|curl|cargo|git|node|openssl|turnutils_uclient|apt|systemctl|docker|TURN_HOST=\S+ TURN_SECRET=\S+ docker|BECKON_TIMES=\d+ cargo|BECKON_PACKAGE=\S+ npm) /;
  for (const { at, code } of written("sh")) {
    const { status, stderr } = spawnSync("bash", ["-n"], { input: code, encoding: "utf8" });
    assert.equal(status, 0, `${at}: ${stderr}`);
    for (const line of code.split("\n").filter((line) => line && !line.startsWith("#"))) assert.match(`${line} `, PROGRAMS, at);
  }
});

test("every variable that a piece of configuration sets is one of wrangler.toml's", () => {
  const known = [...read("wrangler.toml").matchAll(/^([A-Z_]+) = /gm)].map(([, name]) => name);
  for (const { at, code } of written("toml")) {
    for (const [, name] of code.matchAll(/^([A-Z_]+) = ".*"/gm)) assert.ok(known.includes(name), `${at}: ${name}`);
  }
});
