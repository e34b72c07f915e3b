// beckon.d.ts as an app's compiler reads it: each event has its type, whichever of the ways to listen is taken, and nothing newer than ES2022 is needed.
import assert from "node:assert/strict";
import { test } from "node:test";
import ts from "typescript";

const FOLDER = new URL("../../public/", import.meta.url).pathname;
/** What an app writes. Each line with a comment is an error, by its number. */
const APP = `
import { BeckonError, type Peer, type PeerEvent, join, type Room } from "./beckon.js";
const room: Room = join("https://beckon.example/", { name: "Ann" });
const moved = ({ peer }: PeerEvent) => console.log(peer.presence, peer.name);
room.addEventListener("presence", moved, { once: true });
room.removeEventListener("presence", moved);
room.addEventListener("message", ({ from, data }) => from.send(data), { once: true });
room.addEventListener("refused", ({ reason }) => reason === "stale", { signal: new AbortController().signal });
room.addEventListener("typo", () => {}); // 2345
room.removeEventListener("typo", () => {}); // 2345
room.addEventListener("presence", ({ typo }) => typo); // 2339
room.presence = { at: [1, 2], name: null };
room.presence = new Map(); // 2322
room.presence = () => {}; // 2322
room.onrequest = (value, peer: Peer) => ({ value: String(value), who: peer.name });
room.onrequest = async () => {};
room.onrequest = null;
room.onrequest = "no function"; // 2322
room.onrequest = () => new Map(); // 2322
room.onrequest = () => new Blob([]); // 2322
room.addEventListener("incoming", ({ from, incoming }) => from.name && incoming.cancel(), { once: true });
for (const peer of room.peers) {
  peer.addEventListener("presence", moved, { once: true });
  peer.removeEventListener("presence", moved);
  peer.addEventListener("left", () => {}); // 2345
  const answer: { sum: number } = await peer.request([1, 2], { timeoutMs: 10, signal: AbortSignal.abort() });
  console.log(answer.sum);
  peer.request("x", { timeoutMs: "soon" }); // 2322
  peer.request(new Blob([])); // 2345
  await peer.send(new Blob([]), { metadata: { id: 1 }, onProgress: (done, size) => console.log(done / size), signal: AbortSignal.abort() });
  peer.send("x", { metadata: new Map() }); // 2322
  peer.presence = 1; // 2540
  peer.connection?.getStats();
  peer.connection?.typo(); // 2339
  await peer.request("x").catch((error: unknown) => error instanceof BeckonError && error.code === "no-handler");
}
export {};
`;

/** The libraries of types are read once. @type {Map<string, ts.SourceFile | undefined>} */
const read = new Map();

for (const [how, options] of Object.entries({
  node16: { module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16 },
  bundler: { module: ts.ModuleKind.ES2022, moduleResolution: ts.ModuleResolutionKind.Bundler },
})) {
  test(`${how}: what is right compiles, and each mistake is found`, () => {
    const file = `${FOLDER}app.mts`;
    const all = {
      ...options,
      target: ts.ScriptTarget.ES2022,
      lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
      strict: true,
      noEmit: true,
      types: [],
      skipDefaultLibCheck: true,
    };
    const host = ts.createCompilerHost(all);
    const { fileExists, readFile, getSourceFile } = host;
    host.fileExists = (name) => name === file || fileExists(name);
    host.readFile = (name) => (name === file ? APP : readFile(name));
    host.getSourceFile = (name, target) => {
      if (name === file) return ts.createSourceFile(name, APP, target, true);
      if (!read.has(name)) read.set(name, getSourceFile(name, target));
      return read.get(name);
    };
    const found = ts.getPreEmitDiagnostics(ts.createProgram([file], all, host)).map(({ file, start = 0, code, messageText }) => {
      const line = file?.getLineAndCharacterOfPosition(start).line;
      return `${file?.fileName.split("/").at(-1)}:${line} ${code}${file?.fileName.endsWith("app.mts") ? "" : ` ${ts.flattenDiagnosticMessageText(messageText, " ")}`}`;
    });
    const wanted = APP.split("\n").flatMap((line, n) => Array.from(line.matchAll(/\/\/ (\d+)$/g), ([, code]) => `app.mts:${n} ${code}`));
    assert.ok(wanted.length > 9);
    assert.deepEqual(found, wanted);
  });
}
