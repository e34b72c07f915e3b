// Pictures of every state of the room page, and of the other pages, to be looked at: node tests/browser/screenshots.mjs [STATE or PAGE...]
// They go to tests/output/. `readme` makes the README's picture.
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startBeckon } from '../worker/beckon.mjs';
import { name, openDevice, openRoom, press, startChromium, untilHello, untilText } from './browser.mjs';
import { connectedPupils } from './classroom.mjs';
import { diagnosis } from './doctor.mjs';
import { reach } from './scene.mjs';
import { STATES } from './states.mjs';

const OUTPUT = new URL('../output/', import.meta.url);
/** A phone, a laptop, a projector at the front of a classroom; in CSS px. */
const SCREENS = { phone: [390, 844], laptop: [1280, 800], projector: [1920, 1080] };

const wanted = process.argv.slice(2);
mkdirSync(OUTPUT, { recursive: true });
const [chromium, beckon] = await Promise.all([startChromium(), startBeckon({ vars: { STUN_URLS: '' } })]);

/** The other pages, whole. @type {Record<string, () => Promise<{ page: any, close(): Promise<void> }>>} */
const PAGES = {
  doctor: async () => {
    const device = await openDevice(chromium, new URL('/doctor.html', beckon.url));
    await diagnosis(device.page);
    return device;
  },
  classroom: async () => {
    const [osama, layla] = await connectedPupils(chromium, beckon.url);
    const heard = layla.said();
    await press(osama.page, '#hello');
    await heard;
    await press(osama.page, '#try');
    await untilText(osama.page, 'there and back it was 3 messages');
    return { page: osama.page, close: async () => void (await osama.close(), await layla.close()) };
  },
  examples: () => openDevice(chromium, new URL('/examples/', beckon.url)),
  chat: () => openDevice(chromium, new URL('/examples/chat', beckon.url)),
};

/** The README's picture: a laptop and a phone in one room, a moment after the phone has said hello. */
async function readmePicture() {
  const devices = await openRoom(chromium, beckon.url, 2);
  const [laptop, phone] = devices.map(({ page }) => page);
  const stillness = [{ name: 'prefers-reduced-motion', value: 'reduce' }];
  await laptop.emulateMediaFeatures([...stillness, { name: 'prefers-color-scheme', value: 'light' }]);
  await phone.emulateMediaFeatures([...stillness, { name: 'prefers-color-scheme', value: 'dark' }]);
  await laptop.setViewport({ width: 1180, height: 760 });
  await phone.setViewport({ width: 390, height: 760 });
  await press(phone, '#hello');
  await untilHello(laptop, await name(phone));
  await untilText(phone, 'Said to');
  const [wide, tall] = await Promise.all([laptop, phone].map((page) => page.screenshot({ encoding: 'base64' })));
  for (const { close } of devices) await close();
  const paper = await chromium.newPage();
  await paper.setViewport({ width: 1200, height: 620 });
  await paper.setContent(`<style>
    body { margin: 0; height: 100vh; display: flex; align-items: end; justify-content: center; gap: 28px; padding: 36px; box-sizing: border-box; background: #e9e4da; }
    img { display: block; border: 10px solid #1b2340; box-shadow: 0 14px 40px #1b234055; }
    .wide { height: 520px; border-radius: 18px; } .tall { height: 510px; border-radius: 34px; }
  </style><img class="wide" src="data:image/png;base64,${wide}"><img class="tall" src="data:image/png;base64,${tall}">`);
  await paper.screenshot({ path: fileURLToPath(new URL('../screenshot-room.webp', import.meta.url)), type: 'webp', quality: 82 });
  await paper.close();
  console.log('tests/screenshot-room.webp');
}

async function shoot(subject, { page, close }, fullPage) {
  for (const [screen, [width, height]] of Object.entries(SCREENS)) {
    await page.setViewport({ width, height });
    for (const scheme of ['light', 'dark']) {
      await page.emulateMediaFeatures([
        { name: 'prefers-color-scheme', value: scheme },
        { name: 'prefers-reduced-motion', value: 'reduce' },
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
  if (wanted.includes('readme')) await readmePicture();
  for (const page of Object.keys(PAGES).filter(chosen)) await shoot(page, await PAGES[page](), true);
} finally {
  await beckon.close();
  await chromium.close();
}
