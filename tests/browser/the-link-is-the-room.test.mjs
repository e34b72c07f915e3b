import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { after, before, describe, test } from "node:test";
import jsQR from "jsqr";
import { join } from "../../public/beckon.js";
import { link, openDevice, openRoom, press, stage, stopClock, until, untilConnected, untilText } from "./browser.mjs";

const { beckon, chromium } = await stage({ vars: { ROOM_CAPACITY: "2" } });

test("opening the page is being in a fresh room, whose link is in the address bar and on the page", async () => {
  const [one, two] = await Promise.all([openDevice(chromium, beckon.url), openDevice(chromium, beckon.url)]);
  const links = [];
  for (const { page, troubles } of [one, two]) {
    await untilText(page, "Waiting for another device");
    links.push(await link(page));
    assert.match(links.at(-1), /#[\w-]{22}$/);
    assert.equal(page.url(), links.at(-1));
    assert.deepEqual(troubles, []);
  }
  assert.notEqual(links[0], links[1]);
  await one.close();
  await two.close();
});

test("a link whose # was encoded, by mail filters or twice, leads to the room, and the server logs nothing of it", async () => {
  const secret = "AAAAAAAAAAAAAAAAAAAAAA";
  for (const spelling of [`%23${secret}`, `%2523${secret}.`]) {
    const { page, troubles, close } = await openDevice(chromium, new URL(`/${spelling}?utm_source=mail`, beckon.url));
    await untilText(page, "Waiting for another device");
    assert.equal(new URL(await link(page)).hash, `#${secret}`);
    assert.equal(new URL(page.url()).hash, `#${secret}`);
    assert.deepEqual(troubles, []);
    await close();
  }
  // Whatever stands before and behind it: the page finds it, and no other file is asked for.
  const signs = ["%23", "%2523", "%252523", "%25252523"].flatMap((sign) => [
    `${sign}${secret}`,
    `${sign}${secret}/`,
    `${sign}${secret}//x`,
    `${sign}/${secret}`,
  ]);
  for (const path of [...signs, `%23!/${secret}`, `%23${secret}/index.html`, `%20%23${secret}`, `index.html/%23${secret}`, `%E2%80%8B%2523${secret}`]) {
    const { status, headers } = await beckon.fetch(`/${path}`, { redirect: "manual" });
    const location = headers.get("location") ?? "";
    assert.ok(status === 302 && location.startsWith("/#"), `${path}: ${status} ${location}`);
    assert.equal(join(new URL(location, "https://beckon.example"), { signal: AbortSignal.abort() }).link, `https://beckon.example/#${secret}`, path);
  }
  const [{ headers }] = await once(http.get({ host: beckon.url.hostname, port: beckon.url.port, path: `//elsewhere.test/%23${secret}` }), "response");
  assert.equal(headers.location, `/#${secret}`, "nobody is led to another server");
  assert.doesNotMatch(JSON.stringify(await beckon.logs()), /AAAAAAAAAA/);
});

test("the code on the page is a QR code of the link, with its white margin", async () => {
  const { page, close } = await openDevice(chromium, beckon.url);
  await until(page, "a code", () => document.querySelector("#qr path"));
  const [side, dark, alt] = await page.$eval("#qr svg", (svg) => {
    const side = svg.viewBox.baseVal.width;
    const path = svg.querySelector("path");
    const dark = [];
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) dark.push(path.isPointInFill(new DOMPoint(x + 0.5, y + 0.5)));
    }
    return [side, dark, svg.querySelector("title").textContent];
  });
  assert.match(alt, /QR code/);
  const { generate, correction } = await import("lean-qr/nano");
  const code = generate(await link(page), { minCorrectionLevel: correction.M });
  assert.equal(side, code.size + 8);
  const expected = [];
  for (let y = -4; y < code.size + 4; y++) for (let x = -4; x < code.size + 4; x++) expected.push(code.get(x, y));
  assert.deepEqual(dark, expected, "every module is drawn where the encoder has it");
  await close();
});

describe("another reader finds the link in what the screen shows", () => {
  /** Who is alone, and who is in company. @type {Awaited<ReturnType<typeof openDevice>>[]} */
  let devices = [];
  before(async () => {
    const alone = await openDevice(chromium, beckon.url);
    await until(alone.page, "a code", () => document.querySelector("#qr path"));
    devices = [alone, ...(await openRoom(chromium, beckon.url, 2))];
    await until(devices[1].page, "its code", () => document.querySelector("#qr path"));
  });
  after(async () => {
    for (const { close } of devices) await close();
  });
  for (const scheme of ["light", "dark"]) {
    for (const [screen, viewport] of Object.entries({
      phone: { width: 390, height: 844 },
      laptop: { width: 1280, height: 800 },
      narrow: { width: 320, height: 640 },
    })) {
      test(`another reader finds the link in what the screen shows: ${screen}, ${scheme}, alone and in company`, async () => {
        const [alone, inCompany] = devices;
        await untilConnected(inCompany.page, 1);
        for (const { page } of [alone, inCompany]) {
          await page.setViewport(viewport);
          await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
          await page.bringToFront();
          assert.equal(await scan(page), await link(page));
        }
      });
    }
  }
});

/** It has no policy of ours, and turns pictures into pixels. @type {import('puppeteer-core').Page | undefined} */
let blank;
/** What a camera in front of the screen would read: the whole page, as it is drawn, decoded by a reader that knows nothing of ours. */
async function scan(page) {
  const picture = await page.screenshot({ fullPage: true, encoding: "base64", optimizeForSpeed: true });
  blank ??= await page.browser().newPage();
  const { pixels, width, height } = await blank.evaluate(async (picture) => {
    const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${picture}`)).blob());
    const pen = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
    pen.drawImage(bitmap, 0, 0);
    const { data, width, height } = pen.getImageData(0, 0, bitmap.width, bitmap.height);
    let bytes = "";
    for (let at = 0; at < data.length; at += 8_192) bytes += String.fromCharCode(...data.subarray(at, at + 8_192));
    return { pixels: btoa(bytes), width, height };
  }, picture);
  return jsQR(new Uint8ClampedArray(Buffer.from(pixels, "base64")), width, height)?.data;
}

test("the link can be copied", async () => {
  const { page, context, close } = await openDevice(chromium, beckon.url);
  await context.overridePermissions(beckon.url.origin, ["clipboard-read", "clipboard-sanitized-write"]);
  await untilText(page, "Waiting for another device");
  await page.bringToFront();
  await stopClock(page); // it says so for two seconds
  await press(page, "#copy");
  await untilText(page, "Copied");
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await link(page));
  await close();
});

test("on a phone the link is shared by its own sheet; closing that again is no error", async () => {
  const phone = async (page) => {
    await page.setViewport({ width: 390, height: 844, isMobile: true, hasTouch: true });
    await page.evaluateOnNewDocument(() => {
      window.shared = [];
      window.unheeded = [];
      addEventListener("unhandledrejection", ({ reason }) => window.unheeded.push(reason.name));
      navigator.share = async (what) => {
        window.shared.push({ ...what, active: navigator.userActivation.isActive });
        if (window.shared.length > 1) throw new DOMException("Share canceled", "AbortError");
      };
    });
  };
  const { page, troubles, close } = await openDevice(chromium, beckon.url, phone);
  await untilText(page, "Waiting for another device");
  for (let times = 1; times <= 2; times++) {
    await press(page, "#share");
    await until(page, "the sheet", (times) => window.shared.length === times, times);
  }
  const what = { title: "Say hello on Beckon", url: await link(page), active: true };
  assert.deepEqual(await page.evaluate(() => window.shared), [what, what]);
  assert.deepEqual(await page.evaluate(() => window.unheeded), []);
  assert.deepEqual(troubles, []);
  await close();

  const desk = await openDevice(chromium, beckon.url);
  await untilText(desk.page, "Waiting for another device");
  assert.ok(await desk.page.$eval("#share", (button) => button.hidden), "where it is not the best way it is not there");
  await desk.close();
});

test("where the browser lets nobody copy, the link is selected, to be copied by hand", async () => {
  const { page, close } = await openDevice(chromium, beckon.url, (page) =>
    page.evaluateOnNewDocument(() => (Clipboard.prototype.writeText = () => Promise.reject(new DOMException("no", "NotAllowedError")))),
  );
  await untilText(page, "Waiting for another device");
  await press(page, "#copy");
  await until(page, "the selection", () => document.activeElement?.id === "link");
  assert.equal(await page.$eval("#link", (field) => field.value.slice(field.selectionStart, field.selectionEnd)), await link(page));
  await close();
});

test("a damaged link says so, and offers a fresh room", async () => {
  const { page, troubles, close } = await openDevice(chromium, new URL("/#AAAAAAAAAAAAAAAAAAAA", beckon.url));
  await untilText(page, "This link is damaged");
  await untilText(page, "Some characters at its end are missing. Ask for the link again.");
  await press(page, "#restart");
  await untilText(page, "Waiting for another device");
  assert.match(page.url(), /#[\w-]{22}$/);
  assert.deepEqual(troubles, []);
  await close();
});

test("what a stranger has put into the address leads to no other server, and nobody asks again and again for the link", async () => {
  const secret = "AAAAAAAAAAAAAAAAAAAAAA";
  for (const foreign of [`?u=https://elsewhere.test/%23${secret}`, `?u=https%3A%2F%2Felsewhere.test%2F%23${secret}`]) {
    const { page, troubles, close } = await openDevice(chromium, new URL(`/${foreign}`, beckon.url));
    await untilText(page, "Waiting for another device");
    assert.deepEqual([new URL(page.url()).origin, new URL(page.url()).hash], [beckon.url.origin, `#${secret}`]);
    assert.deepEqual(troubles, []);
    await close();
  }
  const { page, close } = await openDevice(chromium, new URL("/?x=y%23sale&relay-only", beckon.url));
  await untilText(page, "This link is damaged");
  await press(page, "#restart");
  await untilText(page, "Waiting for another device");
  assert.match(page.url(), /\/\?relay-only#[\w-]{22}$/);
  await page.goto(new URL("/?utm_content=%23sale", beckon.url).href);
  await untilText(page, "Waiting for another device");
  await close();
});

test("another link in the address bar is another room", async () => {
  const [first, second] = await Promise.all([openDevice(chromium, beckon.url), openDevice(chromium, beckon.url)]);
  await untilText(second.page, "Waiting for another device");
  await untilText(first.page, "Waiting for another device");
  const address = await link(first.page);
  await second.page.evaluate((address) => void (location.href = address), address);
  await untilConnected(first.page, 1);
  await until(second.page, "the other link", (address) => document.getElementById("link")?.value === address, address);
  await first.close();
  await second.close();
});

test("a full room says how many it holds", async () => {
  const [first, second] = await openRoom(chromium, beckon.url, 2);
  const third = await openDevice(chromium, await link(first.page));
  await untilText(third.page, "This room is full (2 devices)");
  await untilText(third.page, "Ask someone to leave, or start another room.");
  for (const { close } of [first, second, third]) await close();
});

test("the secret in the link is in no request, header or frame that leaves the browser", async () => {
  const sent = [];
  const listen = async (page) => {
    const cdp = await page.createCDPSession();
    await cdp.send("Network.enable");
    for (const event of ["requestWillBeSent", "requestWillBeSentExtraInfo", "webSocketCreated", "webSocketWillSendHandshakeRequest", "webSocketFrameSent"]) {
      cdp.on(`Network.${event}`, (what) =>
        sent.push({ event, text: JSON.stringify({ ...what, request: { ...what.request, urlFragment: "" }, documentURL: "", initiator: "" }) }),
      );
    }
  };
  const first = await openDevice(chromium, beckon.url, listen);
  await untilText(first.page, "Waiting for another device");
  const secret = new URL(await link(first.page)).hash.slice(1);
  const second = await openDevice(chromium, await link(first.page), listen);
  await untilConnected(first.page, 1);
  await press(first.page, "#hello");
  await untilText(first.page, "Said to");
  assert.ok(
    sent.some(({ event }) => event === "webSocketFrameSent"),
    "frames were seen",
  );
  assert.deepEqual(
    sent.filter(({ text }) => text.includes(secret)),
    [],
  );
  await first.close();
  await second.close();
});

test("without https the page says so", async () => {
  const insecure = await openDevice(chromium, beckon.url, (page) =>
    page.evaluateOnNewDocument(() => Object.defineProperty(crypto, "subtle", { value: undefined })),
  );
  await untilText(insecure.page, "This page must be opened over https");
  assert.deepEqual(insecure.troubles, []);
  await insecure.close();
});
