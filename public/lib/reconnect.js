// The links to one peer, one after the other: called for, doubted when something that was said about one may be lost, and made anew when
// one has failed or leads nowhere. link.js knows a connection; this file knows when another one is wanted.
import { openLink } from './connection.js';

/** How long who is called waits for the caller's offer, in ms, before offering itself. */
const CALL_MS = 3_000;
/** How old a link that is not open yet may become, in ms, when there is reason to doubt that all that was said about it has arrived. */
const DOUBT_MS = 2_000;
/** Waits before a failed link is made anew, in ms, each halved to half as much again by chance. */
const REBUILD_MS = [300, 1_200, 2_700, 4_800, 7_000, 15_000];
/** By how much the polite side waits longer, in ms: one new link is enough. */
const POLITE_MS = 1_000;

/** @typedef {'open' | 'interrupted' | 'resumed' | 'failed' | 'forged' | 'replaced'} Change */

/**
 * @param {object} options
 * @param {string} options.session this page load: it and a number name a link
 * @param {boolean} options.polite
 * @param {() => RTCConfiguration} options.ice
 * @param {() => boolean} options.online whether the server can carry an introduction now
 * @param {(signal: import('./connection.js').Signal) => void} options.tell
 * @param {(change: Change, relayRefused: boolean) => void} options.changed
 * @param {(data: string | ArrayBuffer) => void} options.heard
 * @param {() => void} options.drained
 */
export function openLinks({ session, polite, ice, online, tell, changed, heard, drained }) {
  /** @type {import('./connection.js').Link | null} */
  let link = null;
  let count = 0;
  let failures = 0;
  /** Whether the link works now, and whether it ever has. */
  let works = false;
  let wasOpen = false;
  /** When it was made, in ms. */
  let builtAt = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  function build() {
    close();
    changed('replaced', false);
    builtAt = performance.now();
    wasOpen = false;
    link = openLink({ id: `${session}.${++count}`, polite, ice: ice(), tell, changed: turn, heard, drained });
    return link;
  }

  /** @param {'open' | 'interrupted' | 'resumed' | 'failed' | 'forged'} now */
  function turn(now) {
    clearTimeout(timer);
    const relayRefused = link?.relayRefused ?? false;
    works = now === 'open' || now === 'resumed';
    if (works) {
      wasOpen = true;
      failures = 0;
    } else if (now !== 'interrupted') {
      link = null;
      failures++;
    }
    changed(now, relayRefused);
  }

  function call() {
    build().offer();
  }

  function rebuild() {
    if (online()) call();
  }

  /**
   * Says again what may be lost. But a first offer is not said for ever: who took it may be gone since, and then nobody else can
   * (Chromium, 156, keeps the first DTLS packet that came for it).
   */
  function repeat() {
    if (!link || (link.calling && age() >= DOUBT_MS)) rebuild();
    else link.nudge();
  }

  /** It is likely that something was lost, an answer or candidates too: without them the link would never open. */
  function doubt() {
    if (!link || (!wasOpen && age() >= DOUBT_MS)) return rebuild();
    link.nudge();
    if (!wasOpen) recall();
  }

  function recall() {
    clearTimeout(timer);
    timer = setTimeout(doubt, Math.max(0, DOUBT_MS - age()));
  }

  function age() {
    return performance.now() - builtAt;
  }

  /**
   * Whether ours leads nowhere: they were loaded anew, or have made another link since.
   * @param {string} epoch
   * @param {string} [from] their link
   */
  function isLeft(epoch, from) {
    if (works || !link?.remote) return false;
    const [page, number] = link.remote.split('.');
    return page !== epoch || Number(from?.split('.')[1]) > Number(number);
  }

  function close() {
    clearTimeout(timer);
    link?.close();
    link = null;
    works = false;
  }

  return {
    call,
    repeat,
    doubt,
    close,
    get present() {
      return link;
    },
    get works() {
      return works;
    },
    /** How many have failed since one last worked. */
    get failures() {
      return failures;
    },

    /** The other side is about to offer. If it does not, we do. */
    expect() {
      if (works) return link?.nudge();
      clearTimeout(timer);
      timer = setTimeout(doubt, CALL_MS);
    },

    /** After one has failed: another, in a while. */
    again() {
      const step = REBUILD_MS[Math.min(failures - 1, REBUILD_MS.length - 1)] ?? 0;
      clearTimeout(timer);
      timer = setTimeout(rebuild, step * (0.5 + Math.random()) + (polite ? POLITE_MS : 0));
    },

    /** Nobody would take an offer. */
    rest() {
      if (!link) clearTimeout(timer);
    },

    /** There may be a better path than the present one. @param {boolean} [leisurely] */
    refresh(leisurely) {
      if (link) link.refresh(leisurely);
      else repeat();
    },

    /** They are this page load, said just now: a link to an earlier one leads nowhere. @param {string} epoch */
    seen(epoch) {
      if (isLeft(epoch)) rebuild();
    },

    /**
     * @param {import('./parse.js').Told} words nobody has changed them, but they may still be nonsense; without any, the other
     *   side only asks who is here
     * @param {string} epoch
     * @param {boolean} fresh whether they are an answer to this page load, and so no replay
     */
    told({ from, to, description, candidate }, epoch, fresh) {
      if (!description && !candidate) return fresh && isLeft(epoch) ? rebuild() : link && repeat();
      if (!from?.startsWith(`${epoch}.`)) return;
      const isOffer = description?.type === 'offer';
      if (!isOffer && fresh && isLeft(epoch, from)) return rebuild();
      // About a link of ours that is no more. Who restarts it believes that it lives: they have missed that it does not.
      if (to && to !== link?.id) return fresh && isOffer && repeat();
      const known = link && (!link.remote || link.remote === from);
      if (!known && !isOffer) return; // about a link of theirs that is no more
      // Both called at once. Ours counts, but they may have called because it was lost with their last page load. Or we are the one
      // to give way: with a new link, because after a rollback of a first offer Chromium now and then never gathers a candidate
      // (156; about one glare in ten).
      const glare = known && isOffer && link?.calling;
      if (glare && !polite) return recall();
      // An offer from a link we do not know: they reloaded the page or made a new link, and ours leads nowhere.
      (known && link && !glare ? link : build()).accept({ from, description, candidate });
    },
  };
}
