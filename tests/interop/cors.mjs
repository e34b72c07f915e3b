import { rule } from "./rule.mjs";

const LISTED = ["https://one.example", "https://two.example:8443"];

/** What a browser looks at before it lets a page read the answer. */
function permission({ status, headers }) {
  const seen = { status };
  for (const name of Object.keys(headers).sort()) if (name.startsWith("access-control-")) seen[name] = headers[name];
  seen.vary = (headers.vary ?? "")
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter(Boolean)
    .sort();
  return seen;
}

const ORIGINS = {
  "no Origin": undefined,
  "an Origin": "https://app.example",
  "an Origin with a port": "http://127.0.0.1:5173",
  "the Origin null": "null",
};
const TARGETS = { "/id": "peerjs/id", "/peers": "peerjs/peers", "a 404": "peerjs/nothing" };

const asked =
  (method, path, headers) =>
  async ({ http, at }) =>
    permission(await http(method, at(path), headers));
const from = (origin) => (origin === undefined ? {} : { origin });

export default [
  ...Object.entries(TARGETS).flatMap(([target, path]) =>
    Object.entries(ORIGINS).map(([who, origin]) => rule(`CORS: ${target} asked from ${who}`, asked("GET", path, from(origin)))),
  ),
  rule("CORS: an Origin is repeated as it was spelled", asked("GET", "peerjs/id", from("HTTPS://App.Example:443"))),
  rule("CORS: an Origin of another scheme", asked("GET", "peerjs/id", from("chrome-extension://abcdefghijklmnop"))),
  rule("CORS: HEAD of /id from an Origin", asked("HEAD", "peerjs/id", from("https://app.example"))),
  rule("CORS: POST, which is 404, from an Origin", asked("POST", "peerjs/id", from("https://app.example"))),
  rule(
    "CORS: a preflight repeats the headers asked for",
    asked("OPTIONS", "peerjs/id", {
      ...from("https://app.example"),
      "access-control-request-method": "GET",
      "access-control-request-headers": "X-One, x-two",
    }),
  ),
  rule(
    "CORS: a preflight without headers asked for",
    asked("OPTIONS", "peerjs/id", { ...from("https://app.example"), "access-control-request-method": "GET" }),
  ),
  rule(
    "CORS: a preflight for a method there is not",
    asked("OPTIONS", "peerjs/id", { ...from("https://app.example"), "access-control-request-method": "DELETE" }),
  ),
  rule("CORS: a preflight from the Origin null", asked("OPTIONS", "peerjs/peers", { ...from("null"), "access-control-request-method": "GET" })),
  rule("CORS: a preflight without an Origin", asked("OPTIONS", "peerjs/peers")),
  rule(
    "CORS: a preflight of a path that does not exist",
    asked("OPTIONS", "no/such/path", { ...from("https://app.example"), "access-control-request-method": "GET" }),
  ),
  rule("CORS: a preflight of the signalling path", asked("OPTIONS", "peerjs", { ...from("https://app.example"), "access-control-request-method": "GET" })),

  rule("CORS: the list of ids is readable from any Origin", { discovery: true }, asked("GET", "peerjs/peers", from("https://app.example"))),

  ...["peerjs/id", "peerjs/peers", "peerjs/nothing"].flatMap((path) => [
    rule(`CORS list: /${path} from a listed Origin`, { cors: LISTED }, asked("GET", path, from(LISTED[0]))),
    rule(`CORS list: /${path} from an Origin not listed`, { cors: LISTED }, asked("GET", path, from("https://three.example"))),
  ]),
  rule("CORS list: the second of the list", { cors: LISTED }, asked("GET", "peerjs/id", from(LISTED[1]))),
  rule("CORS list: an Origin that only starts like a listed one", { cors: LISTED }, asked("GET", "peerjs/id", from(`${LISTED[0]}.evil.example`))),
  rule("CORS list: another port is another Origin", { cors: LISTED }, asked("GET", "peerjs/id", from("https://two.example"))),
  rule("CORS list: another case is another Origin", { cors: LISTED }, asked("GET", "peerjs/id", from("https://ONE.example"))),
  rule("CORS list: the Origin null", { cors: LISTED }, asked("GET", "peerjs/id", from("null"))),
  rule("CORS list: no Origin", { cors: LISTED }, asked("GET", "peerjs/id")),
  rule(
    "CORS list: a preflight from a listed Origin",
    { cors: LISTED },
    asked("OPTIONS", "peerjs/id", {
      ...from(LISTED[0]),
      "access-control-request-method": "GET",
      "access-control-request-headers": "x-one",
    }),
  ),
  rule(
    "CORS list: a preflight from an Origin not listed",
    { cors: LISTED },
    asked("OPTIONS", "peerjs/id", {
      ...from("https://three.example"),
      "access-control-request-method": "GET",
      "access-control-request-headers": "x-one",
    }),
  ),
  rule("CORS list: the answer itself is the same for an Origin not listed", { cors: LISTED }, async ({ http, at }) => {
    const { status, headers, body } = await http("GET", at("peerjs/peers"), from("https://three.example"));
    return { status, type: headers["content-type"], body };
  }),

  ...["https://app.example", "null", "https://evil.example:1"].map((origin) =>
    rule(`CORS does not apply to the socket: opened from ${origin}`, async ({ open, query }) => {
      const socket = await open(query("alice"), { headers: { origin } });
      return { first: await socket.next() };
    }),
  ),
  rule("a CORS list does not apply to the socket either", { cors: LISTED }, async ({ open, query }) => {
    const socket = await open(query("alice"), { headers: { origin: "https://three.example" } });
    return { first: await socket.next() };
  }),
];
