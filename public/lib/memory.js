// How much memory something takes while it waits. Everything that others can make us keep has a limit in bytes.

/** The browser needs this much around each thing that waits, in bytes: a million empty messages are not nothing. */
const OVERHEAD_BYTES = 256;

/** A value takes about so many times its JSON. */
const PARSED = 10;

/** @param {any} data as it was received: nothing that a value says of itself is believed @returns {number} in bytes, with the overhead */
export const sizeOf = (data) =>
  OVERHEAD_BYTES + (data instanceof ArrayBuffer ? data.byteLength : typeof data === "string" ? data.length : PARSED * JSON.stringify(data).length);
