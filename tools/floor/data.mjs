// The oldest browsers that the pages are for (`browserslist` in package.json), and what MDN's data says that one of them lacks.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

/** @typedef {import("@mdn/browser-compat-data").Identifier} Node of MDN's data */

const require = createRequire(import.meta.url);
const { browserslist } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
/** What others call them. */
const NAMES = /** @type {const} */ ({ chrome: "chrome", edge: "edge", firefox: "firefox", safari: "safari", ios_saf: "safari_ios" });

/** The oldest version of each browser, as browserslist names them. @type {Map<keyof typeof NAMES, string>} */
export const FLOOR = new Map(
  browserslist.map((/** @type {string} */ line) => {
    const [, name = "", version = ""] = /^(\w+) >= ([\d.]+)$/.exec(line) ?? [];
    if (!(name in NAMES)) throw new Error(`package.json: browserslist has "${line}"; it should be like "chrome >= 96".`);
    return [name, version];
  }),
);

/** As esbuild wants them: chrome96,safari15.4 and so on. */
export const TARGETS = Array.from(FLOOR, ([name, version]) => `${name === "ios_saf" ? "ios" : name}${version}`);

/** MDN's data: some 20 MB, so only when it is asked for. @type {() => import("@mdn/browser-compat-data").CompatData} */
export const mdn = () => require("@mdn/browser-compat-data");

/** Whether a version is not newer than another one. @param {string} version @param {string} other */
function upTo(version, other) {
  const [major = 0, minor = 0] = version.replace("≤", "").split(".").map(Number);
  const [otherMajor = 0, otherMinor = 0] = other.split(".").map(Number);
  return major < otherMajor || (major === otherMajor && minor <= otherMinor);
}

/**
 * The browsers of the floor that lack something; empty if none does, or if nobody knows.
 * @param {any} node @param {boolean} prefixed whether it will do under a name with a prefix
 */
export function lacking(node, prefixed = false) {
  const support = node?.__compat?.support;
  if (!support) return [];
  return Array.from(FLOOR, ([name, version]) => {
    const said = [support[NAMES[name]] ?? []].flat();
    const has = said.some(
      (/** @type {any} */ { version_added, version_removed, flags, prefix, alternative_name }) =>
        typeof version_added === "string" &&
        version_added !== "preview" &&
        upTo(version_added, version) &&
        !(version_removed && version_removed !== "preview" && upTo(version_removed, version)) &&
        !flags &&
        (prefixed || (!prefix && !alternative_name)),
    );
    return said.length && !has ? `${name} ${version}` : "";
  }).filter(Boolean);
}

/** What is at a place of MDN's data. @param {string} key @returns {any} */
export function at(key) {
  /** @type {any} */
  let node = mdn();
  for (const part of key.split(".")) node = node && Object.hasOwn(node, part) ? node[part] : undefined;
  return node;
}
