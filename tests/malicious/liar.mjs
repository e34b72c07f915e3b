// A server that lies: it stands in front of the real one, sees every frame and may do with it what it likes.
import assert from "node:assert/strict";
import http from "node:http";
import WebSocket, { WebSocketServer } from "ws";
import "../client/node-webrtc.mjs";
import { join } from "../../public/beckon.js";

/** @param {URL} honest */
export async function startLiar(honest) {
  const clients = [];
  const seen = [];
  // Of the pages it tells the truth: who lies about those has won (README, the promise's limit).
  const server = http.createServer(async (request, response) => {
    const page = await fetch(new URL(request.url, honest));
    response.writeHead(page.status, Object.fromEntries([...page.headers].filter(([name]) => !/^(content-(encoding|length)|transfer)/.test(name))));
    response.end(Buffer.from(await page.arrayBuffer()));
  });
  const liar = {
    url: "",
    /** Everything that has passed, both ways. */
    seen,
    clients,
    /** What a client gets instead of a frame: a list of frames. The second argument is that client, `{ id, room, send }`. */
    lie: (frame, _client) => [frame],
    /** Tells a client, by its id, anything at all. */
    say: (id, frame) => clients.find((client) => client.id === id).send(frame),
    close: () => {
      for (const { near, far } of clients) {
        near.terminate();
        far.terminate();
      }
      server.closeAllConnections();
      server.close();
    },
  };
  new WebSocketServer({ server }).on("connection", (near, request) => {
    const far = new WebSocket(new URL(request.url, honest).href.replace(/^http/, "ws"));
    const query = new URL(request.url, honest).searchParams;
    const client = { id: query.get("id"), room: query.get("key"), near, far, send: (frame) => near.send(JSON.stringify(frame)) };
    clients.push(client);
    const waiting = [];
    far.on("open", () => waiting.splice(0).forEach((text) => far.send(text)));
    near.on("message", (data) => {
      seen.push(String(data));
      if (far.readyState === WebSocket.OPEN) far.send(String(data));
      else waiting.push(String(data));
    });
    far.on("message", (data) => {
      if (near.readyState !== WebSocket.OPEN) return; // who has left is told nothing, lies neither
      seen.push(String(data));
      const frame = parse(String(data));
      if (!frame) return near.send(String(data));
      for (const lie of liar.lie(frame, client)) client.send(lie);
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      one.on("error", () => {});
      one.on("close", (code) => other.close(code >= 3_000 ? code : undefined)); // a code of the server's own is passed on
    }
  });
  server.unref(); // a test that failed must not keep the process
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  liar.url = `http://127.0.0.1:${server.address().port}/`;
  return liar;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Whether a frame is what one peer tells another. */
export const introduces = ({ type }) => ["OFFER", "ANSWER", "CANDIDATE", "MESSAGE"].includes(type);

/** Joins a room and notes what happens there; it greets everyone with `hello world`. */
export async function device(link, name) {
  const room = join(link, { name });
  const device = { room, heard: [], refused: [], opened: 0, link: room.link };
  room.addEventListener("message", ({ from, data }) => device.heard.push(`${from.name}: ${data}`));
  room.addEventListener("refused", ({ reason }) => device.refused.push(reason));
  room.addEventListener("peer", ({ peer }) => {
    peer.addEventListener("state", () => peer.state === "open" && device.opened++);
    peer.send("hello world").catch(() => {}); // whoever it was for may leave
  });
  await room.ready.catch(() => {});
  return device;
}

/** Waits until `check` holds. */
export async function until(what, check, ms = 60_000) {
  const end = Date.now() + ms;
  while (!(await check())) {
    assert.ok(Date.now() < end, `never came true: ${what}`);
    await pause(5);
  }
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Nothing that a peer has to say may ever be seen by the server: not as it is, and not in some other spelling. */
export function assertSealed(seen, names) {
  const clear = new RegExp(['"sdp"', "candidate:", "ufrag", "fingerprint", "a=ice", "hello", ...names].join("|"));
  let sealed = 0;
  for (const text of seen) {
    assert.doesNotMatch(text, clear);
    const frame = parse(text);
    if (!frame || !introduces(frame)) continue;
    sealed++;
    assert.equal(typeof frame.payload, "string");
    assert.doesNotMatch(Buffer.from(frame.payload, "base64url").toString("latin1"), clear);
  }
  assert.ok(sealed > 0, "something was to be seen");
}
