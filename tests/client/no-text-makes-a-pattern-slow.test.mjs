// Text from outside meets regular expressions. None of them may take longer than in proportion to it: one frame would stop a page.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fingerprints, strongOnly } from '../../public/fingerprint.js';
import { cleanName } from '../../public/names.js';
import { withoutAddresses } from '../../public/report.js';

/** The longest payload that the server passes on, in characters. */
const LONGEST = 256 * 1024;
/** What is repeated: what the patterns look for, nearly. */
const PIECES = ['a', 'A:', ':', '::', ':0', '-0', '-A', '[', '[::', '1.', '1.1.1.1', 'ff:', ' ', '\t ', '%', '.local', 'a-b', '\r\n', 'a=fingerprint:sha-256 ', 'a=fingerprint:x aa:\n', '\u0000', '\ud83e', '🦊', 'é'];
/** How long all of them may take with one reader, in ms of processor time: half a second each before, and a minute for the worst. */
const BUDGET_MS = 2_000;

for (const [what, read] of /** @type {const} */ ([
  ['addresses are left out', withoutAddresses],
  ['a name is cleaned', cleanName],
  ['fingerprints are looked for', (text) => fingerprints(strongOnly(text))],
])) {
  test(`${what} of the longest text quickly, whatever it is`, () => {
    const before = process.cpuUsage();
    for (const piece of PIECES) for (const tail of ['', 'x', '\n']) read(piece.repeat(LONGEST / piece.length) + tail);
    const { user, system } = process.cpuUsage(before);
    console.log(`# ${what}: ${Math.round((user + system) / 1_000)} ms for ${3 * PIECES.length} texts`);
    assert.ok((user + system) / 1_000 < BUDGET_MS);
  });
}

/** What the check says of a source. */
function check(source) {
  const folder = mkdtempSync(join(tmpdir(), 'patterns-'));
  try {
    writeFileSync(join(folder, 'source.js'), source);
    const tool = fileURLToPath(new URL('../../tools/patterns.mjs', import.meta.url));
    return spawnSync(process.execPath, [tool, join(folder, 'source.js')], { encoding: 'utf8' });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('the check finds what is slow: the pattern that once stopped the classroom, and others of its kind', () => {
  const slow = {
    'once in report.js': String.raw`/\[[\da-f:.]+(%\w+)?\]|[\da-f:]*::[\da-f:.]*(%\w+)?|\b\d{1,3}(\.\d{1,3}){3}\b/gi`, // and two more parts that were quick
    'a part of it': String.raw`/[\da-f:]*::[\da-f:.]*(%\w+)?/`,
    'only slow because it is looked for everywhere': String.raw`/\s+$/`,
    'two that share what they take': String.raw`/^\s+(?:! *(\S+)|([^:]+):\s*(.*))$/`,
    exponential: String.raw`/^(a+)+$/`,
    'in a call': String.raw`new RegExp('x*y')`,
    'put together': 'new RegExp(`${location.hash}`)',
  };
  const { status, stderr } = check(Object.values(slow).map((pattern, index) => `export const P${index} = ${pattern};\n`).join(''));
  assert.equal(status, 1);
  const found = stderr.trim().split('\n');
  for (const [index, what] of Object.keys(slow).entries()) {
    assert.match(found[index] ?? '', new RegExp(`source\\.js:${index + 1}: .*(takes (polynomial|exponential) time|is put together)`), what);
  }
  assert.equal(check('export const PATTERN = /^[a-f]+$/;').status, 0);
  assert.equal(check('export const NOTHING = 1;').status, 1, 'a list of files that leads nowhere is noticed');
});
