import type { Peer } from "beckon";
import { useMessages, useRoom } from "beckon/react";
import { useEffect, useState, type FormEvent } from "react";

/** The server: `VITE_BECKON=https://your.server/ npm run dev` chooses another. */
const SERVER: string = import.meta.env.VITE_BECKON ?? "http://localhost:8787/";

interface Line {
  from: string;
  text: string;
}

export function App() {
  // Without a fragment it is a fresh room. Its link goes into the address, so that a second window with the same address is in the same room.
  const [link] = useState(() => new URL(location.hash, SERVER));
  const { room, state, peers, error } = useRoom(link);
  const [lines, setLines] = useState<Line[]>([]);
  const [text, setText] = useState("");

  useEffect(() => {
    if (room) history.replaceState(null, "", new URL(room.link).hash);
  }, [room]);

  // Anything may come from others: what is no text is not for this app.
  useMessages(room, ({ from, data }) => {
    if (typeof data === "string") setLines((all) => [...all, { from: from.name, text: data }]);
  });

  const say = (event: FormEvent) => {
    event.preventDefault();
    if (!room) return;
    room.broadcast(text).catch((why: Error) => setLines((all) => [...all, { from: "Beckon", text: why.message }]));
    setLines((all) => [...all, { from: "me", text }]);
    setText("");
  };

  return (
    <main>
      <h1>Say hello</h1>
      <p role="status">{error?.message ?? state}</p>
      <ul aria-label="People">
        {peers.map((peer) => (
          <Person key={peer.id} peer={peer} />
        ))}
      </ul>
      <ol aria-label="Messages">
        {lines.map((line, at) => (
          <li key={at}>
            {line.from}: {line.text}
          </li>
        ))}
      </ol>
      <form onSubmit={say}>
        <input aria-label="Message" value={text} onChange={(event) => setText(event.target.value)} />
        <button disabled={!text}>Say it to {peers.length}</button>
      </form>
    </main>
  );
}

function Person({ peer }: { peer: Peer }) {
  return (
    <li>
      {peer.face} {peer.name}: {peer.state}
    </li>
  );
}
