// What cares for a peer and its path: the path is measured, proven, repaired and bettered; the way through the server, if there is none; what goes in
// pieces; and what reads messages for an app. This is loaded while the first connection is made (late.js).
export { orderCandidates } from "./candidate-order.js";
export { extrasOf } from "./extras-later.js";
export { renew, watchRelays, weed } from "./ice-servers.js";
export { careForMessages } from "./message-care.js";
export { repairPath } from "./path-health.js";
export { careForPeer } from "./peer-care.js";
export { messagesOf } from "./reading.js";
