// How the link gets to the other device: copied, shared, or scanned.
import { t } from "./language.js";
import { lazy } from "./lazy.js";

/** White modules around the code, which scanners need (ISO/IEC 18004 section 6.3.8). */
const QUIET_ZONE = 4;

/** Whether this is a device whose own share sheet is the best way: a phone or a tablet. */
export const canShare = "share" in navigator && matchMedia("(pointer: coarse)").matches;

/**
 * @param {string} link
 * @returns {Promise<boolean>} false when the browser will not let us
 */
export async function copy(link) {
  try {
    await navigator.clipboard.writeText(link);
    return true;
  } catch {
    return false;
  }
}

/**
 * Opens the share sheet. Closing it again is not an error.
 * @param {string} link
 */
export async function share(link) {
  await navigator.share({ title: t("Say hello on Beckon"), url: link }).catch(() => {});
}

/**
 * The link as a QR code. What draws it is loaded then: a page works without it.
 * @param {string} link
 * @param {() => void} late says that it does not come yet
 * @returns {Promise<{ side: number, path: string }>} an SVG path of the dark modules, and the side of the square it is drawn in
 */
export async function qr(link, late) {
  const { correction, generate } = /** @type {typeof import("/vendor/lean-qr.mjs")} */ (await lazy("/vendor/lean-qr.mjs", { late }));
  const code = generate(link, { minCorrectionLevel: correction.M });
  let path = "";
  for (let y = 0; y < code.size; y++) {
    for (let x = 0; x < code.size; x++) {
      let run = 0;
      while (code.get(x + run, y)) run++;
      if (run) path += `M${x + QUIET_ZONE} ${y + QUIET_ZONE}h${run}v1h-${run}z`;
      x += run;
    }
  }
  return { side: code.size + 2 * QUIET_ZONE, path };
}
