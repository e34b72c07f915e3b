/**
 * A rule of the wire contract: a sentence, what the server must be started with, and a script over the driver.
 *
 * The script returns an *observation*: a plain JSON-able value of everything a client can notice. It asserts nothing about
 * the outcome itself – what is right is what the other server does, or what `intended.mjs` says. It may throw, for instance
 * because a frame that has to come did not: a rule that throws has failed, whichever server it was run against.
 *
 * @typedef {object} Options  what the server must be started with; an absent field is the server's default
 * @property {boolean} [discovery]  listing of connected ids
 * @property {string[]} [cors]      the only origins that are let read answers
 * @property {string} [base]        base path
 * @property {string} [outer]       PeerServer only: base is mounted at this path by Express (the two are joined)
 * @property {string} [key]         the only key that is let in
 * @property {number} [limit]       registered ids at a time
 * @property {number} [expire]      ms until a message for an absent peer is given up
 * @property {number} [alive]       ms without a sign of life until a client is given up
 * @property {boolean} [alone]      the rule counts or fills what the whole server shares: no other rule runs beside it
 *
 * @typedef {object} Rule
 * @property {string} name     a sentence
 * @property {string} theme    the file it stands in
 * @property {Options} options
 * @property {(driver: import("./driver.mjs").Driver) => Promise<unknown>} run
 */

/**
 * @param {string} name
 * @param {Options | Rule["run"]} options
 * @param {Rule["run"]} [run]
 * @returns {Omit<Rule, "theme">}
 */
export function rule(name, options, run) {
  return typeof options === "function" ? { name, options: {}, run: options } : { name, options, run };
}

/** The servers' answers to a short wait: what takes 5 to 6 s by default takes 1 to 2 s here, so that rules about silence can wait it out. */
export const SHORT = { expire: 1000 };

/** Where nothing is to expire while the rule is at it. */
export const PATIENT = { expire: 60_000 };

/** How long both servers have a message for an absent peer wait, if nothing is set, in ms. */
export const EXPIRE_MS = 5_000;
