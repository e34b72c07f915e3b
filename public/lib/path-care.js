// What cares for a path that is open: it is measured, proven, repaired and bettered; the way through the server, if there is none; and what reads
// messages for an app. This is loaded while the first connection is made (late.js).
export { extrasOf } from "./extras-later.js";
export { transfersOf } from "./transfers-later.js";
export { viaServer } from "./via-server.js";
export { orderCandidates } from "./candidate-order.js";
export { watchRelays, weed } from "./ice-servers.js";
export { noPath, noWebRTC } from "./no-path.js";
export { repairPath } from "./path-health.js";
export { messagesOf } from "./reading.js";
export { relayViaServer } from "./server-relay.js";
export { watchPath } from "./path-watch.js";
