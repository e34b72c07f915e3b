// The server's frames as the doctor reads them: as little of each as it needs. They come from outside, and nothing here throws. The library has
// readers of its own (lib/parse.js): a mistake in those is not to hide a fault of the server from the doctor.

/** @param {unknown} data @returns {{ type: string, payload: unknown }} */
export function readFrame(data) {
  let frame;
  try {
    frame = object(JSON.parse(String(data)));
  } catch {}
  return { type: text(frame?.type), payload: frame?.payload };
}

/** @param {unknown} payload of OPEN @returns {import('./server-check.js').Ice} */
export function readIce(payload) {
  const { iceServers, degraded } = object(payload);
  const named = (Array.isArray(iceServers) ? iceServers : []).slice(0, MAX_SERVERS);
  // The credentials are read by the browser, which may refuse them.
  const servers = named.map((server) => ({ ...object(server), urls: [object(server).urls].flat().filter((url) => typeof url === "string") }));
  return { servers: servers.filter(({ urls }) => urls.length), degraded: degraded === true };
}

/** Why the server turns us away, in its own words. @param {unknown} payload of ERROR and of ID-TAKEN */
export const readRefusal = (payload) => text(object(payload).msg);

/** How many ICE servers a server may name. */
const MAX_SERVERS = 32;

/** @param {unknown} value @returns {Record<string, unknown>} */
const object = (value) => (typeof value === "object" && value !== null ? /** @type {Record<string, unknown>} */ (value) : {});
/** @param {unknown} value */
const text = (value) => (typeof value === "string" ? value : "");
