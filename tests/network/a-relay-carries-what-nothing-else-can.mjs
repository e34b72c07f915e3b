// Where no direct path can be, coturn carries it, set up as docs/turn.md says, with the credentials that Beckon makes: by UDP, TCP or TLS on
// 443, whatever the networks let through. Where coturn will not, the server carries what is small.
import assert from 'node:assert/strict';
import { exchange, pairs, pause, until, untilPath } from './devices.mjs';
import { credential, STUN_URL, tryCredential, TURN_URLS } from './turn.mjs';

const { udp, tcp, tls } = TURN_URLS;
const SYMMETRIC = { ra: { nat: 'symmetric' }, rb: { nat: 'symmetric' } };

/** @param {import('./lab.mjs').Scenario} scenario */
export default function register(scenario) {
  for (const [what, how, turn, engines, long] of [
    ['behind two symmetric NATs: over UDP', SYMMETRIC, [udp, tcp, tls], ['chromium', 'chromium']],
    ['behind two symmetric NATs: over UDP', SYMMETRIC, [udp, tcp, tls], ['chromium', 'firefox'], true],
    ['of which one may not use UDP: over TCP', { rb: { only: 'tcp' } }, [tcp], ['chromium', 'chromium'], true],
    ['none of which may use UDP: over TCP', { ra: { only: 'tcp' }, rb: { only: 'tcp' } }, [udp, tcp], ['chromium', 'chromium']],
    ['which may use port 443 only: over TLS', { ra: { only: '443' }, rb: { only: '443' } }, [udp, tcp, tls], ['chromium', 'chromium']],
    ['which may use port 443 only: over TLS', { ra: { only: '443' }, rb: { only: '443' } }, [udp, tcp, tls], ['chromium', 'firefox'], true],
  ]) {
    scenario(
      `a relay connects ${engines.join(' and ')} in networks ${what}`,
      async (lab) => {
        for (const [router, rules] of Object.entries(how)) lab.network.route(router, rules);
        const protocol = what.split(' ').at(-1).toLowerCase();
        const devices = await lab.meet({ engines, stun: STUN_URL, turn });
        await untilPath(`turn-${protocol}`, devices);
        for (const { local, remote, relayProtocol } of await pairs(devices)) {
          assert.ok(local === 'relay' || remote === 'relay', `not relayed: ${local}, ${remote}`);
          if (local === 'relay') assert.equal(relayProtocol, protocol);
        }
        await exchange(devices);
      },
      { long },
    );
  }

  for (const [what, wrong] of [
    ['signed with another secret', () => ({ secret: 'not the one of coturn' })],
    ['that have expired', () => ({ credential: credential({ lifeS: -60 }) })],
  ]) {
    scenario(
      `credentials ${what} get no relay: the server carries what is small; a direct path takes no harm`,
      async (lab) => {
        lab.network.route('ra', SYMMETRIC.ra);
        lab.network.route('rb', SYMMETRIC.rb);
        const devices = await lab.meet({ stun: STUN_URL, turn: [udp], ...wrong() });
        await untilPath('server', devices);
        await exchange(devices);
        lab.network.route('ra');
        lab.network.route('rb');
        await untilPath('stun', await lab.meet({ on: ['a', 'b'], stun: STUN_URL, turn: [udp], ...wrong() }));
      },
      { long: true },
    );
  }

  scenario("coturn's own tool gets an allocation with a fresh credential, and none with an expired or a forged one", async () => {
    for (const [given, accepted] of [
      [credential(), true],
      [credential({ lifeS: -60 }), false],
      [credential({ secret: 'not the one of coturn' }), false],
      [{ ...credential(), username: `${Math.floor(Date.now() / 1000) + 7200}:lab` }, false],
    ]) {
      const answer = tryCredential('b', given);
      assert.equal(answer.accepted, accepted, answer.text);
    }
  });

  scenario(
    'when the relay dies, the server carries what is small; when it is back, the relay does, and no click is lost',
    async (lab) => {
      lab.network.route('ra', SYMMETRIC.ra);
      lab.network.route('rb', SYMMETRIC.rb);
      const devices = await lab.meet({ turn: [udp] });
      await untilPath('turn-udp', devices);
      await lab.turn.kill();
      await untilPath('server', devices);
      await exchange(devices);
      await lab.turn.start();
      await untilPath('turn-udp', devices);
      await exchange(devices);
    },
    { long: true },
  );

  scenario(
    'credentials are renewed in time: after the first ones have expired, a relay that was restarted takes the devices again',
    async (lab) => {
      lab.network.route('ra', SYMMETRIC.ra);
      lab.network.route('rb', SYMMETRIC.rb);
      const devices = await lab.meet({ turn: [udp], ttl: 60 });
      await untilPath('turn-udp', devices);
      const user = () => devices[0].ask(() => lab.peer.connection.getConfiguration().iceServers.find(({ username }) => username).username);
      const first = await user();
      await until('the credentials are renewed', devices, async () => (await user()) !== first, 60_000);
      await pause(Number.parseInt(first, 10) * 1000 - Date.now() + 1_000);
      assert.equal(await devices[0].ask(() => lab.story.some(({ what }) => what.startsWith('reconnecting'))), false, 'the channel noticed');
      await lab.turn.kill();
      await lab.turn.start();
      await until('the restart is noticed', devices, () => devices[0].ask(() => lab.story.some(({ what }) => what.startsWith('reconnecting'))));
      await untilPath('turn-udp', devices);
      await exchange(devices);
    },
    { long: true },
  );
}
