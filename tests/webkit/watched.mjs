// A server between WebKit and Beckon. WebDriver tells nothing of what goes wrong in a page, so that this puts a script into each page, before all others.
import { startBetween } from "../browser/between.mjs";

const WATCH = "/watch-of-the-test.js";

/** Runs in the page. Collects what no page of ours may ever do: throw, complain, or break its own content security policy. */
function watch() {
  const troubles = (window.troubles = /** @type {string[]} */ ([]));
  const collect = (/** @type {unknown[]} */ ...words) => troubles.push(words.map(String).join(" "));
  addEventListener("error", ({ message, error, target }) => collect("error:", message ?? /** @type {any} */ (target).outerHTML, error?.stack ?? ""), true);
  addEventListener("unhandledrejection", ({ reason }) => collect("rejected:", reason, reason?.stack ?? ""));
  addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => collect("CSP:", violatedDirective, blockedURI));
  const { error } = console;
  console.error = (...words) => {
    collect("console:", ...words);
    error.apply(console, words);
  };
}

/**
 * What becomes of a file: it is not there, the line is cut, it never comes, or it is written in what no browser understands. Of a page, the end may never come, or
 * it ends within its script. */
const FAULTS = {
  missing: (/** @type {import('node:http').ServerResponse} */ response) => response.writeHead(404, { "Content-Type": "text/plain" }).end("nothing here"),
  cut: (/** @type {import('node:http').ServerResponse} */ response) => response.destroy(),
  silent: () => {},
  nonsense: (/** @type {import('node:http').ServerResponse} */ response) => response.writeHead(200, { "Content-Type": "text/javascript" }).end("let let = of;"),
};

/**
 * Beckon as it is, with pages that are watched, and that do not come whole.
 * @param {URL} beckon
 * @param {Map<string, keyof typeof FAULTS | "endless" | "torn">} [faults] by path
 */
export async function startWatched(beckon, faults = new Map()) {
  /** Each file that did not come, after what it lacked. @type {string[]} */
  const spoilt = [];
  const between = await startBetween(beckon, {
    answers: (request, response) => {
      const fault = faults.get(new URL(request.url ?? "", beckon).pathname);
      if (request.url === WATCH) response.setHeader("Content-Type", "text/javascript").end(`(${watch})();`);
      else if (!fault || fault === "endless" || fault === "torn") return false;
      else {
        spoilt.push(`${fault} ${request.url}`);
        FAULTS[fault](response);
      }
      return true;
    },
    holds({ url }) {
      const fault = faults.get(url ?? "");
      return fault === "endless" || fault === "torn" ? fault : false;
    },
    change: (html) => html.replace("<head>", `<head><script src="${WATCH}"></script>`),
  });
  return { ...between, spoilt };
}
