// npm start -- --lan: a page over https with a certificate that names the address, and a QR code of it in the terminal.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import jsQR from "jsqr";
import * as qr from "lean-qr";
import { certificate } from "../../package/server/certificate.js";
import { addressesOf, drawn } from "../../package/server/lan.js";
import { freePort } from "../free-port.mjs";
import { builtConfig } from "../worker/built-config.mjs";

const ROOT = new URL("../../", import.meta.url);
const LAN = new URL("tools/lan.mjs", ROOT).pathname;
/** How long a Worker may take to be served on a busy machine. */
const DEADLINE_MS = 120_000;

/** What a camera makes of half blocks: the terminal's characters as pixels, four to a module's side. */
function seen(lines) {
  const SIDE = 4;
  const rows = lines.flatMap((line) => {
    const painted = line.match(/^\x1b\[38;5;16;48;5;231m([█▀▄ ]+)\x1b\[0m$/);
    assert.ok(painted, "black on white, whatever the terminal's colours are");
    const characters = [...painted[1]];
    return [characters.map((character) => "█▀".includes(character)), characters.map((character) => "█▄".includes(character))];
  });
  const width = rows[0].length * SIDE;
  const height = rows.length * SIDE;
  const pixels = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) if (rows[Math.floor(y / SIDE)][Math.floor(x / SIDE)]) pixels.fill(0, (y * width + x) * 4, (y * width + x) * 4 + 3);
  }
  return jsQR(pixels, width, height, { inversionAttempts: "dontInvert" })?.data;
}

test("the page is served over https, and the link in the terminal, the QR code and the certificate agree", async (t) => {
  const port = await freePort();
  const child = spawn(process.execPath, [LAN, "--lan", "--ip", "127.0.0.1", "--port", `${port}`, "--inspector-port", "0", "--config", builtConfig("lan")], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise((settle) => child.on("exit", settle));
  t.after(() => (child.kill("SIGTERM"), ended));
  let told = "";
  let complained = "";
  child.stderr.on("data", (data) => (complained += data));
  await new Promise((settle, reject) => {
    setTimeout(() => reject(new Error(`nothing after ${DEADLINE_MS} ms: ${told}${complained}`)), DEADLINE_MS).unref();
    child.on("exit", (code) => reject(new Error(`ended with ${code}: ${told}${complained}`)));
    child.stdout.on("data", (data) => ((told += data), told.includes("Ctrl-C ends this.") && settle()));
  });
  const [link] = told.match(/^ {2}(https:\/\/\S+)$/m)?.slice(1) ?? [];
  assert.match(link, new RegExp(`^https://127\\.0\\.0\\.1:${port}/#[\\w-]{21}[AQgw]$`), "the link of a room");
  assert.equal(seen(told.split("\n").filter((line) => line.includes("\x1b[38;5;16"))), link);
  assert.match(told, /browser will warn you/);

  const ca = readFileSync(new URL(".beckon/lan/cert.pem", ROOT));
  for (const [path, expected] of /** @type {[string, RegExp][]} */ ([
    ["/", /<title>[^<]*Beckon/],
    ["/peerjs/id", /^[0-9a-f-]{36}$/],
  ])) {
    const { status, body } = await new Promise((settle, reject) => {
      // With the certificate as the only authority, and the address checked against it.
      get(new URL(path, link), { ca }, (answer) => {
        let body = "";
        answer
          .setEncoding("utf8")
          .on("data", (text) => (body += text))
          .on("end", () => settle({ status: answer.statusCode, body }));
      }).on("error", reject);
    });
    assert.equal(status, 200);
    assert.match(body, expected);
  }
});

test("of several addresses the one of the default route comes first, then private ones, and what leads nowhere last", () => {
  /** @returns {any} as much of an address as is looked at */
  const of = (address, more = {}) => ({ address, family: "IPv4", internal: false, ...more });
  const interfaces = {
    lo: [of("127.0.0.1", { internal: true })],
    self: [of("169.254.7.7")],
    vpn: [of("100.64.0.9")],
    docker: [of("172.17.0.1")],
    wifi: [of("192.168.1.5"), of("fe80::1", { family: "IPv6" })],
  };
  assert.deepEqual(addressesOf(interfaces, "192.168.1.5"), ["192.168.1.5", "172.17.0.1", "100.64.0.9", "169.254.7.7"]);
  assert.deepEqual(addressesOf(interfaces, undefined), ["172.17.0.1", "192.168.1.5", "100.64.0.9", "169.254.7.7"]);
  assert.deepEqual(addressesOf({ lo: interfaces.lo }, undefined), []);
});

test("without a network it says so, and serves nothing", () => {
  const alone =
    'data:text/javascript,import os from "node:os"; import { syncBuiltinESMExports } from "node:module"; os.networkInterfaces = () => ({}); syncBuiltinESMExports();';
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", alone, LAN, "--lan"], { encoding: "utf8", timeout: DEADLINE_MS });
  assert.deepEqual([status, stdout], [1, ""]);
  assert.match(stderr, /^This machine is in no network: connect it to one and try again, or leave out --lan to serve this machine alone\.\n$/);
});

test("a certificate is kept as long as it names the machine's addresses, and its key is nobody else's to read", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "beckon-lan-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const made = (...addresses) => new X509Certificate(readFileSync(certificate(folder, addresses).cert));
  const first = made("192.168.1.5");
  assert.ok(first.checkIP("192.168.1.5") && first.checkIP("127.0.0.1") && first.checkHost("localhost"));
  assert.ok(Date.parse(first.validTo) - Date.now() < 825 * 86_400_000);
  assert.equal(made("192.168.1.5").fingerprint256, first.fingerprint256);
  const moved = made("10.0.0.7");
  assert.ok(moved.checkIP("10.0.0.7") && moved.fingerprint256 !== first.fingerprint256);
  assert.equal(statSync(join(folder, "key.pem")).mode & 0o777, 0o600);
  const ipv6 = made("2001:db8::1", "::1", "fe80:1:2:3:4:5:6:7", "192.168.1.5");
  for (const address of ["2001:db8::1", "::1", "fe80:1:2:3:4:5:6:7", "192.168.1.5", "127.0.0.1"]) assert.ok(ipv6.checkIP(address), address);
  assert.ok(ipv6.verify(ipv6.publicKey), "it has signed itself");
});

test("the longest link that there is can be read from a terminal", () => {
  const link = `https://255.255.255.255:65535/#${"w".repeat(22)}`;
  assert.equal(seen(drawn(qr, link).split("\n")), link);
});
