// npm start -- --lan: serves the network that this machine is in, over https, and shows the way as a QR code. Further arguments go to
// `wrangler dev`; of several addresses, --ip chooses one.
import { execFileSync, spawn } from "node:child_process";
import { X509Certificate, randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { chmodSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { get } from "node:https";
import { networkInterfaces } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { correction, generate } from "lean-qr";

const root = resolve(import.meta.dirname, "..");

/** For how many days a certificate is good: no browser takes one of more than 825 (Apple), and a stolen laptop's key is of no use for long. */
const CERTIFICATE_DAYS = 90;
/** White modules around a QR code, which scanners need (ISO/IEC 18004, 6.3.8). */
const QUIET_ZONE = 4;
/** The addresses of private networks (RFC 1918). */
const PRIVATE = /^(10|172\.(1[6-9]|2\d|3[01])|192\.168)\./;
/** An address that nobody has (RFC 5737), to ask which way out there is. */
const NOWHERE = "198.51.100.1";

/**
 * This machine's IPv4 addresses, the one that others most likely reach first: that of the default route, then private ones.
 * @param {NodeJS.Dict<import("node:os").NetworkInterfaceInfo[]>} interfaces  as os.networkInterfaces() has them
 * @param {string | undefined} outward  the address from which packets leave to the internet
 */
export function addressesOf(interfaces, outward) {
  const found = Object.values(interfaces)
    .flatMap((all) => all ?? [])
    .filter(({ family, internal }) => family === "IPv4" && !internal);
  const rank = (/** @type {string} */ address) => (address === outward ? 0 : PRIVATE.test(address) ? 1 : address.startsWith("169.254.") ? 3 : 2);
  return [...new Set(found.map(({ address }) => address))].sort((a, b) => rank(a) - rank(b));
}

/** The address of the default route: connecting a UDP socket looks it up and sends nothing. @returns {Promise<string | undefined>} */
function outwardAddress() {
  const socket = createSocket("udp4");
  return new Promise((settle) => {
    socket.on("error", () => settle(undefined));
    socket.connect(9, NOWHERE, () => settle(socket.address().address));
  }).finally(() => socket.close());
}

/**
 * A certificate that names these addresses and localhost: the last one if it still does, so that a browser that was told to trust it
 * need not be told again. `null` without openssl.
 * @param {string} folder
 * @param {string[]} addresses
 */
export function certificate(folder, addresses) {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  if (existsSync(key) && existsSync(cert)) {
    const last = new X509Certificate(readFileSync(cert));
    const tomorrow = Date.now() + 86_400_000;
    if (addresses.every((address) => last.checkIP(address)) && Date.parse(last.validTo) > tomorrow) return { key, cert };
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const names = ["DNS:localhost", "IP:127.0.0.1", ...addresses.map((address) => `IP:${address}`)];
  try {
    execFileSync(
      "openssl",
      [
        ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=Beckon -addext extendedKeyUsage=serverAuth".split(" "),
        "-days",
        `${CERTIFICATE_DAYS}`,
        "-addext",
        `subjectAltName=${names.join()}`,
        "-keyout",
        key,
        "-out",
        cert,
      ],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
  } catch {
    return null;
  }
  chmodSync(key, 0o600);
  return { key, cert };
}

/**
 * A QR code in half blocks, two modules in a character. Black and white are set, whatever the terminal's own colours are.
 * @param {string} text
 */
export function drawn(text) {
  const code = generate(text, { minCorrectionLevel: correction.M });
  const lines = [];
  for (let y = -QUIET_ZONE; y < code.size + QUIET_ZONE; y += 2) {
    let line = "";
    for (let x = -QUIET_ZONE; x < code.size + QUIET_ZONE; x++) {
      const [upper, lower] = [code.get(x, y), code.get(x, y + 1)];
      line += upper ? (lower ? "█" : "▀") : lower ? "▄" : " ";
    }
    lines.push(`\x1b[38;5;16;48;5;231m${line}\x1b[0m`);
  }
  return lines.join("\n");
}

/** Whether a server answers there. @param {string} url */
const answers = (url) =>
  new Promise((settle) => {
    const asked = get(url, { rejectUnauthorized: false, timeout: 5_000 }, (answer) => (answer.resume(), settle(answer.statusCode === 200)));
    asked.on("timeout", () => asked.destroy()).on("error", () => settle(false));
  });

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({ strict: false, options: { ip: { type: "string" }, port: { type: "string", short: "p", default: "8787" } } });
  const given = process.argv.slice(2).filter((argument) => argument !== "--lan");
  const { ip, port } = values;
  const addresses = typeof ip === "string" ? [ip] : addressesOf(networkInterfaces(), await outwardAddress());
  const [address, ...others] = addresses;
  if (!address) {
    console.error("This machine is in no network: connect it to one and try again, or use npm start, which serves this machine alone.");
    process.exit(1);
  }

  const made = certificate(join(root, ".beckon/lan"), addresses);
  const files = made ? ["--https-key-path", made.key, "--https-cert-path", made.cert] : []; // else wrangler makes one
  const where = [...(ip ? [] : ["--ip", "0.0.0.0"]), ...(process.argv.some((argument) => /^(-p|--port)(=|$)/.test(argument)) ? [] : ["--port", `${port}`])];
  const options = ["dev", "--local-protocol", "https", "--show-interactive-dev-session=false", ...where, ...files, ...given];
  const server = spawn("wrangler", options, { stdio: "inherit", cwd: root });
  server.on("error", (error) => (console.error(`wrangler could not be started: ${error.message}`), process.exit(1)));
  server.on("exit", (code) => process.exit(code ?? 0));
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.on(signal, () => server.kill(signal));

  const at = (/** @type {string} */ host) => `https://${host}:${port}/`;
  while (!(await answers(at(address)))) await sleep(300);
  // A room of its own, so that whoever follows this link, and whoever scans it, meet.
  const link = `${at(address)}#${randomBytes(16).toString("base64url")}`;
  console.log(`
${drawn(link)}

  Open this here, and scan it with a phone in the same network: both are then in one room.

  ${link}

  The browser will warn you that it does not know who made this page's certificate: this machine made it just now, and nobody vouches for it.
  Choose "Advanced" (on an iPhone "Show Details") and go on; the connection is encrypted all the same, and only your own network gets here.
${others.length ? `\n  If the phone finds nothing there, this machine has other addresses: ${others.map(at).join(", ")}\n` : ""}
  If both see the page but not each other, the network keeps its devices apart, as guest networks do: try a phone's hotspot. Ctrl-C ends this.
`);
}
