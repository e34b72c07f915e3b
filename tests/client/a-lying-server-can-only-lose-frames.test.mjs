// The courier alone, with a server between two of them that does whatever chance tells it to.
import assert from 'node:assert/strict';
import { openCourier } from '../../public/lib/sealed-channel.js';
import { deriveKeys, freshEpoch, freshSecret } from '../../public/lib/seal.js';
import { chancy } from '../seeds/seeds.mjs';
import { quiet } from './sealing.mjs';

const test = chancy('courier');
const keys = await deriveKeys('AAECAwQFBgcICQoLDA0ODw');

/** One page load of `me`; `post` gets what it sends. */
function load(me, post, { in: room = keys, busy = () => false, epoch = freshEpoch() } = {}) {
  const told = [];
  const refused = [];
  const courier = openCourier({
    keys: room,
    me,
    epoch,
    send: (dst, type, payload) => post({ src: me, dst, type, payload }),
    read: (words) => words, // whatever they are: here it matters which arrive
    busy,
    told: (src, words, epoch, proven) => told.push({ src, words, epoch, proven }),
    refused: (src, reason) => refused.push(`${src} ${reason}`),
  });
  return { epoch, told, refused, ...courier };
}

test('of a thousand frames, dropped, doubled, held back, swapped and altered by chance, each arrives at most once, in order and unchanged', async (_, random) => {
  for (let round = 0; round < 20; round++) {
    const wire = [];
    const ann = load('ann', (frame) => wire.push(frame));
    const bob = load('bob', (frame) => wire.push(frame));
    for (let n = 1; n <= 50; n++) {
      ann.tell('bob', 'CANDIDATE', { n });
      bob.tell('ann', 'CANDIDATE', { n: -n });
    }
    await quiet();
    assert.equal(wire.length, 100);
    const tampered = [];
    for (const frame of wire) {
      const harm = random.below(10);
      if (harm === 0) continue;
      if (harm === 1) tampered.push(frame, { ...frame });
      else if (harm === 2) tampered.splice(Math.max(0, tampered.length - random.below(5)), 0, frame);
      else if (harm === 3) tampered.push({ ...frame, src: frame.dst, dst: frame.src });
      else if (harm === 4) tampered.push({ ...frame, src: 'eve' });
      else if (harm === 5) tampered.push({ ...frame, payload: frame.payload.slice(0, random.below(frame.payload.length)) });
      else tampered.push(frame);
    }
    for (const { src, dst, payload } of tampered) (dst === 'bob' ? bob : ann).take(src, payload);
    const due = (who) => tampered.filter(({ dst }) => (dst === 'bob' ? bob : ann) === who).length;
    await quiet();
    for (const [who, from, sign] of [[bob, 'ann', 1], [ann, 'bob', -1]]) {
      const numbers = who.told.map(({ src, words }) => (assert.equal(src, from), words.n * sign));
      assert.ok(numbers.length > 10);
      assert.deepEqual(numbers, [...new Set(numbers)].sort((a, b) => a - b));
      assert.equal(who.told.length + who.refused.length, due(who));
    }
  }
});

test('what was said to an earlier page load, or by one, is refused', async () => {
  const wire = [];
  let working = false;
  const bob = load('bob', (frame) => ann.take('bob', frame.payload), { busy: () => working });
  const record = (frame) => (wire.push(frame), bob.take('ann', frame.payload));
  let ann = load('ann', record);
  ann.tell('bob', 'OFFER', { first: 1 });
  await quiet();
  bob.tell('ann', 'ANSWER', {});
  await quiet();
  ann.tell('bob', 'CANDIDATE', { first: 2 });
  await quiet();
  assert.deepEqual(bob.told.map(({ proven }) => proven), [false, true]);
  const [old, ...proven] = wire.splice(0);

  working = true;
  ann = load('ann', record); // reloads
  ann.tell('bob', 'OFFER', { second: 1 });
  await quiet();
  assert.equal(bob.told.length, 2, 'a stranger displaces no working connection');
  assert.deepEqual(ann.told.map(({ words }) => words), [{}], 'but is asked who it is');
  ann.tell('bob', 'OFFER', { second: 2 });
  await quiet();
  assert.deepEqual(bob.told.slice(2).map(({ words, proven }) => [words, proven]), [[{ second: 2 }, true]]);

  for (const { payload } of [old, ...proven]) bob.take('ann', payload);
  await quiet();
  assert.deepEqual(bob.refused, ['ann replayed', 'ann replayed']);

  const reloaded = load('bob', () => {}); // has seen nothing of all this
  for (const { payload } of proven) reloaded.take('ann', payload);
  await quiet();
  assert.deepEqual([reloaded.told, reloaded.refused], [[], ['ann stale']]);
});

test('a frame of a retired page load is refused even if it is new', async () => {
  const bob = load('bob', () => {});
  const say = (epoch, seqs) => {
    const ann = load('ann', ({ payload }) => bob.take('ann', payload), { epoch });
    ann.take('bob', seqs);
    return ann;
  };
  let hello = '';
  load('bob', ({ payload }) => (hello = payload), { epoch: bob.epoch }).tell('ann', 'MESSAGE', {});
  await quiet();
  const first = say(freshEpoch(), hello);
  await quiet();
  first.tell('bob', 'MESSAGE', { from: 'first' });
  await quiet();
  const second = say(freshEpoch(), hello);
  await quiet();
  second.tell('bob', 'MESSAGE', { from: 'second' });
  await quiet();
  first.tell('bob', 'MESSAGE', { from: 'first, late' });
  await quiet();
  assert.deepEqual(bob.told.map(({ words }) => words.from), ['first', 'second']);
  assert.deepEqual(bob.refused, ['ann stale']);
});

test('what answers one page load is never told to the next', async () => {
  const frames = [];
  const bob = load('bob', (frame) => frames.push(frame));
  const [first, second] = await Promise.all([1, 2].map(async () => {
    const ann = load('ann', ({ payload }) => (ann.said = payload));
    load('bob', ({ payload }) => ann.take('bob', payload), { epoch: bob.epoch }).tell('ann', 'MESSAGE', {});
    await quiet();
    ann.tell('bob', 'MESSAGE', {});
    await quiet();
    return ann;
  }));
  second.told.length = 0;
  bob.take('ann', first.said);
  while (!bob.told.length) await new Promise((resolve) => setImmediate(resolve));
  bob.take('ann', second.said); // is opened while what answers the first is being sealed
  for (let n = 1; n <= 50; n++) bob.tell('ann', 'MESSAGE', { n });
  await quiet();
  assert.equal(frames.length, 50);
  assert.equal(bob.told.length, 2);
  for (const { payload } of frames) second.take('bob', payload);
  await quiet();
  assert.deepEqual(second.told, []);
});

test('rooms do not mix', async () => {
  const other = await deriveKeys(freshSecret());
  const bob = load('bob', () => {}, { in: other });
  const ann = load('ann', ({ payload }) => bob.take('ann', payload));
  ann.tell('bob', 'OFFER', {});
  await quiet();
  assert.deepEqual([bob.told, bob.refused], [[], ['ann altered']]);
});
