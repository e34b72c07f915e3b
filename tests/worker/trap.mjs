// Beckon with a trap door: the built Worker, untouched, but between its Wasm and the platform stands one function that can be
// told to spend the instance. It calls an export with a pointer beyond the memory, in the middle of whatever Rust is doing: a
// real trap, deep inside an event, with everything borrowed that an event borrows.
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startBeckon } from "./beckon.mjs";

const TRAP = `
const { Instance } = WebAssembly;
let armed = false;
let traps = 0;
const arm = () => (armed = true);
WebAssembly.Instance = function (module, imports) {
  const watched = { ...imports["./index_bg.js"] };
  // Everything that the realm does begins with the time of day, and the Worker before it asks a request what it is.
  for (const name of Object.keys(watched).filter((name) => /^__wbg_(getTime|method)_/.test(name))) {
    const real = watched[name];
    watched[name] = (...args) => {
      if (armed) {
        armed = false;
        traps++;
        instance.exports.__wbindgen_free(0xffff0000, 64, 8);
      }
      return real(...args);
    };
  }
  const instance = new Instance(module, { ...imports, "./index_bg.js": watched });
  return instance;
};
`;

const entry = (Room, Beckon) => `
const wants = (what, where) => what.url.includes("trap=" + where) && arm();
export default class extends ${Beckon} {
  fetch(request) {
    if (request.url.endsWith("/traps")) return new Response(traps);
    wants(request, "edge");
    return super.fetch(request);
  }
}
class Trapdoor extends ${Room} {
  fetch(request) {
    wants(request, "room");
    return super.fetch(request);
  }
  webSocketMessage(socket, message) {
    if (message.includes("trap-here")) arm();
    return super.webSocketMessage(socket, message);
  }
  webSocketClose(socket, code, ...rest) {
    if (code === 4999) arm();
    return super.webSocketClose(socket, code, ...rest);
  }
  async alarm() {
    if (this.env.TRAP_ALARMS && !(await this.ctx.storage.get("trapped"))) {
      await this.ctx.storage.put("trapped", true);
      arm();
    }
    return super.alarm();
  }
}
export { Trapdoor as Room };
`;

/** Starts it, as `startBeckon` does. `/traps` says how often it has trapped. */
export async function startTrap(t, options) {
  const built = fileURLToPath(new URL("../../dist/", import.meta.url));
  const dist = await mkdtemp(join(tmpdir(), "beckon-trap-"));
  const code = await readFile(join(built, "entry.js"), "utf8");
  const [[wasm], [exports, room, worker]] = [code.match(/[0-9a-f]+-index_bg\.wasm/), code.match(/export ?{ ?(\S+) as Room, ?(\S+) as default ?};/)];
  await cp(join(built, wasm), join(dist, wasm));
  await writeFile(join(dist, "entry.js"), TRAP + code.replace(exports, entry(room, worker)));
  const beckon = await startBeckon({ ...options, dist });
  t.after(async () => {
    await beckon.close();
    await rm(dist, { recursive: true, force: true });
  });
  return beckon;
}
