// Which of its things the command does, and what it says when it was called in a way that it does not understand.
import { DEPLOY, SERVE, UsageError, described } from "./options.js";

/** @param {string} version */
const help = (version) => `Beckon ${version}: WebRTC signalling. It introduces browsers to each other, and speaks PeerServer's protocol.

Usage:
  beckon [options]           serves on this machine, at http://localhost:8787
  beckon deploy [options]    deploys to Cloudflare, with wrangler; no compiler is needed
  beckon init [FOLDER]       writes a project of your own, for wrangler and for Cloudflare's deploy button
  beckon --help, --version   (-h, -v)

Options, when it serves:
${described(SERVE)}

Options of deploy (more, after --, go to wrangler):
${described(DEPLOY)}

docs/configuration.md explains every variable: https://github.com/OWNER/beckon/blob/main/docs/configuration.md
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
    if (first === "help" || asked.some((argument) => /^(--help|-h)$/.test(argument))) console.log(help(build.version).trimEnd());
    else if (first === "version" || asked.some((argument) => /^(--version|-v)$/.test(argument))) console.log(build.version);
    else if (first === "deploy") await (await import("./deploy.js")).deploy(rest);
    else if (first === "init") await (await import("./init.js")).init(rest);
    else if (first === "serve") await (await import("./serve.js")).serving(rest, build);
    else if (first && !first.startsWith("-")) throw new UsageError(`There is no command ${first}; there are serve, deploy and init.`);
    else await (await import("./serve.js")).serving(given, build);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`beckon: ${error.message}\nbeckon --help lists what there is.`);
    process.exitCode = 2;
  }
}
