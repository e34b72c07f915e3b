// The client asks for fresh TURN credentials when most of their life is over, and for nothing when there is nothing to renew.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { WebSocketServer } from 'ws';
import { openSignal } from '../../public/signal.js';

const STUN = { urls: ['stun:stun.example.org'] };
const TURN = { urls: ['turn:turn.example.org'], username: 'u', credential: 'c' };
const ICE = '{"type":"ICE"}';

/** A server that says OPEN with what it is given, and the client's side of it. Time passes only when a test says so. */
async function connect(t, ice) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  t.after(() => server.close());
  await once(server, 'listening');
  t.mock.timers.enable({ apis: ['setInterval', 'Date'] });
  const came = once(server, 'connection');
  const news = [];
  let opened;
  const hello = new Promise((resolve) => (opened = resolve));
  let wake = () => {};
  const signal = openSignal(new URL(`ws://127.0.0.1:${server.address().port}`), {
    open: opened,
    ice: (fresh) => (news.push(fresh), wake()),
    join() {}, leave() {}, expire() {}, told() {}, away() {}, refused() {},
  });
  t.after(() => signal.close());
  const [socket] = await came;
  const frames = [];
  socket.on('message', (data) => {
    frames.push(String(data));
    if (String(data) === '{"type":"HEARTBEAT"}') socket.send('pong');
  });
  socket.send(JSON.stringify({ type: 'OPEN', payload: { id: 'ann', peers: [], ...ice } }));
  return {
    hello: await hello,
    news,
    /** Lets time pass, and says what the client has sent meanwhile beside heartbeats. */
    async pass(seconds) {
      frames.length = 0;
      t.mock.timers.tick(seconds * 1000);
      // A ping comes back when all before it has been heard.
      socket.ping();
      await once(socket, 'pong');
      return frames.filter((frame) => frame !== '{"type":"HEARTBEAT"}');
    },
    async answer(frame) {
      const heard = new Promise((resolve) => (wake = resolve));
      socket.send(JSON.stringify(frame));
      await heard;
    },
  };
}

test('at 80 % of their life, and again at 80 % of the next', async (t) => {
  const { hello, news, pass, answer } = await connect(t, { iceServers: [STUN, TURN], ttl: 1000 });
  assert.deepEqual([hello.iceServers, hello.degraded], [[STUN, TURN], false]);
  assert.deepEqual(await pass(792), []);
  assert.deepEqual(await pass(8), [ICE]);
  assert.deepEqual(await pass(24), [], 'it waits for the answer');
  assert.deepEqual(await pass(8), [ICE], 'but not for ever');
  await answer({ type: 'ICE', payload: { iceServers: [TURN, null, {}], ttl: 100 } });
  assert.deepEqual(news, [{ iceServers: [TURN], degraded: false, until: news[0].until }]);
  assert.ok(news[0].until > Date.now(), 'and they are good for a while');
  assert.deepEqual(await pass(72), []);
  assert.deepEqual(await pass(8), [ICE]);
});

test('soon, when TURN servers are missing for now', async (t) => {
  const { hello, pass } = await connect(t, { iceServers: [STUN], ttl: 60, degraded: true });
  assert.equal(hello.degraded, true);
  assert.deepEqual(await pass(40), []);
  assert.deepEqual(await pass(8), [ICE]);
});

for (const [what, ice] of Object.entries({
  'where there are no credentials': { iceServers: [STUN], ttl: 1000 },
  'of a server that does not say how long they live': { iceServers: [TURN] },
  'of a server that talks nonsense': { iceServers: [TURN], ttl: {} },
})) {
  test(`never ${what}`, async (t) => {
    const { pass } = await connect(t, ice);
    assert.deepEqual(await pass(8), []);
    assert.deepEqual(await pass(80_000), []);
  });
}
