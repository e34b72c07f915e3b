// Holds back ICE candidates, ours and theirs, while a better path is looked for, until all of ours are known. Firefox takes the first pair that
// works, and ends its other checks. So the best candidates are tried first, and not those that were known first.

/** Candidates are held back this long at most, in ms, and this many. */
const HOLD_MS = 1_000;
const MAX_HELD = 100;

export function openCandidateOrder() {
  /** @type {{ priority: number, use: () => void }[] | null} */
  let held = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  function release() {
    const all = held ?? [];
    held = null;
    clearTimeout(timer);
    for (const { use } of all.sort((a, b) => b.priority - a.priority)) use();
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
      held.push({ priority: Number(candidate.candidate?.split(" ")[3]), use: () => use(candidate) });
    },
    stop() {
      clearTimeout(timer);
    },
  };
}
