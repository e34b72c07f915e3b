import { startChromium } from "./browser.mjs";
import { nothingRuns } from "./nothing-that-others-write-runs.mjs";

nothingRuns("chromium", startChromium);
