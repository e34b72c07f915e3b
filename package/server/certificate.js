// A certificate that this machine makes for itself (X.509, RFC 5280), in DER (ITU-T X.690): Node can make keys and read certificates, but
// not write them, and not every machine has openssl.
import { X509Certificate, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { isIPv4 } from "node:net";
import { join } from "node:path";

/** For how many days a certificate is good: no browser takes one of more than 825 (Apple), and a stolen laptop's key is of no use for long. */
const CERTIFICATE_DAYS = 90;
const DAY_MS = 86_400_000;

/** A value with its tag and its length. @param {number} tag @param {...Uint8Array} parts */
function der(tag, ...parts) {
  const body = Buffer.concat(parts);
  const { length } = body;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
}
const sequence = (/** @type {Uint8Array[]} */ ...parts) => der(0x30, ...parts);
const octets = (/** @type {Uint8Array} */ bytes) => der(0x04, bytes);
const bits = (/** @type {Uint8Array} */ bytes) => der(0x03, Buffer.from([0]), bytes);

/** The name of an algorithm or of a field, such as 2.5.4.3. @param {string} dotted */
function oid(dotted) {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const digits = (/** @type {number} */ number) => {
    const bytes = [number & 0x7f];
    for (let left = number >> 7; left; left >>= 7) bytes.unshift((left & 0x7f) | 0x80);
    return bytes;
  };
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(digits)]));
}

/** A moment; GeneralizedTime, which has years of four digits. @param {number} ms */
const moment = (ms) => der(0x18, Buffer.from(`${new Date(ms).toISOString().replace(/[-:T]|\..*/g, "")}Z`));

/** @param {string} name @param {Uint8Array} value @param {boolean} [critical] */
const extension = (name, value, critical = false) => sequence(oid(name), ...(critical ? [der(0x01, Buffer.from([0xff]))] : []), octets(value));

/** The bytes of an address. @param {string} address  of IPv4 or IPv6 */
function bytesOf(address) {
  if (isIPv4(address)) return Buffer.from(address.split(".").map(Number));
  const [head = "", tail = ""] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const groups = (/** @type {string} */ text) => text.split(":").filter(Boolean);
  const zeros = Array.from({ length: 8 - groups(head).length - groups(tail).length }, () => "0");
  return Buffer.from([...groups(head), ...zeros, ...groups(tail)].map((group) => group.padStart(4, "0")).join(""), "hex");
}

/**
 * A self-signed certificate for a server, with a fresh key (ECDSA on P-256), both in PEM.
 * @param {string[]} addresses  beside localhost
 */
export function selfSigned(addresses) {
  const { publicKey, privateKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const algorithm = sequence(oid("1.2.840.10045.4.3.2")); // ecdsa-with-SHA256
  const name = sequence(der(0x31, sequence(oid("2.5.4.3"), der(0x0c, Buffer.from("Beckon")))));
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40; // positive, and as long as it looks
  const names = [der(0x82, Buffer.from("localhost")), ...["127.0.0.1", ...addresses].map((address) => der(0x87, bytesOf(address)))];
  const begin = Date.now() - DAY_MS; // phones' clocks are not always right
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))), // version 3
    der(0x02, serial),
    algorithm,
    name,
    sequence(moment(begin), moment(begin + CERTIFICATE_DAYS * DAY_MS)),
    name,
    createPublicKey(publicKey).export({ type: "spki", format: "der" }),
    der(
      0xa3,
      sequence(
        extension("2.5.29.19", sequence(der(0x01, Buffer.from([0xff]))), true), // its own authority, which a phone can be told to trust
        extension("2.5.29.37", sequence(oid("1.3.6.1.5.5.7.3.1"))), // for servers
        extension("2.5.29.17", sequence(...names)),
      ),
    ),
  );
  const whole = sequence(body, algorithm, bits(sign("sha256", body, createPrivateKey(privateKey))));
  const base64 = whole.toString("base64").replace(/.{64}(?=.)/g, "$&\n");
  return { key: privateKey, cert: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n` };
}

/**
 * A certificate that names these addresses and localhost: the last one if it still does, so that a browser that was told to trust it
 * need not be told again.
 * @param {string} folder
 * @param {string[]} addresses
 */
export function certificate(folder, addresses) {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  if (existsSync(key) && existsSync(cert)) {
    const last = new X509Certificate(readFileSync(cert));
    if (addresses.every((address) => last.checkIP(address)) && Date.parse(last.validTo) > Date.now() + DAY_MS) return { key, cert };
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const made = selfSigned(addresses);
  writeFileSync(key, made.key, { mode: 0o600 });
  writeFileSync(cert, made.cert);
  return { key, cert };
}
