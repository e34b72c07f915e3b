import { sleep } from "./driver.mjs";
import { offer, receivedBy } from "./frames.mjs";
import { rule } from "./rule.mjs";

/** Each of these needs the whole server: they run one after the other, each when those before have gone. */
const THREE = { limit: 3, discovery: true, alone: true };

/** Three clients, on a server that has no other. */
async function full({ http, join, key }) {
  for (let tries = 0; (await http("GET", `/${key}/peers`)).body !== "[]"; tries++) {
    if (tries === 60) throw new Error("the server does not become empty");
    await sleep(50);
  }
  return [await join("a"), await join("b"), await join("c")];
}

export default [
  rule("the limit: one more id is refused", THREE, async (driver) => {
    await full(driver);
    return (await driver.dial("d")).ended();
  }),
  rule("the limit: those who are in stay and can talk", THREE, async (driver) => {
    const [a, b] = await full(driver);
    await (await driver.dial("d")).ended();
    await a.send(offer(driver.id("b")));
    return { b: await b.next(), a: a.state };
  }),
  rule("the limit: re-attaching is not subject to it", THREE, async (driver) => {
    const [a, b] = await full(driver);
    const second = await driver.dial("a");
    await receivedBy(second);
    await b.send(offer(driver.id("a")));
    return { second: await second.next(), firstHears: a.rest() };
  }),
  rule("the limit: a taken id is told so first", THREE, async (driver) => {
    await full(driver);
    return (await driver.dial("a", "other")).ended();
  }),
  rule("the limit: a missing token is told so first", THREE, async (driver) => {
    await full(driver);
    return (await driver.open(`key=${driver.key}&id=${driver.id("d")}`)).ended();
  }),
  rule("the limit: who goes makes room", THREE, async (driver) => {
    const [a] = await full(driver);
    await a.close();
    return { first: (await driver.takeover("d")).frame };
  }),
  rule("the limit: who leaves makes room", THREE, async (driver) => {
    const [a] = await full(driver);
    await a.send('{"type":"LEAVE"}');
    return { first: (await driver.takeover("d")).frame };
  }),
  rule("the limit: who is refused takes no room", THREE, async (driver) => {
    const [a] = await full(driver);
    for (const name of ["d", "e", "f"]) await (await driver.dial(name)).ended();
    await a.close();
    return { first: (await driver.takeover("d")).frame, second: await (await driver.dial("e")).ended() };
  }),
  rule("the limit: who is refused does not take what waits for the id", THREE, async (driver) => {
    const [a, b] = await full(driver);
    const since = Date.now();
    await a.send(offer(driver.id("d"), "waiting"), offer(driver.id("a"), "mark"));
    await a.next();
    const refused = await (await driver.dial("d")).ended();
    await b.close();
    const { socket, frame } = await driver.takeover("d");
    driver.inTime(since);
    return { refused, d: [frame, await socket.next()] };
  }),
  rule("the limit: /id is answered all the same", THREE, async (driver) => {
    await full(driver);
    const { status, body } = await driver.http("GET", "/peerjs/id");
    return { status, length: body.length };
  }),
  rule("the limit: the list shows those who are in", THREE, async (driver) => {
    await full(driver);
    await (await driver.dial("d")).ended();
    return JSON.parse((await driver.http("GET", `/${driver.key}/peers`)).body);
  }),
];
