// bench.json: the last values of all figures, so that one can be taken anew without the others.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { createRequire } from "node:module";

export const FILE = new URL("../../bench.json", import.meta.url);

/**
 * @typedef {import("./table.js").Figure & { title: string, taken: string, command: string }} Taken
 * @returns {{ machine: string, figures: Record<string, Taken> }}
 */
export const read = () => (existsSync(FILE) ? JSON.parse(readFileSync(FILE, "utf8")) : { machine: "", figures: {} });

/** @param {string} name @param {Taken} figure */
export function keep(name, figure) {
  const { figures } = read();
  const require = createRequire(import.meta.url);
  const { version } = require("workerd");
  const cores = cpus();
  const machine = `${cores.length} cores (${cores[0]?.model ?? "unknown"}), Node ${process.versions.node}, workerd ${version}, peer ${require("peer/package.json").version}`;
  writeFileSync(FILE, `${JSON.stringify({ machine, figures: { ...figures, [name]: figure } }, null, 2)}\n`);
}
