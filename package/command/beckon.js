#!/usr/bin/env node
// The package's command.
import { packed } from "../server/packed.js";
import { main } from "./main.js";

await main(process.argv.slice(2), packed());
