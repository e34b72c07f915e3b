// Two mailboxes, and between them a reliable channel that is cut now and then, an unreliable one that loses, doubles and reorders,
// and a server that does it too: all by chance.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_POST_BYTES, openMailbox } from '../../public/mailbox.js';
import { chance } from './chance.mjs';

const random = chance('mailbox');
const tick = () => new Promise((resolve) => setTimeout(resolve, 1));

function pair() {
  const wires = [[], []];
  const loose = [[], []];
  const sides = [0, 1].map((me) => {
    const heard = [];
    const write = (text) => wires[me].push(text);
    const burst = (text) => loose[me].push(text);
    return { heard, mailbox: openMailbox({ tally: { sent: 0 }, write, burst, heard: (data) => heard.push(data) }) };
  });
  const give = (from, text) => {
    const to = sides[1 - from].mailbox;
    to.take(`session${from}`, JSON.parse(text), (ack) => {
      wires[1 - from].push(JSON.stringify(ack));
      loose[1 - from].push(JSON.stringify(ack));
    });
  };
  return { sides, wires, loose, give };
}

test('each message arrives once and in order, whatever is lost, doubled, late or cut', async () => {
  for (let round = 0; round < 60; round++) {
    const { sides, wires, loose, give } = pair();
    const receipts = [];
    for (let n = 1; n <= 40; n++) {
      for (const side of sides) if (random.below(2)) receipts.push(side.mailbox.put(String(n)));
      for (const from of [0, 1]) {
        const posted = [];
        if (random.below(8) === 0) sides[from].mailbox.post((frame) => posted.push(JSON.stringify(frame)));
        for (const text of [...loose[from].splice(0), ...posted].sort(() => random.next() - 0.5)) {
          for (let copies = random.below(3); copies > 0; copies--) give(from, text);
        }
        if (random.below(6) === 0) {
          wires[from].length = 0; // cut, and made anew
          sides[from].mailbox.resend();
        } else for (const text of wires[from].splice(0, random.below(4))) give(from, text);
      }
      if (n % 10 === 0) await tick();
    }
    for (const from of [0, 1]) sides[from].mailbox.resend();
    while (wires.some((wire) => wire.length)) for (const from of [0, 1]) for (const text of wires[from].splice(0)) give(from, text);
    await Promise.all(receipts);
    for (const { heard } of sides) assert.deepEqual(heard, [...new Set(heard)].sort((a, b) => a - b));
    assert.equal(sides[0].heard.length + sides[1].heard.length, receipts.length);
  }
});

test('copies of a small message go ahead until it is confirmed, those of a large one never', async () => {
  const { sides, wires, loose, give } = pair();
  sides[0].mailbox.put('small');
  sides[0].mailbox.put('x'.repeat(2_000));
  assert.deepEqual([wires[0].length, loose[0].length], [2, 1]);
  await new Promise((resolve) => setTimeout(resolve, 70));
  assert.equal(loose[0].length, 2);
  give(0, loose[0][1]);
  assert.deepEqual(sides[1].heard, ['small']);
  give(1, loose[1][0]);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(loose[0].length, 2, 'no third copy after it was confirmed');
});

test('someone who comes back begins where what is settled ends', () => {
  const { sides, wires, give } = pair();
  for (const text of ['one', 'two']) sides[0].mailbox.put(text);
  for (const text of wires[0].splice(0)) give(0, text);
  for (const text of wires[1].splice(0)) give(1, text);
  sides[0].mailbox.put('three');
  const late = [];
  const reloaded = openMailbox({ tally: { sent: 0 }, write() {}, burst() {}, heard: (data) => late.push(data) });
  reloaded.take('session0', JSON.parse(wires[0][0]), () => {});
  reloaded.take('session0', JSON.parse(wires[0][0]), () => {});
  assert.deepEqual(late, ['three']);
});

test('what goes through the server is bounded in size and rate, and keeps its order', () => {
  const { sides: [{ mailbox }] } = pair();
  const posted = [];
  const post = () => (mailbox.post(({ seq }) => posted.push(seq)), posted.splice(0));
  for (let n = 0; n < 12; n++) mailbox.put('click');
  mailbox.put('\u20ac'.repeat(MAX_POST_BYTES / 3));
  mailbox.put('after the big one');
  assert.deepEqual(post(), [1, 2, 3, 4, 5, 6, 7, 8]);
  assert.deepEqual(post(), [9, 10, 11, 12], 'and not 14, which would overtake 13');
  assert.deepEqual(post(), [], 'what was just sent is given time');
});

test('nonsense is dropped', () => {
  const { sides: [{ mailbox, heard }] } = pair();
  for (const frame of [{}, { type: 'message' }, { type: 'message', seq: 'x', base: 1, data: '' }, { type: 'message', seq: 1, base: 1, data: 7 }, { type: 'ack', seq: 'x' }, { type: 'loose', data: {} }]) {
    mailbox.take('session', frame, () => assert.fail('confirmed'));
  }
  assert.deepEqual(heard, []);
});
