// Figures as people read them.
import { rounded } from "./contest.js";

/**
 * What a figure has found: rows of a table, and what a reader must know of it.
 * @typedef {object} Figure
 * @property {Record<string, string | number>[]} rows
 * @property {string[]} [notes]
 */

/** @param {string | number | undefined} value */
const cell = (value) => (typeof value === "number" ? rounded(value) : (value ?? ""));

/** Rows as lines of equal columns. @param {Record<string, string | number>[]} rows */
export function lines(rows) {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = [names, ...rows.map((row) => names.map((name) => cell(row[name])))];
  const widths = names.map((_, at) => Math.max(...cells.map((line) => line[at]?.length ?? 0)));
  return cells.map((line) => line.map((text, at) => (at ? text.padStart(widths[at] ?? 0) : text.padEnd(widths[at] ?? 0))).join("  "));
}

/** @param {string} title @param {Figure} figure */
export function print(title, { rows, notes = [] }) {
  console.log(`\n${title}\n${[...lines(rows), ...notes].map((line) => `  ${line}`).join("\n")}`);
}

/**
 * Adds to each row how its `what` compares with that of the servers that it is judged by.
 * @template {{ server: string }} R
 * @param {R[]} rows
 * @param {keyof R & string} what
 */
export function withRatios(rows, what) {
  const of = (/** @type {string} */ name) => Number(rows.find(({ server }) => server === name)?.[what]);
  const ratios = ["PeerServer", "floor"].filter((name) => Number.isFinite(of(name)));
  return rows.map((row) => ({ ...row, ...Object.fromEntries(ratios.map((name) => [`x ${name}`, Number(row[what]) / of(name)])) }));
}
