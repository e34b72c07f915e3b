// Holds back ICE candidates, ours and theirs, while a better path is looked for, until all of ours are known. Firefox takes the first pair that
// works, and ends its other checks. So the best candidates are tried first, and not those that were known first; a relay's, which answer at once, are
// last, after the time in which two NATs open for each other.

/** Candidates are held back this long at most, in ms, and this many. */
const HOLD_MS = 1_000;
const MAX_HELD = 100;
/** A relay's candidates wait so much longer, in ms: a check that met a closed NAT is repeated meanwhile, and a slow one answers. */
const RELAYS_LATER_MS = 2_000;

export function orderCandidates() {
  /** @type {{ priority: number, relayed: boolean, use: () => void }[] | null} */
  let held = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  function release() {
    if (!held) return;
    const all = held;
    held = null;
    clearTimeout(timer);
    all.sort((a, b) => b.priority - a.priority);
    for (const { use, relayed } of all) if (!relayed) use();
    timer = setTimeout(() => all.forEach(({ use, relayed }) => relayed && use()), RELAYS_LATER_MS);
  }

  return {
    /** Whether a better path is looked for. */
    get holds() {
      return Boolean(held);
    },
    hold() {
      held ??= [];
      clearTimeout(timer);
      timer = setTimeout(release, HOLD_MS);
    },
    release,
    /** @param {RTCIceCandidateInit} candidate @param {(candidate: RTCIceCandidateInit) => void} use called now, or in order of priority */
    add(candidate, use) {
      if (!held || held.length >= MAX_HELD) return use(candidate);
      const parts = candidate.candidate?.split(" ") ?? []; // RFC 8839, 5.1
      held.push({ priority: Number(parts[3]), relayed: parts[7] === "relay", use: () => use(candidate) });
    },
    stop() {
      clearTimeout(timer);
    },
  };
}
