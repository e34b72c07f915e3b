// How much memory something takes while it waits. Everything that others can make us keep has a limit in bytes.

/** The browser needs this much around each thing that waits, in bytes: a million empty messages are not nothing. */
const OVERHEAD_BYTES = 256;

/** @param {any} data as it was received @returns {number} in bytes, with the overhead */
export const sizeOf = (data) => OVERHEAD_BYTES + (data?.byteLength ?? (typeof data === "string" ? data : JSON.stringify(data)).length);
