// Makes the README's moving picture, docs/room.webp, from the real room page: a laptop and a phone, each a browser context of its own, on a
// server of this machine. `node tools/picture.mjs`, with a built Worker (npm run build) and Chromium.
import { writeFileSync } from "node:fs";
import { link, name, openDevice, press, startChromiumWithEmoji, until, untilConnected, untilHello, untilText } from "../tests/browser/browser.mjs";
import { startBeckon } from "../tests/worker/beckon.mjs";
import { animate } from "./animation.mjs";

/** In CSS px: what the devices show, and the picture of both. */
const LAPTOP = { width: 1180, height: 760 };
const PHONE = { width: 390, height: 760 };
const PICTURE = { width: 1200, height: 620 };
const QUALITY = 72;

const PAPER = `<style>
  body { margin: 0; height: 100vh; display: flex; align-items: end; justify-content: center; gap: 28px; padding: 36px; box-sizing: border-box; background: #e9e4da; }
  div { position: relative; border: 10px solid #1b2340; box-shadow: 0 14px 40px #1b234055; overflow: hidden; background: #101528; }
  img { display: block; height: 100%; }
  .laptop { height: 500px; width: ${(500 * LAPTOP.width) / LAPTOP.height}px; border-radius: 18px; } .phone { height: 510px; width: ${(510 * PHONE.width) / PHONE.height}px; border-radius: 34px; }
  i { position: absolute; width: 44px; height: 44px; margin: -22px; border-radius: 50%; background: #fff9; box-shadow: 0 0 0 3px #1b2340aa; }
</style><div class="laptop"></div><div class="phone"></div>`;

/** Where a device's button is, in parts of its screen. */
const buttonOf = ({ page }) =>
  page.$eval("#hello", (button) => {
    const { left, top, width, height } = button.getBoundingClientRect();
    return [(left + width / 2) / innerWidth, (top + height / 2) / innerHeight];
  });

const [chromium, beckon] = await Promise.all([startChromiumWithEmoji(), startBeckon({ vars: { STUN_URLS: "" } })]);
try {
  const paper = await chromium.newPage();
  await paper.setViewport(PICTURE);
  await paper.setContent(PAPER);

  /** @type {{ picture: Buffer, ms: number }[]} */
  const frames = [];
  /** Takes a frame of both devices: what each shows, and where a finger is. */
  async function take(ms, laptop, phone, finger = {}) {
    const shown = await Promise.all([laptop, phone].map((device) => device?.page.screenshot({ encoding: "base64" }) ?? ""));
    const touched = [finger.laptop, finger.phone];
    await paper.evaluate(
      async (shown, touched) => {
        for (const [n, box] of [...document.querySelectorAll("div")].entries()) {
          const image = new Image();
          if (shown[n]) image.src = `data:image/png;base64,${shown[n]}`;
          if (shown[n]) await image.decode();
          box.replaceChildren(...(shown[n] ? [image] : []));
          if (!touched[n]) continue;
          const mark = document.createElement("i");
          [mark.style.left, mark.style.top] = touched[n].map((part) => `${100 * part}%`);
          box.append(mark);
        }
      },
      shown,
      touched.map((place) => place ?? null),
    );
    frames.push({ picture: Buffer.from(await paper.screenshot({ type: "webp", quality: QUALITY })), ms });
  }

  const open = (url, viewport, scheme) =>
    openDevice(chromium, url, async (page) => {
      await page.setViewport(viewport);
      await page.emulateMediaFeatures([
        { name: "prefers-reduced-motion", value: "reduce" },
        { name: "prefers-color-scheme", value: scheme },
      ]);
    });

  const laptop = await open(beckon.url, LAPTOP, "light");
  await until(laptop.page, "a fresh room", () => document.getElementById("link").value.includes("#"));
  await untilText(laptop.page, "Waiting for another device");
  await take(1_800, laptop, null);
  const phone = await open(await link(laptop.page), PHONE, "dark");
  await untilConnected(laptop.page, 1);
  await untilConnected(phone.page, 1);
  await take(1_500, laptop, phone);
  const names = { laptop: await name(laptop.page), phone: await name(phone.page) };

  await take(600, laptop, phone, { phone: await buttonOf(phone) });
  await press(phone.page, "#hello");
  await untilHello(laptop.page, names.phone);
  await untilText(phone.page, "Said to");
  await phone.page.evaluate(() => scrollTo(0, 0));
  await take(2_600, laptop, phone);

  await laptop.page.keyboard.press("Escape");
  await take(600, laptop, phone, { laptop: await buttonOf(laptop) });
  await press(laptop.page, "#hello");
  await untilHello(phone.page, names.laptop);
  await untilText(laptop.page, "Said to");
  await take(2_600, laptop, phone);

  const file = animate(PICTURE.width, PICTURE.height, frames);
  writeFileSync(new URL("../docs/room.webp", import.meta.url), file);
  console.log(`docs/room.webp: ${frames.length} frames, ${file.length} bytes`);
} finally {
  await beckon.close();
  await chromium.close();
}
