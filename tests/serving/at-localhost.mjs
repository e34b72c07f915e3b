// `node at-localhost.mjs CONFIG IP...`: starts Beckon as `npm start` does, and as `npm run serve` does at each of the addresses, and says
// hello from socket to socket by way of "localhost", whatever that is on this machine. Prints what was heard. For a network of its own.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve } from "../../tools/serve.mjs";
import { freePort } from "../free-port.mjs";
import { open } from "../worker/socket.mjs";

const [config = "", ...ips] = process.argv.slice(2);

/** What bob hears of alice, who both come by way of localhost. @param {number} port */
async function hello(port) {
  const url = new URL(`http://localhost:${port}/`);
  const page = await fetch(url);
  const [alice, bob] = [await open(url, { key: "peerjs", id: "alice", token: "a" }), await open(url, { key: "peerjs", id: "bob", token: "b" })];
  await Promise.all([alice.next(), bob.next()]); // OPEN
  alice.send({ type: "OFFER", dst: "bob", payload: "hello" });
  const heard = JSON.parse(await bob.next());
  await Promise.all([alice.close(), bob.close()]);
  return `${page.status} ${heard.src}: ${heard.payload}`;
}

const port = await freePort();
const wrangler = spawn("wrangler", ["dev", "--ip", "127.0.0.1", "--port", `${port}`, "--inspector-port", "0", "--config", config], {
  stdio: ["ignore", "pipe", "inherit"],
});
const ended = new Promise((settle) => wrangler.on("exit", settle));
let printed = "";
await new Promise((settle, reject) => {
  wrangler.stdout.on("data", (data) => ((printed += data), printed.includes("Ready on") && settle()));
  wrangler.on("error", reject).on("exit", (code) => reject(new Error(`wrangler ended with ${code}: ${printed}`)));
});
const heard = [`npm start, ${await hello(port)}`];
wrangler.kill();
await ended;

for (const ip of ips) {
  const data = mkdtempSync(join(tmpdir(), "beckon-localhost-"));
  const server = await serve({ port: 0, ip, data });
  heard.push(`npm run serve at ${ip}, ${await hello(server.port)}`);
  await server.close();
  rmSync(data, { recursive: true, force: true });
}
console.log(heard.join("\n"));
