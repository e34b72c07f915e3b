import { fork } from "node:child_process";
import { LISTENING } from "./told.mjs";

const HERE = new URL("./", import.meta.url);

/**
 * @typedef {object} Server  one server, started with one set of options
 * @property {URL} url
 * @property {(key: string) => Promise<boolean>} [evict]  forgets all that it has in memory for a key, its sockets staying open; false if there was nothing
 *
 * @typedef {object} Fleet  servers of one make
 * @property {(options: import("./rule.mjs").Options) => Promise<Server>} start
 * @property {() => Promise<import("./told.mjs").Told[]>} [told]  what listeners were told since it was asked
 * @property {() => Promise<void>} stop
 */

/**
 * The real PeerServer, all its instances in one child process.
 * @param {{ listening?: boolean }} [how]  whether listeners write down what they are told
 * @returns {Promise<Fleet>}
 */
export async function peerServers({ listening = false } = {}) {
  const child = fork(new URL("peer-server.mjs", HERE), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const waiting = new Map();
  let calls = 0;
  let end;
  const ended = new Promise((done) => child.on("exit", (code) => done((end = code))));
  await new Promise((ready, failed) => {
    child.once("message", ready);
    ended.then((code) => failed(new Error(`PeerServer ended with ${code} before it was ready`)));
  });
  child.on("message", (/** @type {{ call: number, port?: number, told?: any[] }} */ answer) => waiting.get(answer.call)?.(answer));
  const ask = (question) => {
    if (end !== undefined) throw new Error(`PeerServer has ended with ${end}`);
    const call = ++calls;
    return new Promise((done) => {
      waiting.set(call, done);
      child.send({ call, ...question });
    });
  };
  return {
    start: async (options) => ({ url: new URL(`http://127.0.0.1:${(await ask({ options, listening })).port}/`) }),
    ...(listening && { told: async () => (await ask({})).told }),
    async stop() {
      child.disconnect();
      await ended;
    },
  };
}

/** Beckon's variables for a set of options. @param {import("./rule.mjs").Options} options */
function variables({ discovery, cors, base, outer, key, limit, expire, alive }) {
  const given = {
    ALLOW_DISCOVERY: discovery && "true",
    ALLOWED_ORIGINS: cors?.join(","),
    BASE_PATH: (outer || base) && `${outer ?? ""}${base ?? ""}`,
    ALLOWED_KEYS: key,
    CONCURRENT_LIMIT: limit && String(limit),
    EXPIRE_TIMEOUT_MS: expire && String(expire),
    ALIVE_TIMEOUT_MS: alive && String(alive),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/**
 * Beckon, built, on workerd.
 * @param {Record<string, string>} [more]  variables of the mode
 * @param {{ listening?: boolean }} [how]  whether its objects have hooks, which write down what they are told
 * @returns {Promise<Fleet>}
 */
export async function beckons(more = {}, { listening = false } = {}) {
  const { startBeckon } = await import("../worker/beckon.mjs");
  const running = [];
  return {
    async start(options) {
      const beckon = await startBeckon({ vars: { ...variables(options), ...more }, ...(listening && { host: LISTENING, pages: true }) });
      running.push(beckon);
      return {
        url: new URL(beckon.url),
        async evict(key) {
          if (key !== "peerjs") return beckon.evict(`realm:${key}`);
          const homes = Array.from({ length: Number(more.PUBLIC_HOMES ?? 1) }, (_, home) => beckon.evict(`home:${home}`));
          return (await Promise.all(homes)).includes(true);
        },
      };
    },
    ...(listening && {
      told: async () => (await Promise.all(running.map(async (beckon) => (await beckon.fetch("/told-to-hooks")).json()))).flat(),
    }),
    async stop() {
      await Promise.all(running.map((beckon) => beckon.close()));
    },
  };
}
