// The room page in every state: it says what shared/UX.md's table has for it, word for word, and shuts nobody out. And nothing that it
// could say is left out here.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { textsOfScript } from "../texts.mjs";
import { barriers } from "./axe.mjs";
import { stage } from "./browser.mjs";
import { english, misfits, speakPseudo } from "./language.mjs";
import { reach } from "./scene.mjs";
import { STATES } from "./states.mjs";

const { beckon, chromium } = await stage({ vars: { STUN_URLS: "" } });
/** All that was said. */
const heard = [];

// What takes long is waiting for others: several at a time.
describe("every state", { concurrency: 3 }, () => {
  for (const [state, { says }] of Object.entries(STATES)) {
    test(`${state}: ${says.filter(Boolean).join(" / ")}`, async () => {
      const scene = await reach({ chromium, plain: beckon.url }, state);
      try {
        heard.push(...scene.said);
        assert.deepEqual(await barriers(scene.page), []);
        await scene.still();
        await speakPseudo(scene.page, beckon.url);
        assert.deepEqual([...(await english(scene.page)), ...(await misfits(scene.page))], [], "in a longer language");
        assert.deepEqual(scene.troubles, []);
      } finally {
        await scene.close();
      }
    });
  }
});

test("every sentence of sentences.js has been said in one of them", async () => {
  const file = new URL("../../public/shared/sentences.js", import.meta.url);
  const words = textsOfScript(await readFile(file, "utf8")).flatMap((text) =>
    text
      .split(/\{\w+\}/)
      .map((piece) => piece.trim())
      .filter((piece) => /\p{L}/u.test(piece)),
  );
  assert.ok(words.length > 40, `${words.length} pieces of text were found`);
  const all = heard.join("\n");
  assert.deepEqual(
    words.filter((text) => !all.includes(text) && text !== "reconnecting"), // which is over before it could be held
    [],
    "nobody has seen these",
  );
});
