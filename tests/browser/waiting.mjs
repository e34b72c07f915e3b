// How the browser tests wait: for what a page shows, and for what it is about to do. No wait here is for a fixed time.
import assert from "node:assert/strict";
import { DEADLINE_MS } from "./engines.mjs";
import { turnClock } from "./inside.mjs";

/** A page that has gone on to another one: what ran in it is asked of the next. */
const WENT_ON = /Execution context was destroyed|Cannot find context|DiscardedBrowsingContext|before the unload event/;

/**
 * Waits until `check`, run in the page with `args`, is truthy; says what the page showed if it never is, and what the check tripped over: what it
 * looks at may not be there yet. The page is asked once, and looks itself: what puppeteer has for this takes several questions each time.
 */
export const until = (page, what, check, ...args) => lookUntil(page, what, check, args, false);

/**
 * As `until`; and the page's clock stands still from the very turn on in which it came true. What ends by itself is held so: who asks from outside, and
 * stops the clock then, may come when it is over. `check` must not be asynchronous. Where it may begin and end before we ask, begin to wait before it can begin.
 */
export const held = (page, what, check, ...args) => lookUntil(page, what, check, args, true);

async function lookUntil(page, what, check, args, hold) {
  const script = `(${look})(${check}, ${JSON.stringify(args)}, ${hold})`;
  const asked = async () => {
    for (;;) {
      try {
        return await page.evaluate(script);
      } catch (error) {
        if (!WENT_ON.test(error.message)) throw error;
      }
    }
  };
  try {
    return await within(what, asked());
  } catch (error) {
    const shown = await page.evaluate(() => [window.tripped, document.body.innerText].join("\n")).catch(() => "(the page is gone)");
    throw new Error(`never came true: ${what}\nthe page shows:\n${shown}`, { cause: error });
  }
}

/** Runs in the page. Not by requestAnimationFrame, which stands still in a tab that is not in front. */
async function look(check, args, hold) {
  for (;;) {
    try {
      const answer = check(...args);
      const found = hold ? answer : await answer;
      window.tripped = undefined;
      if (found && hold) window.testClock.stop();
      if (found) return found;
    } catch (error) {
      window.tripped = `(${error})`;
    }
    await new Promise((done) => setTimeout(done, 20));
  }
}

/** Waits until `check`, run here, gives something that is true. */
export async function eventually(what, check) {
  for (const end = Date.now() + DEADLINE_MS; !(await check()); await new Promise((done) => setTimeout(done, 20))) {
    assert.ok(Date.now() < end, `never came true: ${what}`);
  }
}

/**
 * Clicks what can be clicked: what is there, is not disabled, and has nothing in front of it. It is looked at and clicked in one turn of
 * the page, since a page that says what happens moves, and a pointer that was told where to go would find something else there.
 */
export const press = (page, selector) => eventually(`${selector} can be clicked`, () => page.evaluate(pressNow, selector));

/** Runs in the page. */
function pressNow(selector) {
  const target = document.querySelector(selector);
  if (!target || target.disabled) return false;
  target.scrollIntoView({ block: "center", behavior: "instant" });
  const { left, top, width, height } = target.getBoundingClientRect();
  const hit = document.elementFromPoint(left + width / 2, top + height / 2);
  if (!target.contains(hit)) return false;
  target.focus(); // as a pointer does
  target.click();
  return true;
}

/** Types into a field, over what is there. */
export async function write(page, field, text) {
  await page.$eval(field, (field) => (field.focus(), field.select()));
  await page.keyboard.type(text);
}

/** Waits for a promise, but not for ever. */
export function within(what, promise) {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(`never came true: ${what}`)), DEADLINE_MS)));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Waits until a page has set a timer of so many ms. */
export const untilItWaits = (page, ms) => until(page, `it waits ${ms} ms`, (ms) => window.testClock.waits(ms), ms);

/**
 * Lets a page's timer of so many ms end, as soon as it is set: a clock that is turned before that turns in vain. On a clock that goes, it is for timers
 * that do not ring before we come.
 */
export async function endTimer(page, ms) {
  await untilItWaits(page, ms);
  await turnClock(page, ms);
}

/** Waits for text anywhere in what a page shows. */
export const untilText = (page, text) => until(page, `the page says "${text}"`, (text) => document.body.innerText.includes(text), text);

/** The people listed in a room, as `name: state`, without oneself. */
export const people = (page) =>
  page.$$eval('#people > li:not([data-state="me"])', (rows) => rows.map((row) => `${row.querySelector(".name").textContent}: ${row.dataset.state}`));

/** Waits until exactly `count` others are connected, and nobody else is listed. */
export const untilConnected = (page, count) =>
  until(
    page,
    `${count} others are connected`,
    (count) => {
      const states = [...document.querySelectorAll('#people > li:not([data-state="me"])')].map((row) => row.dataset.state);
      return states.length === count && states.every((state) => state === "open");
    },
    count,
  );

export const name = (page) => page.$eval("#name", (field) => field.value);
export const link = (page) => page.$eval("#link", (field) => field.value);
export const alerts = (page) => page.$$eval("[role=alert]", (cards) => cards.map((card) => card.textContent));

/** Waits for the alert `hello world` from somebody. */
export const untilHello = (page, from) =>
  until(
    page,
    `an alert: ${from} said hello world`,
    (from) => [...document.querySelectorAll("[role=alert]")].some((card) => card.textContent.includes(`${from} said hello world`)),
    from,
  );
