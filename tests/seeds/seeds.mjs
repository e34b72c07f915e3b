// The seeds of the tests, from seeds.txt, and tests that take all their chance from them: what they draw themselves, and what the
// library draws in their process.
import { AsyncLocalStorage } from "node:async_hooks";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { seeded } from "./chance.mjs";

/** The lines of the list. @type {{ name: string, seed: number, found: string }[]} */
export const listed = readFileSync(new URL("seeds.txt", import.meta.url), "utf8")
  .split("\n")
  .flatMap((line) => {
    const [, name, seed, found = ""] = /^([\w-]+) (\d+)(?: (.+))?$/.exec(line) ?? [];
    return name ? [{ name, seed: Number(seed), found }] : [];
  });

/**
 * The seeds of this name; `BECKON_SEED=<seed>` takes the place of all of them.
 * @param {string} name
 */
export function seedsOf(name) {
  const given = process.env.BECKON_SEED;
  if (given !== undefined) {
    if (!/^\d+$/.test(given)) throw new Error(`BECKON_SEED=${given} is no whole number`);
    return [Number(given)];
  }
  const seeds = listed.filter((line) => line.name === name).map(({ seed }) => seed);
  if (!seeds.length) throw new Error(`tests/seeds/seeds.txt has no line for ${name}`);
  return seeds;
}

/**
 * So many runs, divided among the seeds of this name: each run has a seed of its own, which is its first's or follows it.
 * @param {string} name
 * @param {number} count
 */
export function runsOf(name, count) {
  const firsts = seedsOf(name);
  const each = Math.ceil(count / firsts.length);
  return firsts.flatMap((first) => Array.from({ length: each }, (_, n) => first + n));
}

/** What `npm run explore` looks for in what a test prints. @param {string} name @param {number} seed */
export const failing = (name, seed) => `# ${name} fails with BECKON_SEED=${seed}`;

/** What the library draws from: the stream of the run that it works for, or, where Node has lost track of that, of the latest. */
const streams = new AsyncLocalStorage();
let latest;
const stream = () => streams.getStore() ?? latest;

const mathRandom = Math.random;
Math.random = () => stream()?.next() ?? mathRandom();
replace("getRandomValues", (random, array) => {
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(random.bytes(array.byteLength));
  return array;
});
replace("randomUUID", (random) => {
  const bytes = Buffer.from(random.bytes(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
});

function replace(name, draw) {
  const real = crypto[name].bind(crypto);
  const value = (...what) => (stream() ? draw(stream(), ...what) : real(...what));
  Object.defineProperty(crypto, name, { value, configurable: true, writable: true });
}

/**
 * Does something whose chances are its own, whatever was drawn before it: what it draws itself, and what the library draws for it
 * (ids, secrets, epochs, waits). What real sockets and real WebRTC draw below the library stays theirs.
 * @template T
 * @param {number} seed
 * @param {string} title two things with one seed and two titles have nothing in common
 * @param {(random: ReturnType<typeof seeded>) => Promise<T> | T} body
 */
export async function seededBy(seed, title, body) {
  const mixed = [...title].reduce((hash, letter) => Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193), seed | 0);
  const mine = seeded(~mixed);
  latest = mine;
  try {
    return await streams.run(mine, body, seeded(mixed));
  } finally {
    if (latest === mine) latest = undefined;
  }
}

/** How many times as much is tried as usual: `BECKON_TIMES=20`, or 0.1 for a first look. */
export const TIMES = Number(process.env.BECKON_TIMES ?? 1);

/**
 * Tests that take their chance from the seeds of this name: one a seed.
 * @param {string} name
 * @returns {(title: string, body: (t: import('node:test').TestContext, random: ReturnType<typeof seeded>) => unknown) => void}
 */
export function chancy(name) {
  const seeds = seedsOf(name);
  console.log(`# ${name}: BECKON_SEED=${seeds.join(", ")}`);
  return (title, body) => {
    for (const seed of seeds) {
      test(seeds.length > 1 ? `${title} (${seed})` : title, async (t) => {
        try {
          await seededBy(seed, title, (random) => body(t, random));
        } catch (error) {
          console.log(failing(name, seed));
          throw error;
        }
      });
    }
  };
}
