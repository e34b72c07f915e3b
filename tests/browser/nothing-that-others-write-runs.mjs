// What others write is text: as id, as name, as room, as message, as the name of a file. Sixty texts, in Chromium and in Firefox; nothing of
// them runs, nothing of them becomes an element, and no page breaks its own policy.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { cleanName } from "../../public/lib/names.js";
import { deriveKeys } from "../../public/lib/seal.js";
import { open } from "../worker/socket.mjs";
import { anyBeckon, eventually, openDevice, turnClock, until, untilConnected } from "./browser.mjs";
import TEXTS from "./markup.mjs";

/** How many strangers are in a room at once, and how many are called at once: a page makes a connection for each of them. */
const AT_ONCE = 15;
/** How often a page takes a name, or a hello, of the same person in the long run (public/lib/messaging.js, public/room/room.js): its clock is turned by so many ms. */
const PACE_MS = 500;
/** What the programs of the classroom and of the examples make of texts of others. @param {string} text */
const unhidden = (text) => text.replace(/[\p{Cc}\p{Cf}]/gu, " ");
/** Each so many-th text is in the address of a page that is really loaded; with all of them the page's program is begun anew, which is what reads them. */
const LOADED = 4;

/**
 * What is no harm: the examples let the error of a damaged link be seen in the console, and say it in words; and Firefox asks for an icon on its
 * own for a page that names none, which a 404 of ours forbids with everything else; and a page that is left while it fetches says so.
 */
const EXPECTED = /BeckonError: This link is damaged$|\bimg-src\b.*\/favicon\.ico\b|NetworkError when attempting to fetch resource/;

/**
 * Runs in the page before anything else does. Where markup would show: all that a page has, or had for a moment, beyond what it was served with, is
 * in `strangers`; and all that its line of status ever said in `stated`.
 */
function watchPage() {
  const STRANGE = "script:not([src]), iframe, object, embed, base, style, marquee, video, audio, meta[http-equiv], link[onerror]";
  window.xss = () => console.error("CSP: something ran");
  window.said = [];
  window.alert = (text) => window.said.push(text);
  window.strangers = [];
  window.stated = [];
  const look = (element) => {
    if (element.matches(STRANGE) || [...element.attributes].some(({ name }) => name.startsWith("on"))) window.strangers.push(element);
  };
  new MutationObserver((records) => {
    for (const { target, addedNodes, type } of records) {
      if (type === "attributes") look(target);
      for (const node of addedNodes) {
        if (target instanceof Element && target.id === "status") window.stated.push(node.textContent);
        if (node instanceof Element) [node, ...node.querySelectorAll("*")].forEach(look);
      }
    }
  }).observe(document, { childList: true, subtree: true, attributes: true });
}

/**
 * Registers the tests, in one engine: each has a file of its own, for there is much to do.
 * @param {string} engine
 * @param {() => Promise<any>} start
 */
export function nothingRuns(engine, start) {
  test("the texts are sixty, and different", () => assert.equal(new Set(TEXTS).size, 60));

  let beckon;
  let browser;
  /** The room page as it is served: it carries a script and its style. @type {Promise<string>} */
  let served;
  before(async () => {
    beckon = await anyBeckon({ vars: { ROOM_CAPACITY: "100", ALLOW_DISCOVERY: "true", EXPIRE_TIMEOUT_MS: "100" } });
    served = beckon.fetch("/").then((answer) => answer.text());
    browser = await start();
  });
  after(async () => {
    await browser?.close();
    await beckon?.close();
  });

  /** A device whose troubles tell of whatever ran; what a page says with alert() is collected. */
  const visit = async (path) => {
    const device = await openDevice(browser, new URL(path, beckon.url), (page) => page.evaluateOnNewDocument(watchPage));
    // A whole document: what it had is gone with it.
    device.clean = async (what) => {
      const ours = await served;
      const strangers = await device.page.evaluate(() => window.strangers.map(({ outerHTML }) => outerHTML));
      assert.deepEqual(
        strangers.filter((one) => !ours.includes(one)),
        [],
        what,
      );
      assert.deepEqual(
        device.troubles.filter((line) => !EXPECTED.test(line)),
        [],
        what,
      );
    };
    return device;
  };
  const meet = async (path, count) => {
    const first = await visit(path);
    await until(first.page, "a room of its own", () => location.hash.length === 23);
    const link = await first.page.evaluate(() => location.href);
    const devices = [first];
    while (devices.length < count) devices.push(await visit(link));
    return devices;
  };

  test("what runs, and what breaks the policy, is seen", async () => {
    const device = await visit("/classroom");
    await device.page.evaluate(() => {
      const place = document.getElementById("status");
      for (const act of [
        () => (place.innerHTML = "<img src=x onerror=xss()>"),
        () => place.setAttribute("onclick", "xss()"),
        () => place.append(document.createElement("iframe")),
      ]) {
        try {
          act();
        } catch {
          // Trusted Types
        }
      }
      window.xss();
    });
    await device.page.evaluate(() => document.querySelector("#status iframe").remove());
    assert.ok(await device.page.evaluate(() => window.strangers.some(({ outerHTML }) => outerHTML === "<iframe></iframe>")), "it was there for a moment");
    await eventually("both are noticed", () => device.troubles.length >= 2);
    assert.ok(device.troubles.includes("CSP: something ran") && device.troubles.some((line) => /script-src|trusted/.test(line)), `${device.troubles}`);
    await device.close();
  });

  test("as a name, in the room", async () => {
    const [watcher, writer] = await meet("/", 2);
    await untilConnected(watcher.page, 1);
    await untilConnected(writer.page, 1);
    for (const text of TEXTS) {
      await writer.page.evaluate((text) => {
        const field = document.getElementById("name");
        field.value = text;
        field.dispatchEvent(new Event("change"));
      }, text);
      const name = cleanName(text);
      await until(
        watcher.page,
        `the name ${name}`,
        (name) => [...document.querySelectorAll("#people .name")].some((shown) => shown.textContent === name),
        name,
      );
      await writer.page.evaluate(() => document.getElementById("hello").click());
      await until(
        watcher.page,
        `hello from ${name}`,
        (name) =>
          document.title.includes(`${name}\u2069 said`) &&
          [...document.querySelectorAll("[role=alert] .name")].some((shown) => shown.textContent === `${name} said `),
        name,
      );
      await turnClock(watcher.page, PACE_MS);
    }
    for (const device of [watcher, writer]) {
      await device.clean("the room");
      await device.close();
    }
  });

  test("as a message and as a name, in the chat", async () => {
    const [watcher, writer] = await meet("/examples/chat", 2);
    for (const { page } of [watcher, writer]) await until(page, "somebody is there", () => document.querySelector("#people li.open"));
    for (const [index, text] of TEXTS.entries()) {
      const name = cleanName(text);
      await writer.page.evaluate((text) => {
        const name = document.getElementById("name");
        name.value = text;
        name.dispatchEvent(new Event("change"));
      }, text);
      // Names are told no oftener than a person changes them: what is said at once may come first.
      await until(watcher.page, `name ${index}: ${text}`, (name) => document.querySelector("#people li.open")?.textContent === name, name);
      await writer.page.evaluate((text) => {
        document.getElementById("text").value = text;
        document.getElementById("compose").requestSubmit();
      }, text);
      // What a text field does not take is not said.
      const shown = await until(
        watcher.page,
        `message ${index}: ${text}`,
        (index) => {
          const line = document.querySelectorAll("#log .theirs")[index];
          return line && [line.children[0].textContent, line.children[1].textContent];
        },
        index,
      );
      assert.deepEqual(shown, [name, unhidden(text.trim())]);
      await turnClock(watcher.page, PACE_MS);
    }
    for (const device of [watcher, writer]) {
      await device.clean("chat");
      await device.close();
    }
  });

  test("as the name of a file", async () => {
    const [watcher, writer] = await meet("/examples/files", 2);
    await until(writer.page, "somebody is there", () => document.getElementById("status").textContent !== "Opening the room…");
    await writer.page.evaluate((texts) => {
      const chosen = new DataTransfer();
      for (const text of texts) chosen.items.add(new File(["x"], text, { type: "text/html" }));
      const field = document.getElementById("choose");
      field.files = chosen.files;
      field.dispatchEvent(new Event("change"));
    }, TEXTS);
    const names = await until(
      watcher.page,
      "all are offered",
      (count) => {
        const rows = [...document.querySelectorAll("#list .name")];
        return rows.length === count && rows.map((row) => row.textContent);
      },
      TEXTS.length,
    );
    // (Browsers change some characters in the names of files.)
    assert.deepEqual(names.map((name) => name.length).sort(), TEXTS.map((text) => unhidden(text).trim().length).sort());
    await watcher.page.evaluate(() => document.querySelector("#list .yes").click());
    await until(watcher.page, "one has arrived", () => document.querySelector("#list .save:not([hidden])")?.href.startsWith("blob:"));
    for (const device of [watcher, writer]) {
      await device.clean("files");
      await device.close();
    }
  });

  test("as an id, in the room", async () => {
    const [watcher] = await meet("/", 1);
    const { realmKey } = await deriveKeys(new URL(await watcher.page.evaluate(() => location.href)).hash.slice(1));
    for (let at = 0; at < TEXTS.length; at += AT_ONCE) {
      const ids = TEXTS.slice(at, at + AT_ONCE);
      const sockets = [];
      for (const id of ids) sockets.push(await open(beckon.url, { key: realmKey, id, token: "t", roster: "1" }));
      // Only what the server says is known of them: no name, and none of them answers.
      await until(watcher.page, "they are all listed", (ids) => ids.every((id) => document.getElementById(`person-${id}`)), ids);
      await watcher.page.evaluate(() => document.querySelectorAll("#people details").forEach((details) => (details.open = true)));
      sockets[0].send({ type: "OFFER", dst: "nobody", payload: 1 });
      for (const socket of sockets) await socket.close(1000);
      await watcher.clean(`ids from ${at}`);
    }
    await watcher.close();
  });

  test("as an id and as a message, with the stock client", async () => {
    const [teacher, pupil] = [await visit("/classroom"), await visit("/classroom")];
    const type = (device, field, text, button) =>
      device.page.evaluate(
        (field, text, button) => {
          document.getElementById(field).value = text;
          document.getElementById(button).click();
        },
        field,
        text,
        button,
      );
    const status = (device, what, text) => until(device.page, what, (text) => document.getElementById("status").textContent.includes(text), text);
    const [osama, layla] = [`osama-${engine}`, `layla-${engine}`];
    await type(teacher, "my-id", osama, "start");
    await status(teacher, "started", `You are ${osama}`);
    await type(pupil, "my-id", layla, "start");
    await status(pupil, "started", `You are ${layla}`);
    await type(pupil, "other-id", osama, "connect");
    await status(pupil, "connected", `Connected to ${osama}`);
    await status(teacher, "connected", `Connected to ${layla}`);
    await pupil.page.evaluate((texts) => texts.forEach((text) => connections.forEach((connection) => connection.send(text))), TEXTS);
    assert.deepEqual(await until(teacher.page, "all are said", (count) => window.said.length === count && window.said, TEXTS.length), TEXTS.map(unhidden));
    const stated = (what, lines) => until(pupil.page, what, (lines) => lines.every((line) => window.stated.includes(line)), lines);
    for (let at = 0; at < TEXTS.length; at += AT_ONCE) {
      const ids = TEXTS.slice(at, at + AT_ONCE);
      for (const id of ids) await type(pupil, "other-id", id, "connect");
      await stated(
        `nobody is one of ${ids}`,
        ids.map((id) => unhidden(`Could not connect to peer ${id.trim()}`)),
      );
    }
    for (const text of TEXTS) await type(pupil, "my-id", text, "start");
    await stated(
      "none of them is an id",
      TEXTS.map((text) => unhidden(`ID "${text.trim()}" is invalid`)),
    );
    for (const device of [teacher, pupil]) {
      await device.clean("classroom");
      await device.close();
    }
  });

  test("as a room, as a path, and in what the server says", async () => {
    const device = await visit("/");
    const others = ["/doctor", "/examples/chat", "/examples/files", "/examples/cursor"];
    for (const [index, text] of TEXTS.entries()) {
      if (index % LOADED) continue;
      const turn = index / LOADED; // never the same page twice in a row: that would not be loaded
      const url = new URL(turn % 2 ? "/" : others[(turn / 2) % others.length], beckon.url);
      url.hash = text;
      await device.page.goto(url.href);
      await until(device.page, `${url} is refused`, () => /damaged/i.test(document.body.innerText));
      await device.clean(`#${text}`);
    }
    await device.page.goto(new URL("/#damaged", beckon.url).href);
    const titles = await device.page.evaluate(async (texts) => {
      const titles = [];
      for (const [index, text] of texts.entries()) {
        const url = new URL(location.href);
        url.hash = text;
        history.replaceState(null, "", url);
        document.getElementById("stopped-title").textContent = "";
        await import(`/room/room.js?${index}`);
        titles.push(document.getElementById("stopped-title").textContent);
      }
      return titles;
    }, TEXTS);
    assert.deepEqual(
      titles,
      TEXTS.map(() => "This link is damaged"),
    );
    await device.clean("#");
    for (const [index, text] of TEXTS.filter((_, index) => index % 3 === 0).entries()) {
      const path = index % 2 ? `/peerjs/${encodeURIComponent(text)}` : `/x${text.replaceAll("\0", "")}`;
      const response = await device.page.goto(new URL(path, beckon.url).href);
      assert.ok([404, 400].includes(response.status()), path);
      await device.clean(path);
    }
    const sockets = [];
    for (const id of TEXTS) sockets.push(await open(beckon.url, { key: engine, id, token: "t" }));
    for (const socket of sockets) await socket.next();
    await device.page.goto(new URL(`/${engine}/peers`, beckon.url).href);
    assert.ok((await device.page.evaluate(() => document.body.textContent)).includes("xss()"));
    await device.clean(`/${engine}/peers`);
    await device.close();
  });
}
