// coturn on the lab's internet: STUN and TURN over UDP and TCP on 3478, over TLS on 443, with credentials that a shared secret signs.
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { FILES, TURN_ADDRESS, run, within } from './network.mjs';

export const TURN_NAME = 'turn.beckon.test';
export const SECRET = 'a secret of the lab';
export const STUN_URL = `stun:${TURN_NAME}:3478`;
export const TURN_URLS = {
  udp: `turn:${TURN_NAME}:3478?transport=udp`,
  tcp: `turn:${TURN_NAME}:3478?transport=tcp`,
  tls: `turns:${TURN_NAME}:443?transport=tcp`,
};

/** What the README tells an operator to write, with the lab's names. */
const CONFIG = `
listening-ip=${TURN_ADDRESS}
relay-ip=${TURN_ADDRESS}
tls-listening-port=443
cert=${FILES}/lab.crt
pkey=${FILES}/lab.key
realm=beckon.test
use-auth-secret
static-auth-secret=${SECRET}
denied-peer-ip=0.0.0.0-0.255.255.255
denied-peer-ip=10.0.0.0-10.255.255.255
denied-peer-ip=127.0.0.0-127.255.255.255
denied-peer-ip=192.168.0.0-192.168.255.255
fingerprint
no-cli
userdb=${FILES}/turndb
pidfile=${FILES}/turn.pid
log-file=stdout
`;

/** A TURN REST credential, as coturn checks it: who it is for and until when, signed with HMAC-SHA1. */
export function credential({ secret = SECRET, lifeS = 3600 } = {}) {
  const username = `${Math.floor(Date.now() / 1000) + lifeS}:lab`;
  return { username, credential: createHmac('sha1', secret).update(username).digest('base64') };
}

/** Starts coturn and waits until it listens. */
export async function openTurn() {
  writeFileSync(`${FILES}/turn.conf`, CONFIG);
  const server = spawn(...within('wan', 'turnserver', '-c', `${FILES}/turn.conf`), { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(server, 'exit');
  let log = '';
  for (const stream of [server.stdout, server.stderr]) stream.on('data', (data) => (log = (log + data).slice(-20_000)));
  const end = Date.now() + 10_000;
  while (!listens()) {
    if (Date.now() > end || server.exitCode !== null) throw new Error(`coturn does not listen:\n${log}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    log: () => log,
    async close() {
      server.kill('SIGKILL');
      await ended;
    },
  };
}

/** UDP comes last. */
const listens = () => run('wan', 'ss', '-Hlntu').includes(`${TURN_ADDRESS}:443 `) && run('wan', 'ss', '-Hlnu').includes(`${TURN_ADDRESS}:3478`);

/**
 * Asks coturn for an allocation with its own tool, and sends through it.
 * @returns {{ accepted: boolean, text: string }}
 */
export function tryCredential(machine, { username, credential }) {
  try {
    const text = run(machine, 'timeout', '20', 'turnutils_uclient', '-y', '-c', '-n', '3', '-u', username, '-w', credential, TURN_ADDRESS);
    return { accepted: /tot_recv_msgs=[1-9]/.test(text), text };
  } catch (error) {
    return { accepted: false, text: `${error.stdout}${error.stderr}` };
  }
}
