// The room page: what happens in the room, put into words and shown. It uses nothing of Beckon but what everyone can import.
import { join } from "../beckon.js";
import { offerLanguages, t } from "../shared/language.js";
import { showCopied, showLink } from "../shared/link-card.js";
import { make, tell } from "../shared/element.js";
import { lazy } from "../shared/lazy.js";
import { throttle } from "../shared/rate-limit.js";
import * as say from "../shared/sentences.js";
import { canShare, copy, share } from "../shared/share.js";
import * as about from "./status.js";
import { audible, ring, toggle, unlock } from "./sound.js";
import { PATHS, recall } from "../shared/storage.js";
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
/** The page is drawn this often, at once and a second in the long run. */
const SHOWN = /** @type {const} */ ([40, 20]);
/** The hellos of one person are shown this often. */
const HELLOS = /** @type {const} */ ([4, 2]);
/** It is announced this often who came and left. */
const NEWS = /** @type {const} */ ([6, 1]);
/** How many of those who left are still shown as such. */
const MAX_FAREWELLS = 8;

const nothing = { hello() {}, rename() {}, copy() {}, share() {}, retry() {}, touched() {}, sound: toggle, details() {} };

/** Draws anew what is shown. */
let show = () => {};
/** @param {string} file of this folder, also where this is part of one file */
const near = (file) => new URL(`/room/${file}`, import.meta.url).href;

view.showSound(audible);
addEventListener("hashchange", () => location.reload());
start();
offerLanguages("", () => {
  show();
  view.retitle();
});

function start() {
  /** @type {Room} */
  let room;
  try {
    room = join(location.href);
  } catch (error) {
    view.listen({ ...nothing, restart: freshRoom });
    show = () => view.showStopped(say.stopped(/** @type {any} */ (error)));
    show();
    if (/** @type {any} */ (error).code === "insecure-context") view.offerHttps();
    return;
  }
  history.replaceState(null, "", room.link);
  showLink(room.link, canShare);
  run(room);
}

function freshRoom() {
  history.replaceState(null, "", location.search.includes("relay-only") ? "/?relay-only" : "/"); // what else is there may be the damage
  location.reload();
}

/** @param {Room} room */
function run(room) {
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
  show = throttle(draw, ...SHOWN);
  const announce = throttle(view.announce, ...NEWS);

  view.listen({
    hello: sayHello,
    rename: (name) => {
      room.name = name;
      show();
    },
    copy: async () => showCopied(await copy(room.link)),
    share: () => share(room.link),
    retry: () => room.retry(),
    restart: freshRoom,
    touched: unlock,
    sound: toggle,
    details: async (id, details) => {
      const peer = room.peers.find((peer) => peer.id === id);
      if (!peer) return;
      const late = () =>
        details.append(tell(make("p", "inside"), () => t("The details have not come yet: the server does not answer. They will come by themselves.")));
      const isOpen = () => details.open && details.isConnected;
      const module = /** @type {typeof import('./details.js') | undefined} */ (await lazy(near("details.js"), { late, isWanted: isOpen }));
      module?.showDetails(details, peer, room);
    },
  });
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
  hear();
  if (recall(PATHS)) lazy(near("path-report.js")).then((/** @type {typeof import('./path-report.js')} */ { watch }) => watch(room));

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
    peer.addEventListener("connection", async () => {
      const { connection } = peer;
      const { answer } = /** @type {typeof import('./demonstration.js')} */ (await lazy(near("demonstration.js")));
      if (connection) answer(connection);
    });
    peer.addEventListener("state", show);
    peer.addEventListener("path", show);
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

  function sayHello() {
    if (room.peers.length) send(room.peers);
    else {
      hello = null;
      unheardHellos++;
    }
    show();
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
        show();
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

  async function hear() {
    for await (const { from, data } of room) {
      if (data !== HELLO) continue; // this page has no other words
      const person = people.get(from);
      if (!person) continue;
      person.hellos++;
      person.greet();
      show();
    }
  }

  /** @param {Peer} from */
  function greet(from) {
    ring();
    view.showHello(describe(from));
    view.note(() => say.saidBy(called(from)));
  }

  /** @param {Peer} peer */
  const called = (peer) => about.called(peer, [room, ...people.keys()]);

  /** @param {Peer} peer */
  function describe(peer) {
    const hellos = people.get(peer)?.hellos ?? 0;
    return { id: peer.id, name: called(peer), face: peer.face, hue: peer.hue, state: peer.state, standing: say.standing(peer, hellos) };
  }

  /** @param {Peer} peer */
  function searching(peer) {
    return peer.state === "connecting" && Date.now() - (people.get(peer)?.since ?? 0) >= SEARCH_MS;
  }

  function draw() {
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
