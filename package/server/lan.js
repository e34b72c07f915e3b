// The network that this machine is in: its addresses there, and the way for a phone, as a QR code and in words.
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { networkInterfaces } from "node:os";
import { addressOf } from "./serve.js";

/** White modules around a QR code, which scanners need (ISO/IEC 18004, 6.3.8). */
const QUIET_ZONE = 4;
/** The addresses of private networks (RFC 1918). */
const PRIVATE = /^(10|172\.(1[6-9]|2\d|3[01])|192\.168)\./;
/** An address that nobody has (RFC 5737), to ask which way out there is. */
const NOWHERE = "198.51.100.1";

/** What is said without a network. */
export const ALONE = "This machine is in no network: connect it to one and try again, or leave out --lan to serve this machine alone.";

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
  return new Promise((/** @type {(address: string | undefined) => void} */ settle) => {
    socket.on("error", () => settle(undefined));
    socket.connect(9, NOWHERE, () => settle(socket.address().address));
  }).finally(() => socket.close());
}

/** The addresses that others may find this machine at: the one that was asked for, or all. @param {string | undefined} ip */
export const addresses = async (ip) => (ip ? [ip] : addressesOf(networkInterfaces(), await outwardAddress()));

/**
 * A QR code in half blocks, two modules in a character. Black and white are set, whatever the terminal's own colours are.
 * @param {typeof import("lean-qr")} maker
 * @param {string} text
 */
export function drawn({ generate, correction }, text) {
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

/**
 * What leads a phone here, for the terminal.
 * @param {typeof import("lean-qr")} maker
 * @param {string[]} addresses  the first is in the link
 * @param {number} port
 */
export function invitation(maker, [address = "", ...others], port) {
  const at = (/** @type {string} */ ip) => `https://${addressOf(ip, port)}/`;
  // A room of its own: this machine and whoever scans the code meet there.
  const link = `${at(address)}#${randomBytes(16).toString("base64url")}`;
  return `
${drawn(maker, link)}

  Open this here, and scan it with a phone in the same network: both are then in one room.

  ${link}

  The browser will warn you that it does not know who made this page's certificate: this machine made it just now, and nobody vouches for it.
  Choose "Advanced" (on an iPhone "Show Details") and go on. The connection is encrypted all the same.
${others.length ? `\n  If the phone finds nothing there, this machine has other addresses: ${others.map(at).join(", ")}\n` : ""}
  If both see the page but not each other, the network keeps its devices apart, as guest networks do: try a phone's hotspot. Ctrl-C ends this.
`;
}
