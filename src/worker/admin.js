// What an operator asks from outside, with the secret ADMIN_KEY (docs/configuration.md).
import * as wasm from "../../build/index.js";
import { ask } from "./guard.js";
import { allows } from "./limiter.js";
import { objectNamed, realmName } from "./objects.js";

/** Does what an operator asks, if it is one; `undefined` for every other request. */
export function administer(request, env) {
  if (!env.ADMIN_KEY || !request.url.includes("/admin/realms/")) return undefined;
  const asked = ask(() => wasm.operatorAsks(request, env));
  return asked && done(request, env, asked);
}

async function done(request, env, [network, status, key, seconds, reason, id]) {
  const answer = (status, value) => ask(() => wasm.answerOperator(request, env, status, value ? JSON.stringify(value) : ""));
  if (network && !(await allows(env, "JOIN_LIMIT", `admin ${network}`))) return answer(429);
  if (status) return answer(Number(status));
  const homes = Number(env.PUBLIC_HOMES ?? 1);
  const room = realmName(key, { roster: true });
  if (id !== undefined) {
    const kicked = await Promise.all(
      [realmName(key, { id, homes }), room].map((name) => objectNamed(env, name).kick(id, { reason, forSeconds: Number(seconds) })),
    );
    return answer(200, { closed: kicked.filter(Boolean).length });
  }
  const names = realmName(key, { homes }).startsWith("home:") ? Array.from({ length: homes }, (_, home) => `home:${home}`) : [realmName(key)];
  const [members, ...peers] = await Promise.all([room, ...names].map((name) => objectNamed(env, name).count()));
  return answer(200, { peers: peers.reduce((sum, count) => sum + count, 0), members });
}
