// npm start -- --lan: serves the network that this machine is in, over https, and shows the way as a QR code. Further arguments go to
// `wrangler dev`; of several addresses, --ip chooses one.
import { spawn } from "node:child_process";
import { get } from "node:https";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import * as qr from "lean-qr";
import { certificate } from "../package/server/certificate.js";
import { ALONE, addresses, invitation } from "../package/server/lan.js";
import { ROOT } from "./built.mjs";

/** Whether a server answers there. @param {string} url */
const answers = (url) =>
  new Promise((settle) => {
    const asked = get(url, { rejectUnauthorized: false, timeout: 5_000 }, (answer) => (answer.resume(), settle(answer.statusCode === 200)));
    asked.on("timeout", () => asked.destroy()).on("error", () => settle(false));
  });

const { values } = parseArgs({ strict: false, options: { ip: { type: "string" }, port: { type: "string", short: "p", default: "8787" } } });
const given = process.argv.slice(2).filter((argument) => argument !== "--lan");
const { ip, port } = values;
const all = await addresses(typeof ip === "string" ? ip : undefined);
if (!all[0]) {
  console.error(ALONE);
  process.exit(1);
}

const { key, cert } = certificate(join(ROOT, ".beckon/lan"), all);
const files = ["--https-key-path", key, "--https-cert-path", cert];
const where = [...(ip ? [] : ["--ip", "0.0.0.0"]), ...(process.argv.some((argument) => /^(-p|--port)(=|$)/.test(argument)) ? [] : ["--port", `${port}`])];
const options = ["dev", "--local-protocol", "https", "--show-interactive-dev-session=false", ...where, ...files, ...given];
const server = spawn("wrangler", options, { stdio: "inherit", cwd: ROOT });
server.on("error", (error) => (console.error(`wrangler could not be started: ${error.message}`), process.exit(1)));
server.on("exit", (code) => process.exit(code ?? 0));
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.on(signal, () => server.kill(signal));

while (!(await answers(`https://${all[0]}:${port}/`))) await sleep(300);
console.log(invitation(qr, all, Number(port)));
