// What a server costs: CPU time and memory of its processes, from Linux's /proc.
import { readFileSync, readdirSync } from "node:fs";

/** Clock ticks per second: 100 on every Linux that runs Node (USER_HZ). */
const TICKS_PER_S = 100;

/** The fields of /proc/PID/stat after the name, or null when the process is gone. @param {number} pid */
function stat(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text
      .slice(text.lastIndexOf(")") + 2)
      .split(" ")
      .map(Number);
  } catch {
    return null;
  }
}

/** A process and all that descend from it. @param {number} root */
export function tree(root) {
  const parents = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), stat(Number(name))?.[1]]);
  const found = [root];
  for (const pid of found) found.push(...parents.filter(([, parent]) => parent === pid).map(([child]) => Number(child)));
  return found;
}

/** User and system time of a process's threads so far, in µs; Linux counts it to the ns here. @param {number} pid */
function exact(pid) {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.reduce((sum, thread) => sum + Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]) / 1000, 0);
}

/** User and system time of a server's processes so far, in µs. @param {number} root */
export function cpuOf(root) {
  return tree(root).reduce((sum, pid) => {
    try {
      return sum + exact(pid);
    } catch {
      // A kernel without schedstat, or a process that has ended meanwhile.
      return (
        sum +
        (stat(pid)
          ?.slice(11, 15)
          .reduce((sum, part) => sum + part, 0) ?? 0) *
          (1e6 / TICKS_PER_S)
      );
    }
  }, 0);
}

/** For how long one process's threads had to do but no processor to do it on, so far, in ms; 0 where the kernel does not say. @param {number} pid */
export function waitedOf(pid) {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.reduce((sum, thread) => sum + Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[1]) / 1e6, 0);
  } catch {
    return 0;
  }
}

/** What a server's processes have in memory that is theirs alone or shared out fairly (PSS), in bytes. @param {number} root */
export function memoryOf(root) {
  return tree(root).reduce((sum, pid) => {
    const line = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"));
    return sum + Number(line?.[1] ?? 0) * 1024;
  }, 0);
}
