// Firefox's profile. A new one costs 3.6 s of a core to start with, one that was used before 2.2 s: it has what Firefox compiles and looks for the
// first time. So a profile that was used once is kept, and each Firefox begins with a copy of it.
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { CACHE } from "../../tools/cache.mjs";

/** What is not kept: preferences and pages of the one who made it, and the mark that it is in use. */
const OWN = ["prefs.js", "user.js", "sessionstore.jsonlz4", "sessionstore-backups", "lock", ".parentlock"];

/** @typedef {(userDataDir: string) => Promise<import('puppeteer-core').Browser>} Start */

/** A folder that nobody else has, removed when this program ends, if not before. */
function ownFolder() {
  const folder = mkdtempSync(join(tmpdir(), "beckon-firefox-"));
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  process.once("exit", remove);
  return { folder, remove: () => (process.off("exit", remove), remove()) };
}

/** Where the kept profile of this Firefox is; it is made if there is none. @param {string} program @param {Start} start */
async function keptProfile(program, start) {
  const kept = join(CACHE, "firefox-profiles", `${Math.trunc(statSync(program).mtimeMs)}`);
  if (existsSync(kept)) return kept;
  const { folder, remove } = ownFolder();
  const browser = await start(folder);
  await browser.close(); // writes it
  const copy = `${kept}.${process.pid}`;
  mkdirSync(dirname(kept), { recursive: true });
  cpSync(folder, copy, { recursive: true, filter: (path) => !OWN.some((name) => path.endsWith(`/${name}`)) });
  remove();
  try {
    renameSync(copy, kept);
  } catch {
    rmSync(copy, { recursive: true }); // another stage was first
  }
  return kept;
}

/** Starts Firefox with a profile of its own that was used before. @param {string} program @param {Start} start */
export async function startUsed(program, start) {
  const kept = await keptProfile(program, start);
  const { folder, remove } = ownFolder();
  cpSync(kept, folder, { recursive: true });
  const browser = await start(folder);
  browser.process()?.once("exit", remove);
  return browser;
}
