// The last check before anything is sent: is whoever is at the other end of the connection who was introduced?
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { freshSecret } from '../../public/seal.js';
import { assertSealed, startLiar } from '../malicious/liar.mjs';
import { joined, openDevice, pause, round, servePages, settle, startChromium, startFirefox, startServer, until, whole } from './holding.mjs';

let server;
let pages;
let browsers;
before(async () => {
  [server, pages, ...browsers] = await Promise.all([startServer(), servePages(), startChromium(), startFirefox()]);
});
after(async () => {
  for (const browser of browsers ?? []) await browser.close();
  pages?.close();
  await server?.close();
});

const pairs = (patch, ...engines) => engines.map(async (engine, n) => openDevice(browsers[engine], pages, { link, door: server.url, name: `${n}`, patch: n ? '' : patch }));
let link;

test('a certificate in use that was not announced: the person is told, and nothing is sent or heard', async () => {
  for (const other of [0, 1]) {
    link = `${server.url}#${freshSecret()}`;
    const devices = await Promise.all(pairs('forged', 0, other));
    const [victim, peer] = devices;
    for (const device of devices) await until('they know of each other', [device], ([{ peers }]) => peers.length === 1);
    for (const device of devices) await device.ask('click');
    const [report] = await until('the person is told', [victim], ([{ events }]) => events.some((event) => event.endsWith(' tampered')));
    assert.deepEqual(report.heard, {}, 'what came from a stranger is not delivered');
    assert.equal(report.open, 1, 'what is for the other is not given to a stranger');
    assert.deepEqual((await peer.report()).heard, {});
    // The way through the server is sealed, and still there.
    await settle(devices);
    const events = (await victim.report()).events;
    assert.ok(events.every((event) => !/ open (direct|stun|turn)/.test(event)), events.join(' | '));
    assert.equal((await victim.report()).peers[0].path, 'server');
    for (const device of devices) await device.close();
  }
});

test('an announcement that names another certificate: no browser connects to it', async () => {
  for (const engines of [[0, 0], [0, 1], [1, 0]]) {
    link = `${server.url}#${freshSecret()}`;
    const devices = await Promise.all(pairs('misannounced', ...engines));
    for (const device of devices) await until('they know of each other', [device], ([{ peers }]) => peers.length === 1);
    for (const device of devices) await device.ask('click');
    await settle(devices);
    for (const { peers } of await Promise.all(devices.map((device) => device.report()))) assert.equal(peers[0].path, 'server');
    for (const device of devices) await device.close();
  }
});

test('everything that a page was told is told again after it was loaded anew: it is not heard twice', async () => {
  for (const [n, patch] of [[0, ''], [1, 'pathless']]) {
    const liar = await startLiar(server.url);
    link = `${liar.url}#${freshSecret()}`;
    const devices = [
      await openDevice(browsers[n], pages, { link, door: liar.url, name: 'reloaded', patch }),
      await openDevice(browsers[0], pages, { link, door: liar.url, name: 'other' }),
    ];
    const [reloaded, other] = devices;
    const { id } = await reloaded.report();
    const visit = [];
    const listen = (frame, client) => (client.id === id && frame.type !== 'OPEN' && visit.push(frame), [frame]);
    liar.lie = listen;
    await other.page.reload();
    await joined(other.page);
    const met = (reports) => reports.every(({ peers }) => peers.length === 1 && peers[0].state === 'open');
    await until('they are connected', devices, met);
    await round(devices);
    liar.lie = (frame) => [frame];
    const old = await other.report();
    await reloaded.page.reload();
    await joined(reloaded.page);
    const now = liar.clients.findLast((client) => client.id === id);
    for (const frame of visit) now.send(frame);
    await until('they are connected', devices, met);
    await other.ask('click');
    await until('the new click is heard', [reloaded], ([{ heard }]) => heard[old.id]?.length);
    await pause(500);
    const { heard, refused } = await reloaded.report();
    assert.deepEqual(heard, { [old.id]: [2] }, 'only what is new');
    assert.ok(refused.length > 0 && refused.every((reason) => reason === 'stale' || reason === 'replayed'), refused.join());
    if (!patch) await until('directly', devices, whole);
    for (const device of devices) await device.close();
    assertSealed(liar.seen, []);
    liar.close();
  }
});
