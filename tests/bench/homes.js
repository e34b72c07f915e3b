// Names of peers who have different homes where Beckon spreads the public realm over several objects.

/** src/realm/placement.rs: the home of an id is its FNV-1a hash. @param {string} id @param {number} homes */
export function homeOf(id, homes) {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(id)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return Number((hash ^ (hash >> 32n)) % BigInt(homes));
}

/**
 * Names for pairs of peers, pair by pair; with `acrossHomes` homes, the two of each have different ones.
 * @param {string} game  what their names begin with
 * @param {number} pairs
 * @param {number} [acrossHomes]
 */
export function namesOfPairs(game, pairs, acrossHomes) {
  return Array.from({ length: pairs }, (_, pair) => {
    const caller = `${game}-${pair}`;
    let [callee, n] = [`${caller}-0`, 0];
    while (acrossHomes && homeOf(callee, acrossHomes) === homeOf(caller, acrossHomes)) callee = `${caller}-${++n}`;
    return [caller, callee];
  }).flat();
}
