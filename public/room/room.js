// The room page. It uses nothing of Beckon but what everyone can import.
//
// A person waits for the first hello. So this is the order of work at the start (docs/architecture.md has the library's part of it):
//   1. The browser reads the page, with a button that can be pressed soon. As it is served, the page has this script in it (tools/inline.mjs).
//   2. The room is joined: keys are made, and the socket is opened. The page hears its buttons: `start`.
//   3. It is drawn when it is calm, and not while somebody's path is looked for, unless that takes long: follow.js.
//   4. Everything else comes after the first drawing: `finish`.
import { join } from "../beckon.js";
import { offerLanguages, t } from "../shared/language.js";
import { showCode, showCopied, showLink } from "../shared/link-card.js";
import { make, tell } from "../shared/element.js";
import { lazy } from "../shared/lazy.js";
import * as say from "../shared/sentences.js";
import { canShare, copy, share } from "../shared/share.js";
import { PATHS, recall, remember, SOUND } from "../shared/storage.js";
import { follow } from "./follow.js";
import * as view from "./view.js";

/** @typedef {import('../beckon.js').Room} Room */

const nothing = { hello() {}, rename() {}, copy() {}, share() {}, retry() {}, touched() {}, sound: toggleSound, details() {} };

/** @param {string} file of this folder, also where this is part of one file */
const near = (file) => new URL(`/room/${file}`, import.meta.url).href;

/** No browser makes a sound before the page has been touched: what makes it comes then. @type {typeof import('./sound.js') | undefined} */
let sound;
/** Whether hellos are to be heard here. */
let audible = true;

addEventListener("hashchange", () => location.reload());
start();

function start() {
  /** @type {Room} */
  let room;
  try {
    room = join(location.href);
  } catch (error) {
    return stop(/** @type {any} */ (error));
  }
  history.replaceState(null, "", room.link);
  const { show, draw, sayHello } = follow(room, { ring, onDrawn: () => finish(room) });
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
    touched: touch,
    sound: toggleSound,
    details: (id, details) => showDetails(room, id, details),
  });
  showLink(room.link, canShare);
  offer(draw);
}

/** Does what the first hello does not wait for. @param {Room} room */
function finish(room) {
  recallSound();
  showCode(room.link);
  if (recall(PATHS)) lazy(near("path-report.js")).then((/** @type {typeof import('./path-report.js')} */ { watch }) => watch(room));
}

/** As the person has chosen it. */
function recallSound() {
  view.showSound((audible = recall(SOUND) !== "off"));
}

/** @param {() => void} draw */
function offer(draw) {
  offerLanguages("", () => {
    draw();
    view.retitle();
  });
}

/** The page is touched. */
async function touch() {
  sound ??= /** @type {typeof import('./sound.js')} */ (await lazy(near("sound.js")));
  sound.unlock();
}

function ring() {
  if (audible) sound?.ring();
}

/** @returns {boolean} whether hellos are heard from now on; if so, this is how they sound */
function toggleSound() {
  audible = !audible;
  remember(SOUND, audible ? "on" : "off");
  touch().then(ring);
  return audible;
}

/** There is no room to join. @param {{ code: string, message: string }} error */
function stop(error) {
  const show = () => view.showStopped(say.stopped(error));
  view.listen({ ...nothing, restart: freshRoom });
  show();
  if (error.code === "insecure-context") view.offerHttps();
  recallSound();
  offer(show);
}

function freshRoom() {
  history.replaceState(null, "", location.search.includes("relay-only") ? "/?relay-only" : "/"); // what else is there may be the damage
  location.reload();
}

/** @param {Room} room @param {string} id @param {HTMLDetailsElement} details */
async function showDetails(room, id, details) {
  const peer = room.peers.find((peer) => peer.id === id);
  if (!peer) return;
  const late = () =>
    details.append(tell(make("p", "inside"), () => t("The details have not come yet: the server does not answer. They will come by themselves.")));
  const isOpen = () => details.open && details.isConnected;
  const module = /** @type {typeof import('./details.js') | undefined} */ (await lazy(near("details.js"), { late, isWanted: isOpen }));
  module?.showDetails(details, peer, room);
}
