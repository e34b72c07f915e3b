// The way through the server, sealed, for what is small, as long as there is no other: it is taken when there has been no path for a
// while, and left as soon as there is one.

/** How long there may be no path, in ms, before what is small goes through the server; and how often it is looked after then. */
const WAIT_MS = 4_000;
const LOOK_MS = 1_000;

/**
 * @param {object} options
 * @param {() => boolean} options.possible whether the server can carry anything to the other side now
 * @param {() => void} options.ask for a sign of the other side: it may be an older page, or gone
 * @param {() => void} options.post what is due
 * @param {(open: boolean) => void} options.changed by itself: `stop` says nothing
 */
export function openDetour({ possible, ask, post, changed }) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let answered = false;
  let open = false;
  let slipping = false;

  function look() {
    clearTimeout(timer);
    timer = setTimeout(look, LOOK_MS);
    if (!possible()) close();
    else if (!answered) ask();
    else {
      if (!open) changed((open = true));
      post();
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
      open = false;
    },
    close,
    /** There was one, and it is known to be gone. */
    hasten: look,
    /** There seems to be one that leads nowhere: what is due goes this way too. */
    slip() {
      slipping = true;
      if (answered) post();
      else ask();
    },
    /** The other side has answered through the server. */
    answered() {
      if (!answered && slipping && possible()) post();
      answered = true;
    },
  };
}
