// WebKit, driven by WebDriver: Debian's MiniBrowser, which has no WebRTC, on a screen that nobody sees (Xvfb). Its page has those of puppeteer's
// methods that tests/browser/browser.mjs asks for.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEADLINE_MS, eventually } from "../browser/browser.mjs";
import { freePort } from "../free-port.mjs";

const ADVICE = "is missing: apt-get install webkit2gtk-driver xvfb, then run this again";
/** As wide as a laptop; high enough for a picture of a whole page. */
const SCREEN = "1280x3200x24";
/** Root, in CI, may not build the walls that WebKit wants around its pages. There is no GPU, and nothing to keep settings in. */
const ENVIRONMENT = { WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1", LIBGL_ALWAYS_SOFTWARE: "1", GSETTINGS_BACKEND: "memory", NO_AT_BRIDGE: "1" };

/**
 * Starts a program in a process group that ends with this process, however that ends: the shell in the group reads until then.
 * @param {string[]} command
 * @param {Record<string, string>} [env]
 */
async function startGroup(command, env = {}) {
  const group = spawn("sh", ["-c", '"$@" </dev/null & read -r _; kill -KILL 0', "sh", ...command], {
    detached: true,
    env: { ...process.env, ...ENVIRONMENT, ...env },
    stdio: ["pipe", "ignore", "pipe", "pipe"],
  });
  /** What it complains of; "not found", for one. */
  let complaint = "";
  group.stderr.on("data", (data) => (complaint += data));
  const end = async () => {
    group.stdin.end();
    if (group.exitCode === null && group.signalCode === null) await once(group, "exit");
  };
  return { end, said: /** @type {import('node:stream').Readable} */ (group.stdio[3]), complaint: () => complaint };
}

/** Starts a screen. Xvfb looks for a free number itself, and says it. */
async function startScreen() {
  const { end, said, complaint } = await startGroup(["Xvfb", "-displayfd", "3", "-screen", "0", SCREEN, "-nolisten", "tcp"]);
  let number = "";
  said.on("data", (data) => (number += data));
  await eventually("Xvfb has a screen", () => {
    assert.doesNotMatch(complaint(), /not found/, `Xvfb ${ADVICE}`);
    return number.endsWith("\n");
  });
  return { display: `:${number.trim()}`, end };
}

/** @param {number} port */
const ask =
  (port) =>
  /** @param {string} method @param {string} path @param {object} [body] */
  async (method, path, body) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, body: body && JSON.stringify(body) });
    const { value } = /** @type {any} */ (await answer.json());
    if (!answer.ok) throw new Error(`${method} ${path}: ${value.error}: ${value.message}`);
    return value;
  };

/**
 * Starts WebKit with one page.
 * @param {{ dark?: boolean }} [wishes] `dark`: what the person has chosen for the whole system
 */
export async function startWebKit({ dark = false } = {}) {
  const home = mkdtempSync(join(tmpdir(), "beckon-webkit-"));
  mkdirSync(join(home, "gtk-3.0"));
  writeFileSync(join(home, "gtk-3.0/settings.ini"), "[Settings]\ngtk-enable-animations=0\n"); // as Chromium's --force-prefers-reduced-motion
  const [screen, port] = await Promise.all([startScreen(), freePort()]);
  const files = { XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home, XDG_DATA_HOME: home };
  const driver = await startGroup(["WebKitWebDriver", `--port=${port}`], { DISPLAY: screen.display, ...files });
  const call = ask(port);
  await eventually("the driver answers", () => {
    assert.doesNotMatch(driver.complaint(), /not found/, `WebKitWebDriver ${ADVICE}`);
    return call("GET", "/status").then(
      () => true,
      () => false,
    );
  });
  // Full screen: the browser's own buttons would want more room than a phone has.
  const args = ["--automation", "--full-screen", ...(dark ? ["--dark-mode"] : [])];
  const { sessionId } = await call("POST", "/session", { capabilities: { alwaysMatch: { "webkitgtk:browserOptions": { args } } } });
  const session = (method, path, body) => call(method, `/session/${sessionId}${path}`, body);
  await session("POST", "/timeouts", { script: 2 * DEADLINE_MS, pageLoad: DEADLINE_MS });
  const page = pageOf(session);
  const close = async () => {
    await call("DELETE", `/session/${sessionId}`).catch(() => {}); // what hangs is ended below
    await driver.end();
    await screen.end();
    rmSync(home, { recursive: true, force: true });
  };
  return { page, close };
}

/** A page, as puppeteer has it. @param {(method: string, path: string, body?: object) => Promise<any>} session */
function pageOf(session) {
  /** Runs in the page; a text is an expression. What it gives travels as JSON. @param {Function | string} act @param {unknown[]} args */
  async function evaluate(act, ...args) {
    const expression = typeof act === "string" ? act : `(${act})(...args)`;
    const script = `const [args, done] = arguments;
      (async () => (${expression}))().then((value) => done({ value }), (error) => done({ error: String(error) }));`;
    const { value, error } = await session("POST", "/execute/async", { script, args: [args] });
    if (error) throw new Error(error);
    return value;
  }
  return {
    evaluate,
    goto: (url) => session("POST", "/url", { url: String(url) }),
    $eval: (selector, act) => evaluate(`(${act})(document.querySelector(${JSON.stringify(selector)}))`),
    $$eval: (selector, act) => evaluate(`(${act})([...document.querySelectorAll(${JSON.stringify(selector)})])`),
    setViewport: ({ width, height }) => session("POST", "/window/rect", { x: 0, y: 0, width, height }),
    /** A picture of what is seen. @param {{ path: string }} where */
    screenshot: async ({ path }) => writeFileSync(path, Buffer.from(await session("GET", "/screenshot"), "base64")),
  };
}
