// Stands beside a page's own scripts: when one of them does not come, it says so, and loads the page again as soon as all are there. It is no
// module, since those are what may fail. A page that has begun removes #late.
(() => {
  /** Between two looks, in ms. */
  const AGAIN_MS = 2_000;
  /** After this long, in ms, a page that was loaded again in vain is loaded once more. */
  const LATER_MS = 60_000;
  /** What has not come by then, in ms, does not come. */
  const PATIENCE_MS = 20_000;
  /** A page that was cut before its body has an empty one. */
  const hasBegun = () => document.body?.firstElementChild && !document.getElementById("late");
  let looks = false;
  const look = async (/** @type {boolean} */ mayReload) => {
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), PATIENCE_MS);
    // Of this server: extensions put scripts of their own here. The page itself may carry its script.
    const ours = [location, .../** @type {NodeListOf<any>} */ (document.querySelectorAll("script[src^='/'], [href='/beckon.js']"))];
    const comes = async (/** @type {any} */ { src, href }) => {
      const answer = await fetch(src || href, { cache: "reload", signal: patience.signal });
      return answer.ok && answer.text(); // to its end
    };
    const came = await Promise.all(ours.map((script) => comes(script).catch(() => "")));
    clearTimeout(timer);
    if (hasBegun()) return;
    if (!came.every(Boolean)) setTimeout(look, AGAIN_MS, true);
    else if (mayReload) location.reload();
    else setTimeout(look, LATER_MS, true);
  };
  const check = () => {
    if (hasBegun() || looks) return;
    looks = true;
    const late = document.getElementById("late");
    if (late) late.className = "shown";
    // What came and is not understood rarely gets better, and what a script imports is not looked at here: such a page is loaded again once, and then
    // not soon. (1: it was loaded again.)
    look(performance.navigation.type !== 1);
  };
  addEventListener("load", check);
  setTimeout(check, PATIENCE_MS); // the end of the page may never come
})();
