// Regular expressions that meet text from outside must take time in proportion to its length: one that does not lets a stranger stop a
// page with one frame. Every literal in the client, the Worker's entry and the tools is examined by recheck, which follows the pattern as
// an automaton; what no automaton can do (looking behind, for one) is to be written in another way. Files or folders may be named; else these are read:
import { readFileSync, globSync } from "node:fs";
import ts from "typescript";

process.env.RECHECK_BACKEND = "pure"; // the same everywhere: the others need Java, or a program for each platform
const { checkSync } = await import("recheck");

const FILES = ["public/*.js", "public/{lib,room,doctor,classroom,shared,examples}/*.js", "src/**/*.js", "tools/*.mjs", "package/**/*.js"];
/** Only as an automaton: attacks are found by chance, and not each time. Patterns may be so large, in recheck's own measures; its default is less. @type {import("recheck").Parameters} */
const JUDGE = { checker: "automaton", timeout: null, maxRepeatCount: 100 };
/** On the line before a pattern that is put together while the program runs: why it is linear. */
const PROMISE = /\/\/ linear: \S/;

/**
 * The regular expressions of a source.
 * @param {string} name of its file
 * @param {string} text
 * @returns {{ line: number, source: string | null, flags: string, promised: boolean }[]} `source` is null for one that is not written out
 */
function patterns(name, text) {
  const file = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  const lines = text.split("\n");
  const found = [];
  const visit = (node) => {
    const line = file.getLineAndCharacterOfPosition(node.getStart()).line;
    const note = (source, flags) => found.push({ line: line + 1, source, flags, promised: PROMISE.test(lines[line - 1] ?? "") });
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf("/");
      note(node.text.slice(1, end), node.text.slice(end + 1));
    } else if ((ts.isNewExpression(node) || ts.isCallExpression(node)) && node.expression.getText() === "RegExp") {
      const [source, flags] = node.arguments ?? [];
      const text = (argument) => (!argument ? "" : ts.isStringLiteralLike(argument) ? argument.text : null);
      note(text(flags) === null ? null : text(source), text(flags) ?? "");
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** What is wrong with a pattern; empty if nothing is. */
function complaint({ source, flags, promised }) {
  if (source === null) return promised ? "" : "is put together while the program runs: write it out, or say before it why it is linear";
  const found = checkSync(source, flags, JUDGE);
  if (found.status === "safe") return "";
  if (found.status === "unknown") return `cannot be judged (${found.error.kind}): write it more simply`;
  const { complexity, attack } = found;
  return `takes ${complexity.type} time${complexity.type === "polynomial" ? ` (degree ${complexity.degree})` : ""}, for example on ${attack.pattern}`;
}

const named = process.argv.slice(2);
let count = 0;
let bad = 0;
for (const name of globSync(named.length ? named : FILES).sort()) {
  for (const pattern of patterns(name, readFileSync(name, "utf8"))) {
    count++;
    const what = complaint(pattern);
    if (!what) continue;
    bad++;
    console.error(`${name}:${pattern.line}: /${pattern.source ?? "…"}/${pattern.flags} ${what}.`);
  }
}
if (!count) console.error("No regular expression was found: something is wrong with the list of files.");
else if (!bad) console.log(`${count} regular expressions, each linear`);
process.exitCode = bad || !count ? 1 : 0;
