// The doctor's only file that touches the page; the link for the other device is shown by shared/link-card.js. Text goes in as text.
import { make, secureLink, write } from "../shared/element.js";

/** A wait that is longer than this, in ms, is counted aloud, in seconds. */
const LONG_MS = 1_500;

/** @typedef {import('./checks.js').Check} Check */
/** @typedef {import('./checks.js').Finding} Finding */
/** @typedef {import('../shared/sentences.js').Sentence} Sentence */

/** @param {string} id */
const at = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const box = () => /** @type {HTMLInputElement} */ (at("addresses"));
const progress = () => /** @type {HTMLProgressElement} */ (at("progress"));

/**
 * What there is to a check in the page.
 * @typedef {{ row: HTMLElement, title: HTMLElement, text: HTMLElement, time: HTMLElement, seen: HTMLElement, details: HTMLElement, facts: HTMLElement,
 *   timer: ReturnType<typeof setInterval> | undefined }} Row
 */
/** @type {Map<Check, Row>} */
const rows = new Map();

/** @param {{ again(): void, invite(): void, copy(): void, share(): void, copyReport(): void, addresses(): void }} on */
export function listen(on) {
  for (const row of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-check]"))) {
    const check = /** @type {Check} */ (row.dataset.check);
    const [verdict, title, text] = [make("p", "verdict"), make("strong"), make("span")];
    const [time, seen, details, facts] = [make("span", "time"), make("p", "seen"), make("details"), make("dl")];
    verdict.append(title, " ", text);
    time.setAttribute("aria-hidden", "true");
    details.append(make("summary", "", "Details"), facts);
    seen.hidden = details.hidden = true;
    row.querySelector("h3")?.append(time);
    row.querySelector("h3")?.after(verdict, seen, details);
    // Of the two it is not known when they have something to say.
    if (check === "pair") verdict.setAttribute("role", "status");
    rows.set(check, { row, title, text, time, seen, details, facts, timer: undefined });
  }
  // Where they would be in the way of what was found, lessons are for whoever asks.
  if (!matchMedia("(min-width: 54rem)").matches) for (const lesson of document.querySelectorAll(".lesson")) lesson.removeAttribute("open");
  at("again").addEventListener("click", on.again);
  at("invite").addEventListener("click", on.invite);
  at("copy").addEventListener("click", on.copy);
  at("share").addEventListener("click", on.share);
  at("copy-report").addEventListener("click", on.copyReport);
  box().addEventListener("change", on.addresses);
  at("link").addEventListener("focus", () => /** @type {HTMLTextAreaElement} */ (at("link")).select());
}

/** @param {Check} check which is now being made, or waits for others @param {'running' | 'waiting'} state */
export function showState(check, state) {
  const row = rows.get(check);
  if (!row) return;
  clearInterval(row.timer);
  delete row.row.dataset.verdict;
  delete row.row.dataset.code;
  row.row.dataset.state = state;
  row.seen.hidden = row.details.hidden = true;
  write(row.title, state === "running" ? "Checking…" : "Not yet checked");
  write(row.text, "");
  write(row.time, "");
  if (state === "waiting") return;
  const started = performance.now();
  row.timer = setInterval(() => {
    const ms = performance.now() - started;
    if (ms > LONG_MS) write(row.time, `${Math.floor(ms / 1_000)} s…`);
  }, 500);
}

/**
 * @param {Check} check
 * @param {Finding} finding
 * @param {Sentence} sentence
 */
export function showFinding(check, { verdict, code, ms, facts = [], addresses = [] }, { title, text }) {
  const row = rows.get(check);
  if (!row) return;
  clearInterval(row.timer);
  row.row.dataset.state = "done";
  row.row.dataset.verdict = verdict;
  row.row.dataset.code = code;
  write(row.title, title);
  write(row.text, text);
  if (code === "insecure") row.text.append(" ", secureLink());
  write(row.time, ms === undefined ? "" : ms < 1_000 ? `${Math.max(1, Math.round(ms))} ms` : `${(ms / 1_000).toFixed(1)} s`);
  row.details.hidden = !facts.length && (verdict === "ok" || verdict === "none");
  const told = [["Code", `${check}: ${code}`], ...facts];
  row.facts.replaceChildren(...told.flatMap(([term, text]) => [make("dt", "", term), make("dd", "", text)]));
  row.seen.hidden = !addresses.length;
  if (addresses.length) row.seen.replaceChildren(veil(addresses));
}

/** Addresses that are only there for whoever asks: a screen may be shared. @param {string[]} addresses */
function veil(addresses) {
  const button = /** @type {HTMLButtonElement} */ (make("button", "", "Show my public address"));
  button.type = "button";
  button.addEventListener("click", () => {
    const shown = make("span", "address", addresses.join(", "));
    shown.tabIndex = -1;
    button.replaceWith(shown);
    shown.focus(); // and so it is read
  });
  return button;
}

/** @param {number} done how many checks @param {number} all */
export function showProgress(done, all) {
  progress().max = all;
  progress().value = done;
}

/** @param {import('./overall.js').Overall | null} overall null: not yet known */
export function showOverall(overall) {
  const summary = at("summary");
  summary.dataset.state = overall ? "done" : "running";
  if (overall) [summary.dataset.verdict, summary.dataset.code] = [overall.verdict, overall.code];
  else [delete summary.dataset.verdict, delete summary.dataset.code];
  write(at("summary-title"), overall?.title ?? "Checking your connection…");
  write(at("summary-text"), overall?.text ?? "It takes a few seconds; longer where something blocks the way.");
  if (overall?.code === "insecure") at("summary-text").append(" ", secureLink());
}

/** The pair is what this page was opened for: it comes first. */
export function pairFirst() {
  at("checks").prepend(at("pair"));
}

export function showInvitation() {
  at("invite").parentElement?.remove();
  at("invitation").hidden = false;
}

/** Whether addresses may be in the report. */
export function withAddresses() {
  return box().checked;
}

/** @param {string} text */
export function showReport(text) {
  write(at("report"), text);
}

/** @param {boolean} copied otherwise the text is selected, to be copied by hand */
export function showReportCopied(copied) {
  if (copied) {
    write(at("copy-report"), "Copied ✓");
    setTimeout(() => write(at("copy-report"), "Copy report"), 2_000);
    return;
  }
  /** @type {HTMLDetailsElement} */ (at("report-details")).open = true;
  at("report").focus();
  getSelection()?.selectAllChildren(at("report"));
}
