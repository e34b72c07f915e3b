/**
 * The real PeerServer, as its README embeds it, in a process of its own: started once per set of options that the parent sends, on
 * loopback. It has an `error` listener, without which a single malformed frame ends the process.
 */
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { noted } from "./told.mjs";

// PEER_SERVER_PACKAGE: a folder whose node_modules holds the `peer` to run, for the mutants and for other versions.
const from = process.env.PEER_SERVER_PACKAGE ? `${resolve(process.env.PEER_SERVER_PACKAGE)}/package.json` : import.meta.url;
const require = createRequire(from);
const { ExpressPeerServer } = require("peer");
const express = createRequire(require.resolve("peer"))("express");

/** @param {import("./rule.mjs").Options} options */
function settings({ discovery, cors, base, key, limit, expire, alive }) {
  const given = {
    allow_discovery: discovery,
    corsOptions: cors && { origin: cors },
    path: base,
    key,
    concurrent_limit: limit,
    expire_timeout: expire,
    alive_timeout: alive,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** What its listeners were told since somebody asked. @type {import("./told.mjs").Told[]} */
let told = [];
const numbers = new WeakMap();
let clients = 0;
const numberOf = (client) => numbers.get(client) ?? numbers.set(client, ++clients).get(client);

process.on("message", ({ call, options, listening }) => {
  if (!options) {
    process.send({ call, told });
    told = [];
    return;
  }
  const app = express();
  const server = createServer(app);
  const peers = ExpressPeerServer(server, settings(options));
  peers.on("error", () => {});
  if (listening) {
    const tell = (what) => (client, frame) => void told.push({ ...noted(what, client.getId(), frame), client: numberOf(client) });
    peers.on("connection", tell("connect"));
    peers.on("disconnect", tell("disconnect"));
    peers.on("message", tell("message"));
  }
  app.use(options.outer ?? "/", peers);
  // Express prints the stack of a path that cannot be decoded unless it believes that it is tested.
  app.set("env", "test");
  server.listen(0, "127.0.0.1", () => process.send({ call, port: server.address().port }));
});
process.on("disconnect", () => process.exit());
process.send("ready");
