// The details of one connection, for those who want to see it work: loaded when somebody opens them.
import { emoji } from "./compare.js";
import { demonstrate } from "./demonstration.js";
import { make, tell } from "../shared/element.js";
import { hasEmoji } from "../shared/emoji.js";
import { isolate, join, t } from "../shared/language.js";
import { lazy } from "../shared/lazy.js";
import { describe } from "../shared/statistics.js";

const style = document.createElement("link");
style.rel = "stylesheet";
style.href = "/room/details.css";
document.head.append(style);

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
  const prints = make("dl", "prints");
  for (const [say, { fingerprint }] of /** @type {const} */ ([
    [() => t("Fingerprint of {name}", { name: peer.name }), peer],
    [() => t("Fingerprint of this device"), room],
  ]))
    prints.append(
      tell(make("dt"), say),
      tell(make("dd"), () => (hasEmoji() ? `${emoji(fingerprint)} ` : "") + isolate(fingerprint)),
    );
  const button = /** @type {HTMLButtonElement} */ (tell(make("button"), () => t("Send test messages")));
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
    tell(make("p"), () =>
      t(
        "Messages stay messages: each arrives whole or not at all, and never joined to the next, as it would be in a stream such as TCP. Yours travel ordered and reliable; copies of small ones go ahead unordered, and may be lost.",
      ),
    ),
    prints,
    tell(make("p"), () =>
      t("An id belongs to a key, which nobody else has. Two people who see the same fingerprint of a device on both screens can be sure of it."),
    ),
    button,
    news,
  );
  details.append(inside);
  offer(inside, room);
  while (details.open && inside.isConnected) {
    const pc = peer.connection;
    button.disabled = testing || !pc || peer.state !== "open";
    const known = pc && (await describe(pc).catch(() => {}));
    const rows = known ?? (() => [[t("Connection"), t("none now: see above")]]);
    const says = (/** @type {string} */ tag, /** @type {number} */ row, /** @type {number} */ cell) => tell(make(tag), () => rows()[row]?.[cell] ?? "");
    figures.replaceChildren(...rows().flatMap((_, row) => [says("dt", row, 0), says("dd", row, 1)]));
    await new Promise((resolve) => setTimeout(resolve, READ_MS));
  }
}

/**
 * Asks whether the kind of path may be told, where that is of any use.
 * @param {HTMLElement} inside
 * @param {import('../beckon.js').Room} room
 */
async function offer(inside, room) {
  const { agree, agreed, counted } = /** @type {typeof import('./path-report.js')} */ (await lazy(new URL("path-report.js", import.meta.url).href));
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
  const asks = tell(make("span"), () => t("Tell whoever runs this site by what kind of path my devices connect (direct, relayed and so on), and nothing else"));
  label.append(box, asks);
  inside.append(label);
}

/**
 * @param {import('../beckon.js').Peer} peer
 * @param {HTMLElement} outcome
 */
async function test(peer, outcome) {
  const pc = peer.connection;
  if (!pc) return;
  const says = (/** @type {() => string} */ say) => tell(make("li"), say);
  outcome.replaceChildren(says(() => t("Sending…")));
  const lines = [];
  for await (const { kind, sent, back, whole, late } of demonstrate(pc)) {
    if (!back && !lines.length) return outcome.replaceChildren(says(() => t("The page over there does not answer test messages.")));
    lines.push(
      says(() => {
        const order = late ? t("{n} overtaken", { n: late }) : t("in order");
        const came = t("{back} of {n} messages, from 1 to 41 characters, came back", { back, n: sent });
        return t("{kind}: {outcome}", { kind: t(kind), outcome: join([came, whole ? t("each as it was sent") : t("some changed"), order], t(", ")) });
      }),
    );
    outcome.replaceChildren(...lines);
  }
}
