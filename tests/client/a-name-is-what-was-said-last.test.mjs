// What a device is called: what was said last counts, from the first moment on, before there is an id and whatever way leads to the others.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { withoutWebRTC } from "./node-webrtc.mjs";
import { join } from "../../public/beckon.js";
import { fakeServer } from "./sockets.mjs";

const joined = async (t, link, options) => {
  const room = join(link, options);
  t.after(() => room.close());
  return room;
};

test("a name counts from the first moment, and what is said right after joining wins", async (t) => {
  fakeServer(t);
  const first = await joined(t, "https://beckon.example/", { name: "Ann" });
  assert.equal(first.name, "Ann", "at once");
  await first.ready;
  first.close();
  const other = await joined(t, first.link, { name: " Bob\u202e " });
  assert.equal(other.name, "Bob", "cleaned, as it is shown");
  await other.ready;
  assert.equal(other.name, "Bob");
  other.close();
  const options = { name: "Bob" };
  const last = await joined(t, first.link, options);
  last.name = "Cleo";
  assert.deepEqual([last.name, options], ["Cleo", { name: "Bob" }], "and what the app has given stays as it is");
  await last.ready;
  assert.equal(last.name, "Cleo");
  last.close();
  const busy = await joined(t, first.link, { name: "Dan" });
  let said = 0;
  while (busy.state !== "open") {
    busy.name = `Dan ${++said}`;
    await new Promise(setImmediate);
  }
  assert.ok(said > 3);
  assert.equal(busy.name, `Dan ${said}`, "also what is said while the id is on its way");
});

test("a rename is told by the server too, as long as there is no other way", { timeout: 60_000 }, async (t) => {
  fakeServer(t);
  t.mock.method(console, "debug", () => {});
  withoutWebRTC(t);
  const ann = await joined(t, "https://beckon.example/", { name: "Ann" });
  await ann.ready;
  const bob = await joined(t, ann.link, { name: "Bob" });
  const [{ peer }] = await once(bob, "peer");
  while (peer.path !== "server" || peer.name !== "Ann") await Promise.race([once(peer, "path"), once(peer, "name")]);
  while (ann.peers[0]?.path !== "server") await once(ann.peers[0], "path");
  ann.name = "Anna";
  while (peer.name !== "Anna") await once(peer, "name");
});
