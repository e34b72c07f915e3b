// What the doctor's tests share: its page, and what it has come to.
import { openDevice, until } from "./browser.mjs";

/** Opens the doctor at a server. */
export const openDoctor = (browser, url, prepare) => openDevice(browser, new URL("/doctor.html", url), prepare);

/** Waits until a page's doctor has finished, and gives what it says: `overall`, and each check's verdict and code. @returns {Promise<Record<string, string>>} */
export async function diagnosis(page) {
  await until(page, "the doctor has finished", () => document.getElementById("summary").dataset.state === "done");
  return page.evaluate(() => {
    const checks = [...document.querySelectorAll("[data-check]")].map((row) => [row.dataset.check, `${row.dataset.verdict} ${row.dataset.code}`]);
    const { verdict, code } = document.getElementById("summary").dataset;
    const title = document.getElementById("summary-title").textContent;
    return { overall: `${verdict} ${code}`, title, ...Object.fromEntries(checks) };
  });
}

/** Waits until a check has come to this: "none waiting", or to what begins so. With `held`, that stays. */
export const untilFound = (page, check, found, wait = until) =>
  wait(
    page,
    `${check} is ${found}`,
    (check, found) => {
      const { verdict, code } = document.querySelector(`[data-check="${check}"]`).dataset;
      return `${verdict} ${code}`.startsWith(found);
    },
    check,
    found,
  );

/** What is healthy on any machine with a network. */
export const HEALTHY = { secure: "ok secure", webrtc: "ok there", server: "ok open", loopback: "ok heard" };
export const NO_RELAY = { "turn-udp": "none none", "turn-tcp": "none none", "turn-tls": "none none" };
