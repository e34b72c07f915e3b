// Loads what looks for a better path (path-upgrade.js) where a path leads through a relay. Most do not.

/** @typedef {typeof import('./path-upgrade.js')} PathUpgrade */

/**
 * @param {object} options
 * @param {() => Promise<PathUpgrade>} options.load
 * @param {() => boolean} options.works whether there is a path
 * @param {() => Parameters<PathUpgrade['upgradePath']>[0]} options.how
 */
export function openBetterPath({ load, works, how }) {
  /** @type {ReturnType<PathUpgrade['upgradePath']> | undefined} */
  let search;
  const start = () => works() && search?.start();

  return {
    start,
    stop: () => search?.stop(),
    /** There is another path. @param {import('./path.js').Path} path */
    async found(path) {
      if (!search && !path.startsWith("turn")) return;
      const module = await load().catch(() => null); // without it the path stays as it is
      search ??= module?.upgradePath(how());
      start();
    },
  };
}
