// What happens in the room, followed, put into words and shown.
//
// Who waits for a hello comes first: the page is drawn when it is calm (`show`), and a hello that is heard is shown before it is noted and drawn
// (`greet`).
import { t } from "../shared/language.js";
import { lazy } from "../shared/lazy.js";
import { throttle, whenCalm } from "../shared/rate-limit.js";
import * as say from "../shared/sentences.js";
import * as about from "./status.js";
import * as view from "./view.js";

/** @typedef {import('../beckon.js').Peer} Peer */
/** @typedef {import('../beckon.js').Room} Room */

const HELLO = "hello world";
/** How long someone who left is still shown as such, in ms. */
const FAREWELL_MS = 4_000;
/** A silence of the server is worth a word after this long, in ms: most are over sooner. */
const AWAY_MS = 1_500;
/** A search for a path is, after this long, in ms. */
const SEARCH_MS = 4_000;
/** How long a false message that did no harm is spoken of, in ms. */
const WARN_MS = 10_000;
/**
 * Drawing takes a phone as long as making a connection: it waits for a calm moment this long, in ms, and for any moment at most so long. Who comes is
 * most likely connected by then.
 */
const DRAWN = { calm: 50, atMost: 1_000 };
/** The hellos of one person are shown this often. */
const HELLOS = /** @type {const} */ ([4, 2]);
/** It is announced this often who came and left. */
const NEWS = /** @type {const} */ ([6, 1]);
/** How many of those who left are still shown as such. */
const MAX_FAREWELLS = 8;

/**
 * Follows what happens in the room.
 * @param {Room} room
 * @param {{ ring: () => void, onDrawn: () => void }} page `ring` makes a hello heard; `onDrawn`: it has been drawn for the first time
 */
export function follow(room, { ring, onDrawn }) {
  /** Everyone to be shown: those who are here and, for a moment, those who left. @type {Map<Peer, { since: number, hellos: number, greet: () => void }>} */
  const people = new Map();
  /** What became of the latest hello. @type {{ heard: string[], waiting: Set<Peer> } | null} */
  let hello = null;
  /** Hellos that nobody was there to hear. */
  let unheardHellos = 0;
  let silentSince = 0;
  /** Whether the server has ever let us in. */
  let entered = false;
  /** When something false last came. */
  let refusedAt = -WARN_MS;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let warning;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let redraw;
  /** Whether it has been drawn. */
  let drawn = false;
  /** Whose test messages are answered, or soon will be. @type {WeakSet<RTCPeerConnection>} */
  const tested = new WeakSet();
  const show = whenCalm(draw, {
    ...DRAWN,
    isBusy: () => (!entered && !silentSince) || room.peers.some((peer) => searching(peer, 0) && !searching(peer, DRAWN.atMost)),
  });
  const announce = throttle(view.announce, ...NEWS);

  room.addEventListener("state", () => {
    if (room.state === "open") entered = true;
    if (room.state !== "away") silentSince = 0;
    else silentSince ||= Date.now();
    show();
  });
  room.addEventListener("peer", ({ peer }) => came(peer));
  room.addEventListener("left", ({ peer }) => left(peer));
  room.addEventListener("refused", ({ reason }) => {
    if (/^(stale|outdated)/.test(reason)) return; // most likely just late, or a page that has to be reloaded
    refusedAt = performance.now();
    clearTimeout(warning);
    warning = setTimeout(show, WARN_MS);
    show();
  });
  room.addEventListener("message", hear);
  show();
  return { show, draw, sayHello };

  /** @param {Peer} peer */
  function came(peer) {
    for (const other of people.keys()) if (other.id === peer.id) people.delete(other);
    people.set(peer, { since: Date.now(), hellos: 0, greet: throttle(() => greet(peer), ...HELLOS) });
    let known = false;
    peer.addEventListener("name", () => {
      const person = people.get(peer);
      if (known && person && people.delete(peer)) people.set(peer, person); // it has this name from now on
      if (!known) announce(t("{name} is here.", { name: called(peer) }));
      known = true;
      show();
    });
    const changed = () => {
      answerTests(peer);
      show();
    };
    for (const change of /** @type {const} */ (["connection", "state", "path"])) peer.addEventListener(change, changed);
    for (; unheardHellos; unheardHellos--) send([peer]);
    show();
  }

  /** @param {Peer} peer */
  function left(peer) {
    announce(t("{name} left.", { name: peer.name }));
    const gone = [...people.keys()].filter(({ state }) => state === "left");
    for (const early of gone.slice(0, -MAX_FAREWELLS)) people.delete(early);
    setTimeout(() => people.delete(peer) && show(), FAREWELL_MS);
    show();
  }

  /** What answers them comes when there is a path: a hello that waits for one goes first. @param {Peer} peer */
  async function answerTests(peer) {
    const { connection } = peer;
    if (peer.state !== "open" || !connection || tested.has(connection)) return;
    tested.add(connection);
    /** @type {typeof import('./demonstration.js') | undefined} */
    const module = await lazy("/room/demonstration.js", { isWanted: () => peer.connection === connection });
    module?.answer(connection);
  }

  /** Somebody has pressed the button, and waits for an answer. */
  function answerNow() {
    drawn ? draw() : show();
  }

  function sayHello() {
    if (room.peers.length) send(room.peers);
    else {
      hello = null;
      unheardHellos++;
    }
    answerNow();
  }

  /** @param {Peer[]} peers */
  function send(peers) {
    const mine = { heard: /** @type {string[]} */ ([]), waiting: new Set(peers) };
    hello = mine;
    for (const peer of peers) {
      const settled = (/** @type {string[]} */ heard) => {
        mine.waiting.delete(peer);
        mine.heard.push(...heard);
        if (!mine.waiting.size) mine.heard.length ? view.note(() => say.saidTo(mine.heard)) : unheard(mine);
        answerNow();
      };
      peer.send(HELLO).then(
        () => settled([called(peer)]),
        () => settled([]),
      );
    }
  }

  /** The receivers have gone: those who are here hear it, or the next who comes. @param {object} mine */
  function unheard(mine) {
    if (hello === mine) hello = null;
    if (room.peers.length) send(room.peers);
    else unheardHellos++;
  }

  /** @param {{ from: Peer, data: unknown }} message */
  function hear({ from, data }) {
    const person = people.get(from);
    if (data !== HELLO || !person) return; // this page has no other words
    person.hellos++;
    person.greet();
    show();
  }

  /** @param {Peer} from */
  function greet(from) {
    view.showHello(describe(from));
    ring();
    setTimeout(() => view.note(() => say.saidBy(called(from)))); // a browser's first words of a clock take long
  }

  /** @param {Peer} peer */
  function called(peer) {
    return about.called(peer, [room, ...people.keys()]);
  }

  /** @param {Peer} peer */
  function describe(peer) {
    const hellos = people.get(peer)?.hellos ?? 0;
    return { id: peer.id, name: called(peer), face: peer.face, hue: peer.hue, state: peer.state, standing: say.standing(peer, hellos) };
  }

  /** Whether a path to somebody is looked for, and has been for so long, in ms. @param {Peer} peer */
  function searching(peer, time = SEARCH_MS) {
    return peer.state === "connecting" && Date.now() - (people.get(peer)?.since ?? 0) >= time;
  }

  function draw() {
    if (!drawn) onDrawn();
    drawn = true;
    if (room.state === "closed") return view.showStopped(say.stopped(room.error ?? { code: "closed", message: "" }));
    if (room.error && !about.isBlocked(room) && !room.peers.length) return view.showStopped(say.stopped(room.error)); // refused for now
    view.showRoom();
    if (!room.id) return;
    const { id, name, face, hue } = room;
    view.showMe({ name, face, hue });
    const me = { id, name, face, hue, state: "me", standing: t("this device") };
    view.showPeople([me, ...Array.from(people.keys(), describe)]);
    const silent = silentSince > 0 && Date.now() - silentSince >= AWAY_MS;
    const warned = performance.now() - refusedAt < WARN_MS;
    view.showStatus(
      about.status(room, { entered: entered && !silent, warned, unheardHellos, hello, searching }),
      about.isBlocked(room) ? say.whyBlocked() : room.peers.some(about.isIll) ? say.why() : "",
    );
    view.showAway(silent && !about.isBlocked(room) ? say.away(Math.ceil((room.retryAt - Date.now()) / 1_000), room.error) : null);
    clearTimeout(redraw);
    if (silentSince || room.peers.some((peer) => peer.state === "connecting")) redraw = setTimeout(show, 500);
  }
}
