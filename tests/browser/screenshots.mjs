// Pictures of every state of the room page, and of the other pages, to be looked at: node tests/browser/screenshots.mjs [STATE...]
// They go to tests/output/.
import { mkdirSync } from 'node:fs';
import { startBeckon } from '../worker/beckon.mjs';
import { startChromium } from './browser.mjs';
import { reach, STATES } from './states.mjs';

const OUTPUT = new URL('../output/', import.meta.url);
/** A phone, a laptop, a projector at the front of a classroom; in CSS px. */
const SCREENS = { phone: [390, 844], laptop: [1280, 800], projector: [1920, 1080] };

const wanted = process.argv.slice(2);
mkdirSync(OUTPUT, { recursive: true });
const [chromium, beckon] = await Promise.all([startChromium(), startBeckon({ vars: { STUN_URLS: '' } })]);
try {
  for (const state of Object.keys(STATES)) {
    if (wanted.length && !wanted.includes(state)) continue;
    const { page, close } = await reach({ chromium, plain: beckon.url }, state);
    for (const [screen, [width, height]] of Object.entries(SCREENS)) {
      await page.setViewport({ width, height });
      for (const scheme of ['light', 'dark']) {
        await page.emulateMediaFeatures([
          { name: 'prefers-color-scheme', value: scheme },
          { name: 'prefers-reduced-motion', value: 'reduce' },
        ]);
        await page.screenshot({ path: new URL(`${state}-${screen}-${scheme}.png`, OUTPUT).pathname });
      }
    }
    await close();
    console.log(state);
  }
} finally {
  await beckon.close();
  await chromium.close();
}
