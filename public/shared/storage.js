// The browser remembers a person's choices. Where it forbids storage, it remembers nothing.

/** Whether paths may be reported: see room/path-report.js. */
export const PATHS = "beckonPaths";
/** Whether hellos are to be heard. */
export const SOUND = "beckonSound";
/** In which language the pages are read, if somebody has chosen one. */
export const LANGUAGE = "beckonLanguage";

/** @param {string} key */
export function recall(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** @param {string} key @param {string | null} value null: forgets it */
export function remember(key, value) {
  try {
    value === null ? localStorage.removeItem(key) : localStorage.setItem(key, value);
  } catch {}
}
