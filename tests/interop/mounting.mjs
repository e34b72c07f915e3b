import { offer, receivedBy } from "./frames.mjs";
import { rule } from "./rule.mjs";
import { socketAt } from "./driver.mjs";

const MYAPP = { base: "/myapp" };
const NESTED = { base: "/inner", outer: "/outer" };
const SECRET = { key: "secret-key" };

const read = ({ status, headers, body }) => ({
  status,
  type: headers["content-type"],
  body: /^[0-9a-f-]{36}$/.test(body) ? "a UUID" : body,
  allowed: headers["access-control-allow-origin"],
});
const see =
  (method, path) =>
  async ({ http }) =>
    read(await http(method, path, { origin: "https://app.example" }));
/** Whether it is there, and whether it is ours: CORS applies below the base path only. */
const reach =
  (method, path) =>
  async ({ http }) => {
    const { status, headers } = await http(method, path, { origin: "https://app.example" });
    return { status, allowed: headers["access-control-allow-origin"] };
  };
export default [
  rule("below a base path, the base path describes the server", MYAPP, see("GET", "/myapp")),
  rule("below a base path, its trailing slash changes nothing", MYAPP, see("GET", "/myapp/")),
  rule("below a base path, HEAD of it has no body", MYAPP, see("HEAD", "/myapp")),
  rule("below a base path, a query on it changes nothing", MYAPP, see("GET", "/myapp/?ts=1")),
  rule("below a base path, POST of it is 404", MYAPP, reach("POST", "/myapp")),
  rule("below a base path, /id is there", MYAPP, see("GET", "/myapp/peerjs/id")),
  rule("below a base path, /id with a trailing slash is there", MYAPP, see("GET", "/myapp/peerjs/id/")),
  rule("below a base path, /peers is there", MYAPP, see("GET", "/myapp/peerjs/peers")),
  rule("below a base path, the base path is not case-sensitive", MYAPP, see("GET", "/MyApp/peerjs/id")),
  rule("below a base path, a doubled slash is tolerated after it", MYAPP, see("GET", "/myapp//peerjs/id")),
  rule("below a base path, an unknown path is 404 with CORS", MYAPP, reach("GET", "/myapp/peerjs/nothing")),
  rule("below a base path, a plain GET of the signalling path is 404", MYAPP, reach("GET", "/myapp/peerjs")),
  rule("below a base path, OPTIONS is answered", MYAPP, reach("OPTIONS", "/myapp/no/such")),
  rule("outside the base path, /id is not there", MYAPP, reach("GET", "/peerjs/id")),
  rule("outside the base path, /peers is not there", MYAPP, reach("GET", "/peerjs/peers")),
  rule("outside the base path, the root is not there", MYAPP, reach("GET", "/")),
  rule("a base path ends at a slash", MYAPP, reach("GET", "/myappx/peerjs/id")),
  rule("below a base path, the socket opens", MYAPP, socketAt("/myapp/peerjs")),
  rule("outside the base path, the socket is refused", MYAPP, socketAt("/peerjs")),
  rule("below a base path, the socket's path takes no slash", MYAPP, socketAt("/myapp/peerjs/")),
  rule("below a base path, the socket's path is case-sensitive", MYAPP, socketAt("/MYAPP/peerjs")),
  rule("below a base path, the socket's path takes no doubled slash", MYAPP, socketAt("/myapp//peerjs")),
  rule("below a base path, messages are relayed as anywhere", MYAPP, async ({ join, id }) => {
    const alice = await join("alice");
    const bob = await join("bob");
    await alice.send(offer(id("bob")));
    return receivedBy(bob, alice);
  }),

  rule("mounted twice, the two paths are joined", NESTED, see("GET", "/outer/inner")),
  rule("mounted twice, /id is there", NESTED, see("GET", "/outer/inner/peerjs/id")),
  rule("mounted twice, an unknown path is 404 with CORS", NESTED, reach("GET", "/outer/inner/nothing")),
  rule("mounted twice, neither path alone has /id", NESTED, async ({ http }) => ({
    outer: (await http("GET", "/outer/peerjs/id")).status,
    inner: (await http("GET", "/inner/peerjs/id")).status,
  })),
  rule("mounted twice, the socket opens", NESTED, socketAt("/outer/inner/peerjs")),
  rule("mounted twice, the socket opens nowhere else", NESTED, async (driver) => ({
    outer: await socketAt("/outer/peerjs")(driver),
    inner: await socketAt("/inner/peerjs")(driver),
    root: await socketAt("/peerjs")(driver),
  })),

  rule("with a key of one's own, the socket's path is still peerjs", SECRET, socketAt("/peerjs")),
  rule("with a key of one's own, the key is no path for sockets", SECRET, socketAt("/secret-key")),
  rule("with a key of one's own, /id is below the key", SECRET, see("GET", "/secret-key/id")),
  rule("with a key of one's own, /id is below any other word too", SECRET, see("GET", "/peerjs/id")),
  rule("with a key of one's own, the default key is refused", SECRET, async ({ open, id }) => {
    const socket = await open(`key=peerjs&id=${id("alice")}&token=secret`);
    return socket.ended();
  }),
  rule("with a key of one's own, it is case-sensitive", SECRET, async ({ open, id }) => {
    const socket = await open(`key=Secret-Key&id=${id("alice")}&token=secret`);
    return socket.ended();
  }),
  rule("with a key of one's own, messages are relayed as anywhere", SECRET, async ({ join, id }) => {
    const alice = await join("alice");
    const bob = await join("bob");
    await alice.send(offer(id("bob")));
    return receivedBy(bob, alice);
  }),
];
