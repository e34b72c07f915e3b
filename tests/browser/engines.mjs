// The browsers, started: their programs, flags, preferences and fonts.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import puppeteer from "puppeteer-core";
import { startUsed } from "./profile.mjs";

/** How long anything may take before it counts as not happening, in ms; Chromium alone waits 15 s before it gives up a path. */
export const DEADLINE_MS = 60_000;
const PROTOCOL = { protocolTimeout: 2 * DEADLINE_MS };

const FLAGS = [
  "--no-sandbox", // root, in CI
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
  "--disable-quic",
  "--force-prefers-reduced-motion", // without a GPU what moves takes a third of the machine; who tests it asks for it
  // A device is a context of its own, and contexts share no process whatever the limit is. What a device begins with, an empty page, has another
  // process than ours, which isolate themselves (COOP); with the limit they take that one.
  "--renderer-process-limit=1",
];

/**
 * The same Chromium without the program around its pages, which nobody looks at here: a third less work for the machine. The tests of stock
 * clients and `npm run lab` have the one that people have.
 */
const SHELLS = ["/usr/bin/chromium-headless-shell"];
const CHROMIUMS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

const ENGINES = {
  chromium: ({ flags = [], emoji = false }) => ({
    executablePath: found("Chromium", process.env.CHROMIUM_SHELL, process.env.CHROMIUM, ...SHELLS, ...CHROMIUMS),
    args: [...FLAGS, ...flags],
    env: { ...process.env, ...(!emoji && { FONTCONFIG_FILE: INITIALS }) },
  }),
  firefox: ({ preferences = {} }) => ({
    browser: "firefox",
    executablePath: found("Firefox", process.env.FIREFOX, "/usr/bin/firefox-esr", "/usr/bin/firefox"),
    extraPrefsFirefox: { "media.peerconnection.ice.obfuscate_host_addresses": false, ...SELDOM_PAINTED, ...HIDDEN_AS_SHOWN, ...preferences },
    env: { ...process.env, FONTCONFIG_FILE: INITIALS },
  }),
};

/** Nobody looks at what Firefox paints here, and without a GPU it takes a third of what a page costs: nothing moves, and ten frames a second are enough. */
const SELDOM_PAINTED = { "ui.prefersReducedMotion": 1, "layout.frame_rate": 10 };

/** Of two pages in Firefox one is hidden, and its timers ring once a second. In the Chromium that is driven here they ring when they are due. */
const HIDDEN_AS_SHOWN = { "dom.min_background_timeout_value_without_budget_throttling": 4, "dom.timeout.enable_budget_timer_throttling": false };
/** As people have it. */
export const HIDDEN_IS_SLOW = { "dom.min_background_timeout_value_without_budget_throttling": 1_000, "dom.timeout.enable_budget_timer_throttling": true };

/** Whatever the machine has: no emoji, so that faces are initials, unless a test asks for them. */
const INITIALS = fileURLToPath(new URL("fonts/initials.conf", import.meta.url));

function found(what, ...places) {
  const program = places.find((place) => place && existsSync(place));
  assert.ok(program, `no ${what}: install it, or say where it is with ${what.toUpperCase()}=/path/to/it`);
  return program;
}

/**
 * @typedef {object} Wish
 * @property {'chromium' | 'firefox'} engine
 * @property {string[]} [flags] of Chromium's
 * @property {boolean} [emoji] whether Chromium has the machine's emoji
 * @property {Record<string, unknown>} [preferences] of Firefox's
 */

/**
 * So long may a browser take to start, in ms. Firefox takes two to four seconds of a core for it, and more than puppeteer's 30 s among the stages of `npm test`, of which each
 * has processes of its own (seen with 16 that wanted two cores).
 */
export const START_MS = 120_000;

/** Starts a browser. @param {Wish} wish @param {object} [options] of puppeteer's */
export function launch(wish, options = {}) {
  const engine = { headless: true, timeout: START_MS, ...ENGINES[wish.engine](wish), ...PROTOCOL, ...options };
  if (wish.engine === "chromium") return puppeteer.launch(engine);
  return startUsed(engine.executablePath, (userDataDir) => puppeteer.launch({ ...engine, userDataDir }));
}

/** Drives one that is there. @param {Wish} wish @param {string} address */
export const connect = ({ engine }, address, options = {}) =>
  puppeteer.connect({
    browserWSEndpoint: address,
    ...(engine === "firefox" && { browser: "firefox", protocol: "webDriverBiDi" }),
    defaultViewport: { width: 800, height: 600 },
    ...PROTOCOL,
    ...options,
  });
