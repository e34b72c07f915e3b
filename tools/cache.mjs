// What all clones on a machine share; tools/env.sh says the same.
import { homedir } from "node:os";
import { join } from "node:path";

/** The folder. */
export const CACHE = process.env.BECKON_TOOLS || join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "beckon");
