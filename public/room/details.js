// The details of one connection, for those who want to see it work: loaded when somebody opens them.
import { demonstrate } from "./demonstration.js";
import { make } from "../shared/element.js";
import { agree, agreed, counted } from "./path-report.js";
import { describe } from "../shared/statistics.js";

/** How often the figures are read, in ms. */
const READ_MS = 1_000;

/**
 * Fills the details of a person and keeps them up to date for as long as they are open.
 * @param {HTMLDetailsElement} details
 * @param {import('../beckon.js').Peer} peer
 * @param {import('../beckon.js').Room} room
 */
export async function showDetails(details, peer, room) {
  details.querySelector(".inside")?.remove();
  const inside = make("div", "inside");
  const figures = make("dl");
  const button = /** @type {HTMLButtonElement} */ (make("button", "", "Send test messages"));
  button.type = "button";
  const outcome = make("ul", "outcome");
  const news = make("div");
  news.setAttribute("role", "status");
  news.append(outcome);
  let testing = false;
  button.addEventListener("click", async () => {
    button.disabled = testing = true;
    await test(peer, outcome);
    testing = false;
  });
  inside.append(
    figures,
    make(
      "p",
      "",
      "Messages stay messages: each arrives whole or not at all, and never joined to the next, as it would be in a stream such as TCP. Yours travel ordered and reliable; copies of small ones go ahead unordered, and may be lost.",
    ),
    button,
    news,
  );
  details.append(inside);
  offer(inside, room);
  while (details.open && inside.isConnected) {
    const pc = peer.connection;
    button.disabled = testing || !pc || peer.state !== "open";
    const rows = pc ? await describe(pc).catch(() => []) : [];
    const shown = rows.length ? rows : [["Connection", "none now: see above"]];
    figures.replaceChildren(...shown.flatMap(([term, text]) => [make("dt", "", term), make("dd", "", text)]));
    await new Promise((resolve) => setTimeout(resolve, READ_MS));
  }
}

/**
 * Asks whether the kind of path may be told, where that is of any use.
 * @param {HTMLElement} inside
 * @param {import('../beckon.js').Room} room
 */
async function offer(inside, room) {
  if (!(await counted())) return;
  const label = make("label");
  const box = /** @type {HTMLInputElement} */ (make("input", "agrees"));
  box.type = "checkbox";
  box.checked = agreed();
  box.addEventListener("change", () => {
    agree(box.checked, room);
    // What is remembered is what counts, in whosever details it is shown.
    for (const other of document.querySelectorAll("input.agrees")) /** @type {HTMLInputElement} */ (other).checked = agreed();
  });
  label.append(box, "Tell whoever runs this site by what kind of path my devices connect (direct, relayed and so on), and nothing else");
  inside.append(label);
}

/**
 * @param {import('../beckon.js').Peer} peer
 * @param {HTMLElement} outcome
 */
async function test(peer, outcome) {
  const pc = peer.connection;
  if (!pc) return;
  outcome.replaceChildren(make("li", "", "Sending…"));
  const lines = [];
  for await (const { kind, sent, back, whole, late } of demonstrate(pc)) {
    if (!back && !lines.length) return outcome.replaceChildren(make("li", "", "The page over there does not answer test messages."));
    const order = late ? `${late} overtaken` : "in order";
    lines.push(
      make("li", "", `${kind}: ${back} of ${sent} messages, from 1 to 41 characters, came back, ${whole ? "each as it was sent" : "some changed"}, ${order}`),
    );
    outcome.replaceChildren(...lines);
  }
}
