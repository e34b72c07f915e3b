// What happens to the page that a room is in. In Node there is none.

/**
 * @param {AbortSignal} signal ends the watch
 * @param {object} on
 * @param {() => void} on.gone the page is left: it may be kept (back/forward cache), but hears nothing any more
 * @param {() => void} on.back it is shown again, as it was
 * @param {() => void} on.look it woke up, or the network changed: what was there may not be there any more
 */
export function watchPage(signal, { gone, back, look }) {
  if (typeof window === 'undefined') return;
  window.addEventListener('pagehide', gone, { signal });
  window.addEventListener('pageshow', (event) => event.persisted && back(), { signal });
  window.addEventListener('online', look, { signal });
  document.addEventListener('visibilitychange', () => !document.hidden && look(), { signal });
}
