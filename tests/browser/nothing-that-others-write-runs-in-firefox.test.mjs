import { startFirefox } from "./browser.mjs";
import { nothingRuns } from "./nothing-that-others-write-runs.mjs";

nothingRuns("firefox", startFirefox);
