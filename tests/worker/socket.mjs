// A WebSocket whose frames are awaited one by one.
import WebSocket from "ws";

/**
 * How long a test waits for something that must happen, in ms. workerd ends the TCP connection of a socket that it closes
 * on behalf of another only when the object falls asleep, 10 s later; the close frame comes at once.
 */
const PATIENCE = 20_000;

/**
 * Opens a socket to Beckon.
 * @param {URL} url  where Beckon is
 * @param {Record<string, string>} query  key, id, token, …
 */
export async function open(url, query, path = "/peerjs", headers = {}) {
  const address = new URL(`${path}?${new URLSearchParams(query)}`, url);
  const ws = new WebSocket(address.href.replace(/^http/, "ws"), { headers });
  const frames = [];
  const waiting = [];
  ws.on("message", (data) => (waiting.length ? waiting.shift()(data.toString()) : frames.push(data.toString())));
  const closed = new Promise((resolve) => ws.on("close", (code, reason) => resolve({ code, reason: reason.toString() })));
  await new Promise((resolve, reject) => ws.on("open", resolve).on("error", reject));
  return {
    /** The next frame, as text. */
    next: () => (frames.length ? Promise.resolve(frames.shift()) : patiently(new Promise((resolve) => waiting.push(resolve)))),
    /** The frames that have come and not been asked for. */
    rest: () => frames.splice(0),
    send: (frame) => ws.send(typeof frame === "string" || frame instanceof Uint8Array ? frame : JSON.stringify(frame)),
    /** Closes it and waits until that is done. */
    close: (code) => (ws.close(code), patiently(closed)),
    /** Breaks the connection without a word. */
    cut: () => ws.terminate(),
    /** How it was closed, once it is. */
    closed: () => patiently(closed),
  };
}

/** What somebody hears until a mark of its own comes back: all that it has sent before has been handled then, where it has the one object. @param {string} id its own */
export async function heardBy(socket, id) {
  await socket.send({ type: "CANDIDATE", dst: id, payload: "mark" });
  const frames = [];
  for (let frame = ""; !frame.includes('"mark"'); frames.push(frame)) frame = await socket.next();
  return frames.slice(0, -1);
}

function patiently(promise) {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(reject, PATIENCE, new Error(`nothing within ${PATIENCE} ms`))));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
