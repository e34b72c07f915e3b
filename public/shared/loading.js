// Stands beside a page's own scripts: when one of them does not come, it says so, and loads the page again as soon as all are there. It is no
// module, since those are what may fail. A page that has begun removes #late.
addEventListener("load", () => {
  const late = document.getElementById("late");
  if (!late) return;
  /** Between two looks, in ms. */
  const AGAIN_MS = 2_000;
  late.className = "shown";
  const look = async (/** @type {boolean} */ mayReload) => {
    const scripts = /** @type {NodeListOf<any>} */ (document.querySelectorAll("script, [href='/beckon.js']"));
    const came = await Promise.all(
      Array.from(scripts, ({ src, href }) =>
        fetch(src || href, { cache: "reload" }).then(
          ({ ok }) => ok,
          () => false,
        ),
      ),
    );
    const isWhole = came.every(Boolean);
    if (isWhole && mayReload) location.reload();
    else setTimeout(look, AGAIN_MS, mayReload || !isWhole);
  };
  // What came and is not understood does not get better: such a page is loaded again once. (1: it was loaded again.)
  look(performance.navigation.type !== 1);
});
