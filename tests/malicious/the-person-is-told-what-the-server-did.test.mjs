import assert from "node:assert/strict";
import { test } from "node:test";
import { link, name, openDevice, people, press, stage, untilConnected, untilHello, untilText } from "../browser/browser.mjs";
import { assertSealed, introduces, startLiar } from "./liar.mjs";

const { beckon, chromium } = await stage();

test("the page says that the introduction was changed, and connects as soon as it no longer is", async () => {
  const liar = await startLiar(beckon.url);
  const first = await openDevice(chromium, liar.url);
  await untilText(first.page, "Waiting for another device");
  await untilText(first.page, "Only people with this link can join. This server cannot read what you send.");
  const changed = (change) => (frame) => [introduces(frame) ? { ...frame, payload: change(frame.payload) } : frame];
  liar.lie = changed((payload) => `AQ${payload.slice(2)}`);
  const second = await openDevice(chromium, await link(first.page));
  const again = () => second.page.evaluate(() => void window.dispatchEvent(new Event("online"))); // it looks for the other again
  await untilText(first.page, "has to reload: the page there is older than this one");
  liar.lie = changed((payload) => `Aw${payload.slice(2)}`);
  await again();
  await untilText(first.page, "Reload this page:");
  liar.lie = changed((payload) => `Ag${payload.slice(2).toLowerCase()}`);
  await again();
  await press(first.page, "#hello");
  await untilText(first.page, "Stopped: someone changed the introduction");
  await untilText(first.page, "The messages that connect you were altered on the way. Nothing was sent.");
  await untilText(first.page, "stopped: introduction changed");
  assert.equal(
    (await people(first.page)).some((person) => person.endsWith(": open")),
    false,
  );
  liar.lie = (frame) => [frame];
  await second.page.reload();
  for (const { page } of [first, second]) await untilConnected(page, 1);
  await press(second.page, "#hello");
  await untilHello(first.page, await name(second.page));

  liar.say(liar.clients[0].id, { type: "OFFER", src: liar.clients.at(-1).id, payload: "a lie" });
  await untilText(first.page, "Something false was ignored");
  await untilConnected(first.page, 1);
  for (const { troubles, close } of [first, second]) {
    assert.deepEqual(troubles, []);
    await close();
  }
  assertSealed(liar.seen, []);
  liar.close();
});
