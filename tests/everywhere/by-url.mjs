// What Deno makes of an import by URL: the types come with the library, right programs pass and wrong ones do not, and they run.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const RIGHT = "const room: Room = join(link, { name: 'Deno' }); for (const { name } of room.peers) console.log(name.length);";
const WRONG = "join(link, { name: 42 });";

/**
 * @param {string} deno the program
 * @param {URL} server
 * @param {string} folder for the programs, and for what Deno keeps
 * @returns {{ library: string, outcome: string }[]}
 */
export function checkedByUrl(deno, server, folder) {
  mkdirSync(folder, { recursive: true });
  return ["beckon.js", "v1/beckon.js"].map((library) => {
    /** Whether a program passes; what Deno says if not. @param {string} body */
    const complaint = (body) => {
      const file = join(folder, "program.ts");
      writeFileSync(file, `import { join, type Room } from "${new URL(library, server)}";\nexport function enter(link: string) { ${body} }\n`);
      try {
        execFileSync(deno, ["check", "--no-config", `--allow-import=${server.host}`, file], {
          env: { ...process.env, NO_COLOR: "1", DENO_DIR: join(folder, "deno") },
          stdio: "pipe",
          encoding: "utf8",
        });
        return "";
      } catch (error) {
        return String(error.stderr) || error.message;
      }
    };
    const right = complaint(RIGHT);
    const wrong = complaint(WRONG);
    if (right) return { library, outcome: `does not work: ${right.trim().split("\n")[0]}` };
    return { library, outcome: /number.*not assignable.*string/.test(wrong) ? "works: the types come with it" : "does not work: nothing is checked" };
  });
}
