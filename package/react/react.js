// Beckon for React: a room as a component sees it. A room belongs to its link, and not to a component: StrictMode, which mounts everything twice, and
// hot reload, which mounts it anew, find the room that is there. On a server there is no room, and nothing but React is asked.
import { join } from "beckon";
import { useCallback, useEffect, useRef, useSyncExternalStore } from "react";

/** A room that no component uses is left after this long, in ms: one that is mounted anew finds it. */
const LEAVE_MS = 1_000;

/** @typedef {import('./react.d.ts').RoomView} RoomView */
/** @typedef {{ view: RoomView, users: Set<() => void>, leaving?: ReturnType<typeof setTimeout>, over: AbortController }} Shared */

/** What is seen as long as there is no room. @type {RoomView} */
const NOTHING = { room: null, state: "connecting", peers: [], error: null };
const nothing = () => NOTHING;

/** All rooms of the page, also of another copy of this module. @type {Map<string, Shared>} */
const rooms = /** @type {any} */ ((globalThis[Symbol.for("beckon/react")] ??= new Map()));

/** @param {string | URL} link @param {boolean} [relayOnly] */
const keyOf = (link, relayOnly) => `${link} ${relayOnly ?? ""}`;

/** @param {string} key @param {string} link @param {import('./react.d.ts').RoomOptions} options @returns {Shared} */
function enter(key, link, options) {
  const known = rooms.get(key);
  if (known) return known;
  /** @type {Shared} */
  const shared = { view: NOTHING, users: new Set(), over: new AbortController() };
  rooms.set(key, shared);
  const { signal } = shared.over;
  /** @param {RoomView} view */
  const show = (view) => {
    shared.view = view;
    for (const tell of shared.users) tell();
  };
  try {
    const room = join(link, { ...options, signal });
    // Who asked for a fresh room may ask for it by its own link, later.
    const own = keyOf(room.link, options.relayOnly);
    if (!rooms.has(own)) rooms.set(own, shared);
    const look = () => show({ room, state: room.state, peers: room.peers, error: room.error });
    room.addEventListener("peer", ({ peer }) => {
      for (const type of /** @type {const} */ (["state", "name", "path", "presence"])) peer.addEventListener(type, look, { signal });
    });
    for (const type of /** @type {const} */ (["state", "peer", "left"])) room.addEventListener(type, look, { signal });
    look();
  } catch (error) {
    show({ room: null, state: "closed", peers: [], error: /** @type {any} */ (error) });
  }
  return shared;
}

/**
 * @param {string | URL | null | undefined} link
 * @param {import('./react.d.ts').RoomOptions} [options]
 * @returns {RoomView}
 */
export function useRoom(link, { name, relayOnly } = {}) {
  const key = link ? keyOf(link, relayOnly) : "";
  const latest = useRef(name);
  useEffect(() => {
    latest.current = name;
  });
  const subscribe = useCallback(
    (/** @type {() => void} */ tell) => {
      if (!key) return () => {};
      const shared = enter(key, String(link), { name: latest.current, relayOnly });
      clearTimeout(shared.leaving);
      shared.users.add(tell);
      return () => {
        shared.users.delete(tell);
        if (shared.users.size) return;
        shared.leaving = setTimeout(() => {
          for (const [other, one] of rooms) if (one === shared) rooms.delete(other);
          shared.over.abort();
        }, LEAVE_MS);
      };
    },
    [key],
  );
  const view = useSyncExternalStore(subscribe, () => rooms.get(key)?.view ?? NOTHING, nothing);
  const { room } = view;
  useEffect(() => {
    if (room && name !== undefined && room.name !== name) room.name = name;
  }, [room, name]);
  return view;
}

/**
 * @param {import('beckon').Room | null} room
 * @param {(message: import('beckon').Message) => void} handler
 */
export function useMessages(room, handler) {
  const latest = useRef(handler);
  useEffect(() => {
    latest.current = handler;
  });
  useEffect(() => {
    if (!room) return;
    const hear = (/** @type {import('beckon').Message} */ { from, data }) => latest.current({ from, data });
    room.addEventListener("message", hear);
    return () => room.removeEventListener("message", hear);
  }, [room]);
}
