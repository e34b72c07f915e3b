// workerd makes a file for every object that anybody asks for, and leaves it: 4 kB for each key that somebody thought of. Those that hold
// nothing are removed.
import { closeSync, existsSync, linkSync, openSync, readSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";

/** The first page of a database (SQLite's file format, 1.3 and 1.6): its magic, and where it says how many cells its schema has. */
const MAGIC = "SQLite format 3\0";
const PAGE_BYTES = 4096;
const CELLS_AT = 103;

/**
 * Removes the databases in a folder that hold nothing and that nobody has open.
 * @param {string} folder
 * @param {{ alone?: boolean }} [how]  `alone`: no workerd runs, so that nothing is open, whatever a kill has left
 * @returns {number} how many
 */
export function sweep(folder, { alone = false } = {}) {
  let swept = 0;
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!/^[0-9a-f]{64}\.sqlite$/.test(basename(name))) continue;
    const file = join(folder, name);
    const beside = [`${file}-wal`, `${file}-shm`];
    const isOpen = () => (alone ? size(`${file}-wal`) > 0 : beside.some((other) => existsSync(other)));
    if (isOpen() || !isEmpty(file)) continue;
    // workerd may open it in this very moment. If it has not it yet, it makes another one, as empty; if it has, it gets it back.
    const gone = `${file}.gone`;
    renameSync(file, gone);
    if (isOpen() && !existsSync(file)) linkSync(gone, file);
    else swept++;
    rmSync(gone);
    if (alone) for (const other of beside) rmSync(other, { force: true });
  }
  return swept;
}

/** @param {string} file */
const size = (file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

/** @param {string} file */
function isEmpty(file) {
  if (size(file) !== PAGE_BYTES) return false;
  const page = Buffer.alloc(CELLS_AT + 2);
  const handle = openSync(file, "r");
  try {
    readSync(handle, page, 0, page.length, 0);
  } finally {
    closeSync(handle);
  }
  return page.toString("latin1", 0, MAGIC.length) === MAGIC && page.readUInt16BE(CELLS_AT) === 0;
}
