// The headers of every static file, as it is built, and of every kind of answer of the Worker: all of them, so that one that is new,
// gone or changed is seen. What is served from build/site tomorrow is tested tomorrow.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { globSync, readFileSync, statSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { startBeckon } from "./beckon.mjs";
import { open } from "./socket.mjs";

const SITE = new URL("../../build/site/", import.meta.url);
/** What the platform adds, and what depends on the content. */
const PLATFORM = /^(date|etag|content-length|content-encoding|transfer-encoding|connection|keep-alive|cf-cache-status|mf-.*)$/;

const GUARDS = {
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};
const PAGE = {
  ...GUARDS,
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' wss:; manifest-src 'self'; worker-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
};
const WORKER = {
  ...GUARDS,
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
};
const IMPORTABLE = { "access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin" };
const TYPES = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  mjs: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
  txt: "text/plain; charset=utf-8",
  ts: "video/mp2t", // the platform's list; nobody loads it as anything
  webmanifest: "application/manifest+json",
};

/** The policy of a page: what stands in it may run, or count, and nothing else does. @param {string} html */
function policyOf(html) {
  const hashes = (tag) => Array.from(html.matchAll(new RegExp(`<${tag}(?![^>]*\\ssrc=)[^>]*>([^]*?)</${tag}>`, "g")), ([, text]) => hash(text)).join("");
  return PAGE["content-security-policy"].replace("script-src 'self'", `$&${hashes("script")}`).replace("style-src 'self'", `$&${hashes("style")}`);
}
const hash = (text) => ` 'sha256-${createHash("sha256").update(text).digest("base64")}'`;

const headers = (answer) => Object.fromEntries([...answer.headers].filter(([name]) => !PLATFORM.test(name)));

describe("static files", () => {
  let beckon;
  before(async () => (beckon = await startBeckon()));
  after(() => beckon.close());
  const files = globSync("**", { cwd: SITE.pathname }).filter((file) => statSync(new URL(file, SITE)).isFile() && !file.startsWith("_"));

  test("there are some", () => assert.ok(files.length > 40 && files.includes("vendor/peerjs.min.js") && files.includes("examples/chat.html"), `${files}`));

  for (const file of files) {
    test(file, async () => {
      const page = file.endsWith(".html");
      const path = page ? file.replace(/(^|\/)index\.html$/, "$1").replace(/\.html$/, "") : file;
      const answer = await beckon.fetch(`/${path}`);
      assert.equal(answer.status, 200);
      const type = TYPES[file.split(".").at(-1)];
      assert.ok(type, "a kind of file that is not in TYPES");
      const importable = file.endsWith(".js") || file.endsWith("beckon.d.ts");
      const frozen = file.startsWith("v1/");
      assert.deepEqual(headers(answer), {
        ...PAGE,
        ...(page && { "content-security-policy": policyOf(readFileSync(new URL(file, SITE), "utf8")) }),
        ...(importable ? IMPORTABLE : {}),
        ...(/^(v1\/)?beckon\.js$/.test(file) && { "x-typescript-types": "./beckon.d.ts" }),
        "cache-control": frozen ? "public, max-age=31536000, immutable" : "public, max-age=0, must-revalidate",
        "content-type": type,
      });
      if (!page) return;
      const other = await beckon.fetch(`/${file}`, { redirect: "manual" });
      assert.deepEqual([other.status, headers(other)], [307, { ...PAGE, location: `/${path}` }]);
    });
  }

  test("the room page carries its script and its style, and no other page does", () => {
    const carriers = files.filter((file) => file.endsWith(".html") && policyOf(readFileSync(new URL(file, SITE), "utf8")) !== PAGE["content-security-policy"]);
    assert.deepEqual(carriers, ["index.html"]);
    const policy = policyOf(readFileSync(new URL("index.html", SITE), "utf8"));
    assert.match(policy, /script-src 'self'( 'sha256-[\w+/]{43}='){2}; style-src 'self' 'sha256-[\w+/]{43}=';/);
  });

  test("the rules themselves are not served", async () => {
    for (const path of ["/_headers", "/_redirects"]) assert.equal((await beckon.fetch(path)).status, 404);
  });

  test("an encoded # is one again, before the Worker sees the path, and on this host", async () => {
    for (const [path, location] of [
      ["/%23secret", "/#secret"],
      ["/%2523secret.", "/#secret."],
      ["/doctor.html%23secret?utm=1", "/?utm=1#secret"],
      [`${beckon.url.origin}//evil.example%23secret`, "/#secret"],
    ]) {
      const answer = await beckon.fetch(path, { redirect: "manual" });
      assert.deepEqual([answer.status, answer.headers.get("location")], [302, location], path);
    }
    assert.doesNotMatch(JSON.stringify(beckon.logs()), /secret/);
  });
});

describe("answers of the Worker", () => {
  const ORIGIN = "https://app.example";
  const running = [];
  after(() => Promise.all(running.map((beckon) => beckon.close())));
  /** @type {any} */ let plain, closed, elsewhere, broken;
  before(async () => {
    const start = async (options) => (running.push(await startBeckon(options)), running.at(-1));
    plain = await start({ vars: { ALLOW_DISCOVERY: "true", ALLOWED_KEYS: "peerjs,k" } });
    closed = await start({ vars: { ALLOWED_ORIGINS: ORIGIN } });
    elsewhere = await start({ vars: { BASE_PATH: "/app", ICE_FOR_ALL: "true" } });
    broken = await start({ vars: { PUBLIC_HOMES: "none" } });
    await (await open(plain.url, { key: "peerjs", id: "ann", token: "t" })).next();
  });
  const JSON_TYPE = "application/json; charset=utf-8";
  const TEXT = "text/plain; charset=utf-8";
  const HTML = "text/html; charset=utf-8";

  const answers = {
    "who serves here": () => [elsewhere, "/app", 200, JSON_TYPE],
    "the state of health": () => [plain, "/health", 200, JSON_TYPE],
    "a fresh id": () => [plain, "/peerjs/id", 200, HTML],
    "who is here": () => [plain, "/peerjs/peers", 200, JSON_TYPE],
    "who is here, which is not told": () => [closed, "/peerjs/peers", 401, TEXT],
    "who is in a realm that is not served": () => [plain, "/other/peers", 200, JSON_TYPE],
    "ICE servers": () => [plain, "/peerjs/ice?id=ann&token=t", 200, JSON_TYPE],
    "no ICE servers": () => [plain, "/peerjs/ice?id=ann&token=u", 401, TEXT],
    "no ICE servers in a realm that is not served": () => [plain, "/other/ice?id=ann&token=t", 403, TEXT],
    nothing: () => [plain, "/no/such/thing", 404, HTML],
    "nothing, with markup": () => [plain, "/%3Cscript%3Ealert(1)%3C/script%3E", 404, HTML],
    "another method": () => [plain, "/peerjs/id", 404, HTML, { method: "POST" }],
    "a path that nobody counts": () => [plain, "/paths/stun", 404, HTML, { method: "POST" }],
    "a broken escape": () => [plain, "/%zz/id", 400, TEXT],
  };
  for (const [what, answer] of Object.entries(answers)) {
    for (const method of ["GET", "HEAD"]) {
      test(`${what}, by ${method}`, async () => {
        const [beckon, path, status, type, init = {}] = answer();
        const got = await beckon.fetch(path, { method, headers: { Origin: ORIGIN }, ...init });
        assert.deepEqual([got.status, headers(got)], [status, { ...WORKER, "content-type": type, vary: "Origin", "access-control-allow-origin": ORIGIN }]);
        if (method === "HEAD" && !init.method) assert.equal(await got.text(), "");
      });
    }
  }

  test("what is not below the base path", async () => {
    const got = await elsewhere.fetch("/peerjs/id", { headers: { Origin: ORIGIN } });
    assert.deepEqual([got.status, headers(got)], [404, { ...WORKER, "content-type": HTML }]);
  });

  test("a preflight", async () => {
    const got = await plain.fetch("/peerjs/id", { method: "OPTIONS", headers: { Origin: ORIGIN, "Access-Control-Request-Headers": "x-one" } });
    assert.deepEqual(
      [got.status, await got.text(), headers(got)],
      [
        204,
        "",
        {
          ...WORKER,
          vary: "Origin, Access-Control-Request-Headers",
          "access-control-allow-origin": ORIGIN,
          "access-control-allow-methods": "GET,HEAD,PUT,PATCH,POST,DELETE",
          "access-control-allow-headers": "x-one",
        },
      ],
    );
  });

  test("an origin that is not listed may not read", async () => {
    for (const method of ["GET", "OPTIONS"]) {
      const got = await closed.fetch("/peerjs/id", { method, headers: { Origin: "https://other.example" } });
      assert.equal(got.headers.get("access-control-allow-origin"), null);
      for (const [name, value] of Object.entries(WORKER)) assert.equal(got.headers.get(name), value, `${method}: ${name}`);
    }
  });

  test("a variable that is wrong", async () => {
    const got = await broken.fetch("/peerjs/id", { headers: { Origin: ORIGIN } });
    assert.deepEqual([got.status, headers(got)], [500, { ...WORKER, "content-type": TEXT }]);
  });

  test("a WebSocket where there is none", async () => {
    const got = await plain.fetch("/elsewhere", { headers: { Upgrade: "websocket" } });
    assert.deepEqual([got.status, headers(got)], [400, { ...WORKER, "content-type": TEXT }]);
  });

  test("the state of health says which version this is, and its limits, and no secret", async () => {
    const health = await (await plain.fetch("/health")).json();
    assert.deepEqual(Object.keys(health), ["name", "version", "build", "counts", "limits"]);
    assert.match(health.version, /^\d+\.\d+\.\d+$/);
    assert.match(health.build, /^[0-9a-f]{7,12}$|^unknown$/);
    const { CONCURRENT_LIMIT, PEERS_PER_NETWORK, ROOM_CAPACITY, FRAMES_PER_SECOND, BYTES_PER_SECOND, frameBytes, roomFrameBytes, idBytes } = health.limits;
    assert.deepEqual([CONCURRENT_LIMIT, PEERS_PER_NETWORK, ROOM_CAPACITY, FRAMES_PER_SECOND, BYTES_PER_SECOND], [5000, 1000, 16, 50, 65536]);
    assert.deepEqual([frameBytes, roomFrameBytes, idBytes], [272 * 1024, 64 * 1024, 512]);
    assert.equal((await elsewhere.fetch("/app/health")).status, 200);
    assert.equal((await elsewhere.fetch("/health")).status, 404);
  });
});
