// Which of its things the command does, and what it says when it was called in a way that it does not understand.
import { join } from "node:path";
import { CommandError, DEPLOY, SERVE, UsageError, described, noCommand } from "./options.js";

/** @param {import("../server/serve.js").Build} build */
const help = ({ version, docs }) => `Beckon ${version}: WebRTC signalling. It introduces browsers to each other, and speaks PeerServer's protocol.

Usage:
  beckon [serve] [options]   serves on this machine, at http://localhost:8787
  beckon deploy [options]    deploys to Cloudflare, with wrangler; no compiler is needed
  beckon init [FOLDER]       writes a project of your own, for wrangler and for Cloudflare's deploy button
  beckon --help, --version   (-h, -v)

Options, when it serves:
${described(SERVE)}

Options of deploy (more, after --, go to wrangler):
${described(DEPLOY)}

Every variable is explained in ${join(docs, "configuration.md")}
`;

/**
 * @param {string[]} given  arguments
 * @param {import("../server/serve.js").Build} build
 */
export async function main(given, build) {
  const [first = ""] = given;
  const rest = given.slice(1);
  const asked = given.slice(0, given.includes("--") ? given.indexOf("--") : undefined);
  try {
    if (first === "help" || asked.some((argument) => /^(--help|-h)$/.test(argument))) console.log(help(build).trimEnd());
    else if (first === "version" || asked.some((argument) => /^(--version|-v)$/.test(argument))) console.log(build.version);
    else if (first === "deploy") await (await import("./deploy.js")).deploy(rest);
    else if (first === "init") await (await import("./init.js")).init(rest);
    else if (first === "serve") await (await import("./serve.js")).serving(rest, build);
    else if (first && !first.startsWith("-")) throw noCommand(first);
    else await (await import("./serve.js")).serving(given, build);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    console.error(`beckon: ${error.message}`);
    if (error instanceof UsageError) console.error("beckon --help lists what there is.");
    process.exitCode = error.status;
  }
}
