// Tests about real time, on machines that may stand still for any while: what is to be seen within some time is looked at again when the
// clock says that it took longer, because then it says nothing. What was seen in time counts, whatever it is.
import { setTimeout as sleep } from "node:timers/promises";

const MINUTE_MS = 60_000;

/**
 * Looks within one minute of the clock, which is how the limiters count.
 * @template T
 * @param {(again: number) => Promise<T>} look  `again`: how often it has looked before, so that it can have an address of its own
 */
export async function inOneMinute(look) {
  const minute = () => Math.floor(Date.now() / MINUTE_MS);
  for (let again = 0; ; again++) {
    const began = minute();
    try {
      return await look(again);
    } catch (error) {
      if (minute() === began) throw error;
    }
  }
}

/** How often a machine may be too slow for a look. */
const TOO_SLOW_TIMES = 20;

/**
 * Does something, and looks less than `ms` after it began to.
 * @template T
 * @param {number} ms
 * @param {(again: boolean) => Promise<() => Promise<unknown>>} prepare  gives what is to be done; `again`: the last time was too slow
 * @param {() => Promise<T>} look
 * @param {(seen: T) => boolean} [isRight]  what cannot be seen by luck counts however late
 */
export async function soonAfter(ms, prepare, look, isRight = () => false) {
  for (let times = 0; times < TOO_SLOW_TIMES; times++) {
    const act = await prepare(times > 0);
    const since = Date.now();
    await act();
    const seen = await look();
    if (Date.now() - since < ms || isRight(seen)) return seen;
  }
  throw new Error(`it took longer than ${ms} ms, ${TOO_SLOW_TIMES} times`);
}

/**
 * Waits until `check` gives something that is true.
 * @template T
 * @param {string} what
 * @param {() => Promise<T> | T} check
 */
export async function eventually(what, check, patience = 60_000) {
  for (const end = Date.now() + patience; ; await sleep(20)) {
    const found = await check();
    if (found) return found;
    if (Date.now() > end) throw new Error(`never: ${what}`);
  }
}
