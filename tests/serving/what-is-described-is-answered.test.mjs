// docs/openapi.yaml is true: schemathesis (a program of its own, from PyPI) reads it, asks a running Worker whatever it allows and
// what it does not, and compares every answer with it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { CACHE } from "../../tools/cache.mjs";
import { startBeckon } from "../worker/beckon.mjs";
import { open } from "../worker/socket.mjs";
import { inOneMinute } from "../worker/time.mjs";

const ROOT = new URL("../../", import.meta.url);
/** tools/setup.sh puts it there. */
const SCHEMATHESIS = process.env.SCHEMATHESIS ?? join(CACHE, "schemathesis/bin/schemathesis");
const output = new URL("tests/output/openapi/", ROOT).pathname;
rmSync(output, { recursive: true, force: true });

/** What it does not look at, each with its reason. */
const NOT_CHECKED = [
  "unsupported_method", // it wants 405 for another method; PeerServer has 404, and its clients have learned to live with it
];

/**
 * Runs it against a server.
 * @returns {Promise<string[]>} what was asked and how it was answered, as "GET /{key}/id 200"
 */
async function ask(name, url, ...options) {
  const report = join(output, `${name}.har`);
  mkdirSync(output, { recursive: true });
  const command = [
    "run",
    new URL("docs/openapi.yaml", ROOT).pathname,
    "--url",
    url,
    "--checks",
    "all",
    "--exclude-checks",
    NOT_CHECKED.join(),
    "--max-examples",
    "15",
    "--seed",
    "1",
    "--generation-deterministic",
    "--no-color",
    "--report",
    "har",
    "--report-har-path",
    report,
    ...options,
  ];
  const env = { ...process.env, SCHEMATHESIS_HOOKS: new URL("openapi_texts.py", import.meta.url).pathname, PYTHONDONTWRITEBYTECODE: "1" };
  const child = spawn(SCHEMATHESIS, command, { cwd: output, env, stdio: ["ignore", "pipe", "pipe"] });
  let told = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (told += data));
  const code = await new Promise((settle, reject) => child.on("close", settle).on("error", reject));
  assert.equal(code, 0, told);
  const base = new URL(url).pathname.replace(/\/$/, "");
  const { entries } = JSON.parse(readFileSync(report, "utf8")).log;
  const kind = ({ request, response }) => {
    const word = new URL(request.url).pathname
      .slice(base.length)
      .replace(/^\/.*\/(id|peers|ice)$/, "/{key}/$1")
      .replace(/^\/admin\/realms\/[^/]*\/peers\/.*/, "/admin/realms/{key}/peers/{id}")
      .replace(/^\/admin\/realms\/[^/]*$/, "/admin/realms/{key}")
      .replace(/^\/paths\/.*/, "/paths/{kind}");
    return `${request.method} ${word} ${response.status}`;
  };
  return [...new Set(entries.map(kind))].sort();
}

const running = [];
after(() => Promise.all(running.map((beckon) => beckon.close())));
const start = async (vars, secrets = {}) => (running.push(await startBeckon({ vars, secrets })), running.at(-1));
const join_ = async (beckon, path) => (await open(beckon.url, { key: "peerjs", id: "ann", token: "t" }, path)).next();

test("as it is deployed", async () => {
  const beckon = await start({});
  await join_(beckon, "/peerjs");
  const seen = await ask("deployed", beckon.url.href);
  for (const kind of [
    "GET / 200",
    "HEAD / 200",
    "GET /health 200",
    "POST /paths/{kind} 404",
    "OPTIONS /health 204",
    "GET /{key}/id 200",
    "HEAD /{key}/id 200",
    "GET /{key}/peers 401",
    "GET /{key}/ice 200",
    "GET /{key}/ice 401",
    "HEAD /{key}/ice 200",
  ]) {
    assert.ok(seen.includes(kind), `${kind} was not seen: ${seen.join(", ")}`);
  }
});

test("elsewhere, with discovery, one key and little patience", async () => {
  const beckon = await start({ BASE_PATH: "/app", ALLOW_DISCOVERY: "true", ALLOWED_KEYS: "peerjs" });
  await join_(beckon, "/app/peerjs");
  const url = new URL("/app", beckon.url).href;
  const seen = await ask("elsewhere", url);
  for (const kind of ["GET / 200", "GET /{key}/peers 200", "GET /{key}/ice 403", "OPTIONS /{key}/ice 204"])
    assert.ok(seen.includes(kind), `${kind} was not seen: ${seen.join(", ")}`);
  // A network that has asked too often (ICE_LIMIT in wrangler.toml), in the minute in which it has.
  await inOneMinute(async (again) => {
    const address = `203.0.113.${again}`;
    for (let times = 0; times < 121; times++) await beckon.fetch("/app/peerjs/ice?id=ann&token=t", { headers: { "CF-Connecting-IP": address } });
    const refused = await ask("refused", url, "--include-operation-id", "ice", "--header", `CF-Connecting-IP:${address}`);
    assert.ok(refused.includes("GET /{key}/ice 429"), refused.join(", "));
  });
});

test("with an operator's key, for whoever shows it", async () => {
  const beckon = await start({}, { ADMIN_KEY: "a key" });
  // (Paths that lead elsewhere, because of their dots, are none of these.)
  const operators = ["--include-tag", "operator", "--mode", "positive"];
  const shown = await ask("operator", beckon.url.href, ...operators, "--header", "Authorization:Bearer a key");
  for (const kind of ["GET /admin/realms/{key} 200", "DELETE /admin/realms/{key}/peers/{id} 200"]) assert.ok(shown.includes(kind), shown.join(", "));
  const hidden = await ask("no-operator", beckon.url.href, ...operators);
  for (const kind of ["GET /admin/realms/{key} 401", "DELETE /admin/realms/{key}/peers/{id} 401"]) assert.ok(hidden.includes(kind), hidden.join(", "));
});
