// Five devices in Node, the real Worker, and a road between them on which frames are lost, late and doubled and sockets are cut.
// `npm run chaos -- --runs 200` for many, `BECKON_SEED=<seed> npm run chaos -- --runs 1` for one of them again
// (its chances; not the moment in which each packet of a real connection comes).
import { availableParallelism } from "node:os";
import { pathToFileURL } from "node:url";
import { seeded } from "../seeds/chance.mjs";
import { failing, runsOf, seededBy } from "../seeds/seeds.mjs";
import { device, introduces, pause, startLiar, until } from "../malicious/liar.mjs";
import { startBeckon } from "../worker/beckon.mjs";

const DEVICES = 5;
const CLICKS = 4;
/** How long the road is bad, in ms, and how long the devices may take until all is well again. */
const CHAOS_MS = 2_500;
const SETTLE_MS = 45_000;
/** Runs at the same time: one for each core. With more on a busy machine, no handshake ends in its time, and each that is begun anew takes the others'. */
const AT_ONCE = availableParallelism();

/** One run; throws when a device is not connected to every other in the end, or a click was lost, doubled or out of order. */
async function run(beckon, random) {
  const road = await startLiar(beckon.url);
  const fates = seeded(random.below(2 ** 32)); // of their own: how many frames there are is no matter of chance alone
  const deliver = (frame, client) => client.near.readyState === 1 && client.send(frame);
  road.lie = (frame, client) => {
    if (!introduces(frame)) return [frame];
    const fate = fates.next();
    if (fate < 0.1) return [];
    if (fate < 0.2) return [frame, frame];
    if (fate < 0.4) return (setTimeout(deliver, fates.below(300), frame, client), []);
    return [frame];
  };
  const link = `${road.url}#${Buffer.from(random.bytes(16)).toString("base64url")}`;
  const devices = await Promise.all(Array.from({ length: DEVICES }, (_, n) => device(link, `device ${n}`)));
  const heard = devices.map(() => new Map());
  const sent = [];
  devices.forEach(({ room }, to) =>
    room.addEventListener("message", ({ from, data }) => {
      if (data !== "hello world") heard[to].set(from.id, [...(heard[to].get(from.id) ?? []), Number(data)]);
    }),
  );
  let number = 0;
  const click = (from) => {
    for (const peer of devices[from].room.peers) {
      const entry = { from: devices[from].room.id, to: devices.findIndex(({ room }) => room.id === peer.id), number: ++number, fate: "open" };
      sent.push(entry);
      peer.send(String(number)).then(
        () => (entry.fate = "arrived"),
        ({ code }) => (entry.fate = code),
      );
    }
  };
  const everyone = () => devices.every(({ room }) => room.peers.length === DEVICES - 1 && room.peers.every(({ state }) => state === "open"));
  const shown = () => devices.map(({ room }) => room.peers.map(({ state, path }) => `${state}/${path}`).join(" ") || room.state).join(" | ");
  try {
    for (let n = 0, waited = 0; n < DEVICES * CLICKS || waited < CHAOS_MS; n++) {
      const wait = random.below(2 * (CHAOS_MS / DEVICES / CLICKS));
      waited += wait;
      await pause(wait);
      if (n < DEVICES * CLICKS) click(n % DEVICES);
      if (random.below(6) === 0) random.pick(road.clients).near.terminate();
    }
    road.lie = (frame) => [frame];
    await until("everyone is connected to everyone", everyone, SETTLE_MS).catch((cause) => {
      throw new Error(`no full mesh: ${shown()}`, { cause });
    });
    for (let from = 0; from < DEVICES; from++) click(from);
    await until("every click is settled", () => sent.every(({ fate }) => fate !== "open"), SETTLE_MS);
    for (const { from, to, number, fate } of sent) {
      const times = (heard[to].get(from) ?? []).filter((other) => other === number).length;
      if (fate !== "arrived" || times !== 1) throw new Error(`click ${number} ${fate}, and was heard ${times} times`);
    }
    for (const numbers of heard.flatMap((from) => [...from.values()])) {
      if (numbers.some((other, at) => at > 0 && other < numbers[at - 1])) throw new Error(`out of order: ${numbers}`);
    }
    return { clicks: sent.length };
  } finally {
    for (const { room } of devices) room.close();
    road.close();
  }
}

/** So many runs, some at a time: they wait more than they work. Says the seed of each, so that what fails can be had again. */
export async function runs(count) {
  const beckon = await startBeckon({ vars: { STUN_URLS: "" } });
  const failed = [];
  const left = runsOf("chaos", count);
  const worker = async () => {
    for (let seed; (seed = left.shift()) !== undefined; ) {
      const started = performance.now();
      const result = await seededBy(seed, "chaos", (random) => run(beckon, random)).catch((error) => {
        console.log(failing("chaos", seed));
        failed.push(`BECKON_SEED=${seed}: ${error.message}`);
        return error.message;
      });
      console.log(`# BECKON_SEED=${seed}: ${JSON.stringify(result)} in ${Math.round(performance.now() - started)} ms`);
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  } finally {
    await beckon.close();
  }
  return failed;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const at = process.argv.indexOf("--runs");
  const failed = await runs(at < 0 ? 200 : Number(process.argv[at + 1]));
  console.log(failed.length ? failed.join("\n") : "no run failed");
  process.exit(failed.length ? 1 : 0);
}
