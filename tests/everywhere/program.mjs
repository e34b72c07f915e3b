// Runs in Node, Bun or Deno: joins a room, says hello, and prints what came of it. `SOCKETS=ws`: by the package `ws` and not by the runtime's own socket.
import process from "node:process";
import * as webrtc from "node-datachannel/polyfill";

if (process.env.SOCKETS === "ws") globalThis.WebSocket = /** @type {any} */ ((await import("ws")).WebSocket);
for (const [name, value] of Object.entries(webrtc)) if (name.startsWith("RTC")) globalThis[name] = value;
const { join } = await import("beckon");

const room = join(String(process.argv[2]), { name: "Program" });
room.addEventListener("state", () => console.log(`the room is ${room.state} ${room.error?.code ?? ""}`));
const met = new Promise((resolve) => room.addEventListener("peer", ({ peer }) => resolve(peer)));
const heard = new Promise((resolve) => room.addEventListener("message", ({ data }) => resolve(data)));
await room.ready;
const peer = await met;
peer.addEventListener("state", () => console.log(`the peer is ${peer.state} ${peer.error?.code ?? ""}`));
console.log(`it heard ${JSON.stringify(await heard)}`);
await peer.send({ hello: "from the program" });
if (!peer.path || peer.path === "server")
  await new Promise((resolve) => peer.addEventListener("path", () => peer.path && peer.path !== "server" && resolve(null)));
console.log(`path: ${peer.path}`);
room.close();
process.exit(0);
