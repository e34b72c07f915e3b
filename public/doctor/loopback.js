// Connections that lead back to this very page: what a browser gathers for them, and whether a word gets through.

/** How long nothing may happen, in ms, before the wait is over. A first candidate begins it anew, so nothing takes more than twice this. */
const PATIENCE_MS = 8_000;
/** After one answer from outside, others come within this time, in ms, or not at all. */
const MORE_MS = 700;
/** What no amount of waiting mends: the pass is refused (401, 403), or the relay is full (486, 508). RFC 8656 section 18. */
const FINAL = new Set([401, 403, 486, 508]);

/**
 * What came of it: `done`; `refused` by a server; `gathered` all there is, to no avail; `failed`, with candidates but no way between
 * them; `late`, which is nothing for {@link PATIENCE_MS}.
 * @typedef {'done' | 'refused' | 'gathered' | 'failed' | 'late'} Ending
 */
/** @typedef {{ code: number, text: string, url: string }} IceError */
/** @typedef {{ type: string, address: string, port: number }} Candidate */
/** @typedef {{ ending: Ending, ms: number, roundTrip: number | null, candidates: Candidate[], errors: IceError[] }} Attempt */

/**
 * @param {AbortSignal} signal
 * @param {(hands: { connect(config: RTCConfiguration): RTCPeerConnection, end(ending: Ending, roundTrip?: number): void,
 *   candidates: Candidate[], found(candidate: RTCIceCandidate): void }) => Promise<void>} begin
 * @returns {Promise<Attempt>} rejected when the signal aborts, or when the browser does not take the configuration
 */
function attempt(signal, begin) {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    /** @type {RTCPeerConnection[]} */
    const connections = [];
    /** @type {Candidate[]} */
    const candidates = [];
    /** @type {IceError[]} */
    const errors = [];
    let timer = setTimeout(() => end("late"), PATIENCE_MS);

    function stop() {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      for (const pc of connections) {
        pc.onicecandidate = pc.onicecandidateerror = pc.onicegatheringstatechange = pc.oniceconnectionstatechange = pc.onconnectionstatechange = null;
        pc.close();
      }
    }

    /** @param {Ending} ending @param {number} [roundTrip] */
    function end(ending, roundTrip) {
      stop();
      resolve({ ending, ms: performance.now() - started, roundTrip: roundTrip ?? null, candidates, errors });
    }

    function abort() {
      stop();
      reject(signal.reason);
    }

    /** @param {RTCConfiguration} config */
    function connect(config) {
      const pc = new RTCPeerConnection(config);
      connections.push(pc);
      pc.onicecandidateerror = ({ errorCode, errorText, url }) => {
        errors.push({ code: errorCode, text: errorText, url });
        if (FINAL.has(errorCode) && !candidates.length) end("refused");
      };
      return pc;
    }

    /** @param {RTCIceCandidate} candidate */
    function found({ candidate }) {
      // RFC 8839 section 5.1. (Firefox has its parts as properties only since 126.)
      const [, , , , address = "", port, , type = "unknown"] = candidate.split(" ");
      candidates.push({ type, address, port: Number(port) });
      if (candidates.length > 1) return;
      clearTimeout(timer);
      timer = setTimeout(() => end("late"), PATIENCE_MS);
    }

    signal.addEventListener("abort", abort);
    if (signal.aborted) return abort();
    begin({ connect, end, candidates, found }).catch((error) => {
      stop();
      reject(error);
    });
  });
}

/**
 * Gathers candidates, until there is one of this type and what comes with it.
 * @param {RTCConfiguration} config
 * @param {RTCIceCandidateType} type
 * @param {AbortSignal} signal
 */
export function gather(config, type, signal) {
  return attempt(signal, async ({ connect, end, candidates, found }) => {
    const pc = connect(config);
    const there = () => candidates.some((candidate) => candidate.type === type);
    let waiting = false;
    pc.createDataChannel("doctor");
    pc.onicecandidate = ({ candidate }) => {
      if (!candidate?.candidate) return;
      found(candidate);
      if (!there() || waiting) return;
      waiting = true;
      setTimeout(() => end("done"), MORE_MS);
    };
    pc.onicegatheringstatechange = () => pc.iceGatheringState === "complete" && end(there() ? "done" : "gathered");
    await pc.setLocalDescription();
  });
}

/**
 * Connects this page with itself, and sends a word there and back.
 * @param {RTCConfiguration} config of both ends
 * @param {AbortSignal} signal
 */
export function echo(config, signal) {
  return attempt(signal, async ({ connect, end, candidates, found }) => {
    const [near, far] = [connect(config), connect(config)];
    let introduced = () => {};
    const ready = new Promise((resolve) => (introduced = () => resolve(undefined)));
    for (const [pc, other] of /** @type {const} */ ([
      [near, far],
      [far, near],
    ])) {
      pc.onicecandidate = async ({ candidate }) => {
        if (!candidate?.candidate) return;
        found(candidate);
        await ready;
        if (other.signalingState !== "closed") other.addIceCandidate(candidate).catch(() => {}); // without it, there may still be a way
      };
      pc.onicegatheringstatechange = () => {
        const over = near.iceGatheringState === "complete" && far.iceGatheringState === "complete";
        if (over && !candidates.length) end("gathered");
      };
      // Firefox tells the state of the whole connection only since 113.
      pc.oniceconnectionstatechange = pc.onconnectionstatechange = () => [pc.connectionState, pc.iceConnectionState].includes("failed") && end("failed");
    }
    const ours = near.createDataChannel("doctor", { negotiated: true, id: 0 });
    const theirs = far.createDataChannel("doctor", { negotiated: true, id: 0 });
    let sent = 0;
    ours.onopen = () => {
      sent = performance.now();
      ours.send("echo");
    };
    theirs.onmessage = ({ data }) => theirs.send(data);
    ours.onmessage = () => end("done", performance.now() - sent);
    await near.setLocalDescription();
    await far.setRemoteDescription(describe(near));
    await far.setLocalDescription();
    await near.setRemoteDescription(describe(far));
    introduced();
  });
}

/** @param {RTCPeerConnection} pc */
function describe({ localDescription }) {
  return localDescription ?? { type: /** @type {const} */ ("rollback") };
}
