import { fork } from "node:child_process";

const HERE = new URL("./", import.meta.url);

/**
 * @typedef {object} Server  one server, started with one set of options
 * @property {URL} url
 * @property {(key: string) => Promise<boolean>} [evict]  forgets all that it has in memory for a key, its sockets staying open; false if there was nothing
 *
 * @typedef {object} Fleet  servers of one make
 * @property {(options: import("./rule.mjs").Options) => Promise<Server>} start
 * @property {() => Promise<void>} stop
 */

/** The real PeerServer, all its instances in one child process. @returns {Promise<Fleet>} */
export async function peerServers() {
  const child = fork(new URL("peer-server.mjs", HERE), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const waiting = new Map();
  let calls = 0;
  let end;
  const ended = new Promise((done) => child.on("exit", (code) => done((end = code))));
  await new Promise((ready, failed) => {
    child.once("message", ready);
    ended.then((code) => failed(new Error(`PeerServer ended with ${code} before it was ready`)));
  });
  child.on("message", (/** @type {{ call: number, port: number }} */ { call, port }) => waiting.get(call)?.(port));
  return {
    async start(options) {
      if (end !== undefined) throw new Error(`PeerServer has ended with ${end}`);
      const call = ++calls;
      const port = await new Promise((done) => {
        waiting.set(call, done);
        child.send({ call, options });
      });
      return { url: new URL(`http://127.0.0.1:${port}/`) };
    },
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
 * @returns {Promise<Fleet>}
 */
export async function beckons(more = {}) {
  const { startBeckon } = await import("../worker/beckon.mjs");
  const running = [];
  return {
    async start(options) {
      const beckon = await startBeckon({ vars: { ...variables(options), ...more } });
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
    async stop() {
      await Promise.all(running.map((beckon) => beckon.close()));
    },
  };
}
