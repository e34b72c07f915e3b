// npm run serve: what `npx beckon` does, with what was built here (package/command/options.js has the options).
import { main } from "../package/command/main.js";
import { serve as serveBuild } from "../package/server/serve.js";
import { built } from "./built.mjs";

/** Starts Beckon. @param {import("../package/server/serve.js").Serving} options */
export const serve = async (options) => serveBuild(await built(), options);

if (process.argv[1] === import.meta.filename) await main(["serve", ...process.argv.slice(2)], await built());
