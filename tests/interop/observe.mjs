import { Driver, sleep, TooSlow } from "./driver.mjs";
import { EXPIRE_MS } from "./rule.mjs";
import { allGone } from "./told.mjs";

/** How often a machine may be too slow for a rule. Each time, messages wait twice as long as before. */
const TOO_SLOW_TIMES = 5;
/** But no longer than this, in ms: a frame that has to come is waited for a minute. */
const MOST_MS = 40_000;
/** How long it may take a server, after the last rule, to tell that all have gone, in ms. */
const GONE_MS = 20_000;

/**
 * Runs rules against one make of server: one instance for each set of options, many rules at a time, since most of their time is waiting.
 *
 * @typedef {{value: unknown} | {error: Error}} Outcome
 *
 * @param {import("./rule.mjs").Rule[]} rules
 * @param {import("./servers.mjs").Fleet} fleet
 * @param {object} [how]
 * @param {number} [how.atOnce]  rules under way at a time
 * @param {boolean} [how.evicting]  whether the server forgets all it can between every two actions of a rule
 * @param {(done: number, all: number) => void} [how.progress]
 * @returns {Promise<Map<string, Outcome & {actions: number, evictions: number, ms: number, told?: import("./told.mjs").Told[]}>>}  by name of the rule;
 *   `told`: what listeners were told, where the fleet has some
 */
export async function observe(rules, fleet, { atOnce = 40, evicting = false, progress = () => {} } = {}) {
  const servers = new Map();
  const serverFor = (options) => {
    const set = JSON.stringify(options);
    if (!servers.has(set)) servers.set(set, fleet.start(options));
    return servers.get(set);
  };

  const outcomes = new Map();
  const drivers = new Map();
  const run = async (rule, again = 0) => {
    const options = again ? { ...rule.options, expire: Math.min((rule.options.expire ?? EXPIRE_MS) * 2 ** again, MOST_MS) } : rule.options;
    const server = await serverFor(options);
    let actions = 1;
    let evictions = 0;
    const driver = new Driver({ ...server, options, ownKey: evicting }, async () => {
      actions += 1;
      if (evicting && (await server.evict(driver.key))) evictions += 1;
    });
    const since = Date.now();
    let outcome;
    try {
      outcome = { value: driver.observe(await rule.run(driver)) };
    } catch (error) {
      if (error instanceof TooSlow && again < TOO_SLOW_TIMES) {
        await driver.leave();
        return run(rule, again + 1);
      }
      outcome = { error: new Error(driver.observe(error.message), { cause: error }) };
    }
    await driver.leave();
    drivers.set(rule.name, driver);
    outcomes.set(rule.name, { ...outcome, actions, evictions, ms: Date.now() - since });
    progress(outcomes.size, rules.length);
  };

  // Those that must be alone on their server form one queue beside the pool. Those that wait longest begin first.
  const alone = rules.filter(({ options }) => options.alone);
  const together = rules.filter(({ options }) => !options.alone).sort((one, other) => (other.options.alive ?? 0) - (one.options.alive ?? 0));
  const worker = async (list) => {
    for (let rule; (rule = list.shift()); ) await run(rule);
  };
  await Promise.all([worker(alone), ...Array.from({ length: atOnce }, () => worker(together))]);
  if (fleet.told) {
    const told = await fleet.told();
    for (const end = Date.now() + GONE_MS; !allGone(told) && Date.now() < end; await sleep(50)) told.push(...(await fleet.told()));
    const byId = Map.groupBy(told, ({ id }) => id);
    for (const [name, driver] of drivers) outcomes.get(name).told = driver.told(byId);
  }
  return outcomes;
}
