// Relay-only rooms: whatever a device says about itself names the relay and nothing else, also after its credentials were renewed.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { link, openDevice, ownBeckon, press, startChromium, startFirefox, until, untilConnected, untilHello, untilText } from "./browser.mjs";
import { startTurn } from "./turn.mjs";

const SECRET = "a secret of the tests";
/** The relay is on this machine, which Firefox does not allow by itself. */
const LOOPBACK = { "media.peerconnection.ice.loopback": true };

let turn;
let beckon;
let browsers;
before(async () => {
  turn = await startTurn(SECRET);
  const vars = { STUN_URLS: turn.stun, TURN_URLS: [turn.udp, turn.tcp].join() };
  [beckon, ...browsers] = await Promise.all([ownBeckon({ vars, secrets: { TURN_SECRET: SECRET } }), startChromium(), startFirefox({ preferences: LOOPBACK })]);
});
after(async () => {
  for (const browser of browsers ?? []) await browser.close();
  await beckon?.close();
  await turn?.close();
});

/** Notes every connection of a page, how it is configured later, and its socket. */
const collect = (page) =>
  page.evaluateOnNewDocument(() => {
    window.connections = [];
    window.configured = [];
    window.WebSocket = class extends WebSocket {
      constructor(url) {
        super(url);
        window.socket = this;
      }
    };
    window.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(options) {
        super(options);
        window.connections.push(this);
        this.addEventListener("icecandidate", ({ candidate }) => candidate?.candidate && (this.said ??= []).push(candidate.candidate));
      }
      setConfiguration(options) {
        super.setConfiguration(options);
        window.configured.push(options.iceTransportPolicy);
      }
    };
  });
/** Every candidate that a page has said, in descriptions or apart. (Firefox does not tell the description of a connection that is closed.) */
const said = (page) =>
  page.evaluate(() =>
    window.connections.flatMap((pc) => {
      const described = pc.signalingState === "closed" ? null : pc.localDescription;
      return [...(pc.said ?? []), ...(described?.sdp.match(/candidate:.*/g) ?? [])];
    }),
  );

for (const engine of [0, 1]) {
  test(`in ${["Chromium", "Firefox"][engine]}`, async () => {
    const first = await openDevice(browsers[engine], new URL("/?relay-only&from=a-messenger", beckon.url), collect);
    await until(first.page, "a fresh room", () => document.getElementById("link").value.includes("#"));
    const address = await link(first.page);
    assert.match(address, /\?relay-only&from=a-messenger#/, "who is invited shows nothing either");
    const second = await openDevice(browsers[engine], address, collect);
    const open = await openDevice(browsers[0], address.replace(/\?.*#/, "#"), collect);
    const devices = [first, second, open];
    for (const { page } of devices) await untilConnected(page, 2);
    for (const { page } of devices) {
      await page.bringToFront(); // a page that nobody sees does not look by what path
      await untilText(page, "(still encrypted)"); // by whichever relay
    }
    await press(first.page, "#hello");
    await untilHello(second.page, await first.page.$eval("#name", (field) => field.value));

    // Renewed, as after most of the credentials' life: what is gathered from then on shows no more.
    const [rounds, before] = await first.page.evaluate(() => [window.connections.flatMap((pc) => pc.said ?? []).length, window.configured.length]);
    const again = (before) => {
      if (!(Date.now() - window.askedAt < 3_000)) {
        window.askedAt = Date.now();
        window.socket.send('{"type":"ICE"}'); // refused until the last ones are 10 s old
      }
      return window.configured.length >= before + 2;
    };
    await until(first.page, "fresh credentials", again, before);
    assert.deepEqual(await first.page.evaluate(() => [...new Set(window.configured)]), ["relay"]);
    await first.page.evaluate(() => window.dispatchEvent(new Event("online"))); // an ICE restart
    await until(first.page, "another round", (rounds) => window.connections.flatMap((pc) => pc.said ?? []).length > rounds, rounds);
    for (const { page } of [first, second]) {
      const candidates = await said(page);
      assert.ok(candidates.length > 0, "it has said some");
      assert.deepEqual(
        candidates.filter((candidate) => !/ typ relay /.test(candidate)),
        [],
      );
      // Beside it stands nothing, or the relay's address once more: the port tells it from the device's own, for all are on one machine.
      const bare = (candidate) =>
        / raddr 0\.0\.0\.0 /.test(candidate) ||
        / (\S+ \d+) typ relay raddr (\S+) rport (\d+)/
          .exec(candidate)
          ?.slice(1)
          .join(" ")
          .match(/^(\S+ \d+) \1$/);
      assert.deepEqual(
        candidates.filter((candidate) => !bare(candidate)),
        [],
        "nor beside it",
      );
    }
    assert.ok(
      (await said(open.page)).some((candidate) => / typ host /.test(candidate)),
      "who did not ask for it says all it has",
    );
    for (const { troubles, close } of devices) {
      assert.deepEqual(troubles, []);
      await close();
    }
  });
}
