// The room page's only file that touches the page, but for the details of a connection (details.js). Text goes in as text: a name is
// whatever somebody typed.
import { make, secureLink, tell, write } from "../shared/element.js";
import { hasEmoji } from "../shared/emoji.js";
import { saidBy } from "../shared/sentences.js";
import { isolate, speech, t } from "../shared/language.js";

/** How long a hello stays, in ms, unless it is sent away; it is longer than reading it takes. */
const HELLO_MS = 10_000;
/** How many hellos are shown at once; older ones make room. */
const MAX_HELLOS = 4;
/** How many lines the log of hellos has, the latest first. */
const MAX_NOTES = 5;
const TITLE = document.title;

/** @typedef {{ id: string, name: string, face: string, hue: number, state: string, standing: string }} Person */

/** @param {string} id */
const at = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
/** @param {string} id */
const field = (id) => /** @type {HTMLInputElement} */ (at(id));

/** @param {{ hello(): void, rename(name: string): void, copy(): void, share(): void, sound(): boolean, retry(): void, restart(): void, touched(): void,
 *   details(id: string, details: HTMLDetailsElement): void }} on */
export function listen(on) {
  opened = on.details;
  document.getElementById("late")?.remove(); // the page has begun
  at("hello").addEventListener("click", () => {
    on.hello();
    requestAnimationFrame(() => replay(at("hello").parentElement, "waving"));
  });
  field("name").addEventListener("change", () => on.rename(field("name").value));
  field("name").addEventListener("keydown", ({ key }) => key === "Enter" && field("name").blur());
  field("link").addEventListener("focus", () => field("link").select());
  at("copy").addEventListener("click", on.copy);
  at("share").addEventListener("click", on.share);
  at("sound").addEventListener("click", () => showSound(on.sound()));
  at("retry").addEventListener("click", on.retry);
  at("restart").addEventListener("click", on.restart);
  for (const gesture of ["pointerdown", "keydown"]) addEventListener(gesture, on.touched);
  addEventListener("keydown", ({ key }) => key === "Escape" && at("alerts").lastElementChild?.remove());
  document.addEventListener("visibilitychange", restoreTitle);
}

/**
 * Who I am: the whole page takes my hue.
 * @param {{ name: string, face: string, hue: number }} me
 */
export function showMe({ name, face, hue }) {
  document.documentElement.style.setProperty("--hue", String(hue));
  drawFace(at("face"), face, name);
  if (document.activeElement !== at("name")) field("name").value = name;
}

/** @param {Person[]} people */
export function showPeople(people) {
  const list = at("people");
  const rows = new Map(Array.from(list.children, (row) => [row.id, /** @type {HTMLElement} */ (row)]));
  for (const person of people) {
    const key = `person-${person.id}`;
    const row = rows.get(key) ?? list.appendChild(personRow(person));
    rows.delete(key);
    row.style.setProperty("--hue", String(person.hue));
    row.dataset.state = person.state;
    const [face, name, standing] = /** @type {HTMLElement[]} */ ([...row.children]);
    if (face) drawFace(face, person.face, person.name);
    if (name) write(name, isolate(person.name));
    if (standing) write(standing, person.standing);
  }
  for (const row of rows.values()) row.remove();
}

/** What to do when somebody's details are opened. @type {(id: string, details: HTMLDetailsElement) => void} */
let opened = () => {};

/** @param {Person} person */
function personRow({ id, state }) {
  const row = make("li");
  row.id = `person-${id}`;
  const face = make("span", "face");
  face.setAttribute("aria-hidden", "true");
  row.append(face, make("span", "name"), make("span", "standing"));
  if (state !== "me") {
    const details = make("details");
    details.append(tell(make("summary"), () => t("Details")));
    details.addEventListener("toggle", () => /** @type {HTMLDetailsElement} */ (details).open && opened(id, /** @type {HTMLDetailsElement} */ (details)));
    row.append(details);
  }
  return row;
}

/** @param {boolean} audible */
export function showSound(audible) {
  at("sound").setAttribute("aria-pressed", String(audible));
}

/** @param {() => string} say what was said just now */
export function note(say) {
  const line = make("li");
  const now = new Date();
  line.append(
    tell(make("time"), () => now.toLocaleTimeString(speech.locale, { timeStyle: "short" })),
    tell(make("span"), say),
  );
  at("hellos").prepend(line);
  at("hellos").children[MAX_NOTES]?.remove();
}

/**
 * @param {{ title: string, text: string }} sentence
 * @param {string} [why] what the doctor may find out
 */
export function showStatus({ title, text }, why) {
  write(at("title"), title);
  write(at("text"), text);
  at("why").hidden = !why;
  write(at("why"), why ?? "");
}

/** @param {string} text for those who listen instead of looking */
export function announce(text) {
  at("news").append(make("span", "", `${text} `));
  while (at("news").childElementCount > 3) at("news").firstElementChild?.remove();
}

/** @param {{ title: string, text: string } | null} sentence null: the server is there */
export function showAway(sentence) {
  at("away").hidden = !sentence;
  write(at("away-title"), sentence?.title ?? "");
  write(at("away-text"), sentence?.text ?? "");
}

/** There is a room to show, perhaps again. */
export function showRoom() {
  if (at("stopped").hidden) return;
  at("stopped").hidden = true;
  at("room").hidden = false;
  attention = () => TITLE;
  retitle();
}

/** @param {{ title: string, text: string }} sentence why there is no room to show */
export function showStopped({ title, text }) {
  const begins = at("stopped").hidden;
  at("room").hidden = at("away").hidden = true;
  at("stopped").hidden = false;
  write(at("stopped-title"), title);
  write(at("stopped-text"), text);
  attention = () => `${title} · ${TITLE}`;
  retitle();
  if (begins) at("restart").focus();
}

/** The page is not secure: another room would not be, either. */
export function offerHttps() {
  const link = secureLink();
  at("restart").replaceWith(link);
  link.focus();
}

/** @param {Person} from who said hello */
export function showHello(from) {
  const card = make("div", "said");
  card.setAttribute("role", "alert");
  card.style.setProperty("--hue", String(from.hue));
  const face = make("span", "face");
  face.setAttribute("aria-hidden", "true");
  drawFace(face, from.face, from.name);
  const words = make("p");
  words.append(
    tell(make("span", "name"), () => `${t("{name} said", { name: from.name })} `),
    tell(make("strong"), () => t("hello world")),
  );
  const close = make("button", "", "✕");
  close.setAttribute("aria-label", t("Dismiss"));
  const gone = () => {
    card.remove();
    restoreTitle();
  };
  close.addEventListener("click", gone);
  card.append(face, words, close);
  at("alerts").append(card);
  while (at("alerts").childElementCount > MAX_HELLOS) at("alerts").firstElementChild?.remove();
  setTimeout(gone, HELLO_MS);
  if (!document.hidden) requestAnimationFrame(() => flash(from)); // whoever comes back later finds the card, the log and the title
  attention = () => `👋 ${saidBy(from.name)}`;
  retitle();
}

/** One at a time: more than three flashes in a second can hurt people (WCAG 2.3.1). @param {Person} from */
function flash(from) {
  if (at("flash").getAnimations().length) return;
  at("flash").style.setProperty("--hue", String(from.hue));
  replay(at("flash"), "flashing");
}

/** The title calls for attention as long as a hello is there, or nobody has looked. */
function restoreTitle() {
  if (document.hidden || at("alerts").childElementCount) return;
  attention = () => TITLE;
  retitle();
}

/** What the page is called for as long as somebody has to look at it. */
let attention = () => TITLE;
/** Says it once more, perhaps in another language. */
export function retitle() {
  document.title = attention();
}

/**
 * Starts a CSS animation again, even if it is still running: before a frame is drawn, as it has the page laid out.
 * @param {Element | null} element
 * @param {string} className
 */
function replay(element, className) {
  element?.classList.remove(className);
  element?.getBoundingClientRect(); // the style in between has to have been computed once
  element?.classList.add(className);
}

/**
 * The animal, or the name's initials where no font has it.
 * @param {HTMLElement} element
 * @param {string} face
 * @param {string} name
 */
function drawFace(element, face, name) {
  const initials = name.split(" ").map((word) => [...word][0] ?? "");
  write(element, hasEmoji() ? face : initials.slice(0, 2).join(""));
  element.classList.toggle("initials", !hasEmoji());
}
