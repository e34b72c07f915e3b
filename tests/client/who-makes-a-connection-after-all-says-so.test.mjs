// A browser may forbid direct connections for a while. Once it makes one, nobody is told that it makes none: the other side would end a good one.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { meet } from "./peers.mjs";

test("who makes a connection after all does not go on saying that it makes none", async (t) => {
  t.mock.method(console, "debug", () => {});
  const Fake = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = /** @type {Fake} */ (
    function () {
      throw new DOMException("not now", "NotSupportedError");
    }
  );
  const said = [];
  const { peer } = meet(
    "them",
    () => true,
    (message) => said.push(message),
  );
  t.after(() => peer.close());
  peer.call();
  await new Promise(setImmediate);
  assert.ok(said.at(-1).serverOnly, "now it makes none");
  globalThis.RTCPeerConnection = Fake;
  await once(peer.handle, "connection");
  said.length = 0;
  peer.receiveSealed({ here: "Them" }, "theirs", true); // an answer to what was said before
  await new Promise(setImmediate);
  assert.ok(said.some(({ here }) => here));
  assert.deepEqual(
    said.filter(({ serverOnly }) => serverOnly),
    [],
  );
});
