// Beckon with faults to order: the built Worker, untouched, with a few lines around it that make the platform fail. `trap` spends the
// Wasm instance: between it and the platform stands one function that calls an export with a pointer beyond the memory, in the
// middle of whatever Rust is doing. That is a real trap, deep inside an event, with everything borrowed that an event borrows.
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startBeckon } from "./beckon.mjs";

const TRAP = `
const { Instance } = WebAssembly;
let armed = "";
let traps = 0;
const arm = (how = "trap") => (armed = how);
WebAssembly.Instance = function (module, imports) {
  const all = Object.fromEntries(Object.entries(imports).map(([from, names]) => [from, watched(names)]));
  const instance = new Instance(module, all);
  // Everything that the realm does begins with the time of day, and the Worker before it asks a request what it is.
  function watched(names) {
    const copy = { ...names };
    for (const name of Object.keys(copy).filter((name) => /^(__wbg_(now|getTime)(_|$)|describe$)/.test(name))) {
      const real = copy[name];
      copy[name] = (...args) => {
        if (armed) {
          const how = armed;
          armed = "";
          traps++;
          if (how === "throw") throw new Error("ordered: through Rust");
          instance.exports.__wbindgen_free(0xffff0000, 64, 8);
        }
        return real(...args);
      };
    }
    return copy;
  }
  return instance;
};
`;

/** What has a deadline, has none. */
const ENDLESS = `
AbortSignal.timeout = () => new AbortController().signal;
`;

const entry = (Room, Beckon) => `
const faults = {};
const due = (name) => faults[name] > 0 && faults[name]--;
const fail = (name) => {
  if (due(name)) throw new Error("ordered: " + name);
};
const breakable = (ctx) => {
  const { storage } = ctx;
  const { sql, setAlarm } = storage;
  const exec = (query, ...values) => (fail(query.split(" ")[0]), sql.exec(query, ...values));
  const slowly = async (...when) => (fail("setAlarm"), await scheduler.wait(due("slowAlarm") ? 1000 : 0), setAlarm.apply(storage, when));
  Object.defineProperties(storage, { sql: { value: { exec } }, setAlarm: { value: slowly } });
  return ctx;
};
const wants = (what, where) => what.url.includes("trap=" + where) && arm();
export default class extends ${Beckon} {
  fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/faults") {
      for (const [name, times] of searchParams) faults[name] = Number(times);
      return Response.json({ ...faults, traps });
    }
    wants(request, "edge");
    return super.fetch(request);
  }
}
class Faulty extends ${Room} {
  constructor(ctx, env) {
    super(breakable(ctx), env);
  }
  async fetch(request) {
    wants(request, "room");
    return super.fetch(request);
  }
  async takeParcel(...parcel) {
    fail("forward");
    if (due("hang")) await new Promise(() => {});
    await super.takeParcel(...parcel);
    fail("answer");
  }
  webSocketMessage(socket, message) {
    const [, how] = message.match(/(trap|throw)-here/) ?? [];
    if (how) arm(how);
    return super.webSocketMessage(socket, message);
  }
  webSocketClose(socket, code, ...rest) {
    if (code === 4999) arm();
    return super.webSocketClose(socket, code, ...rest);
  }
  async alarm() {
    if (due("alarmTrap")) arm();
    return super.alarm();
  }
}
export { Faulty as Room };
`;

/**
 * Starts it, as `startBeckon` does. `faults` orders some: how often from now on `forward` (frames from another home), the `answer` to
 * that, a statement to storage by its first word, or `setAlarm` is to fail, `setAlarm` to take a second (`slowAlarm`), a home to `hang`
 * with such frames, and an alarm to trap (`alarmTrap`). If it is `patient`, it never gives up what it has asked others for. A frame with `throw-here` is one in whose middle the platform throws. It says which are still to come, and how many `traps` there were.
 */
export async function startFaulty(t, { patient = false, ...options }) {
  const built = fileURLToPath(new URL("../../dist/", import.meta.url));
  const dist = await mkdtemp(join(tmpdir(), "beckon-trap-"));
  const code = await readFile(join(built, "entry.js"), "utf8");
  const [[wasm], [exports]] = [code.match(/[0-9a-f]+-index_bg\.wasm/), code.match(/export ?{[^}]*};/)];
  const [room, worker] = ["Room", "default"].map((name) => exports.match(new RegExp(`([^\\s{,]+) as ${name}\\b`))[1]);
  await cp(join(built, wasm), join(dist, wasm));
  await writeFile(join(dist, "entry.js"), TRAP + (patient ? ENDLESS : "") + code.replace(exports, entry(room, worker)));
  const beckon = await startBeckon({ ...options, dist });
  t.after(async () => {
    await beckon.close();
    await rm(dist, { recursive: true, force: true });
  });
  return {
    ...beckon,
    faults: async (/** @type {Record<string, string>} */ ordered = {}) => (await beckon.fetch(`/faults?${new URLSearchParams(ordered)}`)).json(),
  };
}
