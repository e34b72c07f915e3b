/**
 * Can the suite fail? PeerServer is broken in one place at a time, and each break has to turn at least one rule red.
 * Not part of `npm test` (some ten minutes): `node tests/interop/mutants.mjs [text in a mutant's name]`.
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { judge } from "./judge.mjs";
import { observe } from "./observe.mjs";
import { rules } from "./rules.mjs";
import { peerServers } from "./servers.mjs";
import * as told from "./told.mjs";

/** What is broken: [what, where in PeerServer's code, what stands there instead]. */
const MUTANTS = [
  ["another id", "(0, $cl6Iw$nodecrypto.randomUUID)", "(() => 'not-a-uuid')"],
  ["ids as plain text", 'res.contentType("html")', 'res.contentType("text")'],
  ["403 for discovery off", "res.sendStatus(401)", "res.sendStatus(403)"],
  ["another OPEN", 'OPEN"] = "OPEN"', 'OPEN"] = "OPENED"'],
  ["ID-TAKEN with another text", '"ID is taken"', '"ID is already taken"'],
  ["INVALID-KEY as a type of its own", "this._sendErrorAndClose(socket, (0, ERRORS).INVALID_KEY)", 'socket.send(\'{"type":"INVALID-KEY"}\'); socket.close()'],
  ["refusals with a close code", "}));\n        socket.close();\n    }", "}));\n        socket.close(1008);\n    }"],
  ["the token is not asked for", "if (!id || !token || !key)", "if (!id || !key)"],
  ["the key is not checked", "if (key !== this.config.key)", "if (false)"],
  [
    "the key is checked first",
    "if (!id || !token || !key)",
    "if (key && key !== this.config.key) { this._sendErrorAndClose(socket, 'Invalid key provided'); return; }\n        if (!id || !token || !key)",
  ],
  ["the first of two parameters wins", "Object.fromEntries(searchParams.entries())", "Object.fromEntries([...searchParams.entries()].reverse())"],
  ["any token opens a taken id", "if (token !== client.getToken())", "if (false)"],
  ["the limit is off by one", "if (clientsCount >= this", "if (clientsCount > this"],
  [
    "the limit counts for re-attaching",
    "const client = this.realm.getClientById(id);\n        if (client) {",
    "const client = this.realm.getClientById(id);\n        if (client && this.realm.getClientsIds().length < this.config.concurrent_limit) {",
  ],
  ["src as the client says", "message.src = client.getId();", "message.src ??= client.getId();"],
  ["binary frames are ignored", '"message", (data)=>{', '"message", (data, binary)=>{ if (binary) return;'],
  ["malformed frames close the socket", 'this.emit("error", e);', "socket.close();"],
  [
    "the whole message is relayed",
    "{ type: type , src: src , dst: dst , payload: payload  })=>{",
    "whole)=>{ const { type, src, dst, payload } = whole; return transmissionHandler(client, whole);",
  ],
  ["src comes first", "type: type,\n                src: src,", "src: src,\n                type: type,"],
  ["null payloads are left out", "payload: payload\n            });", "payload: payload ?? undefined\n            });"],
  ["heartbeats are answered", "client.setLastPing(nowTime);", "client.setLastPing(nowTime); client.send({ type: 'PONG' });"],
  ["heartbeats do not count", "client.setLastPing(nowTime);", ""],
  ["any message keeps alive", "message.src = client.getId();", "message.src = client.getId(); client.setLastPing(Date.now());"],
  ["silent clients keep their socket", "client.getSocket()?.close();", ""],
  ["silent clients are closed with a code", "client.getSocket()?.close();", "client.getSocket()?.close(4000);"],
  ["ANSWER is not relayed", "this.handlersRegistry.registerHandler((0, TYPES).ANSWER, handleTransmission);", ""],
  [
    "OPEN is relayed",
    "this.handlersRegistry.registerHandler((0, TYPES).ANSWER, handleTransmission);",
    "this.handlersRegistry.registerHandler('ANSWER', handleTransmission); this.handlersRegistry.registerHandler('OPEN', handleTransmission);",
  ],
  ["nothing waits", "!ignoredTypes.includes(type) && dstId", "false"],
  ["LEAVE waits", "const ignoredTypes = [", "const ignoredTypes = ['x'] || ["],
  ["messages without a dst wait", "!ignoredTypes.includes(type) && dstId", "!ignoredTypes.includes(type)"],
  ["LEAVE without a dst is dropped", "!dstId) realm.removeClientById(srcId)", "!dstId) ;"],
  ["what waits comes newest first", "return this.messages.shift();", "return this.messages.pop();"],
  [
    "what waits comes before OPEN",
    "socket.send(JSON.stringify({\n            type: (0, TYPES).OPEN\n        }));\n        this._configureWS(socket, newClient);",
    'this._configureWS(socket, newClient); socket.send(\'{"type":"OPEN"}\');',
  ],
  ["what was delivered leaves its time behind", "realm.clearMessageQueue(client.getId());\n        }", "}"],
  [
    "EXPIRE with a payload",
    "src: message.dst,\n                        dst: message.src",
    "src: message.dst,\n                        dst: message.src,\n                        payload: {}",
  ],
  ["EXPIRE from the sender", "src: message.dst,\n                        dst: message.src", "src: message.src,\n                        dst: message.src"],
  ["no EXPIRE", "if (!seen[seenKey])", "if (false)"],
  ["one EXPIRE for each message", "if (!seen[seenKey])", "if (true)"],
  ["EXPIRE too late", "if (lastReadDiff < maxDiff) continue;", "if (lastReadDiff < maxDiff + 2500) continue;"],
  ["EXPIRE too early", "if (lastReadDiff < maxDiff) continue;", "if (lastReadDiff < maxDiff - 1000) continue;"],
  [
    "OPEN on re-attach",
    "this._configureWS(socket, client);\n            return;",
    'socket.send(\'{"type":"OPEN"}\'); this._configureWS(socket, client);\n            return;',
  ],
  [
    "re-attaching closes the old socket",
    "this._configureWS(socket, client);\n            return;",
    "client.getSocket().close(4001); this._configureWS(socket, client);\n            return;",
  ],
  ["any socket's end frees the id", "if (client.getSocket() === socket) {", "{"],
  ["no socket's end frees the id", "if (client.getSocket() === socket) {", "if (false) {"],
  [
    "who goes is announced",
    "if (client.getSocket() === socket) {",
    "if (client.getSocket() === socket) { for (const id of this.realm.getClientsIds()) this.realm.getClientById(id).send({ type: 'LEAVE', src: client.getId() });",
  ],
  ["CORS from anywhere is *", "(corsOptions))", '({ ...corsOptions, origin: corsOptions.origin === true ? "*" : corsOptions.origin }))'],
  ["CORS with credentials", "(corsOptions))", "({ ...corsOptions, credentials: true }))"],
  ["no CORS", "app.use((0, ($parcel$interopDefault($cl6Iw$cors)))(corsOptions));", ""],
  ["the socket's path follows the key", "${$e9ffe6de55430dbc$var$WS_PATH}", "${this.config.key}"],
  ["nobody is told who comes", 'app.emit("connection", client);', ""],
  ["nobody is told who goes", 'wss.on("close", (client)=>{\n        app.emit("disconnect", client);', 'wss.on("close", (client)=>{'],
  ["nobody is told who falls silent", 'onClose: (client)=>{\n            app.emit("disconnect", client);', "onClose: (client)=>{"],
  ["nobody is told what is said", 'app.emit("message", client, message);', ""],
  ["what is said is told twice", 'app.emit("message", client, message);', 'app.emit("message", client, message); app.emit("message", client, message);'],
  ["another description", "A server side element", "The server side element"],
];

const from = process.env.PEER_SERVER_PACKAGE ? `${resolve(process.env.PEER_SERVER_PACKAGE)}/package.json` : import.meta.url;
const code = createRequire(from).resolve("peer");
const original = dirname(dirname(code));
const text = readFileSync(code, "utf8")
  .replaceAll(/\$[0-9a-f]+\$export\$b8e9cd941e8016ac/g, "ERRORS")
  .replaceAll(/\$[0-9a-f]+\$export\$80edbf15fa61a4db/g, "TYPES");
const only = process.argv[2];

/** A folder from which `peer` resolves to the mutant, and all else to what it is. */
function breakIt(mutant) {
  const folder = mkdtempSync(join(tmpdir(), "mutant-"));
  const modules = join(folder, "node_modules");
  cpSync(original, join(modules, "peer"), { recursive: true });
  writeFileSync(join(modules, "peer", "dist", "index.cjs"), mutant);
  writeFileSync(join(folder, "package.json"), "{}");
  for (const name of readdirSync(dirname(original))) if (name !== "peer") symlinkSync(join(dirname(original), name), join(modules, name));
  return folder;
}

async function watch(packages) {
  if (packages) process.env.PEER_SERVER_PACKAGE = packages;
  const fleet = await peerServers({ listening: true });
  try {
    return await observe(rules, fleet);
  } finally {
    await fleet.stop();
  }
}

const whole = await watch();
let survivors = 0;
for (const [what, where, instead] of MUTANTS) {
  if (only && !only.split("|").some((part) => what.includes(part))) continue;
  if (text.split(where).length < 2) {
    console.log(`? ${what}: no such place in PeerServer`);
    survivors += 1;
    continue;
  }
  const folder = breakIt(text.replace(where, () => instead));
  const outcomes = await watch(folder);
  rmSync(folder, { recursive: true });
  /** What listeners are told in a rule. */
  const listeners = (rule, all) => JSON.stringify(told.heard(told.certain(rule, all.get(rule.name).told).filter(({ type }) => type !== "HEARTBEAT")));
  const red = rules.filter(
    (rule) => judge(rule.name, "mutant", whole.get(rule.name), outcomes.get(rule.name), []) || listeners(rule, whole) !== listeners(rule, outcomes),
  );
  if (red.length === 0) survivors += 1;
  console.log(`${red.length === 0 ? "✖" : "✔"} ${what}: ${red.length} red${red.length > 0 ? `, such as "${red[0].name}"` : ""}`);
}
console.log(survivors === 0 ? "every mutant was noticed" : `${survivors} not noticed`);
process.exit(survivors === 0 ? 0 : 1);
