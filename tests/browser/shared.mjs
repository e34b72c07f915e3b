// Browsers and servers that the files of a stage share, each of which is a process of its own: `node tests/browser/shared.mjs COMMAND...` runs the
// command and keeps them until it has ended. A browser is one file's at a time, and the next one's when that is done; so there are as many as
// there are files at a time. A Beckon is everyone's, by what differs from wrangler.toml. Without it, each file starts its own.
import { spawn } from "node:child_process";
import http from "node:http";
import { pathToFileURL } from "node:url";
import { connect, launch } from "./engines.mjs";

const KEEPER = process.env.BECKON_SHARED;

/** Asks the keeper; gives its answer. What was lent is ours until it is given back; who ends without doing that has broken it. */
function ask(question) {
  return new Promise((resolve, reject) => {
    const request = http.request(KEEPER, { method: "POST", agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("error", () => {}); // ended by us
      response.on("data", (data) => {
        text += data;
        if (!text.endsWith("\n")) return;
        const { value, error } = JSON.parse(text);
        response.socket.unref(); // the file may end without giving anything back
        if (error) reject(new Error(error));
        else resolve(value);
      });
    });
    request.on("error", reject);
    request.end(JSON.stringify(question));
  });
}

/** The processes of browsers that are lent. @type {WeakMap<object, number>} */
const programs = new WeakMap();
/** The first process of a browser. @param {import('puppeteer-core').Browser} browser */
export const programOf = (browser) => browser.process()?.pid ?? programs.get(browser);

/**
 * A browser: one that is lent, or one of our own. `close` gives it back as it was.
 * @param {import('./engines.mjs').Wish} wish
 * @param {object} [options] of puppeteer's, for this use of it
 */
export async function openBrowser(wish, options = {}) {
  if (!KEEPER) return launch(wish, { ...options, ...(wish.engine === "chromium" && { pipe: true }) });
  const { address, loan, pid } = await ask({ lend: wish });
  const browser = await connect(wish, address, options);
  programs.set(browser, pid);
  const contexts = [];
  const create = browser.createBrowserContext.bind(browser);
  browser.createBrowserContext = async (...options) => {
    contexts.push(await create(...options));
    return contexts.at(-1);
  };
  const [first] = await browser.pages();
  browser.close = async () => {
    for (const context of contexts) if (!context.closed) await context.close().catch(() => {}); // by the test
    for (const page of await browser.pages()) if (page !== first) await page.close();
    await browser.disconnect();
    await ask({ back: loan });
  };
  return browser;
}

/** @typedef {Awaited<ReturnType<typeof import('../worker/beckon.mjs').startBeckon>>} Beckon */

/**
 * A Beckon: one that is kept, or one that is started here. (What starts them is only loaded where they are started: it takes a second.)
 * @param {object} options of startBeckon
 * @param {boolean} shared whether others may use it, too
 * @returns {Promise<Omit<Beckon, 'waiting' | 'service'>>}
 */
export async function openBeckon(options = {}, shared = true) {
  if (!KEEPER) return (await import("../worker/beckon.mjs")).startBeckon(options);
  const { key, url } = await ask({ beckon: options, shared });
  /** @type {(method: string) => any} */
  const far =
    (method) =>
    (...args) =>
      ask({ key, method, args });
  return {
    url: new URL(url),
    fetch: (path, init) => fetch(new URL(path, url), init),
    .../** @type {Pick<Beckon, 'evict' | 'isAwake' | 'evictAll' | 'sql' | 'points' | 'logs'>} */ (
      Object.fromEntries(["evict", "isAwake", "evictAll", "sql", "points", "logs"].map((method) => [method, far(method)]))
    ),
    close: shared ? async () => {} : far("close"),
  };
}

/**
 * Ends a browser with all that it has started. Debian starts some by a script, which would end alone; puppeteer makes each a process group.
 * @param {import('node:child_process').ChildProcess} browser
 */
function end({ pid }) {
  try {
    process.kill(-(/** @type {number} */ (pid)), "SIGKILL");
  } catch {
    // It has ended.
  }
}

async function keep(command) {
  const { startBeckon } = await import("../worker/beckon.mjs");
  /** Browsers that nobody uses now. @type {{ wish: string, address: string, process: import('node:child_process').ChildProcess }[]} */
  const idle = [];
  /** Browsers that somebody uses, by the number of their loan. */
  const lent = new Map();
  let loans = 0;
  const processes = new Set();
  const beckons = new Map();
  let owns = 0;

  async function lend(wish, response) {
    const wanted = JSON.stringify(wish);
    const at = idle.findIndex(({ wish }) => wish === wanted);
    const browser = at < 0 ? await start(wish, wanted) : idle.splice(at, 1)[0];
    const loan = ++loans;
    lent.set(loan, { browser, response });
    // A file that was ended leaves its pages, and Firefox's one and only session.
    response.on("close", () => lent.delete(loan) && end(browser.process));
    return { address: browser.address, loan, pid: browser.process.pid };
  }

  function takeBack(loan) {
    const { browser, response } = lent.get(loan);
    lent.delete(loan);
    response.end();
    if (browser.process.exitCode === null) idle.push(browser);
  }

  async function start(wish, wanted) {
    const browser = await launch(wish);
    processes.add(browser.process());
    const kept = { wish: wanted, address: browser.wsEndpoint(), process: browser.process() };
    await browser.disconnect();
    return kept;
  }

  async function callBeckon(key, method, args) {
    const beckon = await beckons.get(key);
    if (method === "close") beckons.delete(key);
    return beckon[method](...args);
  }

  async function getBeckon(options, shared) {
    const key = shared ? JSON.stringify(options) : `own ${++owns}`;
    if (!beckons.has(key)) beckons.set(key, startBeckon(options));
    return { key, url: (await beckons.get(key)).url };
  }

  const answer = async ({ lend: wish, back, beckon: options, shared, key, method, args }, response) => {
    if (wish) return lend(wish, response);
    if (back) return takeBack(back);
    return options ? getBeckon(options, shared) : callBeckon(key, method, args);
  };
  const server = http.createServer(async (request, response) => {
    let text = "";
    for await (const data of request) text += data;
    const question = JSON.parse(text);
    const said = await answer(question, response).then(
      (value) => ({ value }),
      (error) => ({ error: String(error.stack) }),
    );
    response.write(`${JSON.stringify(said)}\n`);
    if (!question.lend || "error" in said) response.end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const [program, ...rest] = command;
  const child = spawn(program, rest, { stdio: "inherit", env: { ...process.env, BECKON_SHARED: `http://127.0.0.1:${server.address().port}/` } });
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.on(signal, () => child.kill(signal));
  const code = await new Promise((resolve) =>
    child.on("error", (error) => (console.error(error.message), resolve(127))).on("close", (code) => resolve(code ?? 1)),
  );
  for (const browser of processes) end(browser);
  for (const beckon of beckons.values()) await (await beckon).close();
  process.exit(code);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await keep(process.argv.slice(2));
