// A file of a page does not come: it is not there, the line is cut, or the browser is too old for it. The page says so, and mends itself when it does come.
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { startWatched } from "../webkit/watched.mjs";
import {
  anyBeckon,
  endTimer,
  eventually,
  link,
  openDevice,
  press,
  startChromium,
  startFirefox,
  until,
  untilConnected,
  untilItWaits,
  untilText,
} from "./browser.mjs";

const beckon = await anyBeckon({ vars: { STUN_URLS: "" } });
/** @type {Map<string, 'missing' | 'cut' | 'nonsense' | 'silent' | 'endless' | 'torn'>} */
const faults = new Map();
const [watched, chromium, firefox] = await Promise.all([startWatched(beckon.url, faults), startChromium(), startFirefox()]);
after(async () => {
  await chromium.close();
  await firefox.close();
  watched.close();
  await beckon.close();
});
beforeEach(() => faults.clear());

const begun = (page) => until(page, "the page has begun", () => document.readyState === "complete" && !document.getElementById("late"));
const coded = (page) => until(page, "a code", () => document.querySelector("#qr path"));

/** Runs in the page. Whether it is told that it has not begun, above all that would be dead. */
const saysSo = () =>
  document.getElementById("late").innerText.startsWith("This page has not started.") &&
  document.elementFromPoint(innerWidth / 2, innerHeight / 2).closest("#late") !== null;

/** Runs in the page. */
const reloadedInVain = () => {
  const [{ type }] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  return type === "reload" && document.getElementById("late")?.className === "shown";
};

/** Each page, a file without which it is nothing, and what becomes of that. @type {[string, string, 'missing' | 'cut' | 'nonsense'][]} */
const FILES = [
  ["/doctor.html", "/doctor/doctor.js", "missing"],
  ["/doctor.html", "/doctor/checks.js", "cut"],
  ["/classroom.html", "/vendor/peerjs.min.js", "missing"],
  ["/examples/", "/examples/stage.js", "missing"],
  ["/examples/chat", "/examples/chat.js", "nonsense"],
];
/** Those of them that no page names. */
const IMPORTED = ["/doctor/checks.js"];
/** When a page that was loaded again in vain is loaded once more, in ms (public/shared/loading.js). */
const LATER_MS = 60_000;

for (const [path, file, fault] of FILES) {
  test(`${path} without ${file} (${fault}) says that it has not started, covers what would be dead, and starts by itself`, async () => {
    faults.set(file, fault);
    const { page, close } = await openDevice(chromium, new URL(path, watched.url));
    await until(page, "it says so", saysSo);
    // What came and is not understood, or what a script imports, is asked for once more, and then after a minute: nothing says that it is another one now.
    const inVain = fault === "nonsense" || IMPORTED.includes(file);
    if (inVain) await until(page, "it was loaded again", reloadedInVain);
    faults.clear();
    if (inVain) await endTimer(page, LATER_MS);
    await begun(page);
    await close();
  });
}

test("the room page carries its script: when that does not come to its end, the page is loaded again", async () => {
  faults.set("/", "endless");
  const { page, close } = await openDevice(chromium, "about:blank");
  page.goto(watched.url.href).catch(() => {}); // it would wait for the end
  await until(page, "it is read as far as it has come", () => document.querySelector("script[type=module]"));
  faults.clear();
  await endTimer(page, 20_000);
  await begun(page);
  await close();
});

test("nor where it ends in its script, as if that were all: it is loaded again once, and then after a minute", async () => {
  for (const browser of [chromium, firefox]) {
    faults.set("/", "torn");
    const { page, close } = await openDevice(browser, watched.url);
    await until(page, "it was loaded again, in vain", () => {
      const [{ type }] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
      return type === "reload" && document.readyState === "complete" && !document.body.firstElementChild;
    });
    await untilItWaits(page, LATER_MS); // it has looked
    faults.clear();
    await endTimer(page, LATER_MS);
    await until(page, "the page has begun", () => document.body?.firstElementChild && !document.getElementById("late"));
    await close();
  }
});

test("what came and is not understood is not fetched again and again", async () => {
  faults.set("/examples/chat.js", "nonsense");
  const { page, close } = await openDevice(chromium, new URL("/examples/chat", watched.url));
  let asked = 0;
  page.on("request", (request) => void (new URL(request.url()).pathname === "/examples/chat.js" && asked++));
  await until(page, "it was loaded again", reloadedInVain);
  await untilItWaits(page, LATER_MS);
  const before = asked;
  await page.evaluate(async (ms) => {
    window.testClock.turn(ms);
    await new Promise((done) => setTimeout(done, 50)); // whatever is due by then rings
    window.testClock.stop();
    await fetch("/icon.svg"); // of which we hear after what was asked for before it
  }, LATER_MS - 5_000);
  assert.ok(before > 0);
  assert.equal(asked, before);
  await close();
});

test("a file that never comes to its end, and scripts that an extension has put into the page, keep nobody from starting", async () => {
  faults.set("/doctor/doctor.js", "missing");
  const { page, close } = await openDevice(chromium, new URL("/doctor.html", watched.url), (page) =>
    page.evaluateOnNewDocument(() => {
      addEventListener("DOMContentLoaded", () => {
        for (const src of ["", "chrome-extension://abcdefghijklmnopabcdefghijklmnop/inject.js"]) {
          const script = document.createElement("script");
          if (src) script.src = src;
          document.head.append(script);
        }
      });
    }),
  );
  await until(page, "it says so", saysSo);
  faults.set("/doctor/doctor.js", "silent");
  await eventually("it is asked for again, and nothing comes", () => watched.spoilt.includes("silent /doctor/doctor.js"));
  faults.clear();
  await endTimer(page, 20_000);
  await begun(page);
  await close();
});

test("no script comes at all: the page says so by its style alone", async () => {
  const { page, close } = await openDevice(chromium, "about:blank");
  for (const file of ["/doctor/doctor.js", "/shared/loading.js"]) faults.set(file, "cut");
  await page.goto(new URL("/doctor.html", watched.url).href);
  await until(page, "it says so", () => {
    for (const animation of document.getAnimations()) animation.finish(); // what is waited for is time alone
    return getComputedStyle(document.getElementById("late")).visibility === "visible";
  });
  await close();
});

test("where scripts may not run each page says so, and shows nothing that would be dead", async () => {
  const { page, close } = await openDevice(chromium, "about:blank", (page) => page.setJavaScriptEnabled(false));
  for (const path of ["/", "/doctor.html", "/examples/chat", "/examples/cursor", "/examples/files"]) {
    await page.goto(new URL(path, watched.url).href);
    const seen = await page.evaluate(() => document.body.innerText.trim());
    assert.match(seen, /with a script/, path);
    assert.doesNotMatch(seen, /This page has not started|Say hello|Check again/, path);
    assert.equal(await page.evaluate(() => [...document.querySelectorAll("main")].some((main) => main.checkVisibility())), false, path);
  }
  await close();
});

test("all comes: nobody is told that it did not", async () => {
  for (const path of new Set(["/", ...FILES.map(([path]) => path)])) {
    const { page, troubles, close } = await openDevice(chromium, new URL(path, watched.url));
    await begun(page);
    assert.deepEqual(troubles, []);
    await close();
  }
});

test("the room works without its QR code, and shows it when it comes", async () => {
  faults.set("/vendor/lean-qr.mjs", "missing");
  const { page, troubles, close } = await openDevice(chromium, watched.url);
  await untilText(page, "Waiting for another device");
  await untilText(page, "The QR code has not come yet. The link works without it.");
  faults.clear();
  await coded(page);
  assert.deepEqual(troubles, []);
  await close();
});

for (const [engine, browser] of Object.entries({ chromium, firefox })) {
  test(`${engine}: details that are opened while the server is away say so, and come when it is back`, async () => {
    const first = await openDevice(browser, watched.url);
    await until(first.page, "a fresh room", () => document.getElementById("link").value.includes("#"));
    const second = await openDevice(browser, await link(first.page));
    await untilConnected(first.page, 1);
    faults.set("/room/details.js", "cut");
    await press(first.page, "#people summary");
    await untilText(first.page, "The details have not come yet");
    faults.clear();
    await untilText(first.page, "Send test messages");
    assert.equal(await first.page.evaluate(() => document.body.innerText.includes("The details have not come yet")), false);
    assert.deepEqual(first.troubles, []);
    for (const { close } of [first, second]) await close();
  });
}
