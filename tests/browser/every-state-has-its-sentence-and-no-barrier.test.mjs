// The room page in every state: it says what shared/UX.md's table has for it, word for word, and shuts nobody out. And nothing that it
// could say is left out here.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import ts from "typescript";
import { barriers } from "./axe.mjs";
import { stage } from "./browser.mjs";
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
        assert.deepEqual(scene.troubles, []);
      } finally {
        await scene.close();
      }
    });
  }
});

test("every sentence of sentences.js has been said in one of them", async () => {
  const file = new URL("../../public/shared/sentences.js", import.meta.url);
  const words = phrases(await readFile(file, "utf8"));
  assert.ok(words.length > 40, `${words.length} pieces of text were found`);
  const all = heard.join("\n");
  assert.deepEqual(
    words.filter((text) => !all.includes(text)),
    [],
    "nobody has seen these",
  );
});

/** The text in a script: its string literals and the fixed parts of its templates, without what is compared, looked up or looked for. */
function phrases(source) {
  const found = [];
  const visit = (node) => {
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) {
      const { parent } = node;
      const code =
        ts.isCaseClause(parent) ||
        ts.isCallExpression(parent) ||
        (ts.isPropertyName(node) && "name" in parent && parent.name === node) ||
        (ts.isBinaryExpression(parent) && /[=]/.test(parent.operatorToken.getText()));
      if (!code) found.push(node.text);
    }
    if (ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) found.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("sentences.js", source, ts.ScriptTarget.Latest, true));
  return found.map((text) => text.trim()).filter((text) => /\p{L}/u.test(text));
}
