// Reads Markdown as far as our papers use it: its sentences, and its pieces of code.

/** Pieces of code: the language, the text, and the line that each begins in. @param {string} text */
export function pieces(text) {
  return [...text.matchAll(/^```(\S*)\n([^]*?)^```$/gm)].map(({ index, 1: language = "", 2: code = "" }) => ({
    language,
    code,
    line: text.slice(0, index).split("\n").length,
  }));
}

/** The sentences of a text, without code, tables, headings, pictures and comments. Each list item is a paragraph. @param {string} text */
export function sentences(text) {
  const prose = text
    .replace(/^```[^]*?^```$/gm, "")
    .replace(/<!--[^]*?-->/g, "")
    .replace(/^[|#].*$/gm, "")
    .replace(/\[?!\[[^\]]*\]\([^)]*\)(\]\([^)]*\))?/g, "")
    .replace(/`[^`]+`/g, "Code")
    .replace(/\[([^\]]+)\](\([^)]*\)|\[[^\]]*\])/g, "$1")
    .replace(/\*+(?=\S)|(?<=\S)\*+|^> ?/gm, "");
  const paragraphs = prose.split(/\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )/).map((paragraph) =>
    paragraph
      .replace(/^\s*(?:[-*]|\d+\.) /, "")
      .replace(/\s+/g, " ")
      .trim(),
  );
  return paragraphs.flatMap((paragraph) => paragraph.split(/(?<=[.!?][)"”’]*) (?=[^a-z])/)).filter((sentence) => words(sentence));
}

/** How many words a sentence has. @param {string} sentence */
export const words = (sentence) => sentence.split(" ").filter((word) => /[\p{L}\p{N}]/u.test(word)).length;

/** What is wrong with a text's sentences: too long, or begun with a clause where the subject should be. @param {string} text @param {number} most */
export function complaints(text, most) {
  return sentences(text).flatMap((sentence) => {
    if (words(sentence) > most) return [`${words(sentence)} words: ${sentence}`];
    return /^\W*(who|whoever|whom|whatever|what) (?!.*\?)/i.test(sentence) ? [`no subject at its beginning: ${sentence}`] : [];
  });
}
