// What in the tests is left to chance: its name in seeds.txt, how it is run with the seed in BECKON_SEED, and how many cases a run
// has, each with a seed of its own. Runs are short, so that ten minutes hold some of each.
import { nodeCommand } from "../stages.mjs";

/**
 * @typedef {object} Explored
 * @property {string[]} command
 * @property {Record<string, string>} [env]
 * @property {number} cases
 * @property {boolean} [whole] what fails fails with the seed that it was given, and names none
 */

/** A target of the fuzzers, by its test in tests/any_input.rs. @param {string} test @param {number} cases @returns {Explored} */
const target = (test, cases) => ({ command: ["cargo", "test", "--locked", "--quiet", "--test", "core", test, "--", "--nocapture"], cases });

/** @param {string} file @param {number} cases @param {Record<string, string>} [env] @returns {Explored} */
const file = (file, cases, env) => ({ command: nodeCommand([`tests/${file}.test.mjs`]), cases, ...(env && { env }) });

/** @type {Record<string, Explored>} */
export const explored = {
  frames: target("a_million_frames", 1_000_000),
  json: target("json_is_what", 200_000),
  sequences: target("ten_thousand_lives", 10_000),
  kicks: target("whoever_is_kicked", 2_000),
  urls: target("names_come_out", 100_000),
  attachments: target("what_a_socket_remembers", 100_000),
  tokens: target("statements_allow", 100_000),
  sealed: file("client/a-lying-server-can-only-lose-frames", 1),
  delivery: file("client/a-message-arrives-once-and-in-order", 1),
  seal: file("client/a-seal-breaks-when-anything-is-changed", 1),
  resume: file("client/what-was-said-survives-every-change", 150, { BECKON_RUNS: "150" }),
  socket: file("client/the-socket-comes-back", 1),
  links: file("client/a-link-is-found-in-any-spelling", 1),
  member: file("client/what-a-member-sends-does-no-harm", 1),
  malicious: file("malicious/a-lying-server-learns-nothing-and-changes-nothing", 1),
  chaos: { command: ["node", "tests/chaos/chaos.mjs", "--runs", "8"], cases: 8 },
  pages: { ...file("browser/{a-click-says,people-are-seen,the-link-is,a-connection-explains}*", 1), whole: true },
  glare: file("browser/two-who-call-each-other-agree", 60, { BECKON_RUNS: "30" }),
};
