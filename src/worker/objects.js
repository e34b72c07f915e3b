// The Durable Objects: their names, and where the operator wants them.

/** The realm of everybody whose PeerJS client has no key of its own. It may have several objects (src/realm/placement.rs). */
const PUBLIC = "peerjs";

/**
 * An object of ours. LOCATION_HINT counts when the object is made for the first time. Where JURISDICTION is changed, all objects are others.
 * @param {any} env
 * @param {string} name
 */
export function objectNamed({ ROOM, JURISDICTION, LOCATION_HINT }, name) {
  if (!ROOM) throw new Error("wrangler.toml binds no ROOM");
  const objects = JURISDICTION ? ROOM.jurisdiction(JURISDICTION) : ROOM;
  return objects.getByName(name, LOCATION_HINT ? { locationHint: LOCATION_HINT } : undefined);
}

/**
 * The name of the object of a realm, for `env.ROOM.getByName`.
 * @param {string} key
 * @param {{ roster?: boolean, id?: string, homes?: number }} [which]
 */
export const realmName = (key, { roster = false, id = "", homes = 1 } = {}) =>
  roster ? `room:${key}` : key === PUBLIC ? `home:${homes > 1 ? homeOf(id, homes) : 0}` : `realm:${key}`;

/** The key of the realm whose object has this name. @param {string} [name] */
export const keyOf = (name = "") => /^(?:realm|room):([^]*)$/.exec(name)?.[1] ?? PUBLIC;

/** FNV-1a, as src/id.rs has it. @param {string} id @param {number} homes */
function homeOf(id, homes) {
  const mixed = new TextEncoder().encode(id).reduce((hash, byte) => BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n), 0xcbf29ce484222325n);
  return Number((mixed ^ (mixed >> 32n)) % BigInt(homes));
}
