// Chromium and Firefox on the machines of the lab: each is started in its machine's network, and moved from here.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import puppeteer from "puppeteer-core";
import { START_MS } from "../browser/engines.mjs";
import { trust } from "./certificates.mjs";
import { FILES, within } from "./network.mjs";

const PROTOCOL_TIMEOUT_MS = 120_000;
const FLAGS = [
  "--no-sandbox", // root
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
  "--disable-quic",
  // All tabs of a device are in front.
  "--disable-background-timer-throttling",
  "--disable-backgrounding-occluded-windows",
  "--disable-renderer-backgrounding",
];
/** Nothing of Firefox's own is to call home; the rest of what puppeteer would set does not matter here. */
const PREFERENCES = {
  "app.update.disabledForTesting": true,
  "browser.shell.checkDefaultBrowser": false,
  "browser.startup.page": 0,
  "captivedetect.canonicalURL": "",
  "datareporting.policy.dataSubmissionEnabled": false,
  "dom.timeout.enable_budget_timer_throttling": false,
  "extensions.getAddons.discovery.api_url": "",
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "remote.prefs.recommended": true,
  "services.settings.server": "data:,",
  "toolkit.telemetry.server": "",
};

const open = {
  async chromium(machine) {
    const wrapper = `${FILES}/chromium-${machine}`;
    const [program, words] = within(machine, process.env.CHROMIUM);
    writeFileSync(wrapper, `#!/bin/sh\nexec ${[program, ...words].map((word) => `'${word}'`).join(" ")} "$@"\n`);
    chmodSync(wrapper, 0o755);
    return puppeteer.launch({ executablePath: wrapper, headless: true, pipe: true, args: FLAGS, protocolTimeout: PROTOCOL_TIMEOUT_MS, timeout: START_MS });
  },

  /** Its remote control is a port inside its network: a forwarder makes that a socket in a file. */
  async firefox(machine) {
    const profile = `${FILES}/firefox-${machine}`;
    const door = `${profile}.sock`;
    mkdirSync(profile);
    const lines = Object.entries(PREFERENCES).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`);
    writeFileSync(`${profile}/user.js`, `${lines.join("\n")}\n`);
    trust(`sql:${profile}`);
    const [program, words] = within(machine, process.env.FIREFOX, "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port=0");
    const firefox = spawn(program, words, { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    const port = await new Promise((resolve, reject) => {
      firefox.stderr.on("data", (data) => {
        said += data;
        const found = /WebDriver BiDi listening on ws:\/\/[^:]+:(\d+)/.exec(said);
        if (found) resolve(found[1]);
      });
      firefox.on("exit", () => reject(new Error(`Firefox ended:\n${said}`)));
    });
    const forwarder = spawn(...within(machine, "socat", `UNIX-LISTEN:${door},fork`, `TCP:127.0.0.1:${port}`), { stdio: "inherit" });
    while (!existsSync(door)) await new Promise((resolve) => setTimeout(resolve, 20));
    const browser = await puppeteer.connect({
      browserWSEndpoint: `ws+unix:${door}:/session`,
      headers: { Host: `127.0.0.1:${port}` }, // it answers no other
      protocol: "webDriverBiDi",
      protocolTimeout: PROTOCOL_TIMEOUT_MS,
    });
    const gone = once(firefox, "exit");
    browser.close = async () => {
      firefox.kill("SIGKILL");
      await gone;
      forwarder.kill();
    };
    return browser;
  },
};

/** Browsers, started when they are first needed: they are slow to start and heavy. */
export function openBrowsers() {
  /** @type {Map<string, Promise<import('puppeteer-core').Browser>>} */
  const started = new Map();
  return {
    /** @param {'chromium' | 'firefox'} engine */
    get(engine, machine) {
      const key = `${engine} ${machine}`;
      const browser = started.get(key) ?? open[engine](machine);
      started.set(key, browser);
      return browser;
    },
    close: () => Promise.allSettled([...started.values()].map(async (browser) => (await browser).close())),
  };
}
