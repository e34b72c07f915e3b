// Makes a Blob of what comes bit by bit. The browser is given it while it comes, and keeps it outside of the page: Firefox in a file as soon as a body is
// longer than 16 MiB, Chromium in its own process or a file when a Blob is made.

/** So much becomes a Blob of its own, in bytes: more than Firefox keeps in the page's memory. The whole is made of those. */
const PART_BYTES = 32 * 1024 * 1024;

/** @typedef {{ writer: WritableStreamDefaultWriter, blob: Promise<Blob>, size: number }} Part */

export function openBlobStore() {
  /** @type {Blob[]} */
  const parts = [];
  /** @type {Part | null} */
  let part = null;
  let isOver = false;

  function begin() {
    const { readable, writable } = new TransformStream();
    const blob = new Response(readable).blob();
    blob.catch(() => {}); // it was stopped
    return { writer: writable.getWriter(), blob, size: 0 };
  }

  async function endPart() {
    const ended = part;
    part = null;
    if (!ended) return;
    await ended.writer.close();
    const blob = await ended.blob;
    await blob.slice(-1).arrayBuffer(); // now the browser has it, and the page has not
    parts.push(blob);
  }

  return {
    /** One after the other. @param {Uint8Array} bytes @returns {Promise<void>} when the browser has taken them */
    async write(bytes) {
      if (isOver) return; // it waited, and was stopped
      part ??= begin();
      part.size += bytes.length;
      // Its buffer is left alone: whoever detaches it (`transfer`), so that its memory is free at once, takes it from Firefox, which then never ends the Blob.
      await part.writer.write(bytes);
      if (part && part.size >= PART_BYTES) await endPart();
    },

    /** @param {string} type */
    async finish(type) {
      await endPart();
      return new Blob(parts, { type });
    },

    abort() {
      isOver = true;
      parts.length = 0;
      part?.writer.abort().catch(() => {});
      part = null;
    },
  };
}
