// A path that is lost is lost for both sides, whoever notices it: connections and their successors, on RTCPeerConnections that do what a test says and
// a clock that stands.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openConnection } from "../../public/lib/connection.js";
import * as pathCare from "../../public/lib/path-care.js";
import { openReconnect } from "../../public/lib/reconnect.js";

const PRINT = `a=fingerprint:sha-256 ${Array(32).fill("AB").join(":")}\r\n`;
const settle = async () => {
  for (let n = 0; n < 50; n++) await Promise.resolve();
};

/** As much of an RTCPeerConnection as is used. Nothing happens to it by itself. */
class Connection {
  static all = [];
  connectionState = "new";
  signalingState = "stable";
  /** @type {Fake} */
  onconnectionstatechange;
  /** @type {Fake} */
  onicecandidate;
  channels = [];
  added = [];
  restarts = 0;
  #round = 0;
  constructor() {
    Connection.all.push(this);
  }
  createDataChannel() {
    const channel = { readyState: "connecting", bufferedAmount: 0, sent: [], send: (data) => channel.sent.push(data) };
    this.channels.push(channel);
    return channel;
  }
  async setLocalDescription() {
    const type = this.signalingState === "have-remote-offer" ? "answer" : "offer";
    this.signalingState = type === "offer" ? "have-local-offer" : "stable";
    this.localDescription = { type, sdp: `a=ice-ufrag:${Connection.all.indexOf(this)}.${++this.#round}\r\n${PRINT}` };
  }
  async setRemoteDescription({ type, sdp }) {
    this.signalingState = type === "offer" ? "have-remote-offer" : "stable";
    this.currentRemoteDescription = { type, sdp };
  }
  async addIceCandidate({ candidate }) {
    this.added.push(candidate);
  }
  async getStats() {
    return new Map();
  }
  restartIce() {
    this.restarts++;
  }
  close() {
    this.signalingState = "closed";
  }
  become(state) {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
  gathers(priority) {
    const candidate = priority && `candidate:1 1 udp ${priority} 192.0.2.1 9 typ srflx`;
    this.onicecandidate({ candidate: candidate ? { toJSON: () => ({ candidate }) } : null });
  }
}

/** As Firefox has it before 113: only its ICE has a state, which also is `completed`. */
class OlderConnection extends Connection {
  iceConnectionState = "new";
  /** @type {Fake} */
  oniceconnectionstatechange;
  constructor() {
    super();
    delete this.connectionState;
    delete this.onconnectionstatechange;
  }
  become(state) {
    this.iceConnectionState = state === "connected" ? "completed" : state;
    this.oniceconnectionstatechange?.();
  }
}

/** Two connections, what each has said to the other through the server, and what became of them. */
async function connect(t, Kind = Connection) {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  t.mock.method(console, "debug", () => {});
  globalThis.RTCPeerConnection = /** @type {Fake} */ (Kind);
  const sides = [0, 1].map((me) => {
    const side = { story: [], signals: [], reachable: true };
    side.connection = openConnection({
      id: `page${me}.1`,
      polite: me === 0,
      greeting: { ours: `greeting of ${me}`, theirs: `greeting of ${1 - me}` },
      care: async () => pathCare,
      pc: new RTCPeerConnection(),
      sendSignal: (signal) => (side.signals.push(structuredClone(signal)), sides[1 - me].connection.receiveSignal(structuredClone(signal))),
      onChange: (state) => side.story.push(state),
      onReceive() {},
      onDrain() {},
    });
    return side;
  });
  /** What was said on the channels arrives, as often as there is something, where it can. */
  const carry = () => {
    for (let n = 0; n < 4; n++) {
      sides.forEach((side, me) => {
        const said = side.connection.pc.channels[0].sent.splice(0);
        if (side.reachable) for (const data of said) sides[1 - me].connection.pc.channels[0].onmessage({ data });
      });
    }
  };
  sides[0].connection.offer();
  await settle();
  for (const side of sides) {
    const [reliable] = side.connection.pc.channels;
    reliable.readyState = "open";
    reliable.onopen();
    side.connection.pc.become("connected");
  }
  carry();
  await settle();
  assert.deepEqual(
    sides.map(({ story }) => story),
    [["open"], ["open"]],
  );
  return { sides, carry, pass: async (ms) => (t.mock.timers.tick(ms), settle()) };
}

for (const [first, Kind] of /** @type {const} */ ([
  [0, Connection],
  [1, Connection],
  [0, OlderConnection],
])) {
  test(`side ${first} (${Kind.name}) notices that the path is gone: the other knows at once, and both are back when it has been proven in both directions`, async (t) => {
    const { sides, carry, pass } = await connect(t, Kind);
    const [one, other] = [sides[first], sides[1 - first]];
    one.connection.pc.become("disconnected");
    await pass(300);
    assert.deepEqual(
      sides.map(({ story }) => story.at(-1)),
      ["interrupted", "interrupted"],
    );
    assert.deepEqual([one.connection.pc.restarts, other.connection.pc.restarts], [1, 0], "one restart is enough");
    one.connection.pc.become("connected"); // the other one's browser has never seen anything
    carry();
    assert.deepEqual(
      sides.map(({ story }) => story.at(-1)),
      ["resumed", "resumed"],
    );
    await pass(60_000);
    assert.deepEqual(
      sides.map(({ story }) => story.length),
      [3, 3],
      "something came of it later",
    );
  });
}

test("who was told that the path is gone, and does not hear that it is back, asks for a restart, and gives up in the end", async (t) => {
  const {
    sides: [one, other],
    pass,
  } = await connect(t);
  one.connection.pc.become("disconnected");
  await pass(300);
  other.signals.length = 0;
  one.connection.close(); // it says nothing any more
  await pass(5_000);
  assert.ok(
    other.signals.some(({ description }) => description?.type === "offer"),
    "no restart",
  );
  await pass(4_000);
  await pass(6_000);
  await pass(8_000);
  assert.equal(other.story.at(-1), "failed");
});

test("a restart by which only a better path is looked for interrupts nothing", async (t) => {
  for (const leisurely of [false, true]) {
    await t.test(leisurely ? "a better path" : "another network", async (t) => {
      const { sides, pass } = await connect(t);
      sides[1].connection.restartIce(leisurely);
      await settle();
      assert.equal(sides[1].connection.pc.restarts, 1);
      assert.equal(sides[0].signals.at(-1).description.type, "answer");
      await pass(10_000);
      assert.deepEqual(
        sides.map(({ story }) => story),
        [["open"], ["open"]],
      );
    });
  }
});

test("candidates for a better path are tried the best one first, as soon as all are known or it has taken too long; others go as they come", async (t) => {
  const {
    sides: [one, other],
    pass,
  } = await connect(t);
  const heard = () => other.connection.pc.added.splice(0).map((candidate) => Number(candidate.split(" ")[3]));
  for (const priority of [1, 3, 2]) one.connection.pc.gathers(priority);
  await settle();
  assert.deepEqual(heard(), [1, 3, 2], "when there is a hurry, they wait for nothing");

  one.connection.restartIce(true);
  await settle();
  for (const priority of [1, 3, 2]) one.connection.pc.gathers(priority);
  await settle();
  assert.deepEqual(heard(), [], "not all are known yet");
  one.connection.pc.gathers(null);
  await settle();
  assert.deepEqual(heard(), [], "the other side does not know all of its own yet");
  other.connection.pc.gathers(null);
  await settle();
  assert.deepEqual(heard(), [3, 2, 1]);

  one.connection.restartIce(true);
  await settle();
  for (const priority of [5, 7]) one.connection.pc.gathers(priority);
  await pass(1_000);
  assert.deepEqual(heard(), [7, 5], "a relay that does not answer holds up the others");
  one.connection.pc.gathers(9);
  await settle();
  assert.deepEqual(heard(), [9]);
});

test("who restarts a connection that is no more at the other end is offered another", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  globalThis.RTCPeerConnection = /** @type {Fake} */ (Connection);
  const signals = [];
  const reconnect = openReconnect({
    epoch: "me",
    polite: true,
    greeting: { ours: "ours", theirs: "theirs" },
    care: async () => pathCare,
    ice: () => ({ iceServers: [], refused: [], degraded: false, until: 0 }),
    connect: () => new RTCPeerConnection(),
    isOnline: () => true,
    isWanted: () => true,
    onBuilt() {},
    onChange() {},
    onReceive() {},
    onDrain() {},
    sendSignal: (signal) => signals.push(signal),
  });
  const sdp = `a=ice-ufrag:x\r\n${PRINT}`;
  const about = { from: "they.1", to: "me.7" };
  reconnect.receiveSignal({ ...about, candidate: { candidate: "" } }, "they", true);
  reconnect.receiveSignal({ ...about, description: { type: "answer", sdp } }, "they", true);
  reconnect.receiveSignal({ ...about, description: { type: "offer", sdp } }, "they", false); // perhaps a replay
  await settle();
  assert.equal(reconnect.connection, null);
  reconnect.receiveSignal({ ...about, description: { type: "offer", sdp } }, "they", true);
  await settle();
  const mine = reconnect.connection?.id;
  assert.match(mine ?? "", /^me\.\d+$/);
  assert.deepEqual(
    signals.map(({ from, to, description }) => [from, to, description.type]),
    [[mine, null, "offer"]],
  );
  reconnect.close();
});
