const encoder = new TextEncoder();

/** SHA-256 of a text, in hexadecimal. */
export const digest = async (text) => new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text))).toHex();
