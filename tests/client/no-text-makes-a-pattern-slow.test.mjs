// Text from outside meets regular expressions. None of them may take longer than in proportion to it: one frame would stop a page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fingerprints, strongOnly } from "../../public/lib/fingerprint.js";
import { cleanName } from "../../public/lib/names.js";
import { withoutAddresses } from "../../public/shared/addresses.js";

/** The longest payload that the server passes on, in characters. */
const LONGEST = 256 * 1024;
/** What is repeated: what the patterns look for, nearly. */
const PIECES = [
  "a",
  "A:",
  ":",
  "::",
  ":0",
  "-0",
  "-A",
  "[",
  "[::",
  "1.",
  "1.1.1.1",
  "ff:",
  " ",
  "\t ",
  "%",
  ".local",
  "a-b",
  "\r\n",
  "a=fingerprint:sha-256 ",
  "a=fingerprint:x aa:\n",
  "\u0000",
  "\ud83e",
  "🦊",
  "é",
];
/** How long all of them may take with one reader, in ms of processor time: half a second each before, and a minute for the worst. */
const BUDGET_MS = 2_000;

for (const [what, read] of /** @type {const} */ ([
  ["addresses are left out", withoutAddresses],
  ["a name is cleaned", cleanName],
  ["fingerprints are looked for", (text) => fingerprints(strongOnly(text))],
])) {
  test(`${what} of the longest text quickly, whatever it is`, () => {
    const before = process.cpuUsage();
    for (const piece of PIECES) for (const tail of ["", "x", "\n"]) read(piece.repeat(LONGEST / piece.length) + tail);
    const { user, system } = process.cpuUsage(before);
    console.log(`# ${what}: ${Math.round((user + system) / 1_000)} ms for ${3 * PIECES.length} texts`);
    assert.ok((user + system) / 1_000 < BUDGET_MS);
  });
}
