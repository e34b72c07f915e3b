// A state of the room page (states.mjs) with all that it takes: reached, and held until it has been looked at.
import assert from "node:assert/strict";
import { startLiar } from "../malicious/liar.mjs";
import {
  anyBeckon,
  held,
  hurryClock,
  inScene,
  link,
  openDevice,
  openDoor,
  openFilter,
  ownBeckon,
  stopClock,
  until,
  untilConnected,
  untilText,
} from "./browser.mjs";
import { STATES } from "./states.mjs";
import { freePort } from "../free-port.mjs";
import { startTurn } from "./turn.mjs";

const NO_RELAY = { STUN_URLS: "" };
const SECRET = "one secret";

/**
 * Runs in the page. What it says now: both lines, how the other one stands in the list, the log, and what the doctor may be asked; whether that is what it has to say. With `hold`,
 * nothing until it is so, and so is held; with `hurry`, its clock is hurried until then.
 */
function look(patterns, hold, hurry = false) {
  const text = (id) => document.getElementById(id).textContent;
  const box = ["stopped", "away"].find((id) => !document.getElementById(id).hidden);
  const lines = box ? [text(`${box}-title`), text(`${box}-text`)] : [text("title"), text("text")];
  const said = [...lines, document.querySelector("#people > li:not([data-state=me]) .standing")?.textContent ?? "", text("hellos"), text("why")];
  const fits = patterns.every((pattern, at) => new RegExp(pattern, "v").test(said[at]));
  if (fits && hold)
    window.testClock.stop(); // in the same turn: it cannot become another state in between
  else if (hurry) window.testClock.hurry();
  return (fits || !hold) && { said, fits };
}

/** Runs in the page: whether it lists another one. */
const seesOther = () => document.querySelectorAll("#people > li").length === 2;

/** What a page says in a state, as patterns. @param {string} state @param {string} peer whose name stands for {peer} */
function patternsOf(state, peer) {
  const { says, lists } = STATES[state];
  const literally = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const pattern = (text) =>
    `^${literally(text).replace("\\{peer\\}", literally(peer)).replace("\\{peers\\}", ".+, .+, and .+").replace("\\{third\\}", ".+").replace("\\{n\\}", "\\d+").replace("\\{ms\\}", "(under 1|\\d+) ms")}$`;
  return [...says.map(pattern), lists === undefined ? "" : pattern(lists)];
}

/**
 * Brings a page into a state, and waits until it says what it has to.
 * @param {{ chromium: any, plain: URL }} stage `plain`: a Beckon without STUN and TURN
 * @param {keyof typeof STATES} state
 * @returns {Promise<{ page: any, said: string[], still(): Promise<void>, troubles: string[], close(): Promise<void> }>} `said`: what it says now;
 *   `still` asserts that it says so yet; `troubles`: what no page may do, of everyone who is in it; `close` ends all that it took
 */
export const reach = (stage, state) => inScene(state, () => reached(stage, state));

/** What is done to a page before it is opened. @typedef {Parameters<typeof openDevice>[2]} Prepare */

async function reached({ chromium, plain }, state) {
  /** @type {(() => unknown)[]} */
  const endings = [];
  const devices = [];
  /** What the other one is called. */
  let peer = "";
  const open = async (url, prepare) => {
    const device = await openDevice(chromium, url, prepare);
    devices.push(device);
    endings.push(device.close);
    return device.page;
  };
  const server = async (options) => {
    const beckon = await (options.secrets ? ownBeckon : anyBeckon)(options); // a relay is one state's
    endings.push(() => beckon.close());
    return beckon.url;
  };
  const tools = {
    plain,
    server,
    alone: async (/** @type {{ at?: URL, prepare?: Prepare, waits?: boolean }} */ { at = plain, prepare, waits = true } = {}) => {
      const page = await open(at, prepare);
      if (waits) await untilText(page, "Waiting for another device");
      return { page };
    },
    /** `patient`: the clock of the first one stands still once it lists the other, so that it gives up nothing until it has been looked at. */
    pair: async (
      /** @type {{ at?: URL, first?: Prepare, second?: Prepare, connected?: boolean, patient?: boolean }} */ {
        at = plain,
        first,
        second,
        connected = true,
        patient = false,
      } = {},
    ) => {
      const page = await open(at, first);
      await until(page, "a fresh room", () => document.getElementById("link").value.includes("#"));
      // It looks before the other one comes: what is to be held may be over when that has been opened.
      const address = await link(page);
      const seen = connected ? untilConnected(page, 1) : (patient ? held : until)(page, "the other one is there", seesOther);
      const [other] = await Promise.all([open(address, second), seen]);
      if (connected) await untilConnected(other, 1);
      peer = await until(other, "its name", () => document.getElementById("name").value);
      return { page, other };
    },
    more: async (page, prepare) => open(await link(page), prepare),
    relay: async (transport, secret = SECRET) => {
      const turn = await startTurn(SECRET);
      endings.push(() => turn.close());
      return server({ vars: { ...NO_RELAY, TURN_URLS: turn[transport] }, secrets: { TURN_SECRET: secret } });
    },
    noRelayService: async () => {
      const nobody = `http://127.0.0.1:${await freePort()}`;
      return server({ vars: { ...NO_RELAY, TURN_KEY_ID: "abc", TURN_API_URL: nobody }, secrets: { TURN_KEY_API_TOKEN: "a token" } });
    },
    every: (ms, what) => {
      const timer = setInterval(what, ms);
      endings.push(() => clearInterval(timer));
    },
    door: async () => {
      const door = await openDoor(plain);
      endings.push(door.shut);
      return door;
    },
    filter: async (block) => {
      const filter = await openFilter(plain, block);
      endings.push(filter.close);
      return filter;
    },
    liar: async () => {
      const liar = await startLiar(plain);
      endings.push(liar.close);
      return liar;
    },
  };
  const close = async () => {
    for (const end of endings.splice(0).reverse()) await end();
  };
  try {
    const { page } = await STATES[state].reach(tools);
    const patterns = patternsOf(state, peer);
    // The page looks itself, and hurries its clock once it does: what asks from outside may come when the state is over.
    const { slow } = STATES[state];
    if (slow === "everywhere") for (const other of devices) if (other.page !== page) await hurryClock(other.page);
    const seen = await until(page, `${state}: it says ${patterns.join(" ")}`, look, patterns, true, Boolean(slow));
    for (const device of devices) await stopClock(device.page);
    const still = async () => {
      const { said, fits } = await page.evaluate(look, patterns, false);
      assert.ok(fits, `${state} was not held: the page says ${said.join(" / ")}`);
    };
    return {
      page,
      said: seen.said,
      still,
      close,
      get troubles() {
        return devices.flatMap(({ troubles }) => troubles);
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
