// A certificate authority of the lab, which its browsers trust, and names for its servers.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { FILES, TURN_ADDRESS, WEB_ADDRESS } from "./network.mjs";
import { TURN_NAME } from "./turn.mjs";

/** The name of the n-th web server. */
export const webName = (n) => `web${n}.beckon.test`;
const SERVERS = 20;

const quietly = (program, ...words) => execFileSync(program, words, { cwd: FILES, stdio: ["ignore", "ignore", "pipe"] });

/** Makes the certificates and lets every program of the lab find its names; the mount ends with the lab. */
export function openNames() {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  quietly("openssl", "req", "-x509", ...key, "-days", "30", "-subj", "/CN=lab", "-keyout", "ca.key", "-out", "ca.crt");
  quietly("openssl", "req", ...key, "-subj", "/CN=beckon.test", "-keyout", "lab.key", "-out", "lab.csr");
  writeFileSync(`${FILES}/names`, "subjectAltName=DNS:*.beckon.test\n");
  const signing = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30", "-extfile", "names"];
  quietly("openssl", "x509", "-req", "-in", "lab.csr", "-out", "lab.crt", ...signing);
  const nss = `${FILES}/home/.pki/nssdb`;
  mkdirSync(nss, { recursive: true });
  quietly("certutil", "-N", "-d", `sql:${nss}`, "--empty-password");
  trust(`sql:${nss}`);

  // Chromium looks ICE servers up with a dot at the end.
  const hosts = [`127.0.0.1 localhost`, `${TURN_ADDRESS} ${TURN_NAME} ${TURN_NAME}.`];
  for (let n = 0; n < SERVERS; n++) hosts.push(`${WEB_ADDRESS(n)} ${webName(n)}`);
  writeFileSync(`${FILES}/hosts`, `${hosts.join("\n")}\n`);
  writeFileSync(`${FILES}/resolv.conf`, "");
  quietly("mount", "--bind", `${FILES}/hosts`, "/etc/hosts");
  quietly("mount", "--bind", `${FILES}/resolv.conf`, "/etc/resolv.conf");
}

/** Lets a browser's certificate database trust the lab. */
export function trust(database) {
  quietly("certutil", "-A", "-n", "lab", "-t", "CT,,", "-i", "ca.crt", "-d", database);
}
