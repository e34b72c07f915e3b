import type { BeckonError, JoinOptions, Message, Peer, Room, RoomState } from 'beckon';

/** Options of {@link useRoom}. */
export type RoomOptions = Omit<JoinOptions, 'signal'>;

/** A room as it is now. It is another object after each change. */
export interface RoomView {
  /** null on a server, before the component is mounted, and without a link. */
  readonly room: Room | null;
  readonly state: RoomState;
  /** Who is here. The list is a new one when somebody comes, leaves, or changes name, state, path or presence. */
  readonly peers: readonly Peer[];
  /** Why it is closed or away; also what `join` would throw, such as `damaged-link`. */
  readonly error: BeckonError | null;
}

/**
 * Joins a room for as long as a component that asks for it is mounted, and a second longer: what StrictMode or hot reload mounts anew finds the same
 * room. All components with the same link and the same `relayOnly` share one room. Another `name` renames; it does not join anew. Without a link there is
 * no room yet. A link without a fragment is a fresh room, and `room.link` is another name of the same. It can be rendered on a server.
 */
export function useRoom(link: string | URL | null | undefined, options?: RoomOptions): RoomView;

/** Calls the handler of the last rendering for each message. */
export function useMessages(room: Room | null, handler: (message: Message) => void): void;
