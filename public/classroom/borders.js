// The same three words as messages, whose borders are kept, and as a stream, whose borders are not.
import { plain } from "../shared/plain-text.js";

/** How much of a word that comes back is shown, in characters. */
const MAX_WORD_CHARS = 20;
/** How long three words may take to the other device and back, in ms. */
const PATIENCE_MS = 3_000;
/** What a stream's reader asks for, in bytes: as with every stream, less than what was written, or more, but hardly ever the same. */
export const READ_BYTES = 4;
const WORDS = ["hello", "big", "world"];

/**
 * The words on their way as messages: to the other device, whose page sends each back as it came.
 * @param {RTCDataChannel} channel
 * @returns {Promise<string[]>} what came back
 */
export function asMessages(channel) {
  return new Promise((resolve) => {
    /** @type {string[]} */
    const back = [];
    const over = new AbortController();
    const done = () => {
      over.abort();
      resolve(back);
    };
    setTimeout(done, PATIENCE_MS);
    channel.addEventListener(
      "message",
      ({ data }) =>
        typeof data === "string" &&
        data.startsWith("!") &&
        back.length < WORDS.length &&
        back.push(plain(data.slice(1), MAX_WORD_CHARS)) === WORDS.length &&
        done(),
      over,
    );
    for (const word of WORDS) channel.send(`?${word}`);
  });
}

/** The same as bytes: they are written word by word, and read as a reader of a stream does, by so many bytes at a time. */
export async function asStream() {
  const bytes = new ReadableStream({
    type: "bytes",
    start(controller) {
      for (const word of WORDS) controller.enqueue(new TextEncoder().encode(word));
      controller.close();
    },
  });
  const reader = bytes.getReader({ mode: "byob" });
  const pieces = [];
  for (;;) {
    const { value, done } = await reader.read(new Uint8Array(READ_BYTES));
    if (done) return pieces;
    pieces.push(new TextDecoder().decode(value));
  }
}
