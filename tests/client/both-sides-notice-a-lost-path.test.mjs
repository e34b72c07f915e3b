// A path that is lost is lost for both sides, whoever notices it: links and their successors, on connections that do what a test says and a
// clock that stands.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openLink } from '../../public/lib/connection.js';
import { openLinks } from '../../public/lib/reconnect.js';

const PRINT = `a=fingerprint:sha-256 ${Array(32).fill('AB').join(':')}\r\n`;
const settle = async () => {
  for (let n = 0; n < 50; n++) await Promise.resolve();
};

/** As much of a connection as a link uses. Nothing happens to it by itself. */
class Connection {
  static all = [];
  connectionState = 'new';
  signalingState = 'stable';
  channels = [];
  added = [];
  restarts = 0;
  #round = 0;
  constructor() {
    Connection.all.push(this);
  }
  createDataChannel() {
    const channel = { readyState: 'connecting', bufferedAmount: 0, sent: [], send: (data) => channel.sent.push(data) };
    this.channels.push(channel);
    return channel;
  }
  async setLocalDescription() {
    const type = this.signalingState === 'have-remote-offer' ? 'answer' : 'offer';
    this.signalingState = type === 'offer' ? 'have-local-offer' : 'stable';
    this.localDescription = { type, sdp: `a=ice-ufrag:${Connection.all.indexOf(this)}.${++this.#round}\r\n${PRINT}` };
  }
  async setRemoteDescription({ type, sdp }) {
    this.signalingState = type === 'offer' ? 'have-remote-offer' : 'stable';
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
    this.signalingState = 'closed';
  }
  become(state) {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
  gathers(priority) {
    const candidate = priority && `candidate:1 1 udp ${priority} 192.0.2.1 9 typ relay`;
    this.onicecandidate({ candidate: candidate ? { toJSON: () => ({ candidate }) } : null });
  }
}

/** Two links, what each has said to the other through the server, and what became of them. */
async function connect(t) {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  t.mock.method(console, 'debug', () => {});
  globalThis.RTCPeerConnection = Connection;
  const sides = [0, 1].map((me) => {
    const side = { story: [], told: [], reachable: true };
    side.link = openLink({
      id: `page${me}.1`,
      polite: me === 0,
      ice: {},
      tell: (signal) => (side.told.push(structuredClone(signal)), sides[1 - me].link.accept(structuredClone(signal))),
      changed: (state) => side.story.push(state),
      heard() {},
      drained() {},
    });
    return side;
  });
  sides[0].link.offer();
  await settle();
  for (const side of sides) {
    const [reliable] = side.link.pc.channels;
    reliable.readyState = 'open';
    reliable.onopen();
    side.link.pc.connectionState = 'connected';
  }
  await settle();
  /** What was said on the channels arrives, as often as there is something, where it can. */
  const carry = () => {
    for (let n = 0; n < 4; n++) {
      sides.forEach((side, me) => {
        const said = side.link.pc.channels[0].sent.splice(0);
        if (side.reachable) for (const data of said) sides[1 - me].link.pc.channels[0].onmessage({ data });
      });
    }
  };
  assert.deepEqual(sides.map(({ story }) => story), [['open'], ['open']]);
  return { sides, carry, pass: async (ms) => (t.mock.timers.tick(ms), settle()) };
}

for (const first of [0, 1]) {
  test(`side ${first} notices that the path is gone: the other knows at once, and both are back when it has been proven in both directions`, async (t) => {
    const { sides, carry, pass } = await connect(t);
    const [one, other] = [sides[first], sides[1 - first]];
    one.link.pc.become('disconnected');
    await pass(300);
    assert.deepEqual(sides.map(({ story }) => story.at(-1)), ['interrupted', 'interrupted']);
    assert.deepEqual([one.link.pc.restarts, other.link.pc.restarts], [1, 0], 'one restart is enough');
    one.link.pc.become('connected'); // the other one's browser has never seen anything
    carry();
    assert.deepEqual(sides.map(({ story }) => story.at(-1)), ['resumed', 'resumed']);
    await pass(60_000);
    assert.deepEqual(sides.map(({ story }) => story.length), [3, 3], 'something came of it later');
  });
}

test('who was told that the path is gone, and does not hear that it is back, asks for a restart, and gives up in the end', async (t) => {
  const { sides: [one, other], pass } = await connect(t);
  one.link.pc.become('disconnected');
  await pass(300);
  other.told.length = 0;
  one.link.close(); // it says nothing any more
  await pass(5_000);
  assert.ok(other.told.some(({ description }) => description?.type === 'offer'), 'no restart');
  await pass(4_000);
  await pass(6_000);
  await pass(8_000);
  assert.equal(other.story.at(-1), 'failed');
});

test('a restart by which only a better path is looked for interrupts nothing', async (t) => {
  for (const leisurely of [false, true]) {
    await t.test(leisurely ? 'a better path' : 'another network', async (t) => {
      const { sides, pass } = await connect(t);
      sides[1].link.refresh(leisurely);
      await settle();
      assert.equal(sides[1].link.pc.restarts, 1);
      assert.equal(sides[0].told.at(-1).description.type, 'answer');
      await pass(10_000);
      assert.deepEqual(sides.map(({ story }) => story), [['open'], ['open']]);
    });
  }
});

test('candidates for a better path are tried the best one first, as soon as all are known or it has taken too long; others go as they come', async (t) => {
  const { sides: [one, other], pass } = await connect(t);
  const heard = () => other.link.pc.added.splice(0).map((candidate) => Number(candidate.split(' ')[3]));
  for (const priority of [1, 3, 2]) one.link.pc.gathers(priority);
  await settle();
  assert.deepEqual(heard(), [1, 3, 2], 'when there is a hurry, they wait for nothing');

  one.link.refresh(true);
  await settle();
  for (const priority of [1, 3, 2]) one.link.pc.gathers(priority);
  await settle();
  assert.deepEqual(heard(), [], 'not all are known yet');
  one.link.pc.gathers(null);
  await settle();
  assert.deepEqual(heard(), [], 'the other side does not know all of its own yet');
  other.link.pc.gathers(null);
  await settle();
  assert.deepEqual(heard(), [3, 2, 1]);

  one.link.refresh(true);
  await settle();
  for (const priority of [5, 7]) one.link.pc.gathers(priority);
  await pass(1_000);
  assert.deepEqual(heard(), [7, 5], 'a relay that does not answer holds up the others');
  one.link.pc.gathers(9);
  await settle();
  assert.deepEqual(heard(), [9]);
});

test('who restarts a link that is no more at the other end is offered another', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  globalThis.RTCPeerConnection = Connection;
  const told = [];
  const links = openLinks({
    session: 'me', polite: true, ice: () => ({}), online: () => true, changed() {}, heard() {}, drained() {},
    tell: (signal) => told.push(signal),
  });
  const sdp = `a=ice-ufrag:x\r\n${PRINT}`;
  const about = { from: 'they.1', to: 'me.7' };
  links.told({ ...about, candidate: { candidate: '' } }, 'they', true);
  links.told({ ...about, description: { type: 'answer', sdp } }, 'they', true);
  links.told({ ...about, description: { type: 'offer', sdp } }, 'they', false); // perhaps a replay
  await settle();
  assert.equal(links.present, null);
  links.told({ ...about, description: { type: 'offer', sdp } }, 'they', true);
  await settle();
  assert.equal(links.present?.id, 'me.1');
  assert.deepEqual(told.map(({ from, to, description }) => [from, to, description.type]), [['me.1', null, 'offer']]);
  links.close();
});
