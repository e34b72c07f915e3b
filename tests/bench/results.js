// bench.json: the last values of all figures, so that one can be taken anew without the others.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";

export const FILE = new URL("../../bench.json", import.meta.url);

/**
 * @typedef {import("./table.js").Figure & { title: string, taken: string, command: string }} Taken
 * @returns {{ machine: string, figures: Record<string, Taken> }}
 */
export const read = () => (existsSync(FILE) ? JSON.parse(readFileSync(FILE, "utf8")) : { machine: "", figures: {} });

/** @param {string} name @param {Taken} figure */
export function keep(name, figure) {
  const { figures } = read();
  const versionOf = (/** @type {string} */ name) =>
    JSON.parse(readFileSync(new URL(`../../node_modules/${name}/package.json`, import.meta.url), "utf8")).version;
  const cores = cpus();
  const machine = `${cores.length} cores (${cores[0]?.model ?? "unknown"}), Node ${process.versions.node}, workerd ${versionOf("workerd")}, peer ${versionOf("peer")}`;
  writeFileSync(FILE, `${JSON.stringify({ machine, figures: { ...figures, [name]: figure } }, null, 2)}\n`);
}
