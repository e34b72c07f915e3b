// The doctor's only file that touches the page; the link for the other device is shown by shared/link-card.js. Text goes in as text.
import { make, secureLink, tell, write } from "../shared/element.js";
import { isolate, span, t } from "../shared/language.js";

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
  document.getElementById("late")?.remove(); // the page has begun
  for (const row of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-check]"))) {
    const check = /** @type {Check} */ (row.dataset.check);
    const [verdict, title, text] = [make("p", "verdict"), make("strong"), make("span")];
    const [time, seen, details, facts] = [make("span", "time"), make("p", "seen"), make("details"), make("dl")];
    verdict.append(title, " ", text);
    time.setAttribute("aria-hidden", "true");
    details.append(
      tell(make("summary"), () => t("Details")),
      facts,
    );
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
  tell(row.title, () => (state === "running" ? t("Checking…") : t("Not yet checked")));
  tell(row.text, () => "");
  write(row.time, "");
  if (state === "waiting") return;
  const started = performance.now();
  row.timer = setInterval(() => {
    const ms = performance.now() - started;
    if (ms > LONG_MS) write(row.time, t("{n} s…", { n: Math.floor(ms / 1_000) }));
  }, 500);
}

/**
 * @param {Check} check
 * @param {Finding} finding
 * @param {() => Sentence} sentence
 */
export function showFinding(check, { verdict, code, ms, facts = () => [], addresses = [] }, sentence) {
  const row = rows.get(check);
  if (!row) return;
  clearInterval(row.timer);
  row.row.dataset.state = "done";
  row.row.dataset.verdict = verdict;
  row.row.dataset.code = code;
  tell(row.title, () => sentence().title);
  tell(row.text, () => sentence().text);
  if (code === "insecure") row.text.append(" ", secureLink());
  tell(row.time, () => (ms === undefined ? "" : span(Math.max(1, ms))));
  const told = facts();
  row.details.hidden = !told.length && (verdict === "ok" || verdict === "none");
  const shown = [[t("Code"), isolate(`${check}: ${code}`)], ...told];
  row.facts.replaceChildren(...shown.flatMap(([term, text]) => [make("dt", "", term), make("dd", "", text)]));
  row.seen.hidden = !addresses.length;
  if (addresses.length) row.seen.replaceChildren(veil(addresses));
}

/** Addresses that are only there for whoever asks: a screen may be shared. @param {string[]} addresses */
function veil(addresses) {
  const button = /** @type {HTMLButtonElement} */ (tell(make("button"), () => t("Show my public address")));
  button.type = "button";
  button.addEventListener("click", () => {
    const shown = make("bdi", "address", addresses.join(", "));
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
  write(at("summary-title"), overall?.title ?? t("Checking your connection…"));
  write(at("summary-text"), overall?.text ?? t("It takes a few seconds; longer where something blocks the way."));
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
    tell(at("copy-report"), () => t("Copied ✓"));
    setTimeout(() => tell(at("copy-report"), () => t("Copy report")), 2_000);
    return;
  }
  /** @type {HTMLDetailsElement} */ (at("report-details")).open = true;
  at("report").focus();
  getSelection()?.selectAllChildren(at("report"));
}
