// The page of the lab's devices: it joins the rooms that its address names, with the library as any page would import it, and lets the
// tests look at what becomes of it. Its address is #SECRET,SECRET...@HOST, and @relay-only after it if
// they are to be connected by a relay or not at all.
export {}; // a module

const [secrets, host, relayOnly] = location.hash.slice(1).split("@");
const { join } = await import(`https://${host}/beckon.js`);

/** One clock for all devices of this machine, in ms. */
const now = () => performance.timeOrigin + performance.now();

/** One room, with at most one other device in it. */
function enter(secret) {
  const room = join(`https://${host}/#${secret}`, { relayOnly: Boolean(relayOnly) });
  /** Every message: what it says and when it came. */
  const heard = [];
  /** What was sent and has not been confirmed. */
  const waiting = new Set();
  /** What happened, in order. */
  const story = [];
  const note = (what) => story.push({ at: now(), what });

  room.addEventListener("message", ({ data }) => heard.push({ data, at: now() }));
  room.addEventListener("state", () => note(`room ${room.state}`));
  room.addEventListener("left", () => note("left"));
  room.addEventListener("peer", ({ peer }) => {
    note("peer");
    const look = () => note(`${peer.state}/${peer.path}${peer.error ? `/${peer.error.code}` : ""}`);
    peer.addEventListener("state", look);
    peer.addEventListener("path", look);
  });

  const one = {
    room,
    heard,
    waiting,
    story,
    get peer() {
      return room.peers[0];
    },

    /** The pair of candidates in use; addresses are none of our business, and browsers hide them. */
    async pair() {
      const stats = [...(await room.peers[0].connection.getStats()).values()];
      const byId = new Map(stats.map((report) => [report.id, report]));
      // Chromium names the selected pair in the transport, Firefox marks the pair itself.
      const named = stats.find((report) => report.selectedCandidatePairId)?.selectedCandidatePairId;
      const chosen = byId.get(named) ?? stats.find((report) => report.selected);
      if (!chosen) return null;
      const [local, remote] = [byId.get(chosen.localCandidateId), byId.get(chosen.remoteCandidateId)];
      return { local: local?.candidateType, remote: remote?.candidateType, relayProtocol: local?.relayProtocol ?? null };
    },

    /** @param {string} data @returns {Promise<void>} when it is confirmed */
    async send(data) {
      waiting.add(data);
      await room.peers[0].send(data);
      waiting.delete(data);
    },

    /** Clicks again and again, with numbers and the time, until told to stop. */
    talk(everyMs) {
      let count = 0;
      const click = () => one.send(`${++count} ${now()}`);
      const timer = setInterval(click, everyMs);
      one.hush = () => (clearInterval(timer), count);
    },
  };
  return one;
}

const all = secrets.split(",").map(enter);
globalThis.lab = all[0];
Object.assign(lab, { all, now });
