// The doctor's call at the server: it opens the socket of a room, as everybody does, and learns which servers help to connect.
import { foreign, isStun, isTurn } from "./checks.js";
import { span, t } from "../shared/language.js";
import { readFrame, readIce, readRefusal } from "./server-frames.js";

/** How long the server may take to let a socket in, in ms: as long as the library gives it. */
const OPEN_MS = 10_000;
/** How long the answer to a heartbeat may take, in ms; without it the check is good all the same. */
const PONG_MS = 2_000;

/** @typedef {import('./checks.js').Finding} Finding */
/** @typedef {import('./checks.js').Fact} Fact */
/**
 * What the server names, with the pass (credentials) for each.
 * @typedef {{ servers: { urls: string[], username?: string, credential?: string }[], degraded: boolean }} Ice `degraded`: there would be a
 *   relay, had the server not failed to get a pass for it
 */

/**
 * Opens the socket of a room that nobody else knows.
 * @param {URL} page where its server is
 * @param {AbortSignal} signal
 * @returns {Promise<{ finding: Finding, ice: Ice | null }>}
 */
export async function checkServer(page, signal) {
  const started = performance.now();
  const url = new URL("peerjs", page);
  url.protocol = url.protocol === "http:" ? "ws:" : "wss:";
  url.search = String(new URLSearchParams({ key: randomText(), token: randomText(), roster: "1" }));
  const { code, frame, socket } = await firstFrame(url, signal);
  const ms = performance.now() - started;
  if (frame?.type === "OPEN") {
    const pong = await pulse(socket, signal);
    const ice = readIce(frame.payload);
    const urls = ice.servers.flatMap((server) => server.urls);
    const named = { stun: urls.filter(isStun).length, turn: urls.filter(isTurn).length };
    const facts = () =>
      /** @type {Fact[]} */ ([
        [t("Addresses named"), t("{stun} for STUN, {turn} for TURN", named)],
        [t("Round trip"), pong === null ? t("no answer") : span(pong)],
      ]);
    return { finding: { verdict: "ok", code: "open", ms, facts }, ice };
  }
  socket?.close();
  if (frame)
    return {
      finding: { verdict: "fail", code: "refused", ms, facts: () => [[t("It says"), foreign(readRefusal(frame.payload) || frame.type) || t("nonsense")]] },
      ice: null,
    };
  const socketSays = () => /** @type {Fact[]} */ ([[t("Socket"), code()]]);
  if (navigator.onLine === false) return { finding: { verdict: "fail", code: "offline", ms, facts: socketSays }, ice: null };
  const served = await fetch(page.pathname, { method: "HEAD", cache: "no-store", signal }).then(
    ({ status }) => String(status),
    () => "",
  );
  const facts = () => /** @type {Fact[]} */ ([...socketSays(), [t("Page"), served ? t("answers ({status})", { status: served }) : t("does not answer")]]);
  return { finding: { verdict: "fail", code: served ? "no-socket" : "away", ms, facts }, ice: null };
}

/**
 * @param {URL} url
 * @param {AbortSignal} signal
 * @returns {Promise<{ code: () => string, frame: ReturnType<typeof readFrame> | null, socket: WebSocket | null }>} `frame` is null when there was none, and `code` says why
 */
function firstFrame(url, signal) {
  return new Promise((resolve, reject) => {
    /** @type {WebSocket} */
    let socket;
    try {
      socket = new WebSocket(url);
    } catch (error) {
      return resolve({ code: () => foreign(String(error)), frame: null, socket: null });
    }
    const end = (/** @type {() => string} */ code, /** @type {ReturnType<typeof readFrame> | null} */ frame = null) => {
      clearTimeout(timer);
      socket.onmessage = socket.onclose = null;
      resolve({ code, frame, socket });
    };
    const timer = setTimeout(() => end(() => t("no answer")), OPEN_MS);
    socket.onmessage = ({ data }) => end(() => "", readFrame(data));
    socket.onclose = ({ code }) => end(() => t("closed ({code})", { code: String(code) }));
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      socket.close();
      reject(signal.reason);
    });
  });
}

/** 128 random bits in base64url: as the key and the token of a room are. */
function randomText() {
  const text = String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16)));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * How long the way to the server and back is, in ms, and farewell.
 * @param {WebSocket | null} socket
 * @param {AbortSignal} signal
 * @returns {Promise<number | null>}
 */
function pulse(socket, signal) {
  return new Promise((resolve) => {
    const started = performance.now();
    const end = (/** @type {number | null} */ ms) => {
      clearTimeout(timer);
      if (socket?.readyState === WebSocket.OPEN) socket.send('{"type":"LEAVE"}');
      socket?.close();
      resolve(ms);
    };
    const timer = setTimeout(() => end(null), PONG_MS);
    signal.addEventListener("abort", () => end(null));
    if (!socket) return end(null);
    socket.onmessage = ({ data }) => data === "pong" && end(performance.now() - started);
    socket.onclose = () => end(null);
    socket.send('{"type":"HEARTBEAT"}');
  });
}
