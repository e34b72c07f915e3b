// How fast this page may speak through the server, whoever it speaks to: a room of sixteen, none of whom has a path to any other, must
// stay below what the server takes from one socket (src/limits.rs: FRAMES_PER_SECOND), or it would be cut off.

/** Frames a second in the long run, and after a pause as many at once. The server takes 50: some are for introductions. */
const FRAMES_PER_SECOND = 40;

/** @typedef {ReturnType<typeof openPace>} Pace */

export function openPace() {
  let left = FRAMES_PER_SECOND;
  let at = performance.now();
  /**
   * Whether one more frame may go now; if so, it counts.
   * @param {number} [spare] how many more must be left then
   */
  return (spare = 0) => {
    const now = performance.now();
    left = Math.min(FRAMES_PER_SECOND, left + ((now - at) * FRAMES_PER_SECOND) / 1_000);
    at = now;
    if (left < 1 + spare) return false;
    left--;
    return true;
  };
}
