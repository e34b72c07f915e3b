// What cares for a path that is open: it is measured, proven, repaired and bettered. This is loaded while the first connection is made (late.js).
export { orderCandidates } from "./candidate-order.js";
export { repairPath } from "./path-health.js";
export { monitorPath } from "./path-monitor.js";
export { watchSilence } from "./silence.js";
