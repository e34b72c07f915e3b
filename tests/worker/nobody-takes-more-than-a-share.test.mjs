// What one socket may send, be sent and have stored, on the real runtime: tunnels, deaf receivers, rows and crowded queues.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startBeckon } from "./beckon.mjs";
import { heardBy, open } from "./socket.mjs";

const OPEN = '{"type":"OPEN"}';
const KIB = 1024;
const text = (bytes) => "x".repeat(bytes);
const expired = (src, dst) => JSON.stringify({ type: "EXPIRE", src, dst });

for (const homes of ["1", "8"]) {
  let beckon;
  const key = "peerjs";
  before(async () => (beckon = await startBeckon({ vars: { PUBLIC_HOMES: homes, EXPIRE_TIMEOUT_MS: "60000" } })));
  after(() => beckon.close());
  const join = async (id) => {
    const socket = await open(beckon.url, { key, id, token: "t" });
    assert.equal(await socket.next(), OPEN);
    return socket;
  };
  test(`with ${homes} home(s): a tunnel is told and cut off, however small it is on the wire, and thirty offers and a large payload are not`, async () => {
    const [ann, bob] = [await join("ann"), await join("bob")];
    for (let n = 0; n < 30; n++) ann.send({ type: "OFFER", dst: "bob", payload: text(6_000) });
    for (let n = 0; n < 2; n++) ann.send({ type: "OFFER", dst: "bob", payload: text(256 * KIB) });
    for (let n = 0; n < 32; n++) await bob.next();
    for (let n = 0; n < 12; n++) ann.send({ type: "OFFER", dst: "bob", payload: text(256 * KIB) });
    const end = await ann.closed();
    assert.deepEqual([end.code, end.reason], [1008, "too-many-bytes"]);
    assert.match(ann.rest().at(-1), /Too many bytes/);
    const again = await join("ann");
    again.send({ type: "OFFER", dst: "bob", payload: "hello" });
    let frame;
    do frame = await bob.next();
    while (!frame.includes("hello"));
    await Promise.all([again.close(), bob.close()]);
  });

  test(`with ${homes} home(s): what one receiver is sent is bounded; who floods it is told and stays, who sends little reaches it`, async () => {
    const deaf = await join("deaf");
    const names = ["a1", "a2", "a3", "a4", "a5", "a6"];
    const senders = await Promise.all(names.map(join));
    for (const sender of senders) for (let n = 0; n < 7; n++) sender.send({ type: "OFFER", dst: "deaf", payload: text(250 * KIB) });
    const told = await Promise.all(senders.map((sender, n) => heardBy(sender, names[n])));
    const small = await join("small");
    small.send({ type: "OFFER", dst: "deaf", payload: text(6_000) });
    let bytes = 0;
    for (let frame = ""; !frame.includes('"src":"small"'); bytes += frame.length) frame = await deaf.next();
    assert.ok(bytes > 2 * KIB * KIB && bytes < 4 * KIB * KIB + 256 * KIB, `${bytes} bytes of 10.7 MB`);
    if (homes === "1") assert.ok(told.flat().includes(expired("deaf", "a6")));
    await Promise.all([deaf, small, ...senders].map((socket) => socket.close()));
  });

  test(`with ${homes} home(s): a student reaches an absent teacher, however much junk waits`, async () => {
    const [eve, student] = [await join("eve"), await join("student")];
    for (let n = 0; n < 4; n++) eve.send({ type: "OFFER", dst: "teacher", payload: text(256 * KIB - 200) });
    await heardBy(eve, "eve");
    student.send({ type: "OFFER", dst: "teacher", payload: text(6_000) });
    for (let n = 0; n < 10; n++) student.send({ type: "CANDIDATE", dst: "teacher", payload: n });
    assert.deepEqual(await heardBy(student, "student"), []);
    const teacher = await open(beckon.url, { key, id: "teacher", token: "t" });
    const frames = [];
    while (frames.filter((frame) => frame.includes('"src":"student"')).length < 11) frames.push(await teacher.next());
    assert.equal(frames[0], OPEN);
    await Promise.all([eve, student, teacher].map((socket) => socket.close()));
  });
}

test("offers to nobody cost few rows, and each sender is told", async () => {
  const beckon = await startBeckon({ vars: { EXPIRE_TIMEOUT_MS: "60000" } });
  const ann = await open(beckon.url, { key: "peerjs", id: "ann", token: "t" });
  assert.equal(await ann.next(), OPEN);
  for (let n = 0; n < 490; n++) ann.send({ type: "OFFER", dst: `nobody${n}`, payload: "1234567" });
  ann.send({ type: "OFFER", dst: "ann", payload: "mark" });
  let told = 0;
  for (let frame = ""; !frame.includes("mark"); told += Number(frame.includes("EXPIRE"))) frame = await ann.next();
  const [{ rows }] = await beckon.sql("home:0", "SELECT COUNT(*) AS rows FROM waiting");
  assert.ok(rows >= 80 && rows <= 100, `${rows} rows`);
  assert.equal(told, 490 - rows);
  // What has failed leaves no row.
  assert.equal((await beckon.sql("home:0", "SELECT COUNT(*) AS rows FROM waiting WHERE frame IS NULL"))[0].rows, 0);
  await beckon.close();
});
