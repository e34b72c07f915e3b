// Pictures of every state of the room page, and of the other pages, to be looked at: node tests/browser/screenshots.mjs [STATE or PAGE...]
// They go to tests/output/. The README's picture is made by tools/picture.mjs.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startBeckon } from "../worker/beckon.mjs";
import { openDevice, press, startChromium, untilText } from "./browser.mjs";
import { connectedPupils } from "./classroom.mjs";
import { diagnosis } from "./doctor.mjs";
import { reach } from "./scene.mjs";
import { STATES } from "./states.mjs";

const OUTPUT = new URL("../output/", import.meta.url);
/** A phone, a laptop, a projector at the front of a classroom; in CSS px. */
const SCREENS = { phone: [390, 844], laptop: [1280, 800], projector: [1920, 1080] };

const wanted = process.argv.slice(2);
mkdirSync(OUTPUT, { recursive: true });
const [chromium, beckon] = await Promise.all([startChromium(), startBeckon({ vars: { STUN_URLS: "" } })]);

/** The other pages, whole. @type {Record<string, () => Promise<{ page: any, close(): Promise<void> }>>} */
const PAGES = {
  doctor: async () => {
    const device = await openDevice(chromium, new URL("/doctor.html", beckon.url));
    await diagnosis(device.page);
    return device;
  },
  classroom: async () => {
    const [osama, layla] = await connectedPupils(chromium, beckon.url);
    const heard = layla.said();
    await press(osama.page, "#hello");
    await heard;
    await press(osama.page, "#try");
    await untilText(osama.page, "there and back it was 3 messages");
    return { page: osama.page, close: async () => void (await osama.close(), await layla.close()) };
  },
  examples: () => openDevice(chromium, new URL("/examples/", beckon.url)),
  chat: () => openDevice(chromium, new URL("/examples/chat", beckon.url)),
};

async function shoot(subject, { page, close }, fullPage) {
  for (const [screen, [width, height]] of Object.entries(SCREENS)) {
    await page.setViewport({ width, height });
    for (const scheme of ["light", "dark"]) {
      await page.emulateMediaFeatures([
        { name: "prefers-color-scheme", value: scheme },
        { name: "prefers-reduced-motion", value: "reduce" },
      ]);
      await page.screenshot({ path: fileURLToPath(new URL(`${subject}-${screen}-${scheme}.png`, OUTPUT)), fullPage });
    }
  }
  await close();
  console.log(subject);
}

try {
  const chosen = (name) => !wanted.length || wanted.includes(name);
  for (const state of Object.keys(STATES).filter(chosen)) await shoot(state, await reach({ chromium, plain: beckon.url }, state), false);
  for (const page of Object.keys(PAGES).filter(chosen)) await shoot(page, await PAGES[page](), true);
} finally {
  await beckon.close();
  await chromium.close();
}
