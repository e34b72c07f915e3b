/**
 * The wire contract, proved: every rule is run against the real PeerServer and against Beckon, and what a client notices must be the same,
 * but for the differences written down in `intended.mjs`, where it must be exactly what is written there.
 *
 * INTEROP_MODES (comma list) chooses among the modes, INTEROP_ONLY the rules whose theme or name contains a text.
 * PeerServer's listeners are told who comes, goes and speaks. So are Beckon's hooks in two of the modes, and of the same (told.mjs).
 * The mode `again` runs PeerServer against itself: a rule that fails there observes chance.
 */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { differences } from "./intended.mjs";
import { intendedFor, judge } from "./judge.mjs";
import { observe } from "./observe.mjs";
import { rules } from "./rules.mjs";
import { beckons, peerServers } from "./servers.mjs";
import * as told from "./told.mjs";

const MODES = {
  again: { title: "PeerServer, once more", fleet: () => peerServers(), differences: [] },
  beckon: { title: "Beckon", fleet: () => beckons() },
  evicted: { title: "Beckon, evicted between every two actions", fleet: () => beckons({}, { listening: true }), listening: true, evicting: true },
  homes: { title: "Beckon with eight homes", fleet: () => beckons({ PUBLIC_HOMES: "8" }, { listening: true }), listening: true },
};

const modes = (process.env.INTEROP_MODES ?? "beckon,evicted,homes").split(",");
const only = process.env.INTEROP_ONLY;
const chosen = rules.filter(({ theme, name }) => !only || theme === only || name.includes(only));

/** What PeerServer does, asked once for all modes. */
let peerServer;
const say = (text) => process.stderr.write(`${text}\n`);

async function observeWith(title, makeFleet, which, how) {
  const fleet = await makeFleet();
  const since = Date.now();
  try {
    const outcomes = await observe(which, fleet, how);
    say(`# ${title}: ${outcomes.size} rules in ${((Date.now() - since) / 1000).toFixed(1)} s`);
    return outcomes;
  } finally {
    await fleet.stop();
  }
}

/** Every observation that differs from this one in a single place. */
function* mutations(value) {
  if (Array.isArray(value)) {
    yield [...value, "more"];
    for (const [index, part] of value.entries()) for (const other of mutations(part)) yield value.with(index, other);
  } else if (value !== null && typeof value === "object") {
    yield { ...value, more: "more" };
    for (const [name, part] of Object.entries(value)) for (const other of mutations(part)) yield { ...value, [name]: other };
  } else {
    yield typeof value === "string" ? `${value}.` : [value];
  }
}

/** What is written down about rules that there are not, or twice. */
function slips(list) {
  const known = new Set(rules.map(({ name }) => name));
  const listed = list.flatMap((difference) => Object.keys(difference.rules).map((name) => [name, difference]));
  return listed.filter(
    ([name, difference], index) =>
      !known.has(name) ||
      listed.some(
        ([other, { modes: others }], at) =>
          at < index && other === name && (!others || !difference.modes || others.some((mode) => difference.modes.includes(mode))),
      ),
  );
}

test("what is intended is written down once, of rules that there are", () => {
  assert.deepEqual(
    slips(differences).map(([name]) => name),
    [],
  );
  for (const { id, peerServer, beckon, why, rules: shown } of differences) {
    for (const text of [id, peerServer, beckon, why]) assert.ok(text, id);
    assert.ok(Object.keys(shown).length > 0, `${id} is shown by no rule`);
  }
});

before(async () => {
  peerServer = await observeWith("PeerServer", () => peerServers({ listening: true }), chosen);
});

for (const mode of modes) {
  const { title, fleet, listening, evicting, differences: list = differences } = MODES[mode];
  describe(title, () => {
    let outcomes;
    before(async () => {
      // Each rule has an object of its own here, and each action makes one start: forty at a time would only wait for a core.
      outcomes = await observeWith(title, fleet, chosen, { evicting, atOnce: evicting ? 10 : 40 });
    });
    if (evicting) {
      test("the object really was evicted, in all rules with more than one action on it", () => {
        // With a key that is set, rules share an object, and one may find that another has just evicted it.
        const talkative = chosen.filter(({ name, options }) => outcomes.get(name).actions > 3 && !options.key);
        assert.deepEqual(
          talkative.filter(({ name }) => !outcomes.get(name).evictions).map(({ name }) => name),
          [],
          "startBeckon's evict has to answer whether there was something to evict",
        );
      });
    }
    test("a change anywhere in what was observed would be noticed", () => {
      for (const { name } of chosen) {
        const [expected, ours] = [peerServer.get(name), outcomes.get(name)];
        if (judge(name, mode, expected, ours, list)) continue; // noticed already, below
        for (const value of mutations(ours.value)) assert.ok(judge(name, mode, expected, { value }, list), `${name}: ${JSON.stringify(value)} passes`);
        assert.ok(judge(name, mode, expected, { error: new Error("broken") }, list), name);
        const intended = intendedFor(name, mode, list);
        if (intended) assert.ok(judge(name, mode, expected, expected, list), `${name}: "${intended.difference.id}" may vanish unnoticed`);
      }
    });
    if (listening) {
      test("hooks are told what PeerServer's listeners are, but for what is meant to differ", (t) => {
        const seen = new Set();
        const wrong = chosen.filter((rule) => {
          const log = told.expected(rule.name, told.certain(rule, peerServer.get(rule.name).told), (difference) => seen.add(difference));
          const ours = told.heard(told.certain(rule, outcomes.get(rule.name).told));
          if (isDeepStrictEqual(ours, log)) return false;
          t.diagnostic(`${rule.theme}: ${rule.name}\nlisteners: ${JSON.stringify(log).slice(0, 2_000)}\nhooks:     ${JSON.stringify(ours).slice(0, 2_000)}`);
          return true;
        });
        assert.deepEqual(
          wrong.map(({ name }) => name),
          [],
        );
        const meant = [...told.differences.map(({ id }) => id), ...Object.keys(told.onTheWire)];
        if (!only) assert.deepEqual([...seen].sort(), meant.sort(), "a difference that is written down has to be seen");
      });
    }
    for (const { theme, name } of chosen) {
      test(`${theme}: ${name}`, (t) => {
        const wrong = judge(name, mode, peerServer.get(name), outcomes.get(name), list);
        const intended = intendedFor(name, mode, list);
        if (intended) t.diagnostic(`intended: ${intended.difference.id}`);
        assert.ok(!wrong, wrong);
      });
    }
  });
}
