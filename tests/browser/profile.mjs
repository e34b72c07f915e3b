// Firefox's profile. A new one costs 3.6 s of a core to start with, one that was used before 2.2 s: it has what Firefox compiles and looks for the
// first time. So a profile that was used once is kept, and each Firefox begins with a copy of it.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CACHE } from "../../tools/cache.mjs";

const PROFILES = join(CACHE, "firefox-profiles");
/** What is not kept: preferences and pages of the one who made it, and the mark that it is in use. */
const OWN = ["prefs.js", "user.js", "sessionstore.jsonlz4", "sessionstore-backups", "lock", ".parentlock"];

/** @typedef {(userDataDir: string) => Promise<import('puppeteer-core').Browser>} Start */

/** @param {string} folder */
function remove(folder) {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    // Somebody is still writing there.
  }
}

/**
 * Makes a profile that is kept, by starting Firefox once. Others may be doing the same: the first one's stays.
 * @param {string} name @param {Start} start
 */
async function makeProfile(name, start) {
  const kept = join(PROFILES, name);
  let folder;
  try {
    mkdirSync(PROFILES, { recursive: true });
    folder = mkdtempSync(`${kept}.`);
  } catch {
    return; // it may not be written: then Firefox begins with nothing
  }
  try {
    const browser = await start(folder);
    await browser.close();
    if (browser.process()?.exitCode !== 0) return; // it took too long, was ended, and has not written all
    for (const file of OWN) remove(join(folder, file));
    for (const other of readdirSync(PROFILES)) if (!other.startsWith(name)) remove(join(PROFILES, other)); // of an earlier Firefox
    renameSync(folder, kept);
  } catch (error) {
    if (!existsSync(kept)) throw error;
  } finally {
    remove(folder);
  }
}

/** Profiles that are being made, by their names. @type {Map<string, Promise<void>>} */
const making = new Map();

/** Starts Firefox with a profile of its own that was used before. @param {string} program @param {Start} start */
export async function startUsed(program, start) {
  const name = `${Math.trunc(statSync(program).mtimeMs)}`; // another Firefox has another time
  const kept = join(PROFILES, name);
  if (!existsSync(kept)) {
    if (!making.has(name)) making.set(name, makeProfile(name, start));
    await making.get(name);
  }
  const folder = mkdtempSync(join(tmpdir(), "beckon-firefox-"));
  const gone = () => remove(folder);
  try {
    if (existsSync(kept)) cpSync(kept, folder, { recursive: true });
    const browser = await start(folder);
    process.once("exit", gone); // after puppeteer's, which ends it
    browser.process()?.once("exit", () => (process.off("exit", gone), gone()));
    return browser;
  } catch (error) {
    gone();
    throw error;
  }
}
