// The doctor's call at the server: it opens the socket of a room, as everybody does, and learns which servers help to connect.
import { foreign, isStun, isTurn } from "./checks.js";
import { span, t } from "../shared/language.js";
import { readFrame, readIce, readRefusal } from "./server-frames.js";

/** How long the server may take to let a socket in, in ms: as long as the library gives it. */
const OPEN_MS = 10_000;
/** How long the answer to a heartbeat may take, in ms; without it the check is good all the same. */
const PONG_MS = 2_000;
/** What the server answers where its socket is, to a request that wants none. */
const UPGRADE_REQUIRED = 426;
/** The close code that stands for none: the other end said nothing (RFC 6455, 7.1.5). */
const NO_CODE = 1006;

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
  const { code, said, frame, socket } = await firstFrame(url, signal);
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
  // The program itself, where its socket is: a file of it would come even if it were out of order.
  const { status } = await fetch(new URL("peerjs?roster=1", page), { method: "HEAD", cache: "no-store", signal }).catch(() => ({ status: 0 }));
  const facts = () =>
    /** @type {Fact[]} */ ([...socketSays(), [t("Server"), status ? t("answers ({status})", { status: String(status) }) : t("does not answer")]]);
  return { finding: { verdict: "fail", code: status === UPGRADE_REQUIRED && !said ? "no-socket" : "away", ms, facts }, ice: null };
}

/**
 * @param {URL} url
 * @param {AbortSignal} signal
 * @returns {Promise<{ code: () => string, said: boolean, frame: ReturnType<typeof readFrame> | null, socket: WebSocket | null }>} `frame` is null when
 *   there was none, `code` says why, and `said` whether the server itself did
 */
function firstFrame(url, signal) {
  return new Promise((resolve, reject) => {
    /** @type {WebSocket} */
    let socket;
    try {
      socket = new WebSocket(url);
    } catch (error) {
      return resolve({ code: () => foreign(String(error)), said: false, frame: null, socket: null });
    }
    const end = (/** @type {() => string} */ code, said = false, /** @type {ReturnType<typeof readFrame> | null} */ frame = null) => {
      clearTimeout(timer);
      socket.onmessage = socket.onclose = null;
      resolve({ code, said, frame, socket });
    };
    const timer = setTimeout(() => end(() => t("no answer")), OPEN_MS);
    socket.onmessage = ({ data }) => end(() => "", true, readFrame(data));
    socket.onclose = ({ code }) => end(() => t("closed ({code})", { code: String(code) }), code !== NO_CODE);
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
