/**
 * Prints the intended differences from PeerServer as Markdown, for docs/moving-from-peerserver.md: `node tests/interop/report.mjs`.
 * `contract.test.mjs` proves every line of it.
 */
import { differences } from "./intended.mjs";
import { rules } from "./rules.mjs";
import { differences as listeners } from "./told.mjs";

const cell = (text) => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");

console.log(`${rules.length} rules of the wire contract are run against PeerServer 1.0.2 and against Beckon: as it is, evicted from memory`);
console.log("between every two actions, and with eight homes. What a client notices is the same, but for these differences, which are meant:");
console.log();
console.log("| | PeerServer | Beckon | why | rules |");
console.log("|---|---|---|---|---|");
for (const { id, peerServer, beckon, why, modes, rules } of differences) {
  const name = id.replaceAll("-", " ") + (modes ? ` (${modes.join(", ")})` : "");
  console.log(`| ${[name, peerServer, beckon, why, String(Object.keys(rules).length)].map(cell).join(" | ")} |`);
}

console.log();
console.log("| PeerServer's listeners | Beckon's hooks | why |");
console.log("|---|---|---|");
for (const { peerServer, beckon, why } of listeners) console.log(`| ${[peerServer, beckon, why].map(cell).join(" | ")} |`);
