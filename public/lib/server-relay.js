// The fallback through the server, sealed, for small messages. It opens when there has been no path for a while, and closes as soon as there is one.
// It comes with path-care.js.

/** There may be no path for this long, in ms, before small messages go through the server. */
const WAIT_MS = 4_000;
/** Between two looks at what is due, in ms. */
const LOOK_MS = 1_000;

/**
 * @param {object} options
 * @param {() => boolean} options.possible whether the server can carry anything to the other side now
 * @param {() => void} options.ask for a sign of the other side: it may be an older page, or gone
 * @param {() => void} options.due sends what is due
 * @param {(open: boolean) => void} options.changed not after `stop`
 */
export function relayViaServer({ possible, ask, due, changed }) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let answered = false;
  let open = false;
  /** Whether no path need be waited for. */
  let hasty = false;
  /** Whether messages go this way beside a connection that only seems to work. */
  let beside = false;

  function look() {
    clearTimeout(timer);
    timer = setTimeout(look, LOOK_MS);
    if (!possible()) close();
    else if (!answered) ask();
    else {
      if (!open) changed((open = true));
      due();
    }
  }

  function close() {
    if (open) changed((open = false));
  }

  return {
    get open() {
      return open;
    },
    /** There is no path. */
    start() {
      timer ??= setTimeout(look, WAIT_MS);
    },
    /** There is one. */
    stop() {
      clearTimeout(timer);
      timer = undefined;
      open = hasty = false;
    },
    close,
    /** There was a path, and it is known to be gone; or there will be none. */
    hasten() {
      hasty = true;
      look();
    },
    /** There seems to be a path, but it leads nowhere: what is due goes this way too. */
    assist() {
      beside = true;
      if (answered) due();
      else ask();
    },
    /** The other side has answered through the server. */
    replied() {
      if (answered) return;
      answered = true;
      if (hasty) look();
      if (beside && possible()) due();
    },
  };
}
