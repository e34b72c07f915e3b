// The life of the page that a room is in: left, shown again, looked at, moved to another network. In Node there is no page, and what is called
// `window` there need not be one.

/**
 * @param {AbortSignal} signal ends the watch
 * @param {object} on
 * @param {() => void} on.gone the page is left: it may be kept (back/forward cache), but hears nothing any more
 * @param {() => void} on.back it is shown again, as it was
 * @param {() => void} on.look somebody looks at it again: what was there may not be there any more
 * @param {() => void} on.moved the network changed
 */
export function watchPage(signal, { gone, back, look, moved }) {
  const listen = (/** @type {string} */ type, /** @type {(event: any) => void} */ act) => globalThis.addEventListener?.(type, act, { signal });
  listen("pagehide", gone);
  listen("pageshow", (event) => event.persisted && back());
  listen("online", moved);
  /** Where browsers tell it (phones): `change` fires for every new estimate of the speed, too. @type {any} */
  const { connection } = /** @type {any} */ (globalThis.navigator ?? {});
  let type = connection?.type;
  connection?.addEventListener?.("change", () => type !== (type = connection.type) && type !== "none" && moved(), { signal });
  globalThis.document?.addEventListener?.("visibilitychange", () => !document.hidden && look(), { signal });
}
