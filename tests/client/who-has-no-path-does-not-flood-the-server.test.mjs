// A room in which nobody has a path to anybody, and all that is said goes through the server: peers and their limit on a clock
// of the test's own.
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { pack } from "../../public/lib/frame.js";
import { openMessaging } from "../../public/lib/messaging.js";
import * as pathCare from "../../public/lib/path-care.js";
import { openServerLimit } from "../../public/lib/rate-limit.js";
import { readMessage } from "../../public/lib/parse.js";
import { tellTime } from "./clock.mjs";

/** What the server takes from one socket: so many in the long run, and 20 s worth of them at once (src/limits.rs). */
const SERVER_PER_SECOND = 50;
const SERVER_BURST = 20 * SERVER_PER_SECOND;
/** How often a peer without a path sends what is due, in ms (server-relay.js), and a step of the clock. */
const LOOK_MS = 1_000;
const STEP_MS = 100;

/** So many pages, each exchanging messages with every other; `run` says how long it took until all was confirmed, in ms. */
function room(count) {
  let time = 0;
  const endTime = tellTime(() => time);
  mock.timers.enable({ apis: ["setTimeout"] });
  let wire = [];
  const pages = Array.from({ length: count }, (_, me) => {
    const page = { others: new Map(), heard: new Map(), sent: [], receipts: [], tokens: SERVER_BURST, least: SERVER_BURST };
    const mayUseServer = openServerLimit();
    for (let to = 0; to < count; to++) {
      if (to === me) continue;
      const texts = [];
      page.heard.set(to, texts);
      const sendSealed = (message) => {
        page.sent.push(time);
        page.least = Math.min(page.least, --page.tokens);
        wire.push({ from: me, to, message: structuredClone(message) });
      };
      const nothing = () => {};
      const options = { state: { sent: 0 }, connection: () => null, card: () => ({ name: "" }), onName: nothing, whenRead: (_, act) => act() };
      const search = { polite: false, found: nothing, may: () => false, restart: nothing, silent: nothing };
      const path = { care: async () => pathCare, search };
      page.others.set(to, openMessaging({ ...options, ...path, sendSealed, mayUseServer, onData: (data) => texts.push(Number(data)) }));
    }
    return page;
  });
  return {
    pages,
    /** As peer.js does when the way through the server is taken. */
    click(me, number) {
      for (const messaging of pages[me].others.values()) {
        const receipt = { done: false };
        pages[me].receipts.push(receipt);
        messaging.send(pack(String(number))).then(() => (receipt.done = true));
        messaging.sendByServer();
      }
    },
    async run() {
      while (!pages.every(({ receipts }) => receipts.every(({ done }) => done))) {
        assert.ok((time += STEP_MS) < 1_000_000, "it comes to an end");
        mock.timers.tick(STEP_MS);
        for (const { from, to, message } of wire.splice(0)) pages[to].others.get(from).receiveByServer(readMessage(message), `page ${from}`);
        for (const page of pages) {
          page.tokens = Math.min(SERVER_BURST, page.tokens + (SERVER_PER_SECOND * STEP_MS) / 1_000);
          if (time % LOOK_MS === 0) for (const messaging of page.others.values()) messaging.sendByServer();
        }
        await null;
      }
      mock.timers.reset();
      endTime();
      return time;
    },
  };
}

test("a hundred clicks at once leave eight a second, and arrive in order", async () => {
  const { pages, click, run } = room(2);
  for (let number = 1; number <= 100; number++) click(0, number);
  const took = await run();
  const all = Array.from({ length: 100 }, (_, n) => n + 1);
  assert.deepEqual(pages[1].heard.get(0), all);
  const { sent } = pages[0];
  assert.equal(sent.length, 100, "each once");
  for (const start of sent) assert.ok(sent.filter((at) => at >= start && at < start + LOOK_MS).length <= 8);
  assert.ok(took < 15_000, `in ${took} ms`);
});

test("sixteen who all click fifty times at once stay below what the server takes, and every click arrives once and in order", async () => {
  const { pages, click, run } = room(16);
  for (let number = 1; number <= 50; number++) pages.forEach((_, me) => click(me, number));
  const took = await run();
  const all = Array.from({ length: 50 }, (_, n) => n + 1);
  for (const { heard, least } of pages) {
    for (const texts of heard.values()) assert.deepEqual(texts, all);
    assert.ok(least > SERVER_BURST - 2 * SERVER_PER_SECOND, `of ${SERVER_BURST} tokens ${least} were left`);
  }
  const frames = pages.reduce((sum, { sent }) => sum + sent.length, 0);
  console.log(`# ${16 * 15 * 50} messages: ${frames} frames in ${took / 1_000} s of the test's clock`);
});
