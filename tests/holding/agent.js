// A bare page that imports the library and does what it is told. A page may hold several devices; each notes what it sent, to
// whom, and what it heard, from whom: numbers, counted for each receiver.
const devices = new Map();

/** How often anything has happened that a report tells of, and who waits for the next time. */
let changes = 0;
let waiting = Promise.withResolvers();
function change() {
  changes++;
  waiting.resolve();
  waiting = Promise.withResolvers();
}

/** For how long at most the page has stood still since the last mark, in ms. */
let stood = 0;
let beat = performance.now();
setInterval(() => {
  const now = performance.now();
  stood = Math.max(stood, now - beat);
  beat = now;
}, 100);

globalThis.agent = {
  /** @returns {Promise<string>} the room's link */
  async join(name, library, link, patch = "") {
    patches[patch]?.();
    const { join } = await import(library);
    const room = join(link, { name });
    const device = { room, sent: {}, heard: {}, fates: [], events: [], marked: new Map(), refused: [], cuts: 0, timer: 0 };
    devices.set(name, device);
    for (const type of ["message", "refused", "state", "peer", "left"]) room.addEventListener(type, change);
    room.addEventListener("message", ({ from, data }) => (device.heard[from.id] ??= []).push(Number(data)));
    room.addEventListener("refused", ({ reason }) => device.refused.push(reason));
    room.addEventListener("state", () => (device.cuts += Number(room.state === "away")));
    for (const type of ["peer", "left"]) room.addEventListener(type, ({ peer }) => device.events.push(`${type} ${peer.name}`));
    room.addEventListener("peer", ({ peer }) => {
      for (const type of ["state", "path", "name"]) peer.addEventListener(type, change);
      peer.addEventListener("state", () => device.events.push(`${peer.name}: ${peer.state} ${peer.path} ${peer.error?.code ?? ""}`.trim()));
    });
    const refused = new Promise((resolve) => room.addEventListener("state", () => room.error && resolve(room.error)));
    await Promise.race([room.ready, refused]).catch(() => {});
    return room.link;
  },
  /** Sends everyone in the room the next number. */
  click(name) {
    const device = devices.get(name);
    for (const peer of device.room.peers) {
      const numbers = (device.sent[peer.id] ??= []);
      numbers.push((numbers.at(-1) ?? 0) + 1);
      const fate = { to: peer.id, number: numbers.at(-1), became: "" };
      device.fates.push(fate);
      peer
        .send(String(fate.number))
        .then(
          () => (fate.became = "arrived"),
          ({ code }) => (fate.became = code),
        )
        .then(change);
    }
    change();
  },
  /** Clicks every so many ms, from now on; 0 ends it. */
  keepClicking(name, ms) {
    const device = devices.get(name);
    clearInterval(device.timer);
    if (ms) device.timer = setInterval(() => this.click(name), ms);
  },
  /** What happens from here on is told by `report`. */
  mark(name) {
    const device = devices.get(name);
    device.events.length = 0;
    stood = 0;
    device.marked = new Map(device.room.peers.map((peer) => [peer, peer.connection]));
  },
  report(name) {
    const { room, sent, heard, fates, events, marked, refused, cuts } = devices.get(name);
    return {
      name,
      id: room.id,
      state: room.state,
      cuts,
      error: room.error?.code ?? null,
      peers: room.peers.map(({ id, name, state, path, connection }) => ({ id, name, state, path, tried: Boolean(connection?.remoteDescription) })),
      sent,
      heard,
      open: fates.filter(({ became }) => !became).length,
      late: fates
        .filter(({ became }) => !became)
        .slice(-3)
        .map(({ to, number }) => `${number} to ${to.slice(0, 4)}`)
        .join(", "),
      failed: fates.filter(({ became }) => became && became !== "arrived"),
      events,
      stood,
      /** Whether everyone who was there at the mark still is, over the same connection. */
      undisturbed: [...marked].every(([peer, connection]) => room.peers.includes(peer) && peer.connection === connection),
      refused,
    };
  },
  /** The reports of some devices as one text, which is quicker to carry than many numbers are; and what `changed` is to be asked with. */
  reports: (names) => JSON.stringify({ reports: names.map((name) => globalThis.agent.report(name)), changes }),
  /** Resolves when anything has happened since. */
  async changed(since) {
    while (changes === since) await waiting.promise;
  },
  room: (name) => devices.get(name).room,
  pc: () => [...devices.values()][0].room.peers[0].connection,
  /** What names the present round of ICE, for each connection. */
  fragments: (name) => devices.get(name).room.peers.map(({ connection }) => /a=ice-ufrag:(\S+)/.exec(connection?.localDescription?.sdp ?? "")?.[1] ?? ""),
  /** Keeps what was heard until now for the next page in this tab. */
  keep(name) {
    sessionStorage.setItem("heard", JSON.stringify(devices.get(name).heard));
  },
  kept: () => JSON.parse(sessionStorage.getItem("heard")),
  close: (name) => devices.get(name).room.close(),
};

/** What a test does to a page before the library is there. */
const patches = {
  /** There is no direct path: without a relay there is nothing to try. */
  pathless() {
    const Real = globalThis.RTCPeerConnection;
    globalThis.RTCPeerConnection = class extends Real {
      constructor(options) {
        super({ ...options, iceTransportPolicy: "relay" });
      }
      setConfiguration(options) {
        super.setConfiguration({ ...options, iceTransportPolicy: "relay" });
      }
    };
  },
  /** Who is only cut off is waited for ten times as long, 80 s: it is known by that from who has left. */
  slowToLetGo() {
    const { setTimeout } = globalThis;
    globalThis.setTimeout = /** @type {typeof setTimeout} */ ((act, ms, ...rest) => setTimeout(act, ms === 8_000 ? 80_000 : ms, ...rest));
  },
  /** Whoever is at the other end shows another certificate than the one that was introduced. */
  forged() {
    RTCDtlsTransport.prototype.getRemoteCertificates = () => [new Uint8Array(600).buffer];
  },
  /** What is sealed and sent names another certificate than the one that will be shown. */
  misannounced() {
    const { get } = Object.getOwnPropertyDescriptor(RTCPeerConnection.prototype, "localDescription");
    Object.defineProperty(RTCPeerConnection.prototype, "localDescription", {
      get() {
        const { type, sdp } = get.call(this) ?? {};
        return sdp && { type, sdp: sdp.replace(/(a=fingerprint:sha-256 )(..)/g, (_, head, byte) => head + (byte === "AB" ? "AC" : "AB")) };
      },
    });
  },
};

// A page that is loaded again, or duplicated, joins again by itself.
const { searchParams, hash } = new URL(location.href);
if (hash) {
  globalThis.joined = agent.join(searchParams.get("name"), searchParams.get("library"), searchParams.get("door") + hash, searchParams.get("patch") ?? "");
}
