// Members of a room, each with keys of its own, and what they seal and sign.
import { makeKeys } from "../../public/lib/keys.js";
import { KEYED, seal } from "../../public/lib/seal.js";

export const member = async () => (await makeKeys()).keys;

/**
 * A frame of somebody's; `how` says what of it is not as it should be.
 * @returns {Promise<string>}
 */
export function frameOf(/** @type {Fake} */ room, mine, /** @type {Fake} */ { key = room.key, sign = mine.sign, keys = mine.keys, ...context }, message) {
  const where = { room: room.realmKey, from: mine.id, form: KEYED, toEpoch: "", seq: 1, ...context };
  return seal({ key, sign, keys }, where, message);
}
