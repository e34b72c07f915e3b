// libdatachannel closes a channel a moment before its state says so. What is sent in that moment is lost, and harms nobody.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openConnection } from "../../public/lib/connection.js";
import * as pathCare from "../../public/lib/path-care.js";

class FakeConnection {
  signalingState = "stable";
  connectionState = "new";
  localDescription = { type: "offer", sdp: "" };
  createDataChannel() {
    const send = () => {
      throw new Error("DataChannel is closed");
    };
    return { readyState: "open", bufferedAmount: 0, send };
  }
  async setLocalDescription() {}
  close() {}
}

test("what is sent through a channel that is closed already is lost, and no error", async (t) => {
  const real = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = /** @type {Fake} */ (FakeConnection);
  t.after(() => (globalThis.RTCPeerConnection = real));
  const unexpected = () => assert.fail("nothing has changed yet");
  const connection = openConnection({
    id: "epoch.1",
    care: async () => pathCare,
    polite: false,
    greeting: { ours: "ours", theirs: "theirs" },
    pc: new RTCPeerConnection(),
    sendSignal() {},
    onChange: unexpected,
    onReceive: unexpected,
    onDrain: unexpected,
  });
  t.after(() => connection.close());
  await connection.offer();
  connection.sendControl('{"type":"name","name":"Ann"}');
  assert.equal(connection.write(new Uint8Array(20)), false, "it is kept for the next connection");
  connection.sendUnreliable("may be lost");
});
